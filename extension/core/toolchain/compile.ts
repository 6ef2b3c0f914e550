/** A driver's sources → one linked module and everything its code says about it. */
import type { Cache, FileAccess, Hash } from '../base/host.js';
import type { DebugTables } from '../debug/tables.js';
import { NATIVE_EXPORTS } from '../kmcl/native.js';
import { CLANG_FOLDER, WDK_FOLDER } from './arguments.js';
import { callbackFacts } from './callbackFacts.js';
import { CompileCommands } from './compileCommands.js';
import { withoutRepeats } from './diagnostics.js';
import { displayPaths } from './displayPath.js';
import { type LinkRequest, link } from './link.js';
import type { Llvm } from './llvm.js';
import { mergeUnits } from './mergeUnits.js';
import type {
  CallbackFacts,
  CompiledDriver,
  CompileOptions,
  CompileResult,
  Diagnostic,
  DriverSources,
  FunctionInfo,
} from './module.js';
import { globalsFunction } from './passes/debugHooks.js';
import type { PrecompiledHeaders } from './precompiled.js';
import { definitionsElsewhere } from './projectDefinitions.js';
import { mayBeCallback } from './staticExports.js';
import { checkSymbols, overriddenSymbols, sourceNameOf } from './symbols.js';
import { type Mount, ToolFiles, toToolPath } from './toolFiles.js';
import { compileUnit, type UnitOutput, type UnitRequest, type UnitTools } from './unit.js';
import { pack, UnitCache, unpack } from './unitCache.js';
import { importedFunctions } from './wasmBinary.js';

/** Our C, compiled when the product was built (worker/buildRuntime.ts). */
export interface Runtime {
  readonly object: Uint8Array;
  /** Functions and variables it defines for others. */
  readonly symbols: ReadonlySet<string>;
  /** Changes with its content. */
  readonly hash: string;
}

export interface CompileServices {
  readonly llvm: Llvm;
  /** The project and the folders of --include. */
  readonly files: FileAccess;
  /** Our headers and clang's own, each seen from `/`. */
  readonly wdk: FileAccess;
  readonly clangHeaders: FileAccess;
  readonly runtime: Runtime;
  /** Host path; messages and locations name files relative to it. */
  readonly cwd: string;
  /** Folder of the project around a source: where a missing function may be defined. */
  readonly rootOf: (source: string) => string;
  /** Whether our headers declare a function of that name: those are the library's, never looked for in the project. */
  readonly isLibraryFunction: (name: string) => boolean;
  readonly hash: Hash;
  readonly cache?: Cache;
  /** Of compiler, passes and headers together. */
  readonly version: string;
  readonly memoryLimit: number;
  /** Over `wdk` and `clangHeaders`. */
  readonly precompiled?: PrecompiledHeaders;
}

/** A unit number is eleven bits of a location id. */
const MAXIMUM_UNITS = 2048;

interface Unit {
  readonly request: UnitRequest;
  readonly key: string | undefined;
  readonly output: UnitOutput;
}

/** Our headers and clang's where compilations see them. */
export function headerMounts({ wdk, clangHeaders }: Pick<CompileServices, 'wdk' | 'clangHeaders'>): readonly Mount[] {
  return [
    { prefix: WDK_FOLDER, files: wdk },
    { prefix: CLANG_FOLDER, files: clangHeaders },
  ];
}

export async function compileDriver(
  sources: DriverSources,
  options: CompileOptions,
  services: CompileServices,
): Promise<CompileResult> {
  const files = new ToolFiles(services.files, headerMounts(services));
  const result = await compileFrom(files, sources, options, services);
  const display = displayPaths(services.cwd);
  return result.ok ? result : { ...result, files: files.seen().map(display) };
}

