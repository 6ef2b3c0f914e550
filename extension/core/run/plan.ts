/** From a compiled driver to the runs asked for: its tests, or one fixture-less run with the callbacks it has. */
import { recordOf, sameRecord } from '../kmcl/driverTypes.js';
import type { Program } from '../kmcl/simulation.js';
import type { CompiledDriver, FixtureEntry, FunctionInfo, PointerUse, TypeId } from '../toolchain/module.js';
import { nothingToRun } from './discover.js';
import { globMatcher } from './glob.js';
import { comparePaths, joinPath } from './paths.js';

/** Name of the run without a fixture, fixed by the report's contract. */
export const PACKETS_RUN = 'in-flight packets';
export const DEFAULT_PACKETS = 8;

export interface PlanOptions {
  /** --test; empty = all. */
  readonly tests: readonly string[];
  /** --packets, if given: then the fixture-less run is meant even where there are tests. */
  readonly packets?: number;
  readonly save?: string;
  readonly restore?: string;
  readonly context?: string;
}

export interface PlannedRun {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly program: Program;
}

export type Plan =
  | { readonly ok: true; readonly runs: readonly PlannedRun[] }
  | { readonly ok: false; readonly message: string };

class PlanError extends Error {}

type Pass = 'save' | 'restore';

const ROLES: Readonly<Record<Pass, RegExp>> = {
  save: /^EVT_VMB_CHANNEL_SAVE_PACKET(?:_EX)?$/,
  restore: /^EVT_VMB_CHANNEL_RESTORE_PACKET(?:_EX)?$/,
};

/** Parameter types of kmcl-facts 3.1 and 3.5, written as the shapes debug info may give them. */
const SIGNATURES: Readonly<Record<Pass, readonly (readonly RegExp[])[]>> = {
  save: signatures(['packet', 'pointer', 'word', 'wordPointer']),
  restore: signatures(['pointer', 'word', 'pointer', 'word']),
};

function signatures(rest: readonly ('packet' | 'pointer' | 'word' | 'wordPointer')[]): readonly (readonly RegExp[])[] {
  const shapes = {
    packet: /^VMBPACKET$/,
    pointer: /^(?:PVOID|(?:const )?void ?\*|PUCHAR|PUINT8|LPVOID)$/,
    word: /^(?:UINT32|ULONG|DWORD|unsigned (?:int|long)|uint32_t)$/,
    wordPointer: /^(?:PUINT32|PULONG|(?:UINT32|ULONG|unsigned (?:int|long)|uint32_t) ?\*)$/,
  };
  const channel = /^VMBCHANNEL$/;
  const tail = rest.map((shape) => shapes[shape]);
  return [
    [channel, ...tail],
    [channel, shapes.pointer, ...tail],
  ];
}

