/** Open texts with their trees, the index of the workspace, and the answers to what an editor asks about them. */
import { allowsIn } from '../../rules/allow.js';
import { treeFix } from '../../rules/tree/treeFixes.js';
import { TreeRules } from '../../rules/tree/treeRules.js';
import { type Anchor, type AnchorKind, type KnownCallbacks, looksWhole } from '../anchors.js';
import { CALLBACKS, callbackParameters, FLAGS, FUNCTIONS, factsOf, spellings, TYPES } from '../facts/index.js';
import type { CallbackRole } from '../facts/types.js';
import { type FunctionEntry, fileFacts, type Role } from '../index/fileFacts.js';
import { type Placed, WorkspaceIndex } from '../index/workspaceIndex.js';
import type { TextRange } from '../textTracking.js';
import { spelledType } from '../tree/declarators.js';
import type { FoundFunction, FoundRecord, Span } from '../tree/found.js';
import { SourceTree } from '../tree/sourceTree.js';
import type { SourceLanguage, SyntaxParser } from '../tree/syntax.js';
import { callAround, isQuiet, membersBefore, type Word, wordAt, wordBefore } from './cursor.js';
import { membersOf, type RecordLookup, recordOfChain } from './locals.js';
import type {
  At,
  CallbackPlace,
  CertainFinding,
  Questions,
  Registration,
  SignatureAt,
  Suggestion,
  Target,
  TextChange,
} from './protocol.js';

export type ParserOf = (language: SourceLanguage) => SyntaxParser;

/** Answers are about the texts as they were told last; of files nobody told there are none. */
export class LanguageService {
  readonly #parserOf: ParserOf;
  readonly #open = new Map<string, SourceTree>();
  readonly #rules = new WeakMap<SourceTree, TreeRules>();
  /** Open texts that were changed since their facts were taken. */
  readonly #changed = new Set<string>();
  readonly #index = new WorkspaceIndex();
  readonly #recordTexts = new Map<string, { readonly language: SourceLanguage; readonly text: string }>();

  constructor(parserOf: ParserOf) {
    this.#parserOf = parserOf;
  }

  open(uri: string, language: SourceLanguage, text: string): void {
    this.#open.get(uri)?.dispose();
    this.#open.set(uri, new SourceTree(this.#parserOf(language), text));
    this.#changed.add(uri);
  }

  change(uri: string, changes: readonly TextChange[]): void {
    const tree = this.#open.get(uri);
    if (tree === undefined) return;
    let { text } = tree;
    for (const { offset, length, text: put } of changes) {
      text = text.slice(0, offset) + put + text.slice(offset + length);
    }
    tree.update(text);
    this.#changed.add(uri);
  }

  /** The file is again what the workspace has; `text` is that, where it is known. */
  close(uri: string): void {
    this.#readChanged();
    this.#open.get(uri)?.dispose();
    this.#open.delete(uri);
  }

