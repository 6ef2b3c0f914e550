/**
 * From a context structure to its callbacks: decides everything the text depends on, writes the missing pieces at their
 * places. Pure: the same request gives the same edits, and one that cannot be served changes nothing.
 */
import { baseName } from '../run/paths.js';
import { chooseFields } from './choose.js';
import { codeStyleOf } from './codeStyle.js';
import {
  type BackPointer,
  backPointers,
  completesAlone,
  type DeviceWay,
  deviceLock,
  deviceWay,
  isDevicePointer,
} from './device.js';
import { type Elsewhere, type Existing, existingIn, firstUse } from './existing.js';
import type { FieldChoice } from './fields.js';
import type { FixtureFacts } from './fixtureText.js';
import type { InterfaceTable, PieceKind, ScaffoldLanguage, ScaffoldModel, ScaffoldStyle } from './model.js';
import { functionName, namesFor, poolTag, type ScaffoldNames } from './names.js';
import { type Outline, outlineOf } from './outline.js';
import { includeEdits, inOrder, type Places, paragraph, placesFor } from './place.js';
import { savedRecord } from './record.js';
import { recordText } from './recordText.js';
import { registerCall } from './registerText.js';
import { type InitPlace, initPlace, registersIn } from './registration.js';
import type { ScaffoldEdit, ScaffoldRequest, ScaffoldResult } from './request.js';
import { initialiser } from './restoreText.js';
import { FUNCTION_PIECES, fixtureOf, piecesText, TYPE_PIECES } from './texts.js';
import { type FileWays, lockWay, waysOf } from './ways.js';
import { Words } from './words.js';

const KMCL_HEADER = 'vmbuskernelmodeclientlibapi.h';

/** Ends a request with its message. */
class Refusal extends Error {}

export function scaffold(request: ScaffoldRequest): ScaffoldResult {
  try {
    return new Scaffold(request).result();
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, message: error.message };
    throw error;
  }
}

/** C or C++, by the name of a source; undefined for a file that is none. */
export function languageOfSource(fileName: string): ScaffoldLanguage | undefined {
  const extension = /\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
  if (extension === 'c') return 'c';
  return ['cpp', 'cc', 'cxx', 'c++'].includes(extension) ? 'cpp' : undefined;
}

class Scaffold {
  readonly #request: ScaffoldRequest;
  readonly #outline: Outline;
  readonly #existing: Existing;
  readonly #ways: FileWays;
  readonly #device: DeviceWay | undefined;
  readonly #names: ScaffoldNames;
  readonly #place: InitPlace | undefined;
  readonly #places: Places;