function hasSignature(candidate: FunctionInfo, pass: Pass): boolean {
  return SIGNATURES[pass].some(
    (shape) =>
      shape.length === candidate.parameters.length &&
      shape.every((expression, index) => expression.test(candidate.parameters[index] ?? '')),
  );
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/**
 * Functions of the driver that can be the callback, by role, then by registration, then by signature; each name once.
 */
function candidates(driver: CompiledDriver, pass: Pass): readonly string[] {
  const defined = new Set(driver.functions.map(({ name }) => name));
  const known = (names: readonly string[]): readonly string[] =>
    [...new Set(names)].filter((name) => defined.has(name));
  const roles = known(driver.callbacks.roles.filter(({ type }) => ROLES[pass].test(type)).map((role) => role.function));
  const registered = known(driver.callbacks.registrations.map((call) => call[pass]));
  if (registered.length === 1 || (registered.length > 0 && roles.length === 0)) return registered;
  if (roles.length > 0) return roles;
  return known(driver.functions.filter((each) => hasSignature(each, pass)).map(({ name }) => name));
}

function chooseCallback(driver: CompiledDriver, pass: Pass, asked: string | undefined): string | undefined {
  const found = candidates(driver, pass);
  if (asked !== undefined) {
    if (driver.functions.some(({ name }) => name === asked)) return asked;
    const hint = found.length === 0 ? '' : `; candidates are ${listed(found)}`;
    throw new PlanError(`--${pass} ${asked}: there is no such function${hint}`);
  }
  if (found.length > 1) {
    throw new PlanError(`${found.length} ${pass} callbacks fit: ${listed(found)}; choose one with --${pass} NAME`);
  }
  return found[0];
}

function otherOf(pass: Pass): Pass {
  return pass === 'save' ? 'restore' : 'save';
}

function missingMessage(driver: CompiledDriver, pass: Pass, other: string): string {
  const upper = pass.toUpperCase();
  return (
    `found the ${otherOf(pass)} callback ${other} but no ${pass} callback in ${driver.files.length} ` +
    `file${driver.files.length === 1 ? '' : 's'}: looked for a declaration ` +
    `\`EVT_VMB_CHANNEL_${upper}_PACKET Name;\`, a call of ` +
    `VmbServerChannelInitSetSaveRestorePacketCallbacks and the signature; name it with --${pass} NAME`
  );
}

/** Both callbacks; one that is asked for or alone chooses the other through the call that registers both. */
function chooseCallbacks(driver: CompiledDriver, options: PlanOptions): { save: string; restore: string } {
  const partner = (pass: Pass, name: string | undefined): string | undefined => {
    const calls = driver.callbacks.registrations.filter((call) => call[otherOf(pass)] === name);
    const names = new Set(calls.map((call) => call[pass]));
    return names.size === 1 ? [...names][0] : undefined;
  };
  const save =
    chooseCallback(driver, 'save', options.save ?? (options.restore && partner('save', options.restore))) ?? '';
  const restore =
    chooseCallback(driver, 'restore', options.restore ?? (save === '' ? undefined : partner('restore', save))) ?? '';
  if (save === '' && restore === '') throw new PlanError(nothingToRun(driver.files.length));
  if (save === '') throw new PlanError(missingMessage(driver, 'save', restore));
  if (restore === '') throw new PlanError(missingMessage(driver, 'restore', save));
  return { save, restore };
}

/** As recordOf, the same for all sources. */
function oneRecordOf(driver: CompiledDriver, id: TypeId): TypeId | undefined {
  const record = recordOf(driver, id);
  return record === undefined ? undefined : sameRecord(driver, record);
}

/**
 * How people may call the record: by its typedef in any source, its tag, or, since debug info leaves out a typedef that
 * nobody uses, what tag or pointer typedef make likely (`_RX` and `PRX` for `RX`). The most likely name comes first.
 */
export function namesOfRecord(driver: CompiledDriver, record: TypeId): readonly string[] {
  const id = sameRecord(driver, record);
  const typedefs = driver.types.flatMap((type) =>
    type.kind === 'typedef' && oneRecordOf(driver, type.target) === id
      ? [{ name: type.name, target: driver.types[type.target] }]
      : [],
  );
  const direct = typedefs.filter(({ target }) => target?.kind === 'record').map(({ name }) => name);
  const pointers = typedefs
    .filter(({ target }) => target?.kind === 'pointer')
    .map(({ name }) => name.replace(/^L?P/, ''));
  const tag = driver.types[id]?.name ?? '';
  return [...new Set([...direct, tag.replace(/^(?:_+|tag)/, ''), tag, ...pointers])].filter((name) => name !== '');
}

/** Uses of an accessor; those behind untyped helpers only where no others are. */
export function surestUses(uses: readonly PointerUse[], api: PointerUse['api']): readonly PointerUse[] {
  const all = uses.filter((use) => use.api === api);
  const sure = all.filter(({ viaHelper }) => viaHelper === undefined);
  return sure.length > 0 ? sure : all;
}

/**
 * Type of a packet's context: what receives VmbPacketGetPointer, in the callbacks if they say so. Undefined = nothing
 * says.
 */
function chooseContext(driver: CompiledDriver, callbacks: readonly string[], asked?: string): TypeId | undefined {
  if (asked !== undefined) {
    const wanted = asked.replace(/^(?:struct|union|class)\s+/, '');
    const found = driver.types.findIndex(
      ({ kind }, id) => kind === 'record' && namesOfRecord(driver, id).includes(wanted),
    );
    if (found < 0) throw new PlanError(`--context ${asked}: the driver has no struct of that name`);
    return sameRecord(driver, found);
  }
  const uses = surestUses(driver.pointerUses, 'VmbPacketGetPointer');
  const inCallbacks = uses.filter((use) => callbacks.includes(use.function));
  const records = new Set(
    (inCallbacks.length > 0 ? inCallbacks : uses).flatMap((use) => oneRecordOf(driver, use.type) ?? []),
  );
  if (records.size > 1) {
    const names = [...records].map((id) => namesOfRecord(driver, id)[0] ?? '?');
    throw new PlanError(
      `${records.size} types receive VmbPacketGetPointer: ${listed(names)}; choose one with --context STRUCT`,
    );
  }
  return [...records][0];
}

/**
 * The VSPLAB_CONTEXT that makes contexts of that type, or the only one that can be meant: others make what
 * VmbChannelGetPointer answers.
 */
function contextHook(driver: CompiledDriver, type: TypeId | undefined): FixtureEntry | undefined {
  const hooks = driver.fixtures.filter(({ kind }) => kind === 'context');
  const names = type === undefined ? [] : namesOfRecord(driver, type);
  const ofChannels = driver.pointerUses
    .filter((use) => use.api === 'VmbChannelGetPointer')
    .flatMap((use) => oneRecordOf(driver, use.type) ?? [])
    .flatMap((record) => namesOfRecord(driver, record));
  const left = hooks.length === 1 ? hooks : hooks.filter(({ name }) => !ofChannels.includes(name));
  return hooks.find(({ name }) => names.includes(name)) ?? (left.length === 1 ? left[0] : undefined);
}

function packetsRun(driver: CompiledDriver, options: PlanOptions): PlannedRun {
  const { save, restore } = chooseCallbacks(driver, options);
  const onlyHook = driver.fixtures.filter(({ kind }) => kind === 'context').length === 1;
  const contextType =
    options.context === undefined && onlyHook ? undefined : chooseContext(driver, [save, restore], options.context);
  const hook = contextHook(driver, contextType);
  const at = driver.functions.find(({ name }) => name === save);
  return {
    name: PACKETS_RUN,
    file: at?.file ?? '',
    line: at?.line ?? 0,
    program: {
      kind: 'packets',
      count: options.packets ?? DEFAULT_PACKETS,
      save,
      restore,
      ...(hook === undefined ? {} : { contextHook: hook.symbol }),
      ...(contextType === undefined ? {} : { contextType }),
    },
  };
}

function testRuns(driver: CompiledDriver, tests: readonly FixtureEntry[]): readonly PlannedRun[] {
  return tests.map((test) => {
    const beside = (kind: 'setup' | 'teardown') =>
      driver.fixtures.find((entry) => entry.kind === kind && entry.file === test.file);
    const setup = beside('setup');
    const teardown = beside('teardown');
    return {
      name: test.name,
      file: test.file,
      line: test.line,
      program: { kind: 'test', test, ...(setup && { setup }), ...(teardown && { teardown }) },
    };
  });
}

/** What to run of the driver, in path, then line order. A driver whose tests --test leaves out has no run. */
export function plan(driver: CompiledDriver, options: PlanOptions): Plan {
  const tests = driver.fixtures
    .filter(({ kind }) => kind === 'test')
    .toSorted((a, b) => comparePaths(a.file, b.file) || a.line - b.line);
  try {
    if (options.tests.length > 0 && tests.length > 0) {
      const wanted = options.tests.map(globMatcher);
      return {
        ok: true,
        runs: testRuns(
          driver,
          tests.filter(({ name }) => wanted.some((matches) => matches(name))),
        ),
      };
    }
    if (options.tests.length > 0) {
      const matches = options.tests.some((glob) => globMatcher(glob)(PACKETS_RUN));
      return { ok: true, runs: matches ? [packetsRun(driver, options)] : [] };
    }
    const runs =
      tests.length > 0 && options.packets === undefined ? testRuns(driver, tests) : [packetsRun(driver, options)];
    return { ok: true, runs };
  } catch (error) {
    if (error instanceof PlanError) return { ok: false, message: error.message };
    throw error;
  }
}

/** The run that a person means who names a test, or only a program: then its first, of that file if it has one. */
export function findFixtureRun(
  runs: readonly PlannedRun[],
  { cwd, program, test }: { readonly cwd: string; readonly program: string; readonly test?: string },
): PlannedRun | undefined {
  if (test !== undefined) return runs.find(({ name }) => name === test);
  return runs.find(({ file }) => joinPath(cwd, file) === program) ?? runs[0];
}
