/** How a file is written, and the same for what is added to it. What is added is made in one form and turned here. */
import type { Outline } from './outline.js';

export interface CodeStyle {
  /** One level. */
  readonly indent: string;
  readonly lineEnd: '\n' | '\r\n';
  /** Whether the brace of `if (...) {` has a line of its own. */
  readonly controlBraceApart: boolean;
  readonly functionBraceApart: boolean;
  readonly structBraceApart: boolean;
  /** Locals begin with a small letter, or are written with underscores. */
  readonly locals: 'pascal' | 'camel' | 'snake';
  readonly final: boolean;
}

export const DEFAULT_STYLE: CodeStyle = {
  indent: '    ',
  lineEnd: '\n',
  controlBraceApart: false,
  functionBraceApart: true,
  structBraceApart: false,
  locals: 'pascal',
  final: true,
};

export function codeStyleOf(outline: Outline): CodeStyle {
  const { text, code, items } = outline;
  const bodies = items.flatMap((item) => (item.kind === 'function' && item.body !== undefined ? [item.body] : []));
  const inside = bodies.map(({ start, end }) => code.slice(start, end)).join('\n');
  const apart = count(inside, /\)[ \t]*\r?\n[ \t]*\{/g) + count(inside, /\belse[ \t]*\r?\n[ \t]*\{/g);
  const same = count(inside, /\)[ \t]*\{/g) + count(inside, /\belse[ \t]*\{/g);
  const functions = bodies.map(({ start }) => /\n[ \t]*$/.test(code.slice(0, start - 1)));
  const structs = items.flatMap((item) =>
    item.kind === 'structure' && item.body !== undefined ? [/\n[ \t]*$/.test(code.slice(0, item.body.start - 1))] : [],
  );
  const crlf = count(text, /\r\n/g);
  const most = (answers: readonly boolean[], none: boolean): boolean =>
    answers.length === 0 ? none : answers.filter((each) => each).length * 2 > answers.length;
  const functionBraceApart = most(functions, DEFAULT_STYLE.functionBraceApart);
  return {
    indent: indentOf(code),
    lineEnd: crlf * 2 > count(text, /\n/g) ? '\r\n' : '\n',
    controlBraceApart: apart + same === 0 ? most(structs, false) && functionBraceApart : apart > same,
    functionBraceApart,
    structBraceApart: most(structs, DEFAULT_STYLE.structBraceApart),
    locals: localsOf(
      inside,
      items.filter(({ kind }) => kind === 'function').map(({ name }) => name),
    ),
    final: text === '' || /\n$/.test(text),
  };
}

/** The step by which lines go in, counted over all lines that go in further than the one before. */
function indentOf(code: string): string {
  const steps = new Map<string, number>();
  let before = '';
  for (const line of code.split(/\r?\n/)) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const own = /^[ \t]*/.exec(line)?.[0] ?? '';
    const step = own.startsWith(before) ? own.slice(before.length) : '';
    if (step === '\t' || /^ {2,8}$/.test(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
    before = own;
  }
  const [best] = [...steps].sort(([a, m], [b, n]) => n - m || a.length - b.length);
  return best?.[0] ?? DEFAULT_STYLE.indent;
}

/** As most of the statuses in function bodies are called; one word that tells nothing is written like the functions. */
function localsOf(inside: string, functions: readonly string[]): CodeStyle['locals'] {
  const names = [
    ...inside.matchAll(/\b(?:NTSTATUS|UINT32|ULONG|VMBCHANNEL|VMBPACKET|KIRQL)\s+([A-Za-z_]\w*)\s*[;=,]/g),
  ];
  const of = (pattern: RegExp): number => names.filter(([, name = '']) => pattern.test(name)).length;
  const snake = of(/^[a-z][a-z0-9]*_\w+$/);
  const small = of(/^[a-z]/);
  if (small * 2 <= names.length) return 'pascal';
  const camel = of(/^[a-z][a-z0-9]*[A-Z]/);
  const isSnake = snake > 0 || (camel === 0 && functions.some((name) => /^[a-z][a-z0-9]*_\w+$/.test(name)));
  return isSnake ? 'snake' : 'camel';
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

/**
 * Turns lines in our form (four spaces, `if (...) {`, the brace of a function alone in column one, `\n`) into the
 * file's. Lines that are code only: no brace ends a comment.
 */
export function inStyle(text: string, style: CodeStyle): string {
  const lines = text.split('\n').map((line) => line.replace(/^\s*<(\w+:)$/, '$1'));
  const apart = lines.flatMap((line, index) => braced(line, statementIndent(lines, index), style));
  const joined: string[] = [];
  for (const line of apart) {
    const last = joined.at(-1) ?? '';
    if (line === '{' && !style.functionBraceApart && /\)$/.test(last)) joined[joined.length - 1] = `${last} {`;
    else joined.push(line);
  }
  return joined.map((line) => reindent(line, style.indent)).join(style.lineEnd);
}

/** Blanks before the statement that a line ends: it may have begun some lines above, in a parenthesis. */
function statementIndent(lines: readonly string[], index: number): string {
  let open = 0;
  for (let at = index; at >= 0; at -= 1) {
    const line = lines[at] ?? '';
    open += count(line, /\(/g) - count(line, /\)/g);
    if (open >= 0) return /^\s*/.exec(line)?.[0] ?? '';
  }
  return '';
}

function braced(line: string, space: string, style: CodeStyle): readonly string[] {
  const head = /^(.*?)\s*\{$/.exec(line)?.[1] ?? '';
  if (head.trim() === '' || head.endsWith('=')) return [line];
  if (/^\s*(?:typedef\s+)?struct\b/.test(head)) return style.structBraceApart ? [head, `${space}{`] : [line];
  if (!style.controlBraceApart) return [line];
  const after = /^\s*\}\s*(else\b.*)$/.exec(head)?.[1];
  return after === undefined ? [head, `${space}{`] : [`${space}}`, `${space}${after}`, `${space}{`];
}

/** Levels become the file's; what lines up with a parenthesis of column one stays where it is. */
function reindent(line: string, indent: string): string {
  const own = /^ */.exec(line)?.[0].length ?? 0;
  if (own === line.length) return '';
  if (own > 16) return line;
  return `${indent.repeat(Math.floor(own / 4))}${' '.repeat(own % 4)}${line.slice(own)}`;
}

/** A local's name in the manner of the file. */
export function localName(name: string, { locals }: CodeStyle): string {
  if (locals === 'pascal') return name;
  if (locals === 'camel') return name.charAt(0).toLowerCase() + name.slice(1);
  return name.replace(/(?<=[a-z])([A-Z])/g, '_$1').toLowerCase();
}
