/** The C runtime of this checkout, compiled file by file and kept by content: the whole takes many seconds, one file a fraction of one. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLANG_FOLDER, WDK_FOLDER } from '../../extension/core/toolchain/arguments.js';
import type { Runtime } from '../../extension/core/toolchain/compile.js';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { linkRelocatable } from '../../extension/core/toolchain/link.js';
import type { Llvm } from '../../extension/core/toolchain/llvm.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';
import { compileUnit } from '../../extension/core/toolchain/unit.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { folderFiles, slashed } from '../../extension/worker/projectFiles.js';
import { missingFromRuntime } from '../../extension/worker/runtimeSymbols.js';
import {
  COMPILER_MEMORY,
  compilerVersion,
  distFolder,
  loadRuntime,
  productFolder,
  RUNTIME_FOLDER,
  sha256,
} from '../../extension/worker/toolchainFiles.js';

const ROOT = slashed(productFolder());
const SOURCE_FOLDERS = [`${ROOT}/extension/core/wdk/runtime`, `${ROOT}/extension/core/kmcl`];
const HEADERS = `${ROOT}/extension/core/wdk/include`;
const CACHE = join(ROOT, 'node_modules/.cache/vsp-lab/objects');

interface KeptObject {
  readonly object: string;
  readonly symbols: readonly string[];
}

function names(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** Whether the build's runtime is newer than every source it is made of. */
function builtIsFresh(): boolean {
  const built = statSync(join(distFolder(), RUNTIME_FOLDER, 'runtime.o'), { throwIfNoEntry: false });
  const sources = [...SOURCE_FOLDERS, HEADERS].flatMap((folder) =>
    [...names(folder, '.c'), ...names(folder, '.h')].map((name) => `${folder}/${name}`),
  );
  return built !== undefined && sources.every((source) => statSync(source).mtimeMs < built.mtimeMs);
}

/** The build's runtime if it is up to date (npm test builds first), else this checkout's. */
export function testRuntime(llvm: Llvm): Runtime {
  return builtIsFresh() ? loadRuntime() : compiledRuntime(llvm);
}

/** Compiles what is not kept yet; throws with the compiler's messages, warnings too. */
function compiledRuntime(llvm: Llvm): Runtime {
  const files = new ToolFiles(folderFiles(''), [
    { prefix: WDK_FOLDER, files: folderFiles(HEADERS) },
    { prefix: CLANG_FOLDER, files: headerFiles(readClangHeaders()) },
  ]);
  const tools = { llvm, files, pathOf: (path: string) => path, cwd: ROOT, memoryLimit: COMPILER_MEMORY };
  const headers = [...SOURCE_FOLDERS, HEADERS].flatMap((folder) =>
    names(folder, '.h').map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  );
  const common = sha256([compilerVersion(), ...headers].join('\0'));
  mkdirSync(CACHE, { recursive: true });
  const sources = SOURCE_FOLDERS.flatMap((folder) => names(folder, '.c').map((name) => `${folder}/${name}`));
  const kept = sources.map((source, unit): KeptObject => {
    const file = join(CACHE, `${sha256(common + readFileSync(source, 'utf8'))}.json`);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as KeptObject;
    } catch {
      const compiled = compile(source, unit, tools);
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(compiled));
      renameSync(`${file}.${process.pid}`, file);
      return compiled;
    }
  });
  const object = linkRelocatable(
    kept.map((entry, index) => ({ name: sources[index] ?? '', bytes: Buffer.from(entry.object, 'base64') })),
    llvm,
    files,
  );
  const symbols = new Set(kept.flatMap((entry) => entry.symbols));
  const missing = missingFromRuntime(object, symbols);
  if (missing.length > 0) {
    throw new Error(missing.join('\n'));
  }
  return { object, symbols, hash: sha256(object) };
}

function compile(source: string, unit: number, tools: Parameters<typeof compileUnit>[1]): KeptObject {
  const options = {
    optimize: 2,
    checked: false,
    arch: 'x64',
    defines: ['VSP_RUNTIME=1'],
    includes: SOURCE_FOLDERS,
  } as const;
  const result = compileUnit({ source, unit, options, instrument: false }, tools);
  const problems = result.ok ? result.output.facts.warnings : result.diagnostics;
  if (!result.ok || problems.length > 0) {
    throw new Error(problems.map(formatDiagnostic).join('\n'));
  }
  const { facts, object } = result.output;
  const functions = facts.definedFunctions.filter(({ linkage }) => linkage !== 'internal').map(({ symbol }) => symbol);
  return { object: Buffer.from(object).toString('base64'), symbols: [...functions, ...facts.definedData] };
}
