/** For tests: projects in a folder of their own, compiled by the real compiler against a runtime of a few lines. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CLANG_FOLDER } from '../core/toolchain/arguments.js';
import type { CompileServices, Runtime } from '../core/toolchain/compile.js';
import { compileDriver } from '../core/toolchain/compile.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import { createLlvm, type Llvm } from '../core/toolchain/llvm.js';
import type { CompiledDriver, CompileOptions, CompileResult } from '../core/toolchain/module.js';
import { ToolFiles } from '../core/toolchain/toolFiles.js';
import { compileUnit } from '../core/toolchain/unit.js';
import { headerFiles, readClangHeaders } from './buildRuntime.js';
import { folderFiles, projectFiles, slashed } from './projectFiles.js';
import { COMPILER_MEMORY, libraryFunctionTest, loadCompilerCore, productFolder, sha256 } from './toolchainFiles.js';

export const OPTIONS: CompileOptions = { optimize: 0, checked: false, arch: 'x64', defines: [], includes: [] };

const WDK = join(productFolder(), 'extension/core/wdk/include');

/** What instrumented code needs (vsp.h), and nothing else. */
const TINY_RUNTIME = `
unsigned vsp_frames[16384];
unsigned vsp_depth;
long long vsp_budget = 1000000;
const void *vsp_called;
unsigned long long __asan_shadow_memory_dynamic_address;
void vsp_out_of_frames(void) { __builtin_trap(); }
void vsp_out_of_budget(void) { __builtin_trap(); }
`;

/** A folder that ends with the test. Paths are relative to it; a `.git` makes it a project. */
export class TestProject {
  readonly root = slashed(realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-'))));

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    mkdirSync(join(this.root, '.git'));
    for (const [path, content] of Object.entries(files)) {
      this.write(path, content);
    }
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  at(path: string): string {
    return `${this.root}/${path}`;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** One compiler for all tests of a file. */
export class TestToolchain {
  readonly llvm: Llvm = createLlvm(loadCompilerCore());
  /** Tool runs so far: what a cache saves. */
  runs = 0;
  readonly #headers = headerFiles(readClangHeaders());
  readonly #runtime: Runtime = this.#tinyRuntime();

  async compile(
    project: TestProject,
    sources: readonly string[],
    options: Partial<CompileOptions> = {},
    services: Partial<CompileServices> = {},
  ): Promise<CompileResult> {
    const paths = sources.map((path) => project.at(path));
    const all = { ...OPTIONS, ...options };
    const files = projectFiles(paths, all.includes);
    const llvm: Llvm = {
      ...this.llvm,
      run: (args, tree) => {
        this.runs++;
        return this.llvm.run(args, tree);
      },
    };
    return compileDriver({ name: 'driver', sources: paths }, all, {
      llvm,
      files,
      wdk: folderFiles(WDK),
      clangHeaders: this.#headers,
      runtime: this.#runtime,
      cwd: project.root,
      rootOf: files.rootOf,
      isLibraryFunction: libraryFunctionTest(WDK),
      hash: sha256,
      version: 'test',
      memoryLimit: COMPILER_MEMORY,
      ...services,
    });
  }

  #tinyRuntime(): Runtime {
    const source = new TestProject({ 'runtime.c': TINY_RUNTIME });
    const files = new ToolFiles(folderFiles(''), [{ prefix: CLANG_FOLDER, files: this.#headers }]);
    const result = compileUnit(
      { source: source.at('runtime.c'), unit: 0, options: { ...OPTIONS, optimize: 2 }, instrument: false },
      { llvm: this.llvm, files, pathOf: (path) => path, cwd: source.root, memoryLimit: COMPILER_MEMORY },
    );
    source.remove();
    if (!result.ok) {
      throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
    }
    const { definedData, definedFunctions } = result.output.facts;
    return {
      object: result.output.object,
      symbols: new Set([...definedData, ...definedFunctions.map(({ symbol }) => symbol)]),
      hash: 'tiny',
    };
  }
}

/** The driver, or a failure that shows what the compiler said. */
export function driverOf(result: CompileResult): CompiledDriver {
  if (!result.ok) {
    throw new Error(messagesOf(result).join('\n'));
  }
  return result.driver;
}

/** Errors and notes as the user sees them; none for a driver that compiled. */
export function messagesOf(result: CompileResult): readonly string[] {
  return result.ok ? [] : result.diagnostics.map(formatDiagnostic);
}
