/** Which row a key goes to. */
import type { Rows } from './rows.js';

export interface ListPlace {
  readonly rows: Rows;
  readonly active: number;
  /** Rows in sight. */
  readonly page: number;
}

/** Null: the key goes nowhere. Left goes from a packet to the heading of its group, right into an open group. */
export function targetRow({ key }: { readonly key: string }, { rows, active, page }: ListPlace): number | null {
  const last = rows.length - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, active + 1);
    case 'ArrowUp':
      return Math.max(0, active - 1);
    case 'PageDown':
      return Math.min(last, active + Math.max(1, page - 1));
    case 'PageUp':
      return Math.max(0, active - Math.max(1, page - 1));
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'ArrowLeft':
      return headingAbove(rows, active);
    case 'ArrowRight':
      return rows.at(active).type === 'group' && active < last ? active + 1 : null;
    default:
      return null;
  }
}

function headingAbove(rows: Rows, active: number): number | null {
  const row = rows.at(active);
  if (row.type === 'group' || rows.arrangement.groups === null) return null;
  const kind = rows.arrangement.facts.columns.kind[row.packet];
  const group = rows.arrangement.groups.find((each) => each.kind === kind);
  return group ? rows.rowOfGroup(group.name) : null;
}
