/** Compiles small C and C++ texts through the real front end, the passes and the real back end, and runs them: for tests of the passes. */

import { readFileSync } from 'node:fs';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { backEndArguments, frontEndArguments } from '../../extension/core/toolchain/arguments.js';
import { createLlvm, type Llvm, outputPath, type ToolResult } from '../../extension/core/toolchain/llvm.js';
import type { CompileOptions, SourceLocation } from '../../extension/core/toolchain/module.js';
import { type TransformOptions, type TransformResult, transform } from '../../extension/core/toolchain/passes/index.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';

export type Sources = Readonly<Record<string, string>>;

export interface ScratchOptions {
  readonly optimize?: 0 | 2;
  readonly checked?: boolean;
  readonly arch?: CompileOptions['arch'];
  readonly instrument?: boolean;
  readonly differential?: boolean;
  readonly weakSymbols?: Readonly<Record<string, ReadonlySet<string>>>;
  /** Further cc1 arguments of the front end. */
  readonly extra?: readonly string[];
  /** Functions and data to export, `vsp_*` and fixture entries apart. */
  readonly exports?: readonly string[];
  readonly imports?: Readonly<Record<string, (...args: never[]) => unknown>>;
}

/** State of vsp.h and the memory functions the compiler calls by itself. */
const RUNTIME = `
unsigned vsp_frames[16384]; unsigned vsp_depth; long long vsp_budget = 1000000000; void *vsp_called;
unsigned long long vsp_vary[64] = { 0, 0, 0, 1 };
void *memcpy(void *d, const void *s, unsigned long long n) { char *a = d; const char *b = s; while (n--) *a++ = *b++; return d; }
void *memset(void *d, int v, unsigned long long n) { char *a = d; while (n--) *a++ = (char)v; return d; }
`;

let llvm: Llvm | undefined;

/** Runs a tool of the compiler core over the given files, which lie in `/src`. */
export function runTool(args: readonly string[], sources: Sources, files = scratchFiles(sources)): ToolResult {
  llvm ??= createLlvm(
    new WebAssembly.Module(
      readFileSync(new URL('../../node_modules/@yowasp/clang/gen/llvm.core.wasm', import.meta.url)),
    ),
  );
  return llvm.run(args, files);
}

function scratchFiles(sources: Sources): ToolFiles {
  const paths = Object.entries(sources).map(([name, text]) => [`/src/${name}`, text] as const);
  return new ToolFiles(memoryFiles(Object.fromEntries(paths)), []);
}

function optionsOf(options: ScratchOptions): CompileOptions {
  return {
    optimize: options.optimize ?? 0,
    checked: options.checked ?? false,
    arch: options.arch ?? 'x64',
    defines: [],
    includes: [],
  };
}

/** Arguments of the front end for one scratch source. */
export function frontEnd(name: string, options: ScratchOptions = {}): readonly string[] {
  const args = frontEndArguments({
    source: `/src/${name}`,
    language: name.endsWith('.cpp') ? 'c++' : 'c',
    output: outputPath('unit.ll'),
    options: optionsOf(options),
    flags: { defines: [], undefines: [], includes: [], forced: [] },
    cwd: '/src',
  });
  return [...args.slice(0, -1), ...(options.extra ?? []), ...args.slice(-1)];
}

/** The front end's IR of one source; throws with the compiler's words when it has errors. */
export function compileToIr(name: string, sources: Sources, options: ScratchOptions = {}): string {
  const files = scratchFiles(sources);
  const result = runTool(frontEnd(name, options), sources, files);
  if (result.status !== 0 || result.end !== 'exit') {
    throw new Error(`${name}: ${result.stderr}`);
  }
  return new TextDecoder().decode(files.output(outputPath('unit.ll'))?.content());
}

