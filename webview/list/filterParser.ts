/**
 * The filter box's language. Terms are separated by spaces and must all hold: words, and `key:value`. A `-` before a
 * term turns it round, `"` keeps spaces together, `,` separates values of which one must hold.
 */

export const numberKeys = ['packet', 'size', 'needed', 'buffer', 'written', 'uninit', 'unread', 'library'] as const;
export const textKeys = ['kind', 'type', 'finding'] as const;
export const choiceKeys = { state: ['queued', 'inflight'], stub: ['yes', 'no'] } as const;
export const statusKeys = ['status', 'restore'] as const;

export type NumberKey = (typeof numberKeys)[number];
export type TextKey = (typeof textKeys)[number];
export type ChoiceKey = keyof typeof choiceKeys;
export type StatusKey = (typeof statusKeys)[number];

/** [from, to], both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export type Condition =
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'number'; readonly key: NumberKey; readonly ranges: readonly Range[] }
  | { readonly type: 'text'; readonly key: TextKey; readonly texts: readonly string[] }
  | { readonly type: 'choice'; readonly key: ChoiceKey; readonly values: readonly string[] }
  | { readonly type: 'status'; readonly key: StatusKey; readonly values: readonly StatusValue[] };

/** `ok`, `fail`, `none`, a number, or part of a name in capitals. */
export type StatusValue = 'ok' | 'fail' | 'none' | { readonly number: number } | { readonly name: string };

export interface Term {
  readonly negated: boolean;
  readonly condition: Condition;
}

/** A term nobody understands, as the user wrote it: it is left out of the filter. */
export interface FilterError {
  readonly term: string;
  readonly message: string;
}

export interface Filter {
  readonly terms: readonly Term[];
  readonly errors: readonly FilterError[];
}

/** What each key takes, for the help and for errors. */
export const keyHelp: Readonly<Record<NumberKey | TextKey | ChoiceKey | StatusKey, string>> = {
  packet: 'packet number: packet:7, packet:0..99',
  size: 'bytes of state: size:48, size:>512, size:48..96, size:>=1k',
  needed: 'BytesNeeded of the query: needed:>64',
  buffer: 'buffer given: buffer:<=4096',
  written: 'bytes written: written:0',
  uninit: 'bytes left uninitialised: uninit:>0',
  unread: 'bytes the restore did not read: unread:>0',
  library: "bytes of the library's own record (simulated): library:>100",
  kind: 'part of the kind: kind:Complete',
  type: 'part of the C type: type:STATE',
  finding: 'finding:any, finding:none, a severity or part of a rule: finding:error, finding:savepkt',
  state: 'state:queued or state:inflight',
  stub: 'stub:yes: figures rest on a stub',
  status: 'of the save: status:ok, status:fail, status:0xC0000023, status:BUFFER',
  restore: 'of the restore: restore:ok, restore:fail, restore:none, restore:0xC000003E',
};

type Key = keyof typeof keyHelp;
const isKey = (word: string): word is Key => Object.hasOwn(keyHelp, word);
const among = <T extends string>(list: readonly T[], word: string): word is T =>
  (list as readonly string[]).includes(word);

export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  const errors: FilterError[] = [];
  for (const piece of splitTerms(text)) {
    const negated = piece.length > 1 && piece.startsWith('-');
    const condition = parseCondition(negated ? piece.slice(1) : piece);
    if (typeof condition === 'string') errors.push({ term: piece, message: condition });
    else terms.push({ negated, condition });
  }
  return { terms, errors };
}

/** Pieces between spaces that stand outside quotes; the quotes stay in. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(?:"[^"]*(?:"|$)|[^\s"])+/g) ?? [];
}

const unquote = (text: string): string => text.replaceAll('"', '');

/** The condition, or what is wrong with it. */
function parseCondition(piece: string): Condition | string {
  const named = /^([A-Za-z]+):(.*)$/s.exec(piece);
  if (!named) return { type: 'word', text: unquote(piece).toLowerCase() };
  const [, word = '', rest = ''] = named;
  const key = word.toLowerCase();
  if (!isKey(key)) return unknownKey(key, piece);
  const values = splitValues(rest);
  if (values.length === 0) return `nothing stands after ${key}:; ${keyHelp[key]}`;
  return parseValues(key, values) ?? `${key}: takes ${keyHelp[key]}`;
}