async function compileFrom(
  files: ToolFiles,
  sources: DriverSources,
  options: CompileOptions,
  services: CompileServices,
): Promise<CompileResult> {
  const display = displayPaths(services.cwd);
  const pathOf = (path: string): string => (path.startsWith('/') ? display(files.truePath(path)) : path);
  const { llvm, cwd, memoryLimit, precompiled } = services;
  const tools = { llvm, files, pathOf, cwd, memoryLimit, ...(precompiled === undefined ? {} : { precompiled }) };
  const cache =
    services.cache === undefined
      ? undefined
      : new UnitCache(
          services.cache,
          services.hash,
          files,
          `${services.version}\n${services.runtime.hash}\n${services.cwd}`,
        );
  if (sources.sources.length > MAXIMUM_UNITS) {
    return failed([problem(`${sources.sources.length} sources in one driver; ${MAXIMUM_UNITS} are the most`)]);
  }
  const compiled = await compileUnits(sources.sources, options, services, tools, cache);
  if (!('units' in compiled)) {
    return failed(compiled.diagnostics);
  }
  const overridden = overriddenSymbols(compiled.units.map(({ output }) => output.facts));
  if (overridden.diagnostics.length > 0) {
    return failed(overridden.diagnostics);
  }
  const units: Unit[] = [];
  for (const [index, unit] of compiled.units.entries()) {
    const weakSymbols = overridden.weak[index] ?? new Set();
    if (weakSymbols.size === 0) {
      units.push(unit);
      continue;
    }
    const again = await compileOne({ ...unit.request, weakSymbols }, tools, cache);
    if (!('output' in again)) {
      return failed(again.diagnostics);
    }
    units.push(again);
  }
  const missing = undefinedIn(units, services);
  const elsewhere = definitionsElsewhere(
    new Set(
      missing.flatMap(({ name }) => sourceNameOf(name) ?? []).filter((name) => !services.isLibraryFunction(name)),
    ),
    services.rootOf(sources.sources[0] ?? ''),
    new Set(units.flatMap(({ output }) => output.facts.files)),
    services.files,
  );
  const problems = checkSymbols(
    units.map(({ output }) => output.facts),
    services.runtime.symbols,
    missing,
    elsewhere,
    (path) => pathOf(toToolPath(path)),
  );
  if (problems.length > 0) {
    return failed(problems);
  }
  return linkUnits(sources.name, units, services, tools, cache);
}

/** Each source that no other one includes. Errors of all units are collected: one run tells the user everything. */
async function compileUnits(
  sources: readonly string[],
  options: CompileOptions,
  services: CompileServices,
  tools: UnitTools,
  cache: UnitCache | undefined,
): Promise<{ readonly units: readonly Unit[] } | { readonly diagnostics: readonly Diagnostic[] }> {
  const commands = new CompileCommands(services.files);
  const units: Unit[] = [];
  const diagnostics: Diagnostic[] = [];
  const read = new Set<string>();
  for (const source of includersFirst(sources, tools.files)) {
    if (read.has(source)) {
      continue;
    }
    const flags = commands.flagsFor(source);
    const unit = await compileOne(
      { source, unit: sources.indexOf(source), options, flags, instrument: true },
      tools,
      cache,
    );
    if ('output' in unit) {
      units.push(unit);
      for (const file of unit.output.facts.files) {
        read.add(file);
      }
    } else {
      diagnostics.push(...unit.diagnostics);
    }
  }
  units.sort((a, b) => a.request.unit - b.request.unit);
  return diagnostics.length > 0 ? { diagnostics: withoutRepeats(diagnostics) } : { units };
}

async function compileOne(
  request: UnitRequest,
  tools: UnitTools,
  cache: UnitCache | undefined,
): Promise<Unit | { readonly diagnostics: readonly Diagnostic[] }> {
  const cached = await cache?.find(request);
  if (cached !== undefined) {
    return { request, ...cached };
  }
  const result = compileUnit(request, tools);
  if (!result.ok) {
    return result;
  }
  const key = await cache?.store(request, result.lookups, result.output);
  return { request, key, output: result.output };
}

/** Sources that another may include come last: by then it is known whether one did. */
export function includersFirst(sources: readonly string[], files: ToolFiles): readonly string[] {
  const names = new Map(sources.map((source) => [source.slice(source.lastIndexOf('/') + 1).toLowerCase(), source]));
  const included = new Set<string>();
  for (const source of sources) {
    for (const [, path = ''] of (files.text(toToolPath(source)) ?? '').matchAll(
      /^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]*)[">]/gm,
    )) {
      const target = names.get(path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase());
      if (target !== undefined && target !== source) {
        included.add(target);
      }
    }
  }
  return [...sources.filter((source) => !included.has(source)), ...sources.filter((source) => included.has(source))];
}

function undefinedIn(units: readonly Unit[], services: CompileServices): CompiledDriver['undefinedFunctions'] {
  const defined = new Set(units.flatMap(({ output }) => output.facts.definedFunctions.map(({ symbol }) => symbol)));
  const named = new Map(
    units.flatMap(({ output }) => output.facts.undefinedFunctions.map((fn) => [fn.name, fn] as const)).reverse(),
  );
  return [...named.values()].filter(({ name }) => !defined.has(name) && !services.runtime.symbols.has(name));
}

