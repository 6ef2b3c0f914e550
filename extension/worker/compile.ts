/** Worker entry: compiles drivers, one request after the other. The host ends it when a request takes too long. */
import './codeCollection.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { checkDriver } from '../core/rules/static/checkDriver.js';
import { UnitMemory } from '../core/rules/static/unitMemory.js';
import type { CompileServices } from '../core/toolchain/compile.js';
import { compileDriver, headerMounts } from '../core/toolchain/compile.js';
import { createLlvm, type Llvm } from '../core/toolchain/llvm.js';
import { PrecompiledHeaders } from '../core/toolchain/precompiled.js';
import type { CompileMessage, CompileReply, CompileWorkerData } from './compileProtocol.js';
import { contextFacts } from './contextFacts.js';
import { diskCache } from './diskCache.js';
import { fixedFolderFiles, projectFiles } from './projectFiles.js';
import {
  CLANG_HEADERS_FOLDER,
  COMPILER_MEMORY,
  compilerVersion,
  distFolder,
  libraryFunctionTest,
  loadCompilerCore,
  loadRuntime,
  rememberingSha256,
  sha256,
  WDK_HEADERS_FOLDER,
} from './toolchainFiles.js';

const port = parentPort;
if (port === null) {
  throw new Error('this file is a worker');
}
const { cacheFolder } = workerData as CompileWorkerData;

let compiler: Llvm | undefined;
/** Loaded at the first tool run: a driver found in the cache needs none. */
const llvm: Llvm = {
  run: (args, files) => {
    compiler ??= createLlvm(loadCompilerCore());
    return compiler.run(args, files);
  },
  prepare: () => compiler?.prepare() ?? false,
};

const wdkFolder = join(distFolder(), WDK_HEADERS_FOLDER);
const headers = {
  wdk: fixedFolderFiles(wdkFolder),
  clangHeaders: fixedFolderFiles(join(distFolder(), CLANG_HEADERS_FOLDER)),
};
const mounts = headerMounts(headers);
const precompiled = new PrecompiledHeaders(llvm, mounts);
const fixed: Omit<CompileServices, 'files' | 'cwd' | 'rootOf'> = {
  llvm,
  ...headers,
  precompiled,
  runtime: loadRuntime(),
  isLibraryFunction: libraryFunctionTest(wdkFolder),
  hash: rememberingSha256(),
  // This very file holds the passes: another one makes other objects.
  version: `${compilerVersion()} ${sha256(readFileSync(fileURLToPath(import.meta.url)))}`,
  memoryLimit: COMPILER_MEMORY,
  ...(cacheFolder === undefined ? {} : { cache: diskCache(cacheFolder) }),
};

const remembered = new UnitMemory();

async function answer(request: CompileMessage): Promise<CompileReply> {
  const started = performance.now();
  try {
    if (request.kind === 'contexts') {
      const facts = contextFacts(request, { llvm, mounts });
      return { kind: 'contexts', id: request.id, ...(facts === undefined ? {} : { facts }) };
    }
    const { sources, options, cwd, workspaceRoots, overlays } = request;
    const files = projectFiles(sources.sources, options.includes, workspaceRoots, overlays);
    if (request.kind === 'check') {
      const result = checkDriver(sources, options, { ...fixed, files, cwd }, remembered);
      return { kind: 'checked', id: request.id, result };
    }
    const result = await compileDriver(sources, options, { ...fixed, files, cwd, rootOf: files.rootOf });
    return { kind: 'compiled', id: request.id, result, milliseconds: performance.now() - started };
  } catch (error) {
    return { kind: 'failed', id: request.id, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Each tool run leaves an instance of up to hundreds of megabytes behind, which the engine is slow to notice. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * After so long without a request the worker makes ready for the next: a person who has saved a file does not do so
 * again at once.
 */
const IDLE_MILLISECONDS = 100;

let timer: NodeJS.Timeout | undefined;

/** Not before the driver that was just compiled has run: its tests want the processors that collecting takes. */
function rest(): void {
  collectGarbage();
  makeReady();
}

/** One piece at a time: a request that arrives meanwhile waits for one at most. */
function makeReady(): void {
  if (precompiled.prepare() || llvm.prepare()) {
    timer = setTimeout(makeReady, 0);
  } else {
    collectGarbage();
  }
}

let waiting = 0;
let queue = Promise.resolve();
port.on('message', (request: CompileMessage) => {
  waiting++;
  clearTimeout(timer);
  queue = queue.then(async () => {
    port.postMessage(await answer(request));
    waiting--;
    if (waiting === 0) {
      timer = setTimeout(rest, IDLE_MILLISECONDS);
    } else {
      setImmediate(collectGarbage);
    }
  });
});
