/**
 * Which rows of a long list are in sight. Rows have one height; a list higher than browsers can lay out is scrolled
 * through a lower one, whose scroll bar then moves more than one pixel's worth of rows per pixel.
 */

/** Browsers stop laying out at about 17.8 million pixels (Firefox) and 33.5 million (Chromium). */
export const maximumHeight = 15_000_000;

export interface ListGeometry {
  readonly rows: number;
  readonly rowHeight: number;
  /** Height of the part in sight, pixels. */
  readonly viewport: number;
}

export interface RowWindow {
  /** Rows to draw: [first, last). */
  readonly first: number;
  readonly last: number;
  /** Pixels from the top of the content to the top of row 0; other rows follow in steps of the row height. */
  readonly origin: number;
}

/** Height of the content that is scrolled. */
export function contentHeight({ rows, rowHeight }: ListGeometry): number {
  return Math.min(rows * rowHeight, maximumHeight);
}

/** Pixels of the full list above the part in sight, for a scroll position of the content. */
function fullTop(list: ListGeometry, scrollTop: number): number {
  const full = list.rows * list.rowHeight;
  const content = contentHeight(list);
  const atMost = Math.max(0, content - list.viewport);
  const top = Math.min(Math.max(scrollTop, 0), atMost);
  if (full <= content || atMost === 0) return top;
  return (top * (full - list.viewport)) / atMost;
}

/** `overscan` rows more than are in sight, on both sides. */
export function rowWindow(list: ListGeometry, scrollTop: number, overscan: number): RowWindow {
  const top = fullTop(list, scrollTop);
  const content = contentHeight(list);
  const shown = Math.min(Math.max(scrollTop, 0), Math.max(0, content - list.viewport));
  const first = Math.max(0, Math.floor(top / list.rowHeight) - overscan);
  const last = Math.min(list.rows, Math.ceil((top + list.viewport) / list.rowHeight) + overscan);
  return { first: Math.min(first, last), last, origin: shown - top };
}

/** First row in sight, with fractions: what is remembered, as pixels depend on the height of the list. */
export function topRow(list: ListGeometry, scrollTop: number): number {
  return fullTop(list, scrollTop) / list.rowHeight;
}

/** The scroll position that has `row` (with fractions) at the top, or as near as the list's end allows. */
export function scrollTopOf(list: ListGeometry, row: number): number {
  const full = list.rows * list.rowHeight;
  const content = contentHeight(list);
  const atMost = Math.max(0, content - list.viewport);
  const top = Math.min(Math.max(0, row * list.rowHeight), Math.max(0, full - list.viewport));
  if (full <= content || full <= list.viewport) return Math.min(top, atMost);
  return (top * atMost) / (full - list.viewport);
}

/** The scroll position nearest to `scrollTop` that has all of `row` in sight. */
export function scrollTopShowing(list: ListGeometry, row: number, scrollTop: number): number {
  const top = fullTop(list, scrollTop);
  const rowTop = row * list.rowHeight;
  if (rowTop < top) return scrollTopOf(list, row);
  if (rowTop + list.rowHeight > top + list.viewport) {
    return scrollTopOf(list, row + 1 - list.viewport / list.rowHeight);
  }
  return scrollTop;
}
