/** The rows of the list: group headings, and the packets of the groups that are open. */
import type { Arrangement, Group } from './arrange.js';

export type Row =
  | { readonly type: 'group'; readonly group: Group; readonly open: boolean }
  | { readonly type: 'packet'; readonly packet: number };

interface Part {
  readonly group: Group;
  /** Row of its heading. */
  readonly row: number;
  readonly open: boolean;
}

export class Rows {
  readonly arrangement: Arrangement;
  readonly length: number;
  readonly #parts: readonly Part[] | null;

  /** `collapsed`: names of the kinds whose groups are closed. */
  constructor(arrangement: Arrangement, collapsed: readonly string[]) {
    this.arrangement = arrangement;
    if (arrangement.groups === null) {
      this.#parts = null;
      this.length = arrangement.order.length;
      return;
    }
    const parts: Part[] = [];
    let row = 0;
    for (const group of arrangement.groups) {
      const open = !collapsed.includes(group.name);
      parts.push({ group, row, open });
      row += 1 + (open ? group.figures.count : 0);
    }
    this.#parts = parts;
    this.length = row;
  }

  /** `row` in [0, length). */
  at(row: number): Row {
    const { order } = this.arrangement;
    if (this.#parts === null) return { type: 'packet', packet: order[row]! };
    const { group, row: heading, open } = this.#partOf(row, this.#parts);
    if (row === heading) return { type: 'group', group, open };
    return { type: 'packet', packet: order[group.start + row - heading - 1]! };
  }

  /** The row of a packet, that of its closed group, or -1 where the filter has taken it out. */
  rowOf(packet: number): number {
    const at = this.arrangement.order.indexOf(packet);
    if (at < 0 || this.#parts === null) return at;
    const part = this.#parts.findLast(({ group }) => group.start <= at)!;
    return part.open ? part.row + 1 + at - part.group.start : part.row;
  }

  /** The row of a group's heading by the name of its kind, or -1. */
  rowOfGroup(name: string): number {
    return this.#parts?.find(({ group }) => group.name === name)?.row ?? -1;
  }

  #partOf(row: number, parts: readonly Part[]): Part {
    let low = 0;
    let high = parts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (parts[middle]!.row <= row) low = middle;
      else high = middle;
    }
    return parts[low]!;
  }
}
