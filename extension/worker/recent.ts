/** The values used last, by key; older ones go. */
export class Recent<Key, Value> {
  readonly #limit: number;
  /** The least recently used first. */
  readonly #values = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#values.size;
  }

  /** The value that is known by the key, else `value`, which is known by it from now on. */
  same(key: Key, value: Value): Value {
    const kept = this.#values.get(key) ?? value;
    this.#values.delete(key);
    this.#values.set(key, kept);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#limit) break;
      this.#values.delete(oldest);
    }
    return kept;
  }
}
