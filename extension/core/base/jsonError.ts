/** Where a text stops being JSON: the engine's own messages do not always say. */

const SPACE = /[ \t\r\n]*/y;
/** A character of a string: any but a control character, a quotation mark and a single backslash. */
const CHARACTER = String.raw`[ !#-\[\]-\uffff]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?`;
const SCALAR = new RegExp(`"(?:${CHARACTER})*"|${NUMBER}|true|false|null`, 'y');

class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** True when a whole value stood here; else `at` is where it went wrong. */
  value(): boolean {
    this.#skip(SPACE);
    const opening = this.#text[this.at];
    if (opening === '{') return this.#items('}', () => this.#member());
    if (opening === '[') return this.#items(']', () => this.value());
    return this.#skip(SCALAR);
  }

  atEnd(): boolean {
    this.#skip(SPACE);
    return this.at === this.#text.length;
  }

  #items(end: string, item: () => boolean): boolean {
    this.at += 1;
    if (this.#takes(end)) return true;
    do {
      if (!item()) return false;
    } while (this.#takes(','));
    return this.#takes(end);
  }

  #member(): boolean {
    this.#skip(SPACE);
    return this.#text[this.at] === '"' && this.#skip(SCALAR) && this.#takes(':') && this.value();
  }

  #takes(mark: string): boolean {
    this.#skip(SPACE);
    const found = this.#text[this.at] === mark;
    if (found) this.at += 1;
    return found;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    this.at += found?.[0].length ?? 0;
    return found !== null;
  }
}

/** Position of the first character that is wrong, the length when the text ends too early; undefined for JSON. */
export function jsonErrorAt(text: string): number | undefined {
  const scanner = new Scanner(text);
  return scanner.value() && scanner.atEnd() ? undefined : scanner.at;
}
