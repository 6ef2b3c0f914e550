/** Where the pieces go, with the empty lines around them. */
import type { CodeStyle } from './codeStyle.js';
import { closing, type Item, lineSpan, namespacesAt, type Outline } from './outline.js';
import type { ScaffoldEdit } from './request.js';

export interface Places {
  readonly types: number;
  readonly functions: number;
  /** Namespace that both are in: `Nic::Rx`, '' for none. */
  readonly namespace: string;
}

/**
 * Types go behind the context and the assertions about it, or behind the includes where it is defined elsewhere;
 * functions behind the last one. Both are in one namespace: what one declares the other defines.
 */
export function placesFor(outline: Outline, context: { readonly name: string; readonly tag: string }): Places {
  const { items } = outline;
  const own = contextItem(outline, context);
  const around = (item: Item | undefined): string => (item === undefined ? '' : namespaceAt(outline, item.start));
  const functions = items.filter(({ kind }) => kind === 'function');
  const home = around(own ?? functions.at(-1));
  const last = functions.findLast((item) => around(item) === home && item.start > (own?.start ?? 0));
  if (last !== undefined) {
    const types = own === undefined ? headPlace(outline, last) : behindAbout(outline, own);
    return { types, functions: lineEnd(outline, last.end), namespace: home };
  }
  const types = own === undefined ? headPlace(outline, undefined) : outside(outline, behindAbout(outline, own));
  const file = functions.findLast((item) => around(item) === '') ?? items.at(-1);
  const end = file === undefined ? outline.text.length : outside(outline, lineEnd(outline, file.end));
  return { types, functions: Math.max(types, end), namespace: '' };
}

function namespaceAt(outline: Outline, offset: number): string {
  return namespacesAt(outline, offset)
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .join('::');
}

/** The structure, or the class it is a member of. */
function contextItem(
  { items }: Outline,
  { name, tag }: { readonly name: string; readonly tag: string },
): Item | undefined {
  const names = name
    .replace(/^struct\s+/, '')
    .split('::')
    .toReversed();
  const structures = items.filter(({ kind }) => kind === 'structure');
  for (const [index, each] of names.entries()) {
    const found = structures.find(
      (item) => (index === 0 && tag !== '' && item.name === tag) || item.name === each || item.declares.includes(each),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function behindAbout(outline: Outline, own: Item): number {
  const { items, code } = outline;
  let last = items.indexOf(own);
  while (isAbout(code, items[last + 1])) last += 1;
  return lineEnd(outline, items[last]?.end ?? 0);
}

/** Behind the includes, or where the function's namespace begins. */
function headPlace(outline: Outline, item: Item | undefined): number {
  const inner = item === undefined ? undefined : namespacesAt(outline, item.start).at(-1);
  const include = outline.items.findLast(({ kind, name }) => kind === 'directive' && name === 'include');
  const behind = include === undefined ? 0 : lineEnd(outline, include.end);
  return inner === undefined ? behind : Math.max(lineEnd(outline, inner.start), behind);
}

/** Behind the namespaces that an offset lies in. */
function outside(outline: Outline, offset: number): number {
  const [outer] = namespacesAt(outline, offset);
  const end = outer === undefined ? undefined : closing(outline.code, outer.start - 1);
  return end === undefined ? offset : lineEnd(outline, end + 1);
}

function isAbout(code: string, item: Item | undefined): boolean {
  return (
    item?.kind === 'declaration' &&
    /^\s*(?:C_ASSERT|static_assert|typedef\s+struct\s+\w+\s*\*?\s*\w+)\b/.test(code.slice(item.start, item.end))
  );
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
