/** Scaffolds files in memory with the real compiler's facts, as the command line does it on a disk. */
import { join } from 'node:path';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { chooseContext } from '../../extension/core/scaffold/choose.js';
import { findContexts } from '../../extension/core/scaffold/findContexts.js';
import {
  applyEdits,
  type ContextFacts,
  type ScaffoldOptions,
  type ScaffoldResult,
  siblingsOf,
} from '../../extension/core/scaffold/request.js';
import { scaffold } from '../../extension/core/scaffold/scaffold.js';
import { CLANG_FOLDER, frontEndArguments, languageOf, WDK_FOLDER } from '../../extension/core/toolchain/arguments.js';
import { createLlvm, type Llvm } from '../../extension/core/toolchain/llvm.js';
import type { CompileOptions } from '../../extension/core/toolchain/module.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { folderFiles } from '../../extension/worker/projectFiles.js';
import { loadCompilerCore, productFolder } from '../../extension/worker/toolchainFiles.js';

const OPTIONS: CompileOptions = { optimize: 0, checked: false, arch: 'x64', defines: [], includes: [] };

let compiler: Llvm | undefined;

function llvm(): Llvm {
  compiler ??= createLlvm(loadCompilerCore());
  return compiler;
}

const mounts = [
  { prefix: WDK_FOLDER, files: folderFiles(join(productFolder(), 'extension/core/wdk/include')) },
  { prefix: CLANG_FOLDER, files: headerFiles(readClangHeaders()) },
];

/** A folder of sources that scaffolding changes. */
export class ScaffoldFolder {
  readonly files = new Map<string, string>();

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) this.files.set(name, text);
  }

  text(name: string): string {
    return this.files.get(name) ?? '';
  }

  facts(name: string): ContextFacts {
    const facts = findContexts(
      { source: `/src/${name}`, language: languageOf(name) ?? 'c', options: OPTIONS, flags: NO_FLAGS, cwd: '/src' },
      {
        llvm: llvm(),
        files: this.#access(),
        mounts,
        pathOf: (path) => path.replace(/^\/src\//, '').replace(/^\/</, '<'),
      },
    );
    if (facts === undefined) throw new Error(`no file ${name}`);
    return facts;
  }

  /** What would be written, without writing it. `facts` may be older than the text: structures do not change. */
  ask(name: string, context: string, options: ScaffoldOptions = {}, facts = this.facts(name)): ScaffoldResult {
    const chosen = chooseContext(facts, context, name);
    if (!chosen.ok) return chosen;
    const siblings = siblingsOf([...this.files.keys()], (each) => new TextEncoder().encode(this.text(each)));
    return scaffold({ ...options, fileName: name, text: this.text(name), context: chosen.value, facts, siblings });
  }

  /** Writes it; throws with the message where nothing is written. */
  scaffold(
    name: string,
    context: string,
    options: ScaffoldOptions = {},
    facts = this.facts(name),
  ): ScaffoldResult & { readonly ok: true } {
    const result = this.ask(name, context, options, facts);
    if (!result.ok) throw new Error(result.message);
    this.files.set(name, applyEdits(this.text(name), result.edits));
    if (result.fixture !== undefined) this.files.set(result.fixture.name, result.fixture.text);
    return result;
  }

  /** What the compiler says about a source with all warnings on; '' for nothing. */
  warnings(name: string): string {
    const args = frontEndArguments({
      source: `/src/${name}`,
      language: languageOf(name) ?? 'c',
      output: '/<out>/warnings.ll',
      options: OPTIONS,
      flags: NO_FLAGS,
      cwd: '/src',
    });
    const strict = args.flatMap((each) =>
      each === '-Wall'
        ? ['-Wall', '-Wextra', '-Wconversion', '-Wno-sign-conversion']
        : each === '-Wno-unused-function'
          ? []
          : [each],
    );
    return llvm().run(strict, new ToolFiles(this.#access(), mounts)).stderr;
  }

  #access() {
    return memoryFiles(Object.fromEntries([...this.files].map(([name, text]) => [`/src/${name}`, text])));
  }
}

const NO_FLAGS = { includes: [], defines: [], undefines: [], forced: [] };