async function linkUnits(
  name: string,
  units: readonly Unit[],
  services: CompileServices,
  tools: UnitTools,
  cache: UnitCache | undefined,
): Promise<CompileResult> {
  const key = units.every((unit) => unit.key !== undefined)
    ? cache?.text(
        ['driver', name, services.version, services.runtime.hash, JSON.stringify(units.map((unit) => unit.key))].join(
          '\n',
        ),
      )
    : undefined;
  const named = key === undefined ? {} : { key };
  const stored = key === undefined ? undefined : await services.cache?.get(key);
  const unpacked = stored === undefined ? undefined : unpackDriver(stored);
  if (unpacked !== undefined) {
    return { ok: true, driver: unpacked, fromCache: true, ...named };
  }
  const facts = units.map(({ output }) => output.facts);
  const shown = (path: string): string => tools.pathOf(toToolPath(path));
  const files = [...new Set(facts.flatMap((unit) => unit.files))];
  const callbacks = callbackFacts(
    files.map((path) => ({ file: shown(path), text: tools.files.text(toToolPath(path)) ?? '' })),
  );
  const merged = mergeUnits(units.map(({ request, output }) => ({ unit: request.unit, facts: output.facts })));
  const parts: LinkRequest = {
    objects: [
      ...units.map(({ request, output }) => ({ name: shown(request.source), bytes: output.object })),
      { name: 'the runtime', bytes: services.runtime.object },
    ],
    exports: [
      ...NATIVE_EXPORTS,
      ...merged.fixtures.map(({ symbol }) => symbol),
      ...callbackSymbols(merged.functions, callbacks),
      ...(merged.debug === undefined ? [] : debugSymbols(merged.functions, merged.debug)),
    ],
  };
  const linked = link(parts, services.llvm, tools.files);
  if (!linked.ok) {
    return failed(
      linked.diagnostics.map((diagnostic) => ({ ...diagnostic, message: `driver '${name}' ${diagnostic.message}` })),
    );
  }
  const imported = new Set(importedFunctions(linked.wasm));
  const differential = units.some(({ request }) => request.options.differential === true);
  const again = differential ? link({ ...parts, moved: true }, services.llvm, tools.files) : undefined;
  const modules: Modules = { wasm: linked.wasm, ...(again?.ok === true ? { moved: again.wasm } : {}) };
  const description: Omit<CompiledDriver, keyof Modules> = {
    name,
    ...(differential ? { differential: true } : {}),
    files: files.map(shown),
    ...merged,
    undefinedFunctions: undefinedIn(units, services).filter((fn) => imported.has(fn.name)),
    callbacks,
    notes: [...merged.notes, ...linked.notes],
  };
  if (key !== undefined) {
    await services.cache?.put(key, packDriver(description, modules));
  }
  return { ok: true, driver: { ...description, ...modules }, fromCache: false, ...named };
}

type Modules = Pick<CompiledDriver, 'wasm' | 'moved'>;

/** Both modules one behind the other, with where the first ends. */
function packDriver(description: Omit<CompiledDriver, keyof Modules>, { wasm, moved }: Modules): Uint8Array {
  const both = new Uint8Array(wasm.length + (moved?.length ?? 0));
  both.set(wasm);
  if (moved !== undefined) both.set(moved, wasm.length);
  return pack({ ...description, wasmLength: wasm.length }, both);
}

function unpackDriver(stored: Uint8Array): CompiledDriver | undefined {
  const unpacked = unpack<Omit<CompiledDriver, keyof Modules> & { readonly wasmLength: number }>(stored);
  if (unpacked === undefined) return undefined;
  const { wasmLength, ...description } = unpacked.facts;
  const moved = unpacked.bytes.slice(wasmLength);
  return { ...description, wasm: unpacked.bytes.slice(0, wasmLength), ...(moved.length > 0 ? { moved } : {}) };
}

/** Functions the simulator may call by name: those the source calls callbacks, and those that look like one. */
function callbackSymbols(functions: readonly FunctionInfo[], callbacks: CallbackFacts): readonly string[] {
  const named = new Set([
    ...callbacks.roles.map((role) => role.function),
    ...callbacks.registrations.flatMap(({ save, restore }) => [save, restore]),
  ]);
  return functions.filter((fn) => named.has(fn.name) || mayBeCallback(fn)).map(({ symbol }) => symbol);
}

/** What a debugger calls, and the functions it tells the names of. */
function debugSymbols(functions: readonly FunctionInfo[], debug: DebugTables): readonly string[] {
  return [...[...debug.keys()].map(globalsFunction), ...functions.map(({ symbol }) => symbol)];
}

function failed(diagnostics: readonly Diagnostic[]): CompileResult {
  return { ok: false, diagnostics };
}

function problem(message: string): Diagnostic {
  return { severity: 'error', file: '', line: 0, column: 0, message };
}
