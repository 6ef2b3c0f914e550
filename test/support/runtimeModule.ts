/** The C runtime of extension/core/wdk/runtime linked with small C drivers. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { CLANG_FOLDER, WDK_FOLDER } from '../../extension/core/toolchain/arguments.js';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { link } from '../../extension/core/toolchain/link.js';
import { createLlvm } from '../../extension/core/toolchain/llvm.js';
import type { CompileOptions } from '../../extension/core/toolchain/module.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';
import { compileUnit, type UnitOutput, type UnitTools } from '../../extension/core/toolchain/unit.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { folderFiles, slashed } from '../../extension/worker/projectFiles.js';
import {
  COMPILER_MEMORY,
  compilerVersion,
  loadCompilerCore,
  productFolder,
  sha256,
} from '../../extension/worker/toolchainFiles.js';
import { type RunOptions, type RuntimeInstance, startRuntime } from './runtimeInstance.js';

export type { RunOptions, RuntimeInstance } from './runtimeInstance.js';

const ROOT = slashed(productFolder());
const RUNTIME = `${ROOT}/extension/core/wdk/runtime`;
const HEADERS = `${ROOT}/extension/core/wdk/include`;
const SCRATCH = '/scratch';
const CACHE = join(ROOT, 'node_modules/.cache/vsp-lab/runtime');

export interface RuntimeModule {
  start(options?: RunOptions): RuntimeInstance;
}

interface Toolbox {
  readonly tools: (sources: Readonly<Record<string, string>>) => UnitTools;
  readonly runtime: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

let toolbox: Toolbox | undefined;

function openToolbox(): Toolbox {
  const llvm = createLlvm(loadCompilerCore());
  const clang = headerFiles(readClangHeaders());
  const disk = folderFiles('');
  const mounts = [
    { prefix: WDK_FOLDER, files: folderFiles(HEADERS) },
    { prefix: CLANG_FOLDER, files: clang },
  ];
  const tools = (sources: Readonly<Record<string, string>>): UnitTools => {
    const scratch = memoryFiles(
      Object.fromEntries(Object.entries(sources).map(([name, text]) => [`${SCRATCH}/${name}`, text])),
    );
    const project = {
      read: (path: string) => scratch.read(path) ?? disk.read(path),
      list: (path: string) => scratch.list(path) ?? disk.list(path),
    };
    return {
      llvm,
      files: new ToolFiles(project, mounts),
      pathOf: (path) => path,
      cwd: SCRATCH,
      memoryLimit: COMPILER_MEMORY,
    };
  };
  return { tools, runtime: runtimeObjects(tools({})) };
}

/** Objects of the runtime, kept by content: they take seconds to compile and several test files need them. */
function runtimeObjects(tools: UnitTools): Toolbox['runtime'] {
  const sources = readdirSync(RUNTIME)
    .filter((name) => name.endsWith('.c'))
    .sort();
  const texts = [RUNTIME, HEADERS].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.h'))
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
  const common = sha256([compilerVersion(), ...texts].join('\0'));
  mkdirSync(CACHE, { recursive: true });
  const options: CompileOptions = {
    optimize: 2,
    checked: false,
    arch: 'x64',
    defines: ['VSP_RUNTIME=1'],
    includes: [RUNTIME],
  };
  return sources.map((name, unit) => {
    const cached = join(CACHE, `${sha256(common + readFileSync(join(RUNTIME, name), 'utf8'))}.o`);
    try {
      return { name, bytes: readFileSync(cached) };
    } catch {
      const { object } = compiled(`${RUNTIME}/${name}`, unit, options, false, tools);
      writeFileSync(`${cached}.${process.pid}`, object);
      renameSync(`${cached}.${process.pid}`, cached);
      return { name, bytes: object };
    }
  });
}

function compiled(
  source: string,
  unit: number,
  options: CompileOptions,
  instrument: boolean,
  tools: UnitTools,
): UnitOutput {
  const result = compileUnit({ source, unit, options, instrument }, tools);
  if (!result.ok) {
    throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
  }
  const { warnings } = result.output.facts;
  if (!instrument && warnings.length > 0) {
    throw new Error(warnings.map(formatDiagnostic).join('\n'));
  }
  return result.output;
}

export interface BuildOptions {
  readonly checked?: boolean;
  readonly optimize?: 0 | 2;
  /** Exports besides the driver's own functions and the vsp_ functions the tests call. */
  readonly exports?: readonly string[];
}

const RUNTIME_EXPORTS = [
  'vsp_lasting_address',
  'vsp_budget_address',
  'vsp_initialize',
  'vsp_snapshot_globals',
  'vsp_restart_host',
  'vsp_allocate',
  'vsp_free',
  'vsp_user_allocate',
  'vsp_user_free',
  'vsp_poison',
  'vsp_unpoison',
  'vsp_describe',
  'vsp_stack',
  'vsp_pool_first',
  'vsp_pool_next',
  'vsp_mark_begin',
  'vsp_mark_object',
  'vsp_mark_value',
  'vsp_mark_reachable',
  'vsp_is_reached',
  'vsp_object_signaled',
  'vsp_object_acquire',
];

/** Links C or C++ sources as a driver with the runtime. */
export function buildRuntimeModule(sources: Readonly<Record<string, string>>, build: BuildOptions = {}): RuntimeModule {
  toolbox ??= openToolbox();
  const tools = toolbox.tools(sources);
  const options: CompileOptions = {
    optimize: build.optimize ?? 0,
    checked: build.checked ?? false,
    arch: 'x64',
    defines: [],
    includes: [RUNTIME],
  };
  const names = Object.keys(sources).filter((name) => /\.(c|cpp)$/.test(name));
  const units = names.map((name, unit) => compiled(`${SCRATCH}/${name}`, unit, options, true, tools));
  const own = units.flatMap(({ facts }) => facts.definedFunctions.map(({ symbol }) => symbol));
  const objects = [
    ...units.map(({ object }, index) => ({ name: names[index] ?? '', bytes: object })),
    ...toolbox.runtime,
  ];
  const linked = link(
    { objects, exports: [...RUNTIME_EXPORTS, ...own, ...(build.exports ?? [])] },
    tools.llvm,
    tools.files,
  );
  if (!linked.ok) {
    throw new Error(linked.diagnostics.map(formatDiagnostic).join('\n'));
  }
  const module = new WebAssembly.Module(linked.wasm as Uint8Array<ArrayBuffer>);
  const locations = units.map(({ facts }) => facts.locations);
  return { start: (run = {}) => startRuntime(module, locations, run) };
}
