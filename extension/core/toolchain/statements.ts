/**
 * Where statements begin, from the source text: debug locations name the columns of operators, and a statement over
 * several lines has a location on each. Preprocessor lines are passed over; text that macros would change is taken as
 * it is written, which is what its locations speak of.
 */

export interface Statement {
  /** From 1, of its first token. */
  readonly line: number;
  readonly column: number;
  /** Of its last token. */
  endLine: number;
  /** Its first token: `return`, `}`, a name, ... */
  readonly first: string;
}

type Context =
  | { readonly kind: 'block'; readonly inFunction: boolean; readonly outer: Statement | undefined }
  | { readonly kind: 'paren'; readonly loop: boolean; readonly control: boolean }
  | { readonly kind: 'braces' };

const TOKEN =
  /(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.'])*|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|::|\S)/y;
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', '__except', 'constexpr']);
/** Nothing runs at them: what follows is a statement of its own. */
const BARE = new Set(['else', 'do', 'try', '__try', '__finally']);
const RECORDS = new Set(['struct', 'class', 'union', 'enum', 'namespace', 'extern', 'typedef', 'template', 'static']);
const RAW = /(?:u8|u|U|L)?R"([^\s()\\]{0,16})\(/y;

/** The statements of a source, in order. */
export class Statements {
  readonly #all: Statement[] = [];

  constructor(text: string, cpp: boolean) {
    new Scanner(text, cpp, this.#all).run();
  }

  /** The statement that a position belongs to: the last one that begins at or before it. */
  at(line: number, column: number): Statement | undefined {
    const found = this.#indexAt(line, column);
    return found < 0 ? undefined : this.#all[found];
  }

  #indexAt(line: number, column: number): number {
    let low = 0;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const each = this.#all[middle];
      if (each !== undefined && (each.line < line || (each.line === line && each.column <= column))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}

class Scanner {
  readonly #text: string;
  readonly #cpp: boolean;
  readonly #all: Statement[];
  #stack: Context[] = [];
  /** The stack where each open `#if` began: its other branches begin with the same. */
  readonly #conditions: Context[][] = [];
  #current: Statement | undefined;
  #words = 0;
  #previous = '';
  #line = 1;
  #lineStart = 0;

  constructor(text: string, cpp: boolean, all: Statement[]) {
    this.#text = text;
    this.#cpp = cpp;
    this.#all = all;
  }

  run(): void {
    const text = this.#text;
    let fresh = true;
    for (let at = 0; at < text.length; ) {
      const code = text.charCodeAt(at);
      if (code === 10) {
        at++;
        this.#line++;
        this.#lineStart = at;
        fresh = true;
      } else if (code <= 32 || code === 0xfeff) {
        at++;
      } else if (fresh && code === 35) {
        at = this.#directive(at);
      } else {
        fresh = false;
        at = this.#tokenAt(at);
      }
    }
  }

  /** Passes over a preprocessor line and its continuations; answers where the line ends. */
  #directive(start: number): number {
    const name = /^#[ \t]*(\w*)/.exec(this.#text.slice(start, start + 32))?.[1] ?? '';
    if (name.startsWith('if')) {
      this.#conditions.push([...this.#stack]);
    } else if (name.startsWith('el')) {
      this.#stack = [...(this.#conditions.at(-1) ?? this.#stack)];
    } else if (name === 'endif') {
      this.#conditions.pop();
    }
    let at = start;
    for (; at < this.#text.length && this.#text.charCodeAt(at) !== 10; at++) {
      if (this.#text.charCodeAt(at) === 92) {
        const end = this.#text.charCodeAt(at + 1) === 13 ? at + 2 : at + 1;
        if (this.#text.charCodeAt(end) === 10) {
          at = end;
          this.#newLine(at + 1);
        }
      }
    }
    return at;
  }

  #newLine(start: number): void {
    this.#line++;
    this.#lineStart = start;
  }

  #tokenAt(at: number): number {
    RAW.lastIndex = at;
    const raw = RAW.exec(this.#text);
    let end: number;
    if (raw !== null) {
      const close = this.#text.indexOf(`)${raw[1] ?? ''}"`, RAW.lastIndex);
      end = close < 0 ? this.#text.length : close + (raw[1] ?? '').length + 2;
      this.#token('""', at);
    } else {
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(this.#text)?.[0] ?? ' ';
      end = at + token.length;
      if (!token.startsWith('//') && !token.startsWith('/*') && token !== '\\') {
        this.#token(token, at);
      }
    }
    for (let next = this.#text.indexOf('\n', at); next >= 0 && next < end; next = this.#text.indexOf('\n', next + 1)) {
      this.#newLine(next + 1);
    }
    return end;
  }

  #token(token: string, at: number): void {
    const top = this.#stack.at(-1);
    if (top === undefined || top.kind === 'block') {
      this.#inBlock(token, at);
    } else if (top.kind === 'paren') {
      this.#inParentheses(token, at, top);
    } else {
      this.#inBraces(token);
    }
    if (this.#current !== undefined) {
      this.#current.endLine = Math.max(this.#current.endLine, this.#line);
    }
    this.#previous = token;
  }

  #begin(token: string, at: number): void {
    if (this.#current === undefined) {
      this.#words = 0;
      const column = at - this.#lineStart + 1;
      this.#current = { line: this.#line, column, endLine: this.#line, first: token };
      this.#all.push(this.#current);
    }
    this.#words++;
  }

  #end(): void {
    this.#current = undefined;
  }

  #inBlock(token: string, at: number): void {
    if (token === '{') {
      this.#open();
    } else if (token === '}') {
      this.#close(token, at);
    } else if (BARE.has(token)) {
      this.#end();
    } else {
      this.#begin(token, at);
      if (token === '(') {
        this.#parenthesis();
      } else if (token === ';') {
        this.#end();
      } else if (token === ':' && this.#isLabel()) {
        this.#end();
      }
    }
  }

  #parenthesis(): void {
    const control = CONTROL.has(this.#previous);
    this.#stack.push({ kind: 'paren', control, loop: this.#previous === 'for' });
  }

  #isLabel(): boolean {
    const first = this.#current?.first ?? '';
    return first === 'case' || first === 'default' || (this.#words === 2 && /^[A-Za-z_]/.test(first));
  }

  #inParentheses(token: string, at: number, top: Context & { kind: 'paren' }): void {
    if (token === '(') {
      this.#stack.push({ kind: 'paren', control: false, loop: false });
    } else if (token === ')') {
      this.#stack.pop();
      if (top.control) {
        if (this.#current !== undefined) this.#current.endLine = this.#line;
        this.#end();
      }
    } else if (token === ';' && top.loop) {
      this.#end();
    } else if (token === '{') {
      this.#openInExpression();
    } else {
      this.#begin(token, at);
    }
  }

  #inBraces(token: string): void {
    if (token === '{') {
      this.#openInExpression();
    } else if (token === '(') {
      this.#stack.push({ kind: 'paren', control: false, loop: false });
    } else if (token === '}') {
      this.#stack.pop();
    }
  }

  /** A lambda's body, or values in braces. */
  #openInExpression(): void {
    const body = this.#cpp && /^(?:\)|mutable|noexcept|\])$/.test(this.#previous);
    if (body) {
      this.#stack.push({ kind: 'block', inFunction: true, outer: this.#current });
      this.#end();
    } else {
      this.#stack.push({ kind: 'braces' });
    }
  }

  #open(): void {
    const current = this.#current;
    const inFunction = this.#stack.some((each) => each.kind === 'block' && each.inFunction);
    if (current === undefined || this.#isBody(current.first, inFunction)) {
      this.#stack.push({ kind: 'block', inFunction: inFunction || this.#previous === ')', outer: undefined });
      this.#end();
    } else {
      this.#openInExpression();
    }
  }

  /** Of a function or a record, not values in braces and no lambda inside an expression. */
  #isBody(first: string, inFunction: boolean): boolean {
    if (/^(?:[=,([]|return)$/.test(this.#previous)) {
      return false;
    }
    if (this.#previous === ')' || this.#previous === ']') {
      return !inFunction && this.#previous === ')';
    }
    return !inFunction || (RECORDS.has(first) && first !== 'static');
  }

  #close(token: string, at: number): void {
    this.#end();
    const top = this.#stack.pop();
    this.#begin(token, at);
    this.#end();
    if (top?.kind === 'block' && top.outer !== undefined) {
      this.#current = top.outer;
    }
  }
}