  constructor(request: ScaffoldRequest) {
    this.#request = request;
    this.#outline = outlineOf(request.text);
    const { context } = request;
    const wanted = namesFor(context.name);
    const record = request.record ?? wanted.record;
    this.#existing = existingIn(this.#outline, context, record, this.#elsewhere());
    this.#device = deviceWay(this.#outline, request.facts.candidates);
    const device = this.#device;
    this.#ways = waysOf(this.#outline, context, (type) => device !== undefined && isDevicePointer(type, device));
    this.#names = {
      ...wanted,
      record,
      save: request.save ?? this.#existing.save?.name ?? wanted.save,
      restore: request.restore ?? this.#existing.restore?.name ?? wanted.restore,
      complete: this.#ways.complete ?? wanted.complete,
    };
    this.#place = initPlace(this.#outline);
    this.#places = placesFor(this.#outline, context);
  }

  result(): ScaffoldResult {
    const language = this.#language();
    this.#refuseWhole();
    const model = this.#model(language);
    const edits = this.#edits(model);
    const fixture = this.#fixture(model);
    return {
      ok: true,
      edits,
      ...(fixture === undefined ? {} : { fixture }),
      written: this.#written(model),
      notes: this.#notes(model, fixture !== undefined),
      save: model.names.save,
      restore: model.names.restore,
    };
  }

  /** What other sources of the driver have: tests register what they like. */
  #elsewhere(): Elsewhere {
    const { fileName, siblings } = this.#request;
    const isTest = (includes: readonly string[]): boolean =>
      includes.some((each) => baseName(each) === fileName || baseName(each) === 'vsplab.h');
    const others = siblings.filter(({ name, includes }) => name !== fileName && !isTest(includes));
    return {
      functions: new Set(others.flatMap(({ functions }) => functions)),
      registered: new Set(others.flatMap(({ registers }) => registers)),
    };
  }

  #language(): ScaffoldLanguage {
    const { fileName, language } = this.#request;
    const own = languageOfSource(fileName);
    if (own === undefined)
      throw new Refusal(`${fileName} is no C or C++ source: callbacks are written into one (.c, .cpp)`);
    if (own === 'c' && language === 'cpp')
      throw new Refusal(`${fileName} is a C source: C++ is written into a .cpp file`);
    return language ?? own;
  }

  /** Both there and registered: there is nothing to write. */
  #refuseWhole(): void {
    const { save, restore, isRegistered } = this.#existing;
    const { context, fileName } = this.#request;
    if (save?.isDefined !== true || restore?.isDefined !== true || !isRegistered) return;
    throw new Refusal(
      `${context.name} has its callbacks: ${save.name} (${fileName}:${save.line}) and ${restore.name} (${fileName}:${restore.line}); nothing is written`,
    );
  }

  #model(language: ScaffoldLanguage): ScaffoldModel {
    const { context, packing = 'natural' } = this.#request;
    const hasCallbacks = this.#existing.save?.isDefined === true && this.#existing.restore?.isDefined === true;
    const chosen = chooseFields(context, this.#continued() ?? this.#request.fields);
    if (!chosen.ok) throw new Refusal(chosen.message);
    const record = savedRecord(this.#names.record, chosen.value, packing);
    const style = this.#request.style ?? (this.#ways.usesTables === true ? 'interface' : 'direct');
    const table = this.#table(style);
    const backs = backPointers(context.choices, this.#device);
    const draft: ScaffoldModel = {
      context: context.name,
      pointer: context.pointerName ?? `${context.name} *`,
      names: this.#names,
      record,
      packing,
      language,
      style,
      ...(table === undefined ? {} : { table }),
      code: codeStyleOf(this.#outline),
      pool: this.#pool(),
      ...this.#contextWays(record.tails.some(({ tail }) => tail.where === 'flexible')),
      ...this.#lock(
        backs,
        chosen.value.map(({ path }) => path),
      ),
      ...(this.#device === undefined ? {} : { device: this.#device }),
      backs,
      ...(this.#ways.trace === undefined ? {} : { trace: this.#ways.trace }),
      roles: this.#existing.roles,
      hasComplete: this.#ways.complete !== undefined,
      objects: context.choices.filter((choice) => initialiser(choice) !== undefined),
      lost: context.choices.filter(
        (choice) => isLost(choice, chosen.value) && !backs.some(({ path }) => path === choice.path),
      ),
      pieces: new Set(),
    };
    const pieces = hasCallbacks ? this.#registrationOnly() : this.#pieces(draft);
    return { ...draft, pieces };
  }

  /** Members of a record of ours that is there already: what it keeps is what the other callback keeps. */
  #continued(): readonly string[] | undefined {
    const { save, restore } = this.#existing;
    const isHalf = (save?.isDefined === true) !== (restore?.isDefined === true);
    if (!isHalf) return undefined;
    const body = this.#recordItem()?.body;
    const written = save?.isDefined === true ? save.name : restore?.name;
    const missing = save?.isDefined === true ? 'restore' : 'save';
    if (body === undefined) {
      throw new Refusal(
        `${written} is there and keeps no ${this.#names.record}: its ${missing} callback has to know what it keeps; write it by hand, or rename ${written} to have both written`,
      );
    }
    const text = this.#outline.code.slice(body.start, body.end);
    const members = new Set([...text.matchAll(/(\w+)\s*(?:\[[^\]]*\]\s*)*;/g)].map(([, name = '']) => name));
    const { choices } = this.#request.context;
    const kept = choices.filter(({ saved, path }) => {
      if (saved === undefined) return false;
      if (saved.kind === 'tail')
        return (
          members.has(saved.length) && /RestoreTail|restore_tail|CaptureTail|capture_tail/.test(this.#outline.code)
        );
      const name = path.replaceAll('.', '');
      return [...members].some((member) => member === name || member === `Context${name}` || member.startsWith(name));
    });
    return kept.map(({ path }) => path);
  }

  #recordItem(): Outline['items'][number] | undefined {
    const { record } = this.#names;
    return this.#outline.items.find(
      ({ kind, name, declares }) => kind === 'structure' && (declares.includes(record) || name === `_${record}`),
    );
  }

  #table(style: ScaffoldStyle): InterfaceTable | undefined {
    if (style === 'direct') return undefined;
    const { table, tableVariable: variable } = this.#ways;
    if (table !== undefined)
      return { expression: table, isNew: false, ...(variable === undefined ? {} : { variable }) };
    return { expression: `${functionName(this.#names, 'Kmcl')}.`, isNew: true };
  }

  #pool(): ScaffoldModel['pool'] {
    const { allocate, tag } = this.#ways.pool;
    if (tag !== undefined) return { allocate, tag, isNewTag: false };
    const name = `${this.#names.constant.replace(/_SAVED$/, '')}_TAG`;
    return { allocate, tag: name, isNewTag: !this.#existing.identifiers.has(name) };
  }

  #contextWays(hasFlexible: boolean): Pick<ScaffoldModel, 'ways'> {
    const { context } = this.#ways;
    // Ours are written again where they lack, and are no functions of the file's.
    const isOurs = context?.allocate === functionName(this.#names, 'CreateContext');
    return context === undefined || isOurs || context.takes.includes('count') !== hasFlexible ? {} : { ways: context };
  }

  /** The context's own, else the device's where the file holds it for these members. */
  #lock(backs: readonly BackPointer[], saved: readonly string[]): Pick<ScaffoldModel, 'lock'> {
    const locks = this.#request.context.choices.filter(({ kind, type }) => kind === 'lock' && !type.includes('['));
    for (const { path, names } of locks) {
      const lock = lockWay(this.#outline, path, names);
      if (lock !== undefined) return { lock };
    }
    const { context } = this.#request;
    const lock =
      this.#device === undefined ? undefined : deviceLock(this.#outline, context, this.#device, backs, saved);
    return lock === undefined ? {} : { lock };
  }

  #registrationOnly(): ReadonlySet<PieceKind> {
    const inside = this.#place === undefined;
    const roles: readonly PieceKind[] = this.#rolesMissing() ? ['declarations'] : [];
    return new Set<PieceKind>(inside ? [...roles, 'register'] : roles);
  }

  #rolesMissing(): boolean {
    const { roles } = this.#existing;
    return !roles.has(this.#names.save) || !roles.has(this.#names.restore);
  }

  /** What is to be written; refuses where a name is taken by something else. */
  #pieces(draft: ScaffoldModel): ReadonlySet<PieceKind> {
    const words = new Words(draft);
    const isVariable = draft.record.tails.length > 0;
    const functions = this.#functionsOf(words, isVariable);
    const { existing } = { existing: this.#existing };
    const hasRecord = this.#recordItem() !== undefined;
    if (hasRecord && !this.#isSameRecord(words)) {
      throw new Refusal(
        `${draft.names.record} (${this.#request.fileName}:${firstUse(this.#outline, draft.names.record)}) is not the record that would be written: choose another name for the record, or take it away`,
      );
    }
    const pieces = new Set<PieceKind>();
    if (!hasRecord) pieces.add('record');
    for (const [kind, name] of functions) {
      if (
        existing.functions.has(name) &&
        (hasRecord || name === existing.save?.name || name === existing.restore?.name)
      )
        continue;
      this.#refuseTaken(name, kind);
      pieces.add(kind);
    }
    if (!hasRecord) this.#refuseTaken(draft.names.record, 'record');
    if (this.#rolesMissing() || pieces.has('complete')) pieces.add('declarations');
    if (draft.table?.isNew === true && !existing.identifiers.has(words.f('Kmcl'))) pieces.add('table');
    if (!existing.isRegistered && this.#place === undefined) pieces.add('register');
    if (pieces.has('register') && existing.functions.has(words.f('RegisterSaveRestore'))) pieces.delete('register');
    return pieces;
  }

  #functionsOf(words: Words, isVariable: boolean): readonly (readonly [PieceKind, string])[] {
    const { names, hasComplete, ways } = words.model;
    return [
      ['checksum', words.f('Checksum')],
      ...(isVariable ? ([['length', words.f('RecordLength')]] as const) : []),
      ['capture', words.f('Capture')],
      ...(isVariable ? ([['tail', words.f('CaptureTail')]] as const) : []),
      ...(ways === undefined ? ([['context', words.f('CreateContext')]] as const) : []),
      ...(hasComplete ? [] : ([['complete', names.complete]] as const)),
      ['save', names.save],
      ['read', words.f('ReadRecord')],
      ...(isVariable ? ([['giveTail', words.f('RestoreTail')]] as const) : []),
      ['restore', names.restore],
    ];
  }

  #refuseTaken(name: string, kind: PieceKind): void {
    const { identifiers, save, restore } = this.#existing;
    const isPromised = (kind === 'save' && save?.name === name) || (kind === 'restore' && restore?.name === name);
    const isElsewhere = this.#request.facts.candidates.some((each) => each.name === name || each.tag === `_${name}`);
    if (isPromised || (!identifiers.has(name) && !isElsewhere)) return;
    const line = firstUse(this.#outline, name);
    const where = line === 0 ? 'in a header' : `in ${this.#request.fileName}:${line}`;
    throw new Refusal(
      `the name ${name} is taken ${where}: choose another, or rename what is there; nothing is written`,
    );
  }

  /** The same declaration, however it is spaced. */
  #isSameRecord(words: Words): boolean {
    const dense = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\s+/g, '');
    const wanted = recordText(words)
      .split('\n')
      .filter((line) => !/^(?:#|C_ASSERT|\/\*)/.test(line))
      .join('\n');
    const item = this.#recordItem();
    const there = item === undefined ? '' : this.#outline.text.slice(item.start, item.end);
    return dense(wanted).includes(dense(there));
  }

  #edits(model: ScaffoldModel): readonly ScaffoldEdit[] {
    const outline = this.#outline;
    const types = piecesText(model, TYPE_PIECES);
    const tag =
      model.pool.isNewTag && model.pieces.has('restore')
        ? `#define ${model.pool.tag} ${poolTag(model.names.constant)}`
        : '';
    const typeText = [tag, types].filter((text) => text !== '').join(model.code.lineEnd.repeat(2));
    const functionText = piecesText(model, FUNCTION_PIECES);
    const edits: ScaffoldEdit[] = [...this.#includes(model)];
    if (typeText !== '') edits.push(paragraph(outline, this.#places.types, typeText, model.code));
    if (functionText !== '') edits.push(paragraph(outline, this.#places.functions, functionText, model.code));
    const registration = this.#registration(model);
    if (registration !== undefined) edits.push(registration);
    return inOrder(edits);
  }

  #includes(model: ScaffoldModel): readonly ScaffoldEdit[] {
    const { headers } = this.#request.facts;
    const reached = (name: string): boolean => headers.some((each) => each.toLowerCase() === name);
    const needs = [
      ...(reached('wdm.h') ? [] : ['ntddk.h']),
      ...(model.record.tails.length > 0 && !reached('ntintsafe.h') ? ['ntintsafe.h'] : []),
      ...(model.pieces.has('table') && !reached('wdf.h') ? ['wdf.h'] : []),
      ...(reached(KMCL_HEADER) ? [] : [KMCL_HEADER]),
    ];
    const first = model.pieces.has('table') && !/\binitguid\.h\b/.test(this.#outline.text) ? ['initguid.h'] : [];
    return includeEdits(this.#outline, { first, rest: needs }, model.code);
  }

  #registration(model: ScaffoldModel): ScaffoldEdit | undefined {
    const place = this.#place;
    if (place === undefined || this.#existing.isRegistered || registersIn(this.#outline).includes(place.function))
      return undefined;
    const call = registerCall(new Words(model), place.channel);
    const text = place.statement.replace('@', () => call).replaceAll(/\r?\n/g, model.code.lineEnd);
    return { start: place.offset, end: place.offset, text };
  }

  #fixture(model: ScaffoldModel): { readonly name: string; readonly text: string } | undefined {
    if (!model.pieces.has('save') && !model.pieces.has('restore')) return undefined;
    const name = this.#fixtureName();
    if (this.#request.siblings.some((each) => each.name.toLowerCase() === name.toLowerCase())) return undefined;
    const facts = {
      source: this.#outermost(),
      hasRegister: model.pieces.has('register'),
      hasTests: this.#canTest(model),
      ...this.#spoken(model),
    };
    return { name, text: fixtureOf({ ...model, language: this.#fixtureLanguage() }, facts) };
  }

  /** What the fixture calls the context in macros that take one word, and what it opens for that. */
  #spoken({ context }: ScaffoldModel): Pick<FixtureFacts, 'context' | 'opens'> {
    const name = context.replace(/^struct\s+/, '');
    const scopes = name.split('::').slice(0, -1);
    const scope = scopes.join('::');
    const home = this.#places.namespace;
    const isClass = this.#request.facts.candidates.some((each) => each.name === scope);
    const spaces = [...new Set([home, isClass ? '' : scope])].filter((each) => each !== '');
    // The macros take one word: in C a structure without a typedef needs one.
    const typedef =
      context.startsWith('struct ') && this.#fixtureLanguage() === 'c' ? [`typedef ${context} ${name};`] : [];
    const opens = [...spaces.map((each) => `using namespace ${each};`), ...typedef];
    if (!isClass) return { context: name.slice(scope === '' ? 0 : scope.length + 2), opens };
    const alias = name.replaceAll('::', '');
    return { context: alias, opens: [...opens, `typedef ${name} ${alias};`] };
  }

  /** Whether packets with contexts of ours complete as the driver's do, without the rest of the driver. */
  #canTest(model: ScaffoldModel): boolean {
    const { table, lost, device } = model;
    if (table !== undefined && !table.isNew && table.variable === undefined) return false;
    if (!model.hasComplete) return true;
    return completesAlone(this.#outline, model.names.complete, {
      hasDevice: device !== undefined,
      nulls: lost.filter(({ kind }) => kind === 'pointer' || kind === 'handle').map(({ path }) => path),
      variables: table?.variable === undefined ? [] : [table.variable.name],
    });
  }

  /** The source, or what includes it already: a second copy of its functions would be one too many. */
  #outermost(): string {
    const { fileName, siblings } = this.#request;
    let outer = fileName;
    for (let round = 0; round < siblings.length; round += 1) {
      const next = siblings.find(
        ({ name, includes }) => name !== outer && includes.some((each) => baseName(each) === outer),
      );
      if (next === undefined) break;
      outer = next.name;
    }
    return outer;
  }

  /** A fixture includes the source: it is of the same language, whatever the callbacks are written like. */
  #fixtureLanguage(): ScaffoldLanguage {
    return languageOfSource(this.#request.fileName) ?? 'c';
  }

  #fixtureName(): string {
    const { fileName } = this.#request;
    const extension = fileName.slice(fileName.lastIndexOf('.'));
    const stem = functionName(this.#names, 'Fixture');
    return `${stem}${extension}`;
  }

  #written(model: ScaffoldModel): readonly string[] {
    const { names, record, pieces } = model;
    return [
      ...(pieces.has('record')
        ? [`${record.name}: ${record.size} bytes${record.tails.length > 0 ? ' and what follows them' : ''}`]
        : []),
      ...(pieces.has('save') ? [names.save] : []),
      ...(pieces.has('restore') ? [names.restore] : []),
      ...(pieces.has('complete') ? [names.complete] : []),
      ...(this.#registration(model) === undefined ? [] : [`the registration in ${this.#place?.function}`]),
    ];
  }

  #notes(model: ScaffoldModel, hasFixture: boolean): readonly string[] {
    const { names, pieces } = model;
    const words = new Words(model);
    const notes: string[] = [];
    if (pieces.has('register')) {
      notes.push(`${words.f('RegisterSaveRestore')} is to be called between VmbChannelAllocate and VmbChannelEnable`);
    } else if (!this.#existing.isRegistered && this.#registration(model) === undefined) {
      notes.push(
        `${this.#place?.function} registers other callbacks: ${names.save} and ${names.restore} are registered nowhere`,
      );
    }
    if (pieces.has('table')) notes.push(`${words.f('QueryKmcl')} is to be called before the first channel is made`);
    if (!hasFixture && pieces.has('restore')) notes.push(`${this.#fixtureName()} is there already and was left alone`);
    if (model.hasComplete && pieces.has('restore'))
      notes.push(`restored packets complete in ${names.complete}, which was there`);
    return notes;
  }
}

/** Whether nobody sets the member of a restored context. */
function isLost(choice: FieldChoice, chosen: readonly FieldChoice[]): boolean {
  return !chosen.includes(choice) && initialiser(choice) === undefined && choice.kind !== 'lock';
}
