/**
 * The grid of bytes: rows in sight only, filled by hand rather than through a tree of components, so that sixteen
 * megabytes scroll as smoothly as sixteen bytes. Who uses it owns cursor and selection and tells it both.
 */
import { type ByteModel, spokenByte } from './byteModel.js';
import { bytesPerRow, type GridShape, offsetDigits, rowColumns } from './gridKeys.js';
import { type GridState, HexRow, type RowShape } from './hexRow.js';
import { RowScroller } from './window.js';

export interface GridListener {
  /** The pointer pressed a byte, or drags over one. */
  press(byte: number, extend: boolean): void;
  hover(byte: number | null): void;
  open(byte: number): void;
}

/** Rows kept ready above and below: the compositor scrolls ahead of us. After a jump the ones in sight come first. */
const OVERSCAN = 12;
const OVERSCAN_AFTER_JUMP = 2;

const NOTHING: GridState = { cursor: null, selection: null, hovered: null };

export class HexGrid {
  readonly #grid: HTMLElement;
  readonly #head: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #space: HTMLElement;
  readonly #probe: HTMLElement;
  readonly #listener: GridListener;
  readonly #observer: ResizeObserver;
  readonly #window = new RowScroller();
  readonly #rows = new Map<number, HexRow>();
  readonly #spare: HexRow[] = [];
  #model: ByteModel | null = null;
  #state = NOTHING;
  #shape: RowShape = { perRow: 16, ascii: true, digits: 4 };
  #labelled: HTMLElement | null = null;

