/** The statement around a place of C or C++ text, and the calls in it: enough to edit what a finding names. */

export interface Span {
  /** Offsets into the text; `end` is behind the last character. */
  readonly start: number;
  readonly end: number;
}

export interface CallText extends Span {
  readonly name: string;
  readonly operands: readonly (Span & { readonly text: string })[];
}

/** Offset of a line and a column, both from 1. */
export function offsetAt(text: string, line: number, column: number): number {
  let at = 0;
  for (let current = 1; current < line; current++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return Math.min(text.length, at + column - 1);
}

/** Behind a string, a character or a comment that begins there; `at` itself for anything else. */
export function skipped(text: string, at: number): number {
  const first = text.charAt(at);
  if (first === '"' || first === "'") {
    for (let i = at + 1; i < text.length; i++) {
      if (text.charAt(i) === '\\') i++;
      else if (text.charAt(i) === first) return i + 1;
    }
    return text.length;
  }
  if (text.startsWith('//', at)) return endOr(text, text.indexOf('\n', at));
  if (text.startsWith('/*', at)) return endOr(text, text.indexOf('*/', at) + 2);
  return at;
}

function endOr(text: string, at: number): number {
  return at < 2 ? text.length : at;
}

/** The bracket that closes the one at `open`. */
export function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; ) {
    const next = skipped(text, at);
    if (next !== at) {
      at = next;
      continue;
    }
    const char = text.charAt(at);
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') {
      depth--;
      if (depth === 0) return at;
    }
    at++;
  }
  return text.length;
}

/** Words a statement begins with that are no call of a macro. */
const KEYWORDS = new Set(['if', 'for', 'while', 'switch', 'else', 'do', 'case', 'default', 'return', 'sizeof']);

/** Where the statement around a place begins, behind labels and macros that need no `;`. */
export function statementStart(text: string, offset: number): number {
  let start = 0;
  let depth = 0;
  for (let at = 0; at < offset; ) {
    const next = skipped(text, at);
    if (next !== at) {
      at = next;
      continue;
    }
    const char = text.charAt(at);
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') {
      depth = Math.max(0, depth - 1);
      if (depth === 0 && isMacroStatement(text, start, at)) start = at + 1;
    } else if (char === '{' || char === '}' || (char === ';' && depth === 0)) start = at + 1;
    at++;
  }
  return behindLabels(text, behindSpace(text, start), offset);
}

/** `NAME(...)` on a line of its own, behind which another statement begins. */
function isMacroStatement(text: string, start: number, close: number): boolean {
  const first = wordAt(text, behindSpace(text, start));
  if (first === '' || KEYWORDS.has(first)) return false;
  const isWhole = text.charAt(behindSpace(text, behindSpace(text, start) + first.length)) === '(';
  return isWhole && /^[ \t]*\r?\n\s*[A-Za-z_*]/.test(text.slice(close + 1, close + 200));
}

/** Behind white space and comments. */
export function behindSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const next = /\s/.test(text.charAt(at)) ? at + 1 : skippedComment(text, at);
    if (next === at) break;
    at = next;
  }
  return at;
}

/** `Exit:` and `case 3:` belong to no statement. */
function behindLabels(text: string, start: number, offset: number): number {
  const label = /^(?:case\b[^;{}?:]*|\w+\s*):(?!:)/.exec(text.slice(start, offset + 1));
  return label === null ? start : behindLabels(text, behindSpace(text, start + label[0].length), offset);
}

/** From behind the last `;`, `{` or `}` to the `;` that ends what stands at `offset`. */
export function statementAt(text: string, offset: number): Span | undefined {
  const start = statementStart(text, offset);
  for (let at = start; at < text.length; ) {
    const next = skipped(text, at);
    const char = text.charAt(at);
    if (next !== at) at = next;
    else if (char === '(' || char === '[') at = closing(text, at) + 1;
    else if (char === ';') return { start, end: at + 1 };
    else if (char === '{' || char === '}') return undefined;
    else at++;
  }
  return undefined;
}

/** The round brackets of the `if`, `switch` or `while` that begins there. */
export function conditionAt(text: string, start: number): Span | undefined {
  const open = /^(?:if|switch|while)\s*(?=\()/.exec(text.slice(start, start + 40))?.[0].length;
  return open === undefined ? undefined : { start: start + open, end: closing(text, start + open) + 1 };
}

function skippedComment(text: string, at: number): number {
  return text.startsWith('//', at) || text.startsWith('/*', at) ? skipped(text, at) : at;
}

/** All calls in a span whose name fits, in the order they are written, inner ones as well. */
export function callsIn(text: string, span: Span, fits: (name: string) => boolean): readonly CallText[] {
  const calls: CallText[] = [];
  for (let at = span.start; ; ) {
    const found = callIn(text, { start: at, end: span.end }, fits);
    if (found === undefined) return calls;
    calls.push(found);
    at = found.start + found.name.length;
  }
}

/** The first call in a span whose name fits. */
export function callIn(text: string, { start, end }: Span, fits: (name: string) => boolean): CallText | undefined {
  for (let at = start; at < end; ) {
    const next = skipped(text, at);
    if (next !== at) {
      at = next;
      continue;
    }
    const name = wordAt(text, at);
    if (name === '') {
      at++;
      continue;
    }
    const open = at + name.length + (/^\s*/.exec(text.slice(at + name.length, end))?.[0].length ?? 0);
    if (text.charAt(open) === '(' && fits(name)) {
      const close = closing(text, open);
      return { name, start: at, end: close + 1, operands: operandsOf(text, open + 1, close) };
    }
    at += name.length;
  }
  return undefined;
}

function wordAt(text: string, at: number): string {
  if (/\w/.test(text.charAt(at - 1))) return '';
  let end = at;
  while (/\w/.test(text.charAt(end))) end++;
  return /\d/.test(text.charAt(at)) ? '' : text.slice(at, end);
}

function operandsOf(text: string, start: number, end: number): CallText['operands'] {
  const spans: (Span & { readonly text: string })[] = [];
  let from = start;
  const add = (to: number): void => {
    const raw = text.slice(from, to);
    const lead = raw.length - raw.trimStart().length;
    const trimmed = raw.trim();
    if (trimmed !== '') spans.push({ start: from + lead, end: from + lead + trimmed.length, text: trimmed });
    from = to + 1;
  };
  for (let at = start; at < end; ) {
    const next = skipped(text, at);
    const char = text.charAt(at);
    if (next !== at) at = next;
    else if (char === '(' || char === '[' || char === '{') at = closing(text, at) + 1;
    else {
      if (char === ',') add(at);
      at++;
    }
  }
  add(end);
  return spans;
}

/** White space the line of that offset begins with. */
export function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}
