/** Where a key takes the cursor of a grid of bytes. */

export interface GridShape {
  /** Bytes in the grid, at least one. */
  readonly length: number;
  readonly perRow: number;
  readonly rowsInSight: number;
}

export interface Key {
  readonly key: string;
  /** Ctrl, or Command on a Mac. */
  readonly control: boolean;
}

/** The byte the cursor goes to; undefined for a key that moves nothing. */
export function moved(cursor: number, { key, control }: Key, shape: GridShape): number | undefined {
  const { length, perRow, rowsInSight } = shape;
  const last = length - 1;
  const column = cursor % perRow;
  const page = perRow * Math.max(1, rowsInSight - 1);
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, cursor - 1);
    case 'ArrowRight':
      return Math.min(last, cursor + 1);
    case 'ArrowUp':
      return cursor < perRow ? cursor : cursor - perRow;
    case 'ArrowDown':
      return downBy(cursor, perRow, shape);
    case 'PageUp':
      return cursor < page ? column : cursor - page;
    case 'PageDown':
      return downBy(cursor, page, shape);
    case 'Home':
      return control ? 0 : cursor - column;
    case 'End':
      return control ? last : Math.min(last, cursor - column + perRow - 1);
    default:
      return undefined;
  }
}

/** The same column further down; the last byte where the last row is too short for it. */
function downBy(cursor: number, step: number, { length, perRow }: GridShape): number {
  const last = length - 1;
  const lastRow = Math.floor(last / perRow);
  const row = Math.min(lastRow, Math.floor((cursor + step) / perRow));
  return row === Math.floor(cursor / perRow) ? cursor : Math.min(last, row * perRow + (cursor % perRow));
}

/** Bytes per row that fit: 32, 16 or 8. `columns` is how many characters the font puts into the container. */
export function bytesPerRow(
  columns: number,
  offsetDigits: number,
): { readonly perRow: number; readonly ascii: boolean } {
  for (const perRow of [32, 16, 8])
    if (rowColumns(perRow, offsetDigits, true) <= columns) return { perRow, ascii: true };
  return { perRow: 8, ascii: false };
}

/** Characters a row takes: offset, two digits and a space per byte, a space per eight, the text, gaps and edges. */
export function rowColumns(perRow: number, offsetDigits: number, ascii: boolean): number {
  const groups = perRow / 8 - 1;
  return 1 + offsetDigits + 1 + perRow * 3 + groups + (ascii ? 2 + perRow : 0) + 1;
}

/** Hex digits that every offset of a grid fits in, four at least. */
export const offsetDigits = (length: number): number => Math.max(4, (length - 1).toString(16).length);
