/** One row of the grid: offset, bytes, text. Made once and filled again whenever another row comes into sight. */
import { type ByteModel, MARK, marksAt, type Span, spokenByte } from './byteModel.js';
import { hexByte } from './text.js';

const HEX = Array.from({ length: 256 }, (_, byte) => hexByte(byte));
const TEXT = Array.from({ length: 256 }, (_, byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'));

const CLASSES: readonly (readonly [mark: number, name: string])[] = [
  [MARK.ODD, 'odd'],
  [MARK.PADDING, 'padding'],
  [MARK.TAIL, 'tail'],
  [MARK.NEVER_WRITTEN, 'never'],
  [MARK.START, 'start'],
  [MARK.SELECTED, 'selected'],
  [MARK.HOVERED, 'hovered'],
  [MARK.CURSOR, 'cursor'],
  [MARK.VOID, 'void'],
];

const classNames = new Map<number, string>();

function className(marks: number): string {
  const known = classNames.get(marks);
  if (known !== undefined) return known;
  const made = CLASSES.filter(([mark]) => (marks & mark) !== 0)
    .map(([, name]) => name)
    .join(' ');
  classNames.set(marks, made);
  return made;
}

export interface RowShape {
  readonly perRow: number;
  readonly ascii: boolean;
  readonly digits: number;
}

/** What cursor, selection and pointer add to the bytes. */
export interface GridState {
  readonly cursor: number | null;
  readonly selection: Span | null;
  readonly hovered: Span | null;
}

const within = (span: Span | null, byte: number): boolean => span !== null && byte >= span.start && byte < span.end;

export class HexRow {
  readonly element = document.createElement('div');
  /** Which row it shows; -1 for none. */
  index = -1;
  readonly #shape: RowShape;
  readonly #offset = document.createTextNode('');
  readonly #cells: HTMLElement[] = [];
  readonly #values: Text[] = [];
  readonly #text = document.createElement('span');
  /** Letters that look alike are one element: a row of text has few of them. */
  readonly #runs: HTMLElement[] = [];
  #letters = '';
  /** Marks that come from the bytes, and those painted. */
  readonly #fixed: Uint16Array;
  readonly #painted: Uint16Array;
  #top = Number.NaN;
  #labels = false;
  /** The text has to be made again: other bytes, or other marks. */
  #stale = false;

  constructor(shape: RowShape) {
    this.#shape = shape;
    this.#fixed = new Uint16Array(shape.perRow);
    this.#painted = new Uint16Array(shape.perRow).fill(0xffff);
    this.element.className = 'hex-row';
    this.element.setAttribute('role', 'row');
    const offset = document.createElement('span');
    offset.className = 'hex-offset';
    offset.setAttribute('role', 'rowheader');
    offset.append(this.#offset);
    this.element.append(offset);
    for (let column = 0; column < shape.perRow; column += 1) this.#addCell(column);
    // The text repeats the bytes: those who hear the grid hear each byte once.
    this.#text.className = 'hex-text';
    this.#text.setAttribute('aria-hidden', 'true');
    if (shape.ascii) this.element.append(this.#text);
  }

  #addCell(column: number): void {
    const cell = document.createElement('span');
    const text = document.createTextNode('');
    cell.append(text);
    cell.setAttribute('role', 'gridcell');
    cell.setAttribute('aria-colindex', `${column + 2}`);
    cell.tabIndex = -1;
    // Where F6 arrives in this region of the page: at the one cell that is a tab stop.
    cell.dataset['regionStart'] = '';
    this.#cells.push(cell);
    this.#values.push(text);
    this.element.append(cell);
  }

  /** `labels`: every cell gets its own, for a screen reader that walks through them by itself. */
  fill(index: number, model: ByteModel, labels: boolean): void {
    const { perRow, digits } = this.#shape;
    const { bytes } = model;
    this.index = index;
    this.#offset.data = (index * perRow).toString(16).toUpperCase().padStart(digits, '0');
    this.element.setAttribute('aria-rowindex', `${index + 2}`);
    let letters = '';
    for (let column = 0; column < perRow; column += 1) {
      const byte = index * perRow + column;
      const value = bytes[byte];
      this.#fixed[column] = value === undefined ? MARK.VOID : marksAt(model, byte);
      setText(this.#values[column], value === undefined ? '' : (HEX[value] ?? ''));
      if (value !== undefined) letters += TEXT[value] ?? '';
    }
    this.#letters = letters;
    this.#stale = true;
    if (labels || this.#labels) this.#label(model, labels);
    this.#labels = labels;
  }

  #label(model: ByteModel, labels: boolean): void {
    const first = this.index * this.#shape.perRow;
    this.#cells.forEach((cell, column) => {
      if (labels && first + column < model.bytes.length)
        cell.setAttribute('aria-label', spokenByte(model, first + column));
      else cell.removeAttribute('aria-label');
    });
  }

  paint({ cursor, selection, hovered }: GridState): void {
    const { perRow } = this.#shape;
    for (let column = 0; column < perRow; column += 1) {
      const byte = this.index * perRow + column;
      let marks = this.#fixed[column] ?? 0;
      if ((marks & MARK.VOID) === 0) {
        if (within(selection, byte)) marks |= MARK.SELECTED;
        if (within(hovered, byte)) marks |= MARK.HOVERED;
        if (byte === cursor) marks |= MARK.CURSOR;
      }
      if (marks !== this.#painted[column]) this.#repaint(column, marks);
    }
    if (this.#stale && this.#shape.ascii) this.#paintText();
    this.#stale = false;
  }

  #repaint(column: number, marks: number): void {
    this.#painted[column] = marks;
    this.#stale = true;
    const cell = this.#cells[column];
    if (cell === undefined) return;
    cell.className = className(marks);
    cell.setAttribute('aria-selected', `${(marks & MARK.SELECTED) !== 0}`);
  }

  #paintText(): void {
    let runs = 0;
    let from = 0;
    while (from < this.#letters.length) {
      const marks = textMarks(this.#painted[from]);
      let to = from + 1;
      while (to < this.#letters.length && textMarks(this.#painted[to]) === marks) to += 1;
      this.#paintRun(runs, className(marks), this.#letters.slice(from, to));
      runs += 1;
      from = to;
    }
    for (const run of this.#runs.splice(runs)) run.remove();
  }

  #paintRun(index: number, name: string, text: string): void {
    let run = this.#runs[index];
    if (run === undefined) {
      run = document.createElement('span');
      this.#runs.push(run);
      this.#text.append(run);
    }
    if (run.className !== name) run.className = name;
    if (run.textContent !== text) run.textContent = text;
  }

  place(top: number): void {
    if (top === this.#top) return;
    this.#top = top;
    this.element.style.transform = `translateY(${top}px)`;
  }

  cell(column: number): HTMLElement | undefined {
    return this.#cells[column];
  }

  /** The column of a cell of this row, or of the letter at `x` on the screen; -1 for none. */
  columnAt(element: Element, x: number): number {
    if (!this.#text.contains(element)) return this.#cells.indexOf(element as HTMLElement);
    const first = this.#runs[0]?.getBoundingClientRect();
    const last = this.#runs.at(-1)?.getBoundingClientRect();
    if (first === undefined || last === undefined || x < first.left || x >= last.right) return -1;
    return Math.floor(((x - first.left) / (last.right - first.left)) * this.#letters.length);
  }
}

/** Ticks between fields are for the bytes alone. */
const textMarks = (marks = 0): number => marks & ~MARK.START;

function setText(text: Text | undefined, value: string): void {
  if (text !== undefined && text.data !== value) text.data = value;
}
