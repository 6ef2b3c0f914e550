/**
 * The corpus under other names, in another order, through helpers and macros: no rule may be found by what a case looks
 * like. Each line of a mutated file knows the line it came from.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORPUS, type CorpusCase, type CorpusFile, casesOf, type Expectation } from './corpus.js';

interface Line {
  readonly text: string;
  /** Line of the original, 1-based; undefined for one that was added. */
  readonly origin?: number;
  /** The library function that a line of our own wraps. */
  readonly wraps?: string;
}

export interface Mutant {
  readonly path: string;
  readonly text: string;
  /** The same cases with their new names, lines and drivers. */
  readonly cases: readonly CorpusCase[];
}

export type Mutation = 'rename' | 'reorder' | 'helpers' | 'macros';

const IDENTIFIER = /[A-Za-z_]\w*/g;
/** Strings, characters, comments and includes stay as they are. */
const OPAQUE = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#include[^\n]*/g;

const KEYWORDS =
  'auto break case char const continue default do double else enum extern float for goto if inline int long register return ' +
  'short signed sizeof static struct switch typedef union unsigned void volatile while alignas bool catch class constexpr ' +
  'const_cast decltype delete explicit false friend namespace new noexcept nullptr operator override private protected ' +
  'public reinterpret_cast static_cast template this throw true try typename using virtual define ifdef ifndef endif defined ' +
  'pragma include pack push pop u U L UL ULL x __try __except __finally __leave final mutable static_assert';

