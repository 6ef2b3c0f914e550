/** What a path knows of the bytes of each region. */
import type { Region, Value, Values } from './values.js';

/** Content of some bytes: a value, or what can be said of them otherwise. */
export type Content = Value | 'zero' | 'unknown' | 'uninitialised';

export interface Cell {
  readonly start: number;
  readonly end: number;
  readonly content: Content;
  /** Location of the write, 0 for none. */
  readonly place: number;
}

/** One region's bytes; never changed, only replaced. */
export interface Bytes {
  readonly region: Region;
  /** Sorted, disjoint. */
  readonly cells: readonly Cell[];
  /** What bytes outside of all cells hold. */
  readonly background: 'zero' | 'unknown' | 'uninitialised';
}

export class Memory {
  readonly #bytes: Map<number, Bytes>;

  constructor(from?: Memory) {
    this.#bytes = new Map(from === undefined ? [] : from.#bytes);
  }

  copy(): Memory {
    return new Memory(this);
  }

  of(region: Region): Bytes {
    return this.#bytes.get(region.id) ?? { region, cells: [], background: region.fresh };
  }

  /** Regions that were written or read. */
  all(): Iterable<Bytes> {
    return this.#bytes.values();
  }

  /** The value of those bytes; undefined when they have none as a whole. */
  read(region: Region, start: number, size: number, values: Values, bits: number): Value | 'uninitialised' | undefined {
    const { cells, background } = this.of(region);
    const end = start + size;
    const over = cells.filter((cell) => cell.start < end && cell.end > start);
    const [first] = over;
    if (first === undefined) {
      if (background === 'zero') return values.constant(0n, bits);
      return background === 'uninitialised' ? 'uninitialised' : undefined;
    }
    if (over.length === 1 && first.start <= start && first.end >= end) return part(first, start, size, values, bits);
    if (over.every(({ content }) => content === 'uninitialised') && background === 'uninitialised')
      return 'uninitialised';
    const zero = over.every(({ content }) => content === 'zero') && (background === 'zero' || covers(over, start, end));
    return zero ? values.constant(0n, bits) : undefined;
  }

  write(region: Region, start: number, size: number, content: Content, place: number): void {
    if (size <= 0) return;
    const before = this.of(region);
    const cell = { start, end: start + size, content, place };
    const cells = [...without(before.cells, start, start + size), cell].sort((a, b) => a.start - b.start);
    this.#bytes.set(region.id, { ...before, cells });
  }

  /** Everything from there on holds this. */
  fill(region: Region, start: number, content: 'zero' | 'unknown'): void {
    const before = this.of(region);
    const cells = without(before.cells, start, Number.POSITIVE_INFINITY);
    const kept = before.background === content ? [] : gapsBelow(cells, start, before.background);
    const sorted = [...cells, ...kept].sort((a, b) => a.start - b.start);
    this.#bytes.set(region.id, { region, cells: sorted, background: content });
  }

  /**
   * After some rounds of a loop nobody knows what the bytes are that it changes: those that differ from `before` and,
   * in larger things, all behind the first of them.
   */
  soften(before: Bytes, another: (value: Value) => Value): void {
    const { region, cells } = this.of(before.region);
    const changed = new Set(cells.filter((cell) => !before.cells.includes(cell)));
    const [first] = changed;
    if (first === undefined) return;
    for (const cell of changed) {
      const content = typeof cell.content === 'object' ? another(cell.content) : 'unknown';
      this.write(region, cell.start, cell.end - cell.start, content, cell.place);
    }
    const isScalar = region.size !== undefined && first.start === 0 && first.end >= region.size;
    if (isScalar) return;
    const now = this.of(region);
    const kept = now.background === 'unknown' ? [] : gapsBelow(now.cells, first.start, now.background);
    const sorted = [...now.cells, ...kept].sort((a, b) => a.start - b.start);
    const filled = sorted.map((cell) =>
      cell.start >= first.start && isUninitialised(cell.content) ? { ...cell, content: 'unknown' as const } : cell,
    );
    this.#bytes.set(region.id, { region, cells: filled, background: 'unknown' });
  }