  /** A file of the workspace that is not open; an open one is known better. */
  index(uri: string, language: SourceLanguage, text: string): void {
    this.#recordTexts.set(uri, { language, text });
    if (this.#open.has(uri)) return;
    const tree = new SourceTree(this.#parserOf(language), text);
    this.#index.set(uri, fileFacts(tree));
    tree.dispose();
  }

  forget(uri: string): void {
    this.#recordTexts.delete(uri);
    if (!this.#open.has(uri)) this.#index.remove(uri);
  }

  ask<Name extends keyof Questions>(name: Name, ask: Questions[Name]['ask']): Questions[Name]['answer'] {
    this.#readChanged();
    return this.#answers[name](ask);
  }

  get workspace(): WorkspaceIndex {
    this.#readChanged();
    return this.#index;
  }

  tree(uri: string): SourceTree | undefined {
    return this.#open.get(uri);
  }

  #readChanged(): void {
    for (const uri of this.#changed) {
      const tree = this.#open.get(uri);
      if (tree !== undefined) this.#index.set(uri, fileFacts(tree));
    }
    this.#changed.clear();
  }

  readonly #answers: {
    readonly [Name in keyof Questions]: (ask: Questions[Name]['ask']) => Questions[Name]['answer'];
  } = {
    anchors: ({ uri, known }) => ({
      anchors: this.#anchors(uri, known),
      whole: looksWhole(this.#open.get(uri)?.text ?? ''),
    }),
    target: (at) => this.#target(at),
    signature: (at) => this.#signature(at),
    suggestions: (at) => this.#suggestions(at),
    callbackAt: (at) => this.#callbackAt(at),
    callbackNamed: ({ uri, name }) => {
      const found = this.#index.callbacksOf(uri).find((callback) => callback.name === name);
      return found && placeOf({ uri, entry: found }, found);
    },
    paired: (at) => this.#paired(at),
    registrations: (at) => this.#registrations(at),
    certain: ({ uri }) => this.#certain(uri),
    counts: () => this.#index.counts(),
  };

  #certain(uri: string): readonly CertainFinding[] {
    const tree = this.#open.get(uri);
    if (tree === undefined) return [];
    const allows = allowsIn(uri, tree.text).filter(({ reason }) => reason !== '');
    const roles = new Map(this.#index.callbacksOf(uri).map((callback) => [callback.name, callback]));
    const rules = this.#rules.get(tree) ?? new TreeRules(tree);
    this.#rules.set(tree, rules);
    return rules
      .findings(({ name }) => roles.get(name))
      .flatMap((finding) => {
        const { rule, message, within } = finding;
        const range = rangeIn(tree, finding);
        const line = range.start.line + 1;
        const isAllowed = allows.some((each) => each.rule === rule && (each.line === line || each.line === line - 1));
        return isAllowed ? [] : [{ rule, message, range, within, fix: treeFix(finding, tree, roles.get(within)) }];
      });
  }

  #anchors(uri: string, known: KnownCallbacks): readonly Anchor[] {
    const tree = this.#open.get(uri);
    if (tree === undefined) return [];
    const kindOf = (entry: FunctionEntry): AnchorKind | undefined => {
      const role = this.#index.roleOf(uri, entry)?.role;
      if (role === 'save' || role === 'restore') return role;
      if (role !== undefined) return undefined;
      if (known.save.has(entry.name)) return 'save';
      return known.restore.has(entry.name) ? 'restore' : undefined;
    };
    const facts = this.#index.get(uri);
    const callbacks = (facts?.functions ?? []).flatMap((entry): Anchor[] => {
      const kind = kindOf(entry);
      return kind === undefined ? [] : [{ kind, name: entry.name, range: entry.head }];
    });
    const tests = (facts?.tests ?? []).map(({ name, head }): Anchor => ({ kind: 'test', name, range: head }));
    return [...callbacks, ...tests].sort(
      (a, b) => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character,
    );
  }

  #place({ uri, position }: At): { readonly tree: SourceTree; readonly offset: number } | undefined {
    const tree = this.#open.get(uri);
    return tree && { tree, offset: tree.offsetAt({ row: position.line, column: position.character }) };
  }