  /** Builds itself into `grid`, an empty element with the role and the name of the grid. */
  constructor(grid: HTMLElement, listener: GridListener) {
    this.#grid = grid;
    this.#listener = listener;
    this.#head = element('hex-head');
    this.#scroller = element('hex-scroller');
    this.#space = element('hex-space');
    this.#probe = element('hex-probe');
    this.#probe.textContent = '0'.repeat(100);
    this.#probe.setAttribute('aria-hidden', 'true');
    this.#scroller.append(this.#space);
    grid.append(this.#head, this.#scroller, this.#probe);
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#scroller.addEventListener('pointerdown', (event) => this.#pressed(event));
    this.#scroller.addEventListener('pointermove', (event) => this.#pointed(event));
    this.#scroller.addEventListener('pointerleave', () => listener.hover(null));
    this.#scroller.addEventListener('dblclick', (event) => {
      const byte = this.#byteOf(event);
      if (byte !== null) listener.open(byte);
    });
    this.#observer = new ResizeObserver(() => this.#layOut());
    this.#observer.observe(grid);
    if (grid.parentElement !== null) this.#observer.observe(grid.parentElement);
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#grid.replaceChildren();
  }

  get shape(): GridShape {
    const { perRow } = this.#shape;
    return { length: this.#model?.bytes.length ?? 0, perRow, rowsInSight: this.#window.rowsInSight };
  }

  /** Other bytes. The scroll position stays when they are the same packet's, run again. */
  show(model: ByteModel, keepPosition: boolean): void {
    this.#model = model;
    if (!keepPosition) this.#window.scrollTo(0);
    this.#layOut(true);
  }

  /** Cursor, selection and the pointer's field. The cursor is brought into sight when it has moved. */
  update(state: GridState): void {
    const moved = state.cursor !== this.#state.cursor;
    this.#state = state;
    if (moved && state.cursor !== null) this.#reveal(state.cursor);
    this.#paint();
    if (moved && this.#grid.contains(document.activeElement)) this.focus();
  }

  /** Brings a byte into sight without moving the cursor. */
  reveal(byte: number): void {
    this.#reveal(byte);
    this.#paint();
  }

  /** Focuses the cursor's cell, or the first there is. */
  focus(): void {
    const byte = this.#tabByte;
    const row = this.#rows.get(Math.floor(byte / this.#shape.perRow));
    const cell = row?.cell(byte % this.#shape.perRow);
    cell?.focus({ preventScroll: true });
    // Within the pane: in the grid it is in sight already.
    cell?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  get #tabByte(): number {
    return this.#state.cursor ?? 0;
  }

  get #count(): number {
    return Math.ceil((this.#model?.bytes.length ?? 0) / this.#shape.perRow);
  }

  #reveal(byte: number): void {
    if (this.#window.reveal(Math.floor(byte / this.#shape.perRow))) this.#scroller.scrollTop = this.#window.real;
  }

  #scrolled(): void {
    const { scrollTop, clientHeight } = this.#scroller;
    const step = Math.abs(scrollTop - this.#window.real);
    // Browsers round the position we set: that is no scrolling.
    if (step >= 1) this.#window.scrolled(scrollTop);
    this.#paint(step > clientHeight ? OVERSCAN_AFTER_JUMP : OVERSCAN);
  }

  /** Takes the measures of font and container. Rows are made anew when another number of bytes fits, or `refill`. */
  #layOut(refill = false): void {
    const model = this.#model;
    const width = this.#room();
    if (model === null || width <= 0) return;
    const character = this.#probe.getBoundingClientRect().width / 100;
    const digits = offsetDigits(model.bytes.length);
    const { perRow, ascii } = bytesPerRow(width / character, digits);
    const top = Math.floor(this.#window.position) * this.#shape.perRow;
    const reshaped =
      perRow !== this.#shape.perRow ||
      ascii !== this.#shape.ascii ||
      digits !== this.#shape.digits ||
      this.#rows.size === 0;
    this.#shape = { perRow, ascii, digits };
    if (reshaped) this.#rebuild();
    const rowHeight = Number.parseFloat(getComputedStyle(this.#head).height);
    this.#window.resize(this.#count, rowHeight, this.#scroller.clientHeight);
    if (reshaped) this.#window.scrollTo(Math.floor(top / perRow) * rowHeight);
    this.#grid.setAttribute('aria-rowcount', `${this.#count + 1}`);
    this.#grid.style.setProperty('--row-count', `${this.#count}`);
    this.#space.style.height = `${this.#window.height}px`;
    this.#scroller.scrollTop = this.#window.real;
    if (refill) for (const [index, row] of this.#rows) row.fill(index, model, usesScreenReader());
    this.#paint();
  }

  /** Pixels a row may take: of the whole body, less what the style sheet keeps for the fields beside it. */
  #room(): number {
    const beside = Number.parseFloat(getComputedStyle(this.#grid).getPropertyValue('--beside')) || 0;
    const frame = this.#grid.offsetWidth - this.#scroller.clientWidth;
    return (this.#grid.parentElement?.clientWidth ?? 0) - beside - frame;
  }

  #rebuild(): void {
    const { perRow, ascii, digits } = this.#shape;
    const hadFocus = this.#space.contains(document.activeElement);
    this.#rows.clear();
    this.#spare.length = 0;
    this.#space.replaceChildren();
    this.#grid.setAttribute('aria-colcount', `${perRow + 1}`);
    this.#grid.style.setProperty('--offset-digits', `${digits}`);
    this.#grid.style.setProperty('--columns', `${rowColumns(perRow, digits, ascii)}`);
    this.#head.replaceChildren(...headCells(perRow, ascii));
    if (hadFocus) queueMicrotask(() => this.focus());
  }

  #paint(overscan = OVERSCAN): void {
    const model = this.#model;
    if (model === null) return;
    const { first, end } = this.#window.window(overscan);
    // The row of the one tab stop stays, wherever the rest scrolls: the focus is in it.
    const kept = Math.floor(this.#tabByte / this.#shape.perRow);
    for (const [index, row] of this.#rows) {
      if ((index >= first && index < end) || (index === kept && index < this.#count)) continue;
      this.#rows.delete(index);
      this.#spare.push(row);
    }
    const labels = usesScreenReader();
    for (let index = first; index < end; index += 1) this.#ensure(index, model, labels);
    if (kept < this.#count) this.#ensure(kept, model, labels);
    for (const row of this.#spare) row.element.remove();
    this.#spare.length = 0;
    for (const [index, row] of this.#rows) {
      row.place(this.#window.top(index));
      row.paint(this.#state);
    }
    if (labels) this.#sort();
    this.#moveTabStop(model);
  }

  #ensure(index: number, model: ByteModel, labels: boolean): void {
    if (this.#rows.has(index)) return;
    const row = this.#spare.pop() ?? new HexRow(this.#shape);
    row.fill(index, model, labels);
    this.#rows.set(index, row);
    if (row.element.parentElement === null) this.#space.append(row.element);
  }

  /** A screen reader reads on in the order of the elements, not of the screen. */
  #sort(): void {
    const sorted = [...this.#rows].sort(([a], [b]) => a - b).map(([, row]) => row.element);
    const focused = sorted.findIndex((each) => each.contains(document.activeElement));
    // A moved element loses the focus: the others move around it.
    if (focused < 0) this.#space.append(...sorted);
    else {
      sorted[focused]?.before(...sorted.slice(0, focused));
      sorted[focused]?.after(...sorted.slice(focused + 1));
    }
  }

  #moveTabStop(model: ByteModel): void {
    const { perRow } = this.#shape;
    const row = this.#rows.get(Math.floor(this.#tabByte / perRow));
    const cell = row?.cell(this.#tabByte % perRow);
    if (cell !== this.#labelled && this.#labelled !== null) {
      this.#labelled.tabIndex = -1;
      if (!usesScreenReader()) this.#labelled.removeAttribute('aria-label');
    }
    this.#labelled = cell ?? null;
    if (cell === undefined || model.bytes.length === 0) return;
    cell.tabIndex = 0;
    cell.setAttribute('aria-label', spokenByte(model, this.#tabByte));
  }

  #byteOf({ target, clientX }: MouseEvent): number | null {
    if (!(target instanceof Element)) return null;
    const rowElement = target.closest('.hex-row');
    for (const [index, row] of this.#rows) {
      if (row.element !== rowElement) continue;
      const column = row.columnAt(target, clientX);
      const byte = index * this.#shape.perRow + column;
      return column >= 0 && byte < (this.#model?.bytes.length ?? 0) ? byte : null;
    }
    return null;
  }

  #pressed(event: PointerEvent): void {
    const byte = event.button === 0 ? this.#byteOf(event) : null;
    if (byte === null) return;
    event.preventDefault();
    this.#listener.press(byte, event.shiftKey);
    this.focus();
  }

  #pointed(event: PointerEvent): void {
    const byte = this.#byteOf(event);
    this.#listener.hover(byte);
    if ((event.buttons & 1) !== 0 && byte !== null && byte !== this.#state.cursor) this.#listener.press(byte, true);
  }
}

const usesScreenReader = (): boolean => document.body.classList.contains('vscode-using-screen-reader');

function element(name: string): HTMLElement {
  const made = document.createElement('div');
  made.className = name;
  return made;
}

/** The line above the bytes: `0 1 2 … F`. */
function headCells(perRow: number, ascii: boolean): readonly HTMLElement[] {
  const row = element('hex-row');
  row.setAttribute('role', 'row');
  row.setAttribute('aria-rowindex', '1');
  const cell = (text: string, column: number, name = ''): HTMLElement => {
    const made = document.createElement('span');
    made.className = name;
    made.setAttribute('role', 'columnheader');
    made.setAttribute('aria-colindex', `${column}`);
    made.textContent = text;
    return made;
  };
  row.append(cell('Byte', 1, 'hex-offset'));
  for (let column = 0; column < perRow; column += 1) {
    row.append(cell(column.toString(16).toUpperCase().padStart(2, '0'), column + 2));
  }
  if (ascii) {
    const text = document.createElement('span');
    text.className = 'hex-text';
    text.setAttribute('aria-hidden', 'true');
    text.textContent = 'Text';
    row.append(text);
  }
  return [row];
}
