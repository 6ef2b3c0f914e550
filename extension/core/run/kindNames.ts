/** Numbers for the names of packet kinds, as a column has room for. */

/** More kinds than a column tells apart: a completion routine that is garbage differs with every packet. */
const MOST_KINDS = 0xffff;
const OTHER_KINDS = '(others)';

/** Numbers names in the order they come. */
export class KindNames {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.list.length >= MOST_KINDS && name !== OTHER_KINDS) return this.number(OTHER_KINDS);
    this.#numbers.set(name, this.list.length);
    return this.list.push(name) - 1;
  }
}