  #target(at: At): Target | undefined {
    const place = this.#place(at);
    const word = place && wordAt(place.tree, place.offset);
    if (place === undefined || word === undefined) return undefined;
    const range = rangeIn(place.tree, word);
    if (factsOf(word.name) !== undefined) return { kind: 'name', name: word.name, range };
    const within = place.tree.functionAt(place.offset);
    const parameter = within && this.#parameter(at.uri, place.tree, within, { name: word.name, range });
    if (parameter !== undefined) return parameter;
    const record = this.#record(at.uri, place.tree, word, range);
    if (record !== undefined) return record;
    // A member or a variable of the same name is no callback.
    if (/(?:->|\.)\s*$/.test(place.tree.code.slice(Math.max(0, word.start - 20), word.start))) return undefined;
    const [definition] = this.#index.definitionsOf(word.name, at.uri);
    const role = this.#index.roleOf(at.uri, { name: word.name, bySignature: definition?.entry.bySignature });
    if (role === undefined) return undefined;
    return {
      kind: 'callback',
      role: role.role,
      ex: role.ex,
      name: word.name,
      range,
      definition: definition && { uri: definition.uri, range: definition.entry.nameAt },
    };
  }

  #parameter(
    uri: string,
    tree: SourceTree,
    within: FoundFunction,
    { name, range }: { readonly name: string; readonly range: TextRange },
  ): Target | undefined {
    const index = within.parameters.findIndex((parameter) => parameter.name === name);
    const role = index < 0 ? undefined : this.#roleOf(uri, tree, within);
    if (role === undefined) return undefined;
    const facts = CALLBACKS.find((each) => each.role === role.role);
    if (facts === undefined || callbackParameters(facts, role.ex)[index] === undefined) return undefined;
    return { kind: 'parameter', role: role.role, ex: role.ex, index, name, callback: within.name, range };
  }

  /** A field where it is declared or reached through a variable, or the name of a structure. */
  #record(uri: string, tree: SourceTree, word: Word, range: TextRange): Target | undefined {
    const declares = tree.records().find(({ body }) => body.start < word.start && word.end < body.end);
    const declared = declares?.fields.find(({ nameAt }) => nameAt.start === word.start);
    if (declares !== undefined && declared !== undefined) {
      return { kind: 'record', names: namesOf(declares), field: word.name, range };
    }
    const chain = membersBefore(tree, word.start);
    const within = chain === undefined ? undefined : tree.functionAt(word.start);
    if (chain !== undefined && within !== undefined) {
      const record = recordOfChain(tree, within, chain, word.start, this.#recordLookup(tree));
      return record && { kind: 'record', names: namesOf(record), field: word.name, range };
    }
    const [found] = this.#index.recordsNamed(word.name, uri);
    return found && { kind: 'record', names: found.entry.names, field: undefined, range };
  }

  #roleOf(uri: string, tree: SourceTree, { name, start }: FoundFunction): Role | undefined {
    const { row, column } = tree.positionAt(start);
    return this.#index
      .callbacksOf(uri)
      .find(({ name: each, range: { start: at } }) => each === name && at.line === row && at.character === column);
  }

  #signature(at: At): SignatureAt | undefined {
    const place = this.#place(at);
    if (place === undefined || isQuiet(place.tree, place.offset)) return undefined;
    const call = callAround(place.tree, place.offset);
    if (call === undefined || factsOf(call.callee)?.kind !== 'function') return undefined;
    return { callee: call.callee, operand: call.operand };
  }

  #suggestions(at: At): readonly Suggestion[] {
    const place = this.#place(at);
    if (place === undefined || isQuiet(place.tree, place.offset)) return [];
    const { tree, offset } = place;
    const chain = membersBefore(tree, offset);
    const within = tree.functionAt(offset);
    if (chain !== undefined) return within === undefined ? [] : this.#fields(tree, within, chain, offset);
    const fitting = [
      ...flagsFor(callAround(tree, offset)),
      ...(within === undefined ? [] : this.#statuses(at.uri, tree, within, offset)),
    ];
    const known = new Set(fitting.map(({ name }) => name));
    return [...fitting, ...namesFor(wordBefore(tree, offset)).filter(({ name }) => !known.has(name))];
  }

  #fields(tree: SourceTree, within: FoundFunction, chain: readonly string[], offset: number): readonly Suggestion[] {
    const record = recordOfChain(tree, within, chain, offset, this.#recordLookup(tree));
    if (record === undefined) return [];
    const name = record.typedefs[0] ?? record.tag ?? '';
    return membersOf(record).map((field) => ({
      kind: 'field',
      name: field.name,
      type: `${spelledType(field.type)}${field.dimensions.map((size) => `[${size}]`).join('')}`,
      record: name,
    }));
  }

  /** In the text itself, else in the file of the workspace that defines it. */
  #recordLookup(tree: SourceTree): RecordLookup {
    return (type): FoundRecord | undefined => {
      const own = tree.recordNamed(type);
      if (own !== undefined) return own;
      const alias = tree.typedefs().find(({ name }) => name === type)?.type.name;
      const uri = [...this.#open].find(([, each]) => each === tree)?.[0] ?? '';
      for (const name of [type, ...(alias === undefined ? [] : [alias])]) {
        const [found] = this.#index.recordsNamed(name, uri);
        const record = found && this.#recordIn(found.uri, name);
        if (record !== undefined) return record;
      }
      return undefined;
    };
  }

  #recordIn(uri: string, name: string): FoundRecord | undefined {
    const open = this.#open.get(uri);
    if (open !== undefined) return open.recordNamed(name);
    const file = this.#recordTexts.get(uri);
    if (file === undefined) return undefined;
    const tree = new SourceTree(this.#parserOf(file.language), file.text);
    const found = tree.recordNamed(name);
    tree.dispose();
    return found;
  }

  /** What this callback returns, and what the functions it has called may have answered. */
  #statuses(uri: string, tree: SourceTree, within: FoundFunction, offset: number): readonly Suggestion[] {
    const typed = wordBefore(tree, offset);
    const before = tree.code.slice(Math.max(0, offset - typed.length - 80), offset - typed.length);
    const isValue = /(?:\breturn|[=!]=|[^=!<>]=|\bcase|\()\s*$/.test(before);
    if (!isValue || !(typed === '' ? /\breturn\s+$/.test(before) : /^S/i.test(typed))) return [];
    const role = this.#roleOf(uri, tree, within);
    const own = CALLBACKS.find((each) => each.role === role?.role)?.statuses ?? [];
    const called = tree
      .calls()
      .filter(({ start }) => start >= within.start && start < offset)
      .flatMap(({ callee }) => {
        const known = factsOf(callee);
        return known?.kind === 'function' ? known.facts.statuses : [];
      });
    const isReturned = /\breturn\s*$/.test(before);
    const names = isReturned ? own : [...own, ...called];
    return [...new Set(names)].map((name) => ({ kind: 'status', name }));
  }

  #callbackAt(at: At): CallbackPlace | undefined {
    const place = this.#place(at);
    const within = place?.tree.functionAt(place.offset);
    const inside =
      within &&
      this.#index.callbacksOf(at.uri).find(({ name, range }) => {
        const start = place?.tree.positionAt(within.start);
        return name === within.name && range.start.line === start?.row && range.start.character === start.column;
      });
    if (inside !== undefined) {
      return {
        uri: at.uri,
        role: inside.role,
        ex: inside.ex,
        name: inside.name,
        range: inside.range,
        nameAt: inside.nameAt,
      };
    }
    const target = this.#target(at);
    if (target?.kind !== 'callback') return undefined;
    const [definition] = this.#index.definitionsOf(target.name, at.uri);
    return definition && placeOf(definition, target);
  }

  #paired(at: At): CallbackPlace | undefined {
    const callback = this.#callbackAt(at);
    const found = callback && this.#index.pairedWith(callback.name, callback, callback.uri);
    if (callback === undefined || found === undefined) return undefined;
    const other: CallbackRole = callback.role === 'save' ? 'restore' : 'save';
    return placeOf(found, { role: other, ex: callback.ex });
  }

  #registrations(at: At): readonly Registration[] {
    const callback = this.#callbackAt(at);
    if (callback === undefined) return [];
    return this.#index.registrationsOf(callback.name, callback.uri).map(({ uri, entry }) => ({
      uri,
      range: entry.at,
      through: entry.through,
      within: entry.within,
    }));
  }
}

