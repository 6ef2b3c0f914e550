/** Where the parts of the toolchain lie: in `dist/` once built, the compiler core itself in its package. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Runtime } from '../core/toolchain/compile.js';
import { prepareCore } from '../core/toolchain/compilerCore.js';

/**
 * Bytes of memory the compiler may use: with Node, the loaded core and its code this keeps a bomb below 1 GiB for the
 * whole process.
 */
export const COMPILER_MEMORY = 576 << 20;
const WASM_PAGE = 65536;

/** Package that holds the compiler core. */
const COMPILER_PACKAGE = 'node_modules/@yowasp/clang';

/** Folder of the product: where package.json and dist/ lie, whether this file is bundled or not. */
export function productFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return folder;
    }
    if (folder === dirname(folder)) {
      throw new Error('VSP Lab is not completely installed: its package.json is missing');
    }
  }
}

export function distFolder(): string {
  return join(productFolder(), 'dist');
}

/** A file of the compiler's package: our own copy, or the one of an enclosing installation. */
export function compilerFile(name: string): string {
  for (let folder = productFolder(); ; folder = dirname(folder)) {
    const file = join(folder, COMPILER_PACKAGE, name);
    if (existsSync(file)) {
      return file;
    }
    if (folder === dirname(folder)) {
      throw new Error(`the compiler is not installed: ${COMPILER_PACKAGE}/${name} is missing`);
    }
  }
}

/** V8's own value of --wasm-tiering-budget in the versions we run on; a module keeps the one it was made with. */
const DEFAULT_TIERING_BUDGET = 13_000_000;
/** Bytes of code a function of the core executes before it is optimised, in the background. */
const CORE_TIERING_BUDGET = 40_000_000;

/**
 * The compiler core, compiled. Measured on Node 24:
 * lazy validation makes this 55 ms instead of 180 (of 65 MB of code a run uses a small part; functions are validated
 * when first called); with the default budget a first driver waits for hundreds of functions to be optimised (700 ms
 * become 2,500), with none at all later ones take 190 ms instead of 140: only what is really hot is worth it; unrolling
 * loops makes one function of the core cost the optimising compiler 720 MB instead of 100, and gains nothing here.
 */
export function loadCompilerCore(): WebAssembly.Module {
  const bytes = readFileSync(compilerFile('gen/llvm.core.wasm'));
  prepareCore(bytes, COMPILER_MEMORY / WASM_PAGE);
  setFlagsFromString('--no-wasm-loop-unrolling');
  setFlagsFromString('--wasm-lazy-validation');
  setFlagsFromString(`--wasm-tiering-budget=${CORE_TIERING_BUDGET}`);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${DEFAULT_TIERING_BUDGET}`);
  }
}

export function compilerVersion(): string {
  return (JSON.parse(readFileSync(compilerFile('package.json'), 'utf8')) as { version: string }).version;
}

/** Lowercase hex SHA-256. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The same, which looks up files it has seen: our headers, read for each unit again. */
export function rememberingSha256(): (bytes: Uint8Array) => string {
  const known = new WeakMap<Uint8Array, string>();
  return (bytes) => {
    const hash = known.get(bytes) ?? sha256(bytes);
    known.set(bytes, hash);
    return hash;
  };
}

export const RUNTIME_FOLDER = 'runtime';
export const CLANG_HEADERS_FOLDER = 'runtime/clang';
export const WDK_HEADERS_FOLDER = 'wdk';

export interface RuntimeManifest {
  readonly hash: string;
  readonly symbols: readonly string[];
}

/** The runtime as built; throws a clear line when the build is not there. */
export function loadRuntime(folder = join(distFolder(), RUNTIME_FOLDER)): Runtime {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as RuntimeManifest;
    return { object: readFileSync(join(folder, 'runtime.o')), symbols: new Set(manifest.symbols), hash: manifest.hash };
  } catch {
    throw new Error('VSP Lab is not built: dist/runtime is missing (npm run build)');
  }
}

/** Whether a header of ours declares a function of that name; the headers are read when first asked. */
export function libraryFunctionTest(folder: string): (name: string) => boolean {
  let names: Set<string> | undefined;
  return (name) => {
    names ??= new Set(
      readdirSync(folder).flatMap((header) =>
        [...readFileSync(join(folder, header), 'utf8').matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].map(
          (match) => match[1] ?? '',
        ),
      ),
    );
    return names.has(name);
  };
}