function files(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

/** Names that belong to headers: everything any of them says. */
export function headerNames(root: string, shared = `${CORPUS}/Corpus.h`): ReadonlySet<string> {
  const texts = [...files(join(root, 'extension/core/wdk/include')), join(root, shared)].map((path) =>
    readFileSync(path, 'utf8'),
  );
  return new Set([...KEYWORDS.split(' '), ...texts.flatMap((text) => text.match(IDENTIFIER) ?? [])]);
}

/** Deterministic choice. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }

  below(count: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % count;
  }
}

/** Applies `change` to what is neither text nor comment. */
function outside(text: string, change: (code: string) => string): string {
  let at = 0;
  let out = '';
  for (const { 0: opaque, index } of text.matchAll(OPAQUE)) {
    out += change(text.slice(at, index)) + opaque;
    at = index + opaque.length;
  }
  return out + change(text.slice(at));
}

function rename(lines: readonly Line[], names: ReadonlySet<string>, dice: Dice): readonly Line[] {
  const given = new Map<string, string>();
  const newName = (name: string): string => {
    const known = given.get(name);
    if (known !== undefined) return known;
    const made = `${['Own', 'z', 'Mu', 'q_'][dice.below(4)]}${given.size}${['', '_a', 'B'][dice.below(3)]}`;
    given.set(name, made);
    return made;
  };
  const change = (code: string): string =>
    code.replace(/(?<![\w.])\d\w*|[A-Za-z_]\w*/g, (word) =>
      /^\d/.test(word) || names.has(word) ? word : newName(word),
    );
  const text = outside(lines.map((line) => line.text).join('\n'), change);
  return text.split('\n').map((each, index) => ({ ...lines[index], text: each }));
}

const FUNCTION = /^(?!#|\}|extern\b|typedef\b)[A-Za-z_][^;={/]*\)\s*(?:\/\/.*)?$/;

/** Prototypes where the functions stood, their bodies in another order at the end. C only. */
function reorder(lines: readonly Line[], dice: Dice): readonly Line[] {
  const front: Line[] = [];
  const bodies: Line[][] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    if (line === undefined) break;
    if (!FUNCTION.test(line.text) || lines[index + 1]?.text !== '{') {
      front.push(line);
      continue;
    }
    const end = lines.findIndex(({ text }, at) => at > index && text.startsWith('}'));
    bodies.push(lines.slice(index, end + 1));
    if (!line.text.startsWith('VSPLAB_TEST')) front.push({ text: `${line.text.replace(/\s*(?:\/\/.*)?$/, '')};` });
    index = end;
  }
  for (let last = bodies.length - 1; last > 0; last -= 1) {
    const other = dice.below(last + 1);
    [bodies[last], bodies[other]] = [bodies[other] ?? [], bodies[last] ?? []];
  }
  return [...front, ...bodies.flat()];
}

/**
 * One helper for each of these: result, name, parameters. Not VmbPacketGetPointer: what its result is converted to tells
 * a context's type, and a helper that answers PVOID hides it.
 */
const WRAPPED = [
  ['PVOID', 'ExAllocatePool2', 'POOL_FLAGS a, SIZE_T b, ULONG c'],
  ['VOID', 'ExFreePoolWithTag', 'PVOID a, ULONG b'],
  ['VOID', 'VmbChannelPause', 'VMBCHANNEL a'],
  ['VOID', 'VmbChannelDisable', 'VMBCHANNEL a'],
  ['VOID', 'VmbChannelCleanup', 'VMBCHANNEL a'],
  ['VOID', 'VmbChannelStart', 'VMBCHANNEL a'],
  ['NTSTATUS', 'VmbChannelEnable', 'VMBCHANNEL a'],
  ['NTSTATUS', 'VmbChannelSaveBegin', 'VMBCHANNEL a'],
  ['VOID', 'VmbChannelSaveEnd', 'VMBCHANNEL a'],
  ['NTSTATUS', 'VmbChannelRestoreFromBuffer', 'VMBCHANNEL a, PVOID b, ULONG c'],
  ['NTSTATUS', 'VmbChannelMapGpadl', 'VMBCHANNEL a, UINT32 b, UINT32 c, PMDL *d'],
  ['VOID', 'VmbChannelUnmapGpadl', 'VMBCHANNEL a, UINT32 b'],
  ['VOID', 'VmbChannelPacketComplete', 'VMBPACKETCOMPLETION a, PVOID b, UINT32 c'],
  ['VMBPACKET', 'VmbPacketAllocate', 'VMBCHANNEL a'],
  ['VOID', 'VmbPacketFree', 'VMBPACKET a'],
  ['NTSTATUS', 'VmbPacketSend', 'VMBPACKET a, PVOID b, UINT32 c, PMDL d, UINT32 e'],
  ['NTSTATUS', 'VmbPacketRestore', 'VMBPACKET a, PVOID b, UINT32 c'],
  ['VOID', 'VmbPacketSetPointer', 'VMBPACKET a, PVOID b'],
  ['VOID', 'VmbChannelSetPointer', 'VMBCHANNEL a, PVOID b'],
  ['PVOID', 'VmbChannelGetPointer', 'VMBCHANNEL a'],
  ['NTSTATUS', 'ZwClose', 'HANDLE a'],
] as const;

function insertBehindIncludes(lines: readonly Line[], added: readonly Line[]): readonly Line[] {
  const last = lines.findLastIndex(({ text }) => text.startsWith('#include'));
  return [...lines.slice(0, last + 1), ...added, ...lines.slice(last + 1)];
}

function helpers(lines: readonly Line[]): readonly Line[] {
  const used = new Set<string>();
  const called = new RegExp(`(?<!->|\\.)\\b(${WRAPPED.map(([, name]) => name).join('|')})\\(`, 'g');
  const text = outside(lines.map((line) => line.text).join('\n'), (code) =>
    code.replace(called, (_, name: string) => {
      used.add(name);
      return `Through${name}(`;
    }),
  );
  const calling = text.split('\n').map((each, index) => ({ ...lines[index], text: each }));
  const added = WRAPPED.filter(([, name]) => used.has(name)).map(([result, name, parameters]): Line => {
    const call = `${name}(${parameters
      .split(', ')
      .map((each) => each.at(-1))
      .join(', ')});`;
    const body = result === 'VOID' ? call : `return ${call}`;
    return { text: `UNUSED static ${result} Through${name}(${parameters}) { ${body} }`, wraps: name };
  });
  return insertBehindIncludes(calling, added);
}

const STATEMENT = /^( +)(\S.*?)(\s*\/\/ finds: .*)$/;

/**
 * The marked statements become macros, used where they stood. Not those of several conditions: what a macro expands to
 * stands in one place, and reading a field there twice cannot be told from reading it once.
 */
function macros(lines: readonly Line[]): readonly Line[] {
  const added: Line[] = [];
  const using = lines.map((line) => {
    const [, indent, code, comment] = STATEMENT.exec(line.text) ?? [];
    const balanced = code !== undefined && code.split('(').length === code.split(')').length;
    if (code === undefined || !balanced || /^[}#/]|[{}]|\|\||&&|\?.*:$/.test(code)) return line;
    added.push({ text: `#define STATEMENT_${added.length} ${code.replace(/;$/, '')}` });
    return { ...line, text: `${indent}STATEMENT_${added.length - 1}${code.endsWith(';') ? ';' : ''}${comment}` };
  });
  // Behind the types they mention: a macro is expanded where it is used.
  return insertBehindIncludes(using, added);
}

/** A file without tests under mutation, and where its lines have gone: where they call a helper of ours, there, too. */
export function mutateSource(
  file: CorpusFile,
  mutations: readonly Mutation[],
  names: ReadonlySet<string>,
  dice: Dice,
): { readonly text: string; readonly linesOf: (line: number) => readonly number[] } {
  const lines = mutateLines(file, mutations, names, dice);
  const originals = file.text.split('\n');
  const macrosOf = [...file.text.matchAll(/^#define (\w+)((?:.*\\\n)*.*)$/gm)];
  const expanded = (text: string): string =>
    text + macrosOf.flatMap(([, name = '', body = '']) => (text.includes(`${name}(`) ? [body] : [])).join(' ');
  const linesOf = (line: number): readonly number[] =>
    moved({ file: file.path, line, rule: '' }, lines, expanded(originals[line - 1] ?? ''), file.path).map(
      (each) => each.line,
    );
  return { text: lines.map(({ text }) => text).join('\n'), linesOf };
}

function mutateLines(
  file: CorpusFile,
  mutations: readonly Mutation[],
  names: ReadonlySet<string>,
  dice: Dice,
): readonly Line[] {
  let lines: readonly Line[] = file.text.split('\n').map((text, index) => ({ text, origin: index + 1 }));
  const isC = file.path.endsWith('.c');
  if (mutations.includes('reorder') && isC) lines = reorder(lines, dice);
  if (mutations.includes('macros')) lines = macros(lines);
  if (mutations.includes('helpers')) lines = helpers(lines);
  return mutations.includes('rename') ? rename(lines, new Set([...names, ...WRAPPED.map(([, n]) => n)]), dice) : lines;
}

/** Where an expectation has gone: its line, and the helper that the statement calls now. */
function moved(each: Expectation, lines: readonly Line[], original: string, path: string): readonly Expectation[] {
  return lines.flatMap((line, index) => {
    const wrapped = line.wraps !== undefined && original.includes(`${line.wraps}(`);
    return line.origin === each.line || wrapped ? [{ file: path, line: index + 1, rule: each.rule }] : [];
  });
}

/** One file of `driver` under another driver's name. */
export function mutate(
  file: CorpusFile,
  driver: string,
  mutations: readonly Mutation[],
  names: ReadonlySet<string>,
  dice: Dice,
): Mutant {
  const path = file.path.replace(/^[^/]+/, driver);
  const lines = mutateLines(file, mutations, names, dice);
  const originals = file.text.split('\n');
  const cases = casesOf(file).map((each): CorpusCase => {
    const at = originals.indexOf(`VSPLAB_TEST(${each.name})`) + 1;
    const test = /VSPLAB_TEST\((\w+)\)/.exec(lines.find(({ origin }) => origin === at)?.text ?? '');
    const expected = each.expected.flatMap((one) => moved(one, lines, originals[one.line - 1] ?? '', path));
    return { driver, name: test?.[1] ?? each.name, file: path, expected };
  });
  return { path, text: lines.map(({ text }) => text).join('\n'), cases };
}