function placeOf({ uri, entry }: Placed<FunctionEntry>, { role, ex }: Role): CallbackPlace {
  return { uri, role, ex, name: entry.name, range: entry.range, nameAt: entry.nameAt };
}

function rangeIn(tree: SourceTree, { start, end }: Span): TextRange {
  const from = tree.positionAt(start);
  const to = tree.positionAt(end);
  return {
    start: { line: from.row, character: from.column },
    end: { line: to.row, character: to.column },
  };
}

function namesOf({ tag, typedefs, pointerTypedefs }: FoundRecord): readonly string[] {
  return [...(tag === undefined ? [] : [tag]), ...typedefs, ...pointerTypedefs];
}

/** Flags of the operand, those not written yet. */
function flagsFor(call: ReturnType<typeof callAround>): readonly Suggestion[] {
  if (call === undefined) return [];
  return FLAGS.filter(
    ({ name, mask, usedWith }) =>
      !mask &&
      !new RegExp(`\\b${name}\\b`).test(call.written) &&
      usedWith.some(([function_, operand]) => function_ === call.callee && operand === call.operand),
  ).map(({ name }) => ({ kind: 'flag', name }));
}

const NAMES: readonly string[] = [
  ...FUNCTIONS.map(({ name }) => name),
  ...CALLBACKS.flatMap(spellings).map(({ name }) => name),
  ...FLAGS.map(({ name }) => name),
  ...TYPES.map(({ name }) => name),
];

/** Names that begin as what is typed, from the third character on: before that anything could be meant. */
function namesFor(typed: string): readonly Suggestion[] {
  const wanted = typed.toLowerCase();
  if (wanted.length < 3) return [];
  return NAMES.filter((name) => name.toLowerCase().startsWith(wanted.slice(0, 3))).map((name) => ({
    kind: 'name',
    name,
  }));
}
