/** Where the pieces go, with the empty lines around them. */
import type { CodeStyle } from './codeStyle.js';
import { type Item, lineSpan, type Outline } from './outline.js';
import type { ScaffoldEdit } from './request.js';

/** Behind the context and the assertions about it; before the first function where it is defined elsewhere. */
export function typePlace(outline: Outline, context: { readonly name: string; readonly tag: string }): number {
  const { items, code } = outline;
  const plain = context.name.replace(/^struct\s+/, '');
  const own = items.findIndex(
    ({ kind, name, declares }) =>
      kind === 'structure' && ((name !== '' && name === context.tag) || declares.includes(plain)),
  );
  if (own >= 0) {
    let last = own;
    while (isAbout(code, items[last + 1])) last += 1;
    return lineEnd(outline, items[last]?.end ?? 0);
  }
  if (plain.includes('::')) return functionPlace(outline);
  const include = items.findLast(({ kind, name }) => kind === 'directive' && name === 'include');
  return include === undefined ? 0 : lineEnd(outline, include.end);
}

function isAbout(code: string, item: Item | undefined): boolean {
  return (
    item?.kind === 'declaration' &&
    /^\s*(?:C_ASSERT|static_assert|typedef\s+struct\s+\w+\s*\*?\s*\w+)\b/.test(code.slice(item.start, item.end))
  );
}

/** Behind the last function, or the last of anything. */
export function functionPlace(outline: Outline): number {
  const last = outline.items.findLast(({ kind }) => kind === 'function') ?? outline.items.at(-1);
  return last === undefined ? outline.text.length : lineEnd(outline, last.end);
}

/** Behind a comment on the rest of the line. */
function lineEnd({ text, code }: Outline, offset: number): number {
  const { end } = lineSpan(text, offset);
  const rest = text.slice(offset, end);
  const isBlank = code.slice(offset, end).trim() === '';
  const isClosed = (rest.match(/\/\*/g) ?? []).length === (rest.match(/\*\//g) ?? []).length;
  return isBlank && isClosed ? offset + rest.trimEnd().length : offset;
}

/** Text as paragraphs of its own behind an offset. */
export function paragraph({ text }: Outline, offset: number, piece: string, { lineEnd: end }: CodeStyle): ScaffoldEdit {
  const before = text.slice(0, offset).trim() === '' ? '' : end.repeat(2);
  const rest = text.slice(offset);
  const isApart = /^\r?\n[ \t]*(?:\r?\n|$)/.test(rest);
  const after = isApart ? '' : end;
  return { start: offset, end: offset, text: `${before}${piece}${after}` };
}

/** Include lines that are not there yet: `first` before all others, the rest behind them. */
export function includeEdits(
  outline: Outline,
  wanted: { readonly first: readonly string[]; readonly rest: readonly string[] },
  { lineEnd: end }: CodeStyle,
): readonly ScaffoldEdit[] {
  const { items, text, code } = outline;
  const includes = items.filter(({ kind, name }) => kind === 'directive' && name === 'include');
  const lines = (names: readonly string[]): string => names.map((name) => `#include <${name}>${end}`).join('');
  const missing = (names: readonly string[]): readonly string[] =>
    names.filter((name) => !includes.some((item) => text.slice(item.start, item.end).includes(name)));
  const first = missing(wanted.first);
  const rest = missing(wanted.rest);
  const top = includes[0]?.start ?? firstCode(text, code);
  const last = includes.at(-1);
  const edits: ScaffoldEdit[] = [];
  if (last === undefined) {
    const all = lines([...first, ...rest]);
    return all === '' ? [] : [{ start: top, end: top, text: `${all}${end}` }];
  }
  if (first.length > 0) edits.push({ start: top, end: top, text: lines(first) });
  if (rest.length > 0) {
    const at = lineEnd(outline, last.end);
    edits.push({ start: at, end: at, text: rest.map((name) => `${end}#include <${name}>`).join('') });
  }
  return edits;
}

/** Behind the comment that a file begins with. */
function firstCode(text: string, code: string): number {
  const found = /\S/.exec(code);
  if (found === null) return text.length;
  return lineSpan(text, found.index).start;
}

/** Edits of one place become one, in the order they were made in. */
export function inOrder(edits: readonly ScaffoldEdit[]): readonly ScaffoldEdit[] {
  const sorted = edits
    .map((edit, index) => ({ edit, index }))
    .sort((a, b) => a.edit.start - b.edit.start || a.index - b.index);
  const merged: ScaffoldEdit[] = [];
  for (const { edit } of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && last.start === edit.start && last.end === edit.end) {
      merged[merged.length - 1] = { ...last, text: `${last.text}${edit.text}` };
    } else merged.push(edit);
  }
  return merged;
}