  /** Nobody knows any more what it holds; what was made is taken to be initialised. */
  forget(region: Region): void {
    this.#bytes.set(region.id, { region, cells: [], background: 'unknown' });
  }

  copyRange(to: Region, toStart: number, from: Region, fromStart: number, size: number, place: number): void {
    const source = this.of(from);
    const end = fromStart + size;
    const distance = toStart - fromStart;
    this.write(to, toStart, size, source.background, place);
    for (const cell of source.cells) {
      const start = Math.max(cell.start, fromStart);
      const stop = Math.min(cell.end, end);
      if (start >= stop) continue;
      const whole = start === cell.start && stop === cell.end;
      this.write(to, start + distance, stop - start, whole ? cell.content : rest(cell.content), place);
    }
  }

  /** Parts of [start, end) that nobody has initialised. */
  uninitialised(
    region: Region,
    start: number,
    end: number,
  ): readonly { readonly start: number; readonly end: number }[] {
    const { cells, background } = this.of(region);
    const gaps: { start: number; end: number }[] = [];
    const add = (from: number, to: number): void => {
      const last = gaps.at(-1);
      if (from >= to) return;
      if (last?.end === from) last.end = to;
      else gaps.push({ start: from, end: to });
    };
    let at = start;
    for (const cell of cells) {
      if (cell.end <= start || cell.start >= end) continue;
      if (background === 'uninitialised') add(at, Math.min(cell.start, end));
      if (isUninitialised(cell.content)) add(Math.max(cell.start, start), Math.min(cell.end, end));
      at = Math.max(at, cell.end);
    }
    if (background === 'uninitialised') add(at, end);
    return gaps;
  }
}

export function isUninitialised(content: Content): boolean {
  return (
    content === 'uninitialised' ||
    (typeof content === 'object' && content.kind === 'symbol' && content.origin.kind === 'uninitialised')
  );
}

function part(
  cell: Cell,
  start: number,
  size: number,
  values: Values,
  bits: number,
): Value | 'uninitialised' | undefined {
  const { content } = cell;
  if (content === 'zero') return values.constant(0n, bits);
  if (content === 'uninitialised') return content;
  if (content === 'unknown') return undefined;
  if (cell.start === start && cell.end === start + size) return content.bits === bits ? content : undefined;
  return content.kind === 'constant' && bits > 0
    ? values.constant(content.value >> BigInt((start - cell.start) * 8), bits)
    : undefined;
}

function covers(cells: readonly Cell[], start: number, end: number): boolean {
  let at = start;
  for (const cell of cells) {
    if (cell.start > at) return false;
    at = Math.max(at, cell.end);
  }
  return at >= end;
}

/** Cells for what lies between the given ones below `end`. */
function gapsBelow(cells: readonly Cell[], end: number, content: Content): readonly Cell[] {
  const gaps: Cell[] = [];
  let at = 0;
  for (const cell of cells) {
    if (cell.start >= end) break;
    if (cell.start > at) gaps.push({ start: at, end: cell.start, content, place: 0 });
    at = Math.max(at, cell.end);
  }
  if (at < end) gaps.push({ start: at, end, content, place: 0 });
  return gaps;
}

/** The cells with a hole in them; what is left of a cell keeps no more than its kind. */
function without(cells: readonly Cell[], start: number, end: number): Cell[] {
  return cells.flatMap((cell) => {
    if (cell.end <= start || cell.start >= end) return [cell];
    const content = rest(cell.content);
    return [
      ...(cell.start < start ? [{ ...cell, end: start, content }] : []),
      ...(cell.end > end ? [{ ...cell, start: end, content }] : []),
    ];
  });
}

function rest(content: Content): Content {
  if (typeof content !== 'object') return content;
  if (content.kind === 'constant' && content.value === 0n) return 'zero';
  return isUninitialised(content) ? 'uninitialised' : 'unknown';
}
