/** The static rules over texts of a test, with the real compiler and our headers. */
import { join } from 'node:path';
import type { FileAccess } from '../../extension/core/base/host.js';
import { type CheckResult, checkDriver } from '../../extension/core/rules/static/checkDriver.js';
import { UnitMemory } from '../../extension/core/rules/static/unitMemory.js';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { headerMounts } from '../../extension/core/toolchain/compile.js';
import { createLlvm } from '../../extension/core/toolchain/llvm.js';
import { PrecompiledHeaders } from '../../extension/core/toolchain/precompiled.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { fixedFolderFiles } from '../../extension/worker/projectFiles.js';
import {
  COMPILER_MEMORY,
  libraryFunctionTest,
  loadCompilerCore,
  productFolder,
} from '../../extension/worker/toolchainFiles.js';

const FOLDER = '/project';

export class StaticChecker {
  readonly #llvm = createLlvm(loadCompilerCore());
  readonly #wdk = join(productFolder(), 'extension/core/wdk/include');
  readonly #headers: { readonly wdk: FileAccess; readonly clangHeaders: FileAccess } = {
    wdk: fixedFolderFiles(this.#wdk),
    clangHeaders: headerFiles(readClangHeaders()),
  };
  readonly #precompiled = new PrecompiledHeaders(this.#llvm, headerMounts(this.#headers));
  readonly #isLibraryFunction = libraryFunctionTest(this.#wdk);
  readonly #memory = new UnitMemory();

  /** `files` by name; those of `sources` are one driver. */
  check(
    files: Readonly<Record<string, string>>,
    sources: readonly string[],
    defines: readonly string[] = [],
  ): CheckResult {
    const texts = Object.fromEntries(Object.entries(files).map(([name, text]) => [`${FOLDER}/${name}`, text]));
    const result = checkDriver(
      { name: 'driver', sources: sources.map((name) => `${FOLDER}/${name}`) },
      { optimize: 0, checked: false, arch: 'x64', defines, includes: [] },
      {
        llvm: this.#llvm,
        files: memoryFiles(texts),
        ...this.#headers,
        cwd: FOLDER,
        isLibraryFunction: this.#isLibraryFunction,
        memoryLimit: COMPILER_MEMORY,
        precompiled: this.#precompiled,
      },
      this.#memory,
    );
    this.#precompiled.prepare();
    return result;
  }
}