export function transformSource(
  name: string,
  sources: Sources,
  options: ScratchOptions = {},
  unit = 0,
): TransformResult {
  const transformOptions: TransformOptions = {
    unit,
    instrument: options.instrument ?? true,
    checked: options.checked ?? false,
    optimize: options.optimize ?? 0,
    differential: options.differential ?? false,
    pathOf: (path) => path.replace(/^\/src\//, ''),
    ...(options.weakSymbols?.[name] === undefined ? {} : { weakSymbols: options.weakSymbols[name] }),
  };
  return transform(compileToIr(name, sources, options), transformOptions);
}

export interface Scratch {
  readonly exports: Readonly<Record<string, WebAssembly.ExportValue>>;
  readonly units: readonly TransformResult[];
  readonly importNames: readonly string[];
  /** Calls an exported function; numbers are passed on, results are numbers (bigints for 64-bit values). */
  call(name: string, ...args: readonly (number | bigint)[]): number | bigint | undefined;
  memory(): DataView;
  /** Bytes of a zero-terminated string. */
  text(address: bigint | number): string;
  /** Position a live or just left frame holds; `depth` counts from 1, the outermost. */
  position(depth: number): SourceLocation | undefined;
  depth(): number;
  setBudget(units: bigint): void;
  /** The byte that locals are filled with, and the steps taken since the last call: location id and outcome. */
  setFresh(byte: number): void;
  takeSteps(): readonly (readonly [location: number, outcome: number])[];
  locationOf(id: number): SourceLocation | undefined;
}

/** Compiles every `.c` and `.cpp` of `sources` but those another includes, links them with a small runtime and instantiates. */
export function compileAndRun(sources: Sources, options: ScratchOptions = {}): Scratch {
  const included = new Set(
    Object.values(sources).flatMap((text) => [...text.matchAll(/#include "([^"]+)"/g)].map((m) => m[1])),
  );
  const names = Object.keys(sources).filter((name) => /\.(?:c|cpp)$/.test(name) && !included.has(name));
  const units = names.map((name, unit) => transformSource(name, sources, options, unit));
  const runtime = transformSource(
    'runtime.c',
    { 'runtime.c': RUNTIME },
    { instrument: false, optimize: 0 },
    units.length,
  );
  const files = scratchFiles({});
  const objects = [...units, runtime].map((unit, index) => toObject(unit.ir, index, files, options.optimize ?? 0));
  const entries = units.flatMap((unit) => unit.fixtures.map((fixture) => fixture.symbol));
  link(objects, files, [...(options.exports ?? []), ...entries]);
  const module = new WebAssembly.Module(files.output(outputPath('linked.wasm'))?.content() as Uint8Array<ArrayBuffer>);
  return instantiate(module, units, options.imports ?? {});
}

function toObject(ir: string, index: number, files: ToolFiles, optimize: 0 | 2): string {
  const input = outputPath(`${index}.ll`);
  files.createOutput(input, new TextEncoder().encode(ir));
  const result = runTool(backEndArguments(input, outputPath(`${index}.o`), optimize), {}, files);
  if (result.status !== 0 || result.end !== 'exit') {
    throw new Error(result.stderr);
  }
  return outputPath(`${index}.o`);
}

function link(objects: readonly string[], files: ToolFiles, exports: readonly string[]): void {
  const state = ['vsp_frames', 'vsp_depth', 'vsp_budget', 'vsp_vary', '__stack_pointer'].map(
    (name) => `--export=${name}`,
  );
  const result = runTool(
    [
      'wasm-ld',
      '-mwasm64',
      '--no-entry',
      '--allow-undefined',
      '--stack-first',
      '-z',
      'stack-size=1114112',
      '--export-table',
      '--export-if-defined=__wasm_call_ctors',
      ...state,
      ...exports.map((name) => `--export=${name}`),
      ...objects,
      '-o',
      outputPath('linked.wasm'),
    ],
    {},
    files,
  );
  if (result.status !== 0 || result.end !== 'exit') {
    throw new Error(result.stderr);
  }
}

/** Thrown by the runtime's imports that end a test. */
export class Stopped extends Error {}

function instantiate(
  module: WebAssembly.Module,
  units: readonly TransformResult[],
  given: ScratchOptions['imports'],
): Scratch {
  const steps: bigint[] = [];
  const functions: Record<string, WebAssembly.ImportValue> = {
    vsp_flow_mark: (value: bigint) => {
      steps.push(value);
    },
    vsp_out_of_frames: () => {
      throw new Stopped('frames');
    },
    vsp_out_of_budget: () => {
      throw new Stopped('budget');
    },
    vsp_fault: (kind: number, address: bigint, size: bigint) => {
      throw new Stopped(`fault ${kind} ${text(address)} ${size}`);
    },
    ...given,
  };
  const importNames = WebAssembly.Module.imports(module).map((i) => i.name);
  for (const name of importNames) {
    functions[name] ??= /^__asan_|^__cxa_atexit$|^atexit$/.test(name)
      ? () => 0
      : () => {
          throw new Stopped(`undefined ${name}`);
        };
  }
  const exports = new WebAssembly.Instance(module, { env: functions }).exports;
  const memory = (): DataView => new DataView((exports['memory'] as WebAssembly.Memory).buffer);
  const address = (name: string): number => Number((exports[name] as WebAssembly.Global).value);
  const text = (at: bigint | number): string => {
    const bytes = new Uint8Array(memory().buffer, Number(at));
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  };
  return {
    exports,
    units,
    importNames,
    call: (name, ...args) =>
      (exports[name] as (...args: readonly (number | bigint)[]) => number | bigint | undefined)(...args),
    memory,
    text,
    position: (depth) => {
      const id = memory().getUint32(address('vsp_frames') + 4 * depth, true);
      return units[id >>> 20]?.locations[id & 0xfffff];
    },
    depth: () => memory().getUint32(address('vsp_depth'), true),
    setFresh: (byte) => memory().setBigUint64(address('vsp_vary'), BigInt(byte) * 0x0101010101010101n, true),
    takeSteps: () => steps.splice(0).map((step) => [Number(step >> 32n), Number(step & 0xffffffffn)] as const),
    locationOf: (id) => units[id >>> 20]?.locations[id & 0xfffff],
    setBudget: (budget) => memory().setBigInt64(address('vsp_budget'), budget, true),
  };
}
