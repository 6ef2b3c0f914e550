/** Who owns what has to be given back. */

export interface Disposes {
  dispose(): unknown;
}

/** Gives back in reverse order what it holds; what arrives after that is given back at once. */
export class Disposables implements Disposes {
  #items: Disposes[] | undefined = [];

  get disposed(): boolean {
    return this.#items === undefined;
  }

  add<Item extends Disposes>(item: Item): Item {
    if (this.#items === undefined) item.dispose();
    else this.#items.push(item);
    return item;
  }

  dispose(): void {
    const items = this.#items ?? [];
    this.#items = undefined;
    for (const item of items.reverse()) item.dispose();
  }
}
