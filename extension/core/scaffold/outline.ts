/**
 * A source as a sequence of top-level pieces, read from its text alone, so that it also works on what does not compile:
 * directives, declarations, structures and functions with where they begin and end. Comments and strings are blank in
 * `code`; offsets are those of the text.
 */
import { blankComments } from '../run/sourceNames.js';

export interface Span {
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

export interface Item extends Span {
  readonly kind: 'directive' | 'declaration' | 'structure' | 'function';
  /** Of a function what is called, of a structure its tag, of a directive its word; '' if there is none. */
  readonly name: string;
  /** Names that a typedef declares behind the closing brace, with their stars. */
  readonly declares: readonly string[];
  /** Between the braces of a function or structure. */
  readonly body?: Span;
  /** Between the parentheses of a function. */
  readonly parameters?: Span;
}

export interface Call extends Span {
  /** As written before the parenthesis: `Kmcl->VmbPacketSend`. */
  readonly callee: string;
  readonly name: string;
  readonly operands: readonly string[];
}

export interface Outline {
  readonly text: string;
  /** The same without comments, strings and the other branches of conditions. */
  readonly code: string;
  readonly items: readonly Item[];
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof', 'catch', 'defined', 'do', 'else']);

export function outlineOf(text: string): Outline {
  const code = withoutOtherBranches(blankComments(text));
  return { text, code, items: new Scanner(code).items() };
}

/** Calls in a part of the code, in order; macros that look like calls are among them. */
export function callsIn({ code }: Outline, { start, end }: Span): readonly Call[] {
  const found: Call[] = [];
  const pattern = /((?:[A-Za-z_]\w*(?:\([^()]*\))?\s*(?:->|\.|::)\s*)*)([A-Za-z_]\w*)\s*\(/g;
  pattern.lastIndex = start;
  for (let match = pattern.exec(code); match !== null && match.index < end; match = pattern.exec(code)) {
    const name = match[2] ?? '';
    const open = match.index + match[0].length - 1;
    // What is written between the parentheses is looked at, too.
    pattern.lastIndex = open + 1;
    const close = closing(code, open);
    if (CONTROL.has(name) || close === undefined || close >= end) continue;
    const callee = `${match[1] ?? ''}${name}`.replace(/\s+/g, '');
    found.push({ start: match.index, end: close + 1, callee, name, operands: operandsOf(code.slice(open + 1, close)) });
  }
  return found;
}

/** Offset of the partner of the bracket at `open`. */
export function closing(code: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    const char = code.charAt(at);
    if (char === '(' || char === '{' || char === '[') depth += 1;
    else if (char === ')' || char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return undefined;
}

export function operandsOf(list: string): readonly string[] {
  const operands: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= list.length; at += 1) {
    const char = list.charAt(at);
    if (char === '(' || char === '{' || char === '[') depth += 1;
    else if (char === ')' || char === '}' || char === ']') depth -= 1;
    else if (at === list.length || (char === ',' && depth === 0)) {
      operands.push(list.slice(from, at).trim());
      from = at + 1;
    }
  }
  return operands.length === 1 && operands[0] === '' ? [] : operands;
}

export interface Namespace {
  /** '' for one without a name. */
  readonly name: string;
  /** Behind its opening brace. */
  readonly start: number;
}

/** The namespaces around an offset, the outermost first. */
export function namespacesAt({ code }: Outline, offset: number): readonly Namespace[] {
  const around: (Namespace | undefined)[] = [];
  for (let at = 0; at < offset; at += 1) {
    const char = code.charAt(at);
    if (char === '}') around.pop();
    if (char !== '{') continue;
    const head = /\bnamespace(?:\s+([\w:]+))?\s*$/.exec(code.slice(Math.max(0, at - 200), at));
    around.push(head === null ? undefined : { name: head[1] ?? '', start: at + 1 });
  }
  return around.filter((each) => each !== undefined);
}

/** The line that an offset lies on, without its end. */
export function lineSpan(text: string, offset: number): Span {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return { start, end: end < 0 ? text.length : end };
}

/** From 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** Of `#if A ... #else B ... #endif` only the first branch is code, of `#if 0` the second. */
function withoutOtherBranches(code: string): string {
  const conditions: { skipped: boolean; first: boolean }[] = [];
  return code
    .split(/(?<=\n)/)
    .map((line) => {
      const [, word = '', rest = ''] = /^\s*#\s*(\w+)(.*)/.exec(line) ?? [];
      const outer = conditions.some(({ skipped }) => skipped);
      const top = conditions.at(-1);
      if (word === 'if' || word === 'ifdef' || word === 'ifndef') {
        const never = word === 'if' && /^\s*(?:0|FALSE)\s*$/.test(rest);
        conditions.push({ skipped: never, first: !never });
        return outer ? blank(line) : line;
      }
      if ((word === 'else' || word === 'elif') && top !== undefined) {
        top.skipped = top.first;
        top.first = true;
        return line;
      }
      if (word === 'endif') {
        conditions.pop();
        return line;
      }
      return outer ? blank(line) : line;
    })
    .join('');
}

class Scanner {
  readonly #code: string;
  #at = 0;

  constructor(code: string) {
    this.#code = code;
  }

  items(): readonly Item[] {
    const items: Item[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#code.length) return items;
      const before = this.#at;
      const item = this.#code.charAt(this.#at) === '#' ? this.#directive() : this.#piece();
      if (item !== undefined) items.push(item);
      if (this.#at === before) this.#at += 1;
    }
  }

  /** Blanks, stray semicolons, and the end of `extern "C" {`. */
  #skip(): void {
    while (this.#at < this.#code.length && /[\s;}]/.test(this.#code.charAt(this.#at))) this.#at += 1;
  }

  #directive(): Item {
    const start = this.#at;
    let end = start;
    for (;;) {
      const next = this.#code.indexOf('\n', end);
      end = next < 0 ? this.#code.length : next + 1;
      if (next < 0 || !/\\\r?\n$/.test(this.#code.slice(start, end))) break;
    }
    this.#at = end;
    const name = /^#\s*(\w*)/.exec(this.#code.slice(start, end))?.[1] ?? '';
    return { kind: 'directive', start, end: trimmedEnd(this.#code, start, end), name, declares: [] };
  }

  #piece(): Item | undefined {
    const start = this.#at;
    let body: Span | undefined;
    while (this.#at < this.#code.length) {
      const char = this.#code.charAt(this.#at);
      if (char === '#' && /^\s*$/.test(this.#lineBefore())) {
        this.#directive();
        continue;
      }
      if (char === ';') {
        this.#at += 1;
        return this.#declaration(start, this.#at, body);
      }
      if (char === '(' || char === '[') {
        this.#at = (closing(this.#code, this.#at) ?? this.#at) + 1;
        continue;
      }
      if (char === '}') return this.#declaration(start, this.#at, body);
      if (char === '{') {
        const head = this.#code.slice(start, this.#at);
        if (/^\s*(?:extern|(?:inline\s+)?namespace(?:\s+[\w:]+)?)\s*$/.test(head)) {
          this.#at += 1;
          return undefined;
        }
        const close = closing(this.#code, this.#at);
        if (close === undefined) {
          this.#at = this.#code.length;
          return undefined;
        }
        const span = { start: this.#at + 1, end: close };
        this.#at = close + 1;
        if (isFunctionHead(head)) return this.#function(start, head, span);
        body ??= span;
        continue;
      }
      this.#at += 1;
    }
    return undefined;
  }

  #lineBefore(): string {
    return this.#code.slice(this.#code.lastIndexOf('\n', this.#at - 1) + 1, this.#at);
  }

  #function(start: number, head: string, body: Span): Item {
    const close = head.lastIndexOf(')');
    const open = opening(head, close);
    const name = /([A-Za-z_~]\w*(?:\s*::\s*~?\w+)*)\s*$/.exec(head.slice(0, open))?.[1] ?? '';
    const parameters = { start: start + open + 1, end: start + close };
    return { kind: 'function', start, end: body.end + 1, name, declares: [], body, parameters };
  }

  #declaration(start: number, end: number, body: Span | undefined): Item {
    const head = body === undefined ? '' : this.#code.slice(start, body.start - 1);
    const tag = /\b(?:struct|class)\b\s*(?:alignas\s*\([^)]*\)|DECLSPEC_\w+(?:\([^)]*\))?|\s)*([A-Za-z_]\w*)?/.exec(
      head,
    );
    if (body === undefined || tag === null || /[=(]\s*$/.test(head)) {
      return { kind: 'declaration', start, end, name: '', declares: [] };
    }
    const declares = operandsOf(this.#code.slice(body.end + 1, end).replace(/;\s*$/, ''));
    return {
      kind: 'structure',
      start,
      end,
      name: tag[1] ?? '',
      declares: declares.map((each) => each.replace(/\s+/g, '')),
      body,
    };
  }
}

function isFunctionHead(head: string): boolean {
  return (
    /\)\s*(?:(?:const|noexcept|override|final|try)\b\s*)*(?::[^:][^;]*)?$/.test(head) && !/=\s*\(?[^()]*$/.test(head)
  );
}

function opening(head: string, close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at -= 1) {
    const char = head.charAt(at);
    if (char === ')') depth += 1;
    else if (char === '(') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return 0;
}

function trimmedEnd(code: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(code.charAt(at - 1))) at -= 1;
  return at;
}
