/**
 * The places of a source file that can be run, read from its text alone: for callers that have no tree (editors have
 * service/languageService.ts, which sees other files too). What cannot be told is left out.
 */
import { blankComments } from '../run/sourceNames.js';
import type { Anchor, AnchorKind, KnownCallbacks } from './anchors.js';
import type { TextPosition, TextRange } from './textTracking.js';

const NOTHING_KNOWN: KnownCallbacks = { save: new Set(), restore: new Set() };

const ROLE = /\bEVT_VMB_CHANNEL_(SAVE|RESTORE)_PACKET(?:_EX)?\s+(\w+(?:\s*,\s*\w+)*)\s*;/g;
const REGISTRATION = /\b\w*SetSaveRestorePacketCallbacks(?:Ex)?\s*\(/g;
/** `Name`, `&Class::Name` or `(TYPE)Name`; a declaration's parameter (`PFN_... Save`) is no name of a function. */
const OPERAND = /^\s*(?:\(\s*\w+\s*\)\s*)?&?\s*(?:\w+\s*::\s*)*(\w+)\s*$/;
const TEST = /\bVSPLAB_TEST\s*\(\s*(\w+)\s*\)/g;
/** SAL annotations with arguments, whose parentheses would hide the end of a parameter list. */
const ANNOTATION = /\b_[A-Z]\w*_\s*\([^()]*\)/g;
const CALL = /\b((?:\w+\s*::\s*)*)([A-Za-z_]\w*)\s*\(/g;
const NO_FUNCTION = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof', 'catch', 'VSPLAB_TEST']);
const AFTER_PARAMETERS = /^\s*(?:(?:noexcept|const|override|final)\b\s*)*\{/;

const SHAPES = {
  channel: /^VMBCHANNEL$/,
  packet: /^VMBPACKET$/,
  pointer: /^(?:PVOID|LPVOID|void\*|PUCHAR|PUINT8)$/,
  word: /^(?:UINT32|ULONG|DWORD|uint32_t)$/,
  wordPointer: /^(?:PUINT32|PULONG|UINT32\*|ULONG\*|uint32_t\*)$/,
};

const { channel, packet, pointer, word, wordPointer } = SHAPES;
/** kmcl-facts 3.1 and 3.5; the Ex forms take the callback's context in the second place. */
const SIGNATURES: readonly (readonly [AnchorKind, readonly RegExp[]])[] = [
  ['save', [channel, packet, pointer, word, wordPointer]],
  ['save', [channel, pointer, packet, pointer, word, wordPointer]],
  ['restore', [channel, pointer, word, pointer, word]],
  ['restore', [channel, pointer, pointer, word, pointer, word]],
];

function blanked(found: string): string {
  return found.replace(/[^\n]/g, ' ');
}

/** The code alone, every character in its place: comments, strings and annotations with arguments are spaces. */
function codeOf(text: string): string {
  return blankComments(text).replace(ANNOTATION, blanked);
}

function namedCallbacks(code: string, known: KnownCallbacks): Map<string, AnchorKind> {
  const names = new Map<string, AnchorKind>();
  for (const name of known.save) names.set(name, 'save');
  for (const name of known.restore) names.set(name, 'restore');
  for (const match of code.matchAll(REGISTRATION)) {
    const operands = betweenParentheses(code, match.index + match[0].length - 1) ?? '';
    const [save, restore] = operands.split(',').slice(-2);
    const saveName = OPERAND.exec(save ?? '')?.[1];
    const restoreName = OPERAND.exec(restore ?? '')?.[1];
    if (saveName !== undefined && restoreName !== undefined) {
      names.set(saveName, 'save').set(restoreName, 'restore');
    }
  }
  for (const [, role, list] of code.matchAll(ROLE)) {
    for (const name of (list ?? '').split(',')) names.set(name.trim(), role === 'SAVE' ? 'save' : 'restore');
  }
  return names;
}

/** What lies between the parenthesis at `open` and its partner; undefined where a statement ends before that. */
function betweenParentheses(code: string, open: number): string | undefined {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    const char = code.charAt(at);
    if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0) return code.slice(open + 1, at);
    } else if (char === ';' || char === '{' || char === '}') return undefined;
  }
  return undefined;
}

/** `_In_ const VOID *Buffer` → `VOID*`: what a parameter is, without annotations, qualifiers and its name. */
function parameterType(parameter: string): string {
  const words = parameter
    .replace(/\b_\w+_\b|\b(?:const|volatile|struct|IN|OUT|OPTIONAL)\b/g, ' ')
    .replace(/\s*\*\s*/g, '* ')
    .trim()
    .split(/\s+/);
  const type = words.length > 1 && /^\w+$/.test(words.at(-1) ?? '') ? words.slice(0, -1) : words;
  return type.join(' ').replace(/^VOID\*/, 'void*');
}

function kindBySignature(parameters: string): AnchorKind | undefined {
  if (!parameters.includes('VMBCHANNEL')) return undefined;
  const types = parameters.split(',').map(parameterType);
  return SIGNATURES.find(
    ([, shape]) => shape.length === types.length && shape.every((each, index) => each.test(types[index] ?? '')),
  )?.[0];
}

/** Where the declaration begins that has `name` in it: behind the statement, block or directive before it. */
function declarationStart(code: string, name: number): number {
  let start = name;
  while (start > 0 && !/[;{}]/.test(code.charAt(start - 1))) start -= 1;
  const before = code.slice(start, name);
  // A directive ends with its line, unless a backslash carries it on.
  const directive = [...before.matchAll(/^[ \t]*#(?:[^\n]*\\\r?\n)*[^\n]*\n/gm)].at(-1);
  if (directive !== undefined) start += directive.index + directive[0].length;
  const access = /^\s*(?:public|protected|private)\s*:/.exec(code.slice(start, name));
  if (access !== null) start += access[0].length;
  while (start < name && /\s/.test(code.charAt(start))) start += 1;
  return start;
}

function positionsIn(text: string): (offset: number) => TextPosition {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (starts[low] ?? 0) };
  };
}

/** In the order of the text. */
export function anchorsOf(text: string, known: KnownCallbacks = NOTHING_KNOWN): readonly Anchor[] {
  const code = codeOf(text);
  const position = positionsIn(code);
  const range = (start: number, end: number): TextRange => ({ start: position(start), end: position(end) });
  const found: { readonly offset: number; readonly anchor: Anchor }[] = [];

  const names = namedCallbacks(code, known);
  for (const match of code.matchAll(CALL)) {
    const name = match[2] ?? '';
    if (NO_FUNCTION.has(name)) continue;
    const open = match.index + match[0].length - 1;
    const parameters = betweenParentheses(code, open);
    if (parameters === undefined) continue;
    if (!AFTER_PARAMETERS.test(code.slice(open + parameters.length + 2, open + parameters.length + 200))) continue;
    const kind = names.get(name) ?? kindBySignature(parameters);
    if (kind === undefined) continue;
    const nameEnd = match.index + (match[1] ?? '').length + name.length;
    const start = declarationStart(code, match.index);
    found.push({ offset: start, anchor: { kind, name, range: range(start, nameEnd) } });
  }
  for (const match of code.matchAll(TEST)) {
    if (/#[ \t]*define[ \t]*$/.test(code.slice(code.lastIndexOf('\n', match.index) + 1, match.index))) continue;
    const anchor: Anchor = {
      kind: 'test',
      name: match[1] ?? '',
      range: range(match.index, match.index + match[0].length),
    };
    found.push({ offset: match.index, anchor });
  }
  return found.sort((a, b) => a.offset - b.offset).map(({ anchor }) => anchor);
}
