/**
 * Where places of a text are after the text was edited: lines and characters from 0, characters in UTF-16 units, as
 * editors count them.
 */

export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

/** A replacement, in the positions of the text it was made in. */
export interface TextEdit extends TextRange {
  /** Line ends in the new text. */
  readonly lines: number;
  /** Characters of the new text after its last line end. */
  readonly tail: number;
}

export function editOf(range: TextRange, text: string): TextEdit {
  const ends = text.match(/\r\n|\r|\n/g)?.length ?? 0;
  const last = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'));
  return { start: range.start, end: range.end, lines: ends, tail: text.length - last - 1 };
}

function compare(a: TextPosition, b: TextPosition): number {
  return a.line - b.line || a.character - b.character;
}

/** Where the new text of an edit ends. */
function endOf({ start, lines, tail }: TextEdit): TextPosition {
  return { line: start.line + lines, character: lines === 0 ? start.character + tail : tail };
}

/** A position at or behind the end of what was replaced. */
function shifted(position: TextPosition, edit: TextEdit): TextPosition {
  const end = endOf(edit);
  const sameLine = position.line === edit.end.line;
  return {
    line: position.line - edit.end.line + end.line,
    character: sameLine ? position.character - edit.end.character + end.character : position.character,
  };
}

/** Text typed at a place pushes it on; a place inside what was replaced goes to the start of the replacement. */
function moveStart(position: TextPosition, edit: TextEdit): TextPosition {
  if (compare(position, edit.start) < 0) return position;
  return compare(position, edit.end) >= 0 ? shifted(position, edit) : edit.start;
}

/** Text typed at the end of a range stays outside of it. */
function moveEnd(position: TextPosition, edit: TextEdit): TextPosition {
  if (compare(position, edit.start) <= 0) return position;
  return compare(position, edit.end) >= 0 ? shifted(position, edit) : endOf(edit);
}

/** The range after the edit; undefined when its text was deleted, or its lines were replaced by others. */
export function moveRange(range: TextRange, edit: TextEdit): TextRange | undefined {
  const covered = compare(edit.start, range.start) <= 0 && compare(edit.end, range.end) >= 0;
  if (covered && compare(edit.start, edit.end) < 0) {
    const emptied = edit.lines === 0 && edit.tail === 0;
    if (emptied || edit.start.line !== edit.end.line) return undefined;
  }
  const start = moveStart(range.start, edit);
  const end = moveEnd(range.end, edit);
  return { start, end: compare(end, start) < 0 ? start : end };
}

/** The edits of one text since somebody began to care, by stamps that count them. */
export class EditLog {
  #first = 0;
  /** Ranges of texts before this stamp are taken for ranges of the text of this stamp. */
  #reverted = 0;
  readonly #edits: TextEdit[] = [];

  /** Names the text as it is now. */
  get stamp(): number {
    return this.#first + this.#edits.length;
  }

  push(edit: TextEdit): void {
    this.#edits.push(edit);
  }

  /** Where a range of the text of that time is now; undefined when it is gone or the time is forgotten. */
  move(range: TextRange, since: number): TextRange | undefined {
    const from = Math.max(since, this.#reverted);
    if (from < this.#first) return undefined;
    let moved: TextRange | undefined = range;
    for (let at = from - this.#first; at < this.#edits.length && moved !== undefined; at += 1) {
      const edit = this.#edits[at];
      if (edit !== undefined) moved = moveRange(moved, edit);
    }
    return moved;
  }

  /** The edits were thrown away: the text is again as it was before them. */
  revert(): void {
    this.#reverted = this.stamp;
    this.forget(this.stamp);
  }

  /** Nobody will ask about texts before that time. */
  forget(before: number): void {
    this.#edits.splice(0, Math.max(0, before - this.#first));
    this.#first = Math.max(this.#first, before);
  }
}