const splitValues = (text: string): readonly string[] =>
  (text.match(/(?:"[^"]*(?:"|$)|[^,"])+/g) ?? []).map(unquote).filter((value) => value !== '');

/** C++ names have colons, as has a path: such a term is text, unless it is a key misspelt. */
function unknownKey(key: string, piece: string): Condition | string {
  if (piece.includes('::')) return { type: 'word', text: unquote(piece).toLowerCase() };
  const near = Object.keys(keyHelp).find((known) => isNear(key, known));
  const hint = near === undefined ? `there are ${Object.keys(keyHelp).join(', ')}` : `did you mean ${near}:?`;
  return `there is no ${key}:; ${hint}`;
}

/** One letter more, less, other or swapped, or the beginning of it. */
function isNear(written: string, known: string): boolean {
  if (written.length > 1 && known.startsWith(written)) return true;
  if (Math.abs(written.length - known.length) > 1) return false;
  let start = 0;
  while (start < written.length && written[start] === known[start]) start += 1;
  const tails = [
    [1, 1],
    [1, 0],
    [0, 1],
    [2, 2],
  ] as const;
  return tails.some(([w, k]) => {
    if (w === 2 && (written[start] !== known[start + 1] || written[start + 1] !== known[start])) return false;
    return written.slice(start + w) === known.slice(start + k);
  });
}

function parseValues(key: Key, values: readonly string[]): Condition | null {
  if (among(numberKeys, key)) {
    const ranges = values.map(parseRange);
    return ranges.every((range) => range !== null) ? { type: 'number', key, ranges } : null;
  }
  if (among(textKeys, key)) return { type: 'text', key, texts: values.map((value) => value.toLowerCase()) };
  if (among(statusKeys, key)) {
    const statuses = values.map(parseStatus);
    return statuses.every((status) => status !== null) ? { type: 'status', key, values: statuses } : null;
  }
  const choices: readonly string[] = choiceKeys[key];
  const chosen = values.map((value) => value.toLowerCase().replace('-', ''));
  return chosen.every((value) => choices.includes(value)) ? { type: 'choice', key, values: chosen } : null;
}

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, kib: 1024, m: 1_048_576, mib: 1_048_576 };

/** `48`, `0x30`, `1k`, `4KiB`; NaN for anything else. */
function parseNumber(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  const [, digits, unit = ''] = /^([0-9]+(?:\.[0-9]+)?)([a-z]*)$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? Number.NaN : Number(digits) * factor;
}

/** `48`, `>48`, `>=48`, `<48`, `<=48`, `48..96`, `48..`, `..96`. */
function parseRange(text: string): Range | null {
  const compared = /^(>=|<=|>|<|=)(.+)$/.exec(text);
  if (compared) return comparedRange(compared[1]!, parseNumber(compared[2]!));
  const spanned = /^(.*)\.\.(.*)$/.exec(text);
  const [first, last] = spanned && text !== '..' ? [spanned[1]!, spanned[2]!] : [text, text];
  const from = first === '' ? 0 : parseNumber(first);
  const to = last === '' ? Number.MAX_SAFE_INTEGER : parseNumber(last);
  return Number.isNaN(from) || Number.isNaN(to) ? null : { from, to };
}

function comparedRange(sign: string, value: number): Range | null {
  if (Number.isNaN(value)) return null;
  if (sign === '>') return { from: Math.floor(value) + 1, to: Number.MAX_SAFE_INTEGER };
  if (sign === '>=') return { from: value, to: Number.MAX_SAFE_INTEGER };
  if (sign === '<') return { from: 0, to: Math.ceil(value) - 1 };
  return sign === '<=' ? { from: 0, to: value } : { from: value, to: value };
}

function parseStatus(text: string): StatusValue | null {
  const word = text.toLowerCase();
  if (word === 'ok' || word === 'success') return 'ok';
  if (word === 'fail' || word === 'failed') return 'fail';
  if (word === 'none') return 'none';
  if (/^0x[0-9a-f]{1,8}$/.test(word)) return { number: Number(word) };
  return /^[a-z_]+$/.test(word) ? { name: word.toUpperCase() } : null;
}

/** The filter with its terms on `key` replaced by `value`; with an empty value, without them. */
export function withTerm(text: string, key: Key, value: string): string {
  const others = splitTerms(text).filter((term) => !term.toLowerCase().startsWith(`${key}:`));
  return [...others, ...(value === '' ? [] : [`${key}:${value}`])].join(' ');
}
