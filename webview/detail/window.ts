/**
 * Which rows of a long list are in sight. Browsers cut elements that are too high (Firefox near 17.8 million pixels,
 * Chromium near 33.5), so a longer list scrolls in proportion: small steps move by what the user asked for, a drag of
 * the scroll bar by its share of the whole.
 */

/** Pixels a scrolled element may be high in every browser. */
export const HIGHEST = 15_000_000;

export interface RowWindow {
  /** Rows [first, end) are to be there. */
  readonly first: number;
  readonly end: number;
}

export class RowScroller {
  #rows = 0;
  #rowHeight = 22;
  #viewport = 0;
  /** Where the browser's scroll position is, and which pixel of the whole list that stands for. */
  #real = 0;
  #virtual = 0;

  /** Rows, their height and that of the viewport in pixels. The row in sight stays as far as there is one. */
  resize(rows: number, rowHeight: number, viewport: number): void {
    if (rows === this.#rows && rowHeight === this.#rowHeight && viewport === this.#viewport) return;
    const row = this.#rowHeight === 0 ? 0 : this.#virtual / this.#rowHeight;
    this.#rows = rows;
    this.#rowHeight = rowHeight;
    this.#viewport = viewport;
    this.scrollTo(row * rowHeight);
  }

  /** What the scrolled element is high. */
  get height(): number {
    return Math.min(this.#whole, HIGHEST);
  }

  /** Rows move within the scrolled element: it is less high than all of them. */
  get stretched(): boolean {
    return this.#whole > HIGHEST;
  }

  /** Where the browser should scroll to. */
  get real(): number {
    return this.#real;
  }

  /** First row in sight, with its fraction. */
  get position(): number {
    return this.#virtual / this.#rowHeight;
  }

  /** Whole rows in sight, at least one. */
  get rowsInSight(): number {
    return Math.max(1, Math.floor(this.#viewport / this.#rowHeight));
  }

  /** The browser has scrolled. */
  scrolled(real: number): void {
    const step = real - this.#real;
    const atEnd = real <= 0 || real >= this.#furthestReal;
    const small = Math.abs(step) <= this.#viewport && !atEnd;
    this.#virtual = small && this.stretched ? this.#clamped(this.#virtual + step) : this.#virtualOf(real);
    this.#real = real;
  }

  /** Pixels of the whole list; the browser is to follow with `real`. */
  scrollTo(virtual: number): void {
    this.#virtual = this.#clamped(virtual);
    this.#real = this.#realOf(this.#virtual);
  }

  /** Scrolls as little as shows the row whole; false when it was in sight. */
  reveal(row: number): boolean {
    const top = row * this.#rowHeight;
    const lowest = top + this.#rowHeight - this.#viewport;
    if (top < this.#virtual) this.scrollTo(top);
    else if (lowest > this.#virtual) this.scrollTo(Math.min(top, lowest));
    else return false;
    return true;
  }

  /** Where a row's top lies within the scrolled element. */
  top(row: number): number {
    return row * this.#rowHeight - this.#virtual + this.#real;
  }

  /** Rows in sight and `overscan` more on both sides. */
  window(overscan: number): RowWindow {
    const first = Math.floor(this.#virtual / this.#rowHeight) - overscan;
    const end = Math.ceil((this.#virtual + this.#viewport) / this.#rowHeight) + overscan;
    return { first: Math.max(0, first), end: Math.min(this.#rows, end) };
  }

  get #whole(): number {
    return this.#rows * this.#rowHeight;
  }

  get #furthestReal(): number {
    return Math.max(0, this.height - this.#viewport);
  }

  get #furthestVirtual(): number {
    return Math.max(0, this.#whole - this.#viewport);
  }

  #clamped(virtual: number): number {
    return Math.max(0, Math.min(virtual, this.#furthestVirtual));
  }

  #virtualOf(real: number): number {
    if (!this.stretched) return this.#clamped(real);
    return this.#clamped((real / this.#furthestReal) * this.#furthestVirtual);
  }

  #realOf(virtual: number): number {
    if (!this.stretched) return virtual;
    return (virtual / this.#furthestVirtual) * this.#furthestReal;
  }
}
