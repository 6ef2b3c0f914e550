/**
 * Build step: our C (extension/core/wdk/runtime, extension/core/kmcl) through the same front end as a driver, never
 * instrumented, optimised, as one object; and clang's few headers out of their archive. Writes dist/runtime, or the
 * folder it is given.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { FileAccess } from '../core/base/host.js';
import { CLANG_FOLDER, languageOf, WDK_FOLDER } from '../core/toolchain/arguments.js';
import { clangHeaders } from '../core/toolchain/clangHeaders.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import { displayPaths } from '../core/toolchain/displayPath.js';
import { linkRelocatable } from '../core/toolchain/link.js';
import { createLlvm } from '../core/toolchain/llvm.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import { ToolFiles } from '../core/toolchain/toolFiles.js';
import { compileUnit, type UnitTools } from '../core/toolchain/unit.js';
import { folderFiles, slashed } from './projectFiles.js';
import { missingFromRuntime } from './runtimeSymbols.js';
import {
  COMPILER_MEMORY,
  compilerFile,
  distFolder,
  loadCompilerCore,
  productFolder,
  RUNTIME_FOLDER,
  type RuntimeManifest,
  sha256,
} from './toolchainFiles.js';

const SOURCE_FOLDERS = ['extension/core/wdk/runtime', 'extension/core/kmcl'];
const INCLUDE_FOLDER = 'extension/core/wdk/include';

const OPTIONS: CompileOptions = { optimize: 2, checked: false, arch: 'x64', defines: ['VSP_RUNTIME=1'], includes: [] };

/** One source; `unit` numbers it among all of them. */
interface Unit {
  readonly unit: number;
  readonly source: string;
}

interface CompiledUnit extends Unit {
  readonly object: Uint8Array;
  /** Functions and variables it defines for others. */
  readonly symbols: readonly string[];
}

interface Compiled {
  readonly units: readonly CompiledUnit[];
  readonly problems: readonly string[];
}

/** What a thread of this file is asked to compile. */
interface Share {
  readonly root: string;
  readonly runtimeUnits: readonly Unit[];
}

interface BuiltRuntime {
  readonly object: Uint8Array;
  readonly manifest: RuntimeManifest;
}

/** Each thread keeps a core and its memory of up to half a gigabyte. */
const MOST_THREADS = 4;

function runtimeUnits(root: string): readonly Unit[] {
  return SOURCE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => languageOf(name) !== undefined)
      .sort()
      .map((name) => `${slashed(root)}/${folder}/${name}`),
  ).map((source, unit) => ({ unit, source }));
}

function openTools(root: string): UnitTools {
  const folder = slashed(root);
  const files = new ToolFiles(folderFiles(''), [
    { prefix: WDK_FOLDER, files: folderFiles(`${folder}/${INCLUDE_FOLDER}`) },
    { prefix: CLANG_FOLDER, files: headerFiles(readClangHeaders()) },
  ]);
  const llvm = createLlvm(loadCompilerCore());
  return { llvm, files, pathOf: displayPaths(folder), cwd: folder, memoryLimit: COMPILER_MEMORY };
}

/** Warnings are problems too: nobody would ever read them again. */
function compileShare({ root, runtimeUnits: share }: Share): Compiled {
  const tools = openTools(root);
  const options = { ...OPTIONS, includes: SOURCE_FOLDERS.map((each) => `${slashed(root)}/${each}`) };
  const problems: string[] = [];
  const units: CompiledUnit[] = [];
  for (const { unit, source } of share) {
    const result = compileUnit({ source, unit, options, instrument: false }, tools);
    const messages = result.ok ? result.output.facts.warnings : result.diagnostics;
    problems.push(...messages.map(formatDiagnostic));
    if (result.ok) {
      const { object, facts } = result.output;
      const functions = facts.definedFunctions.filter(({ linkage }) => linkage !== 'internal');
      units.push({ unit, source, object, symbols: [...functions.map(({ symbol }) => symbol), ...facts.definedData] });
    }
  }
  return { units, problems };
}

/** A share in a thread of its own. */
function compileInThread(share: Share): Promise<Compiled> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(fileURLToPath(import.meta.url), { workerData: share });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

/** Compiles the runtime of a checkout; throws with the compiler's messages. */
async function buildRuntime(root: string): Promise<BuiltRuntime> {
  const all = runtimeUnits(root);
  const threads = Math.min(availableParallelism(), MOST_THREADS);
  const shares = Array.from({ length: threads }, (_, thread) => all.filter(({ unit }) => unit % threads === thread));
  const compiled = await Promise.all(shares.map((share) => compileInThread({ root, runtimeUnits: share })));
  const problems = compiled.flatMap((share) => share.problems);
  if (problems.length > 0) {
    throw new Error(problems.join('\n'));
  }
  const units = compiled.flatMap((share) => share.units).sort((a, b) => a.unit - b.unit);
  const { llvm, files } = openTools(root);
  const linked = linkRelocatable(
    units.map(({ source, object }) => ({ name: source, bytes: object })),
    llvm,
    files,
  );
  const symbols = new Set(units.flatMap((unit) => unit.symbols));
  const missing = missingFromRuntime(linked, symbols);
  if (missing.length > 0) {
    throw new Error(missing.join('\n'));
  }
  return { object: linked, manifest: { hash: sha256(linked), symbols: [...symbols].sort() } };
}

/** clang's headers as files of one folder. */
export function headerFiles(headers: ReadonlyMap<string, Uint8Array>): FileAccess {
  return {
    read: (path) => headers.get(path.slice(1)),
    list: (path) => (path === '/' ? [...headers.keys()].map((name) => ({ name, directory: false })) : undefined),
  };
}

export function readClangHeaders(): ReadonlyMap<string, Uint8Array> {
  return clangHeaders(readFileSync(compilerFile('gen/llvm-resources.tar')));
}

/** Writes runtime.o, manifest.json and clang's headers into `folder`. */
async function main(folder: string): Promise<void> {
  const { object, manifest } = await buildRuntime(productFolder());
  mkdirSync(join(folder, 'clang'), { recursive: true });
  for (const [name, bytes] of readClangHeaders()) {
    writeFileSync(join(folder, 'clang', name), bytes);
  }
  writeFileSync(join(folder, 'runtime.o'), object);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

const share = workerData as Partial<Share> | null;
if (process.argv[1] === fileURLToPath(import.meta.url) && isMainThread) {
  try {
    await main(process.argv[2] ?? join(distFolder(), RUNTIME_FOLDER));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
} else if (share?.root !== undefined && share.runtimeUnits !== undefined) {
  parentPort?.postMessage(compileShare({ root: share.root, runtimeUnits: share.runtimeUnits }));
}
