/** Compiles texts against our WDK-shaped headers as the product does, with the warnings inside the headers shown. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { CLANG_FOLDER, frontEndArguments, WDK_FOLDER } from '../../extension/core/toolchain/arguments.js';
import { createLlvm, type Llvm, outputPath } from '../../extension/core/toolchain/llvm.js';
import type { CompileOptions } from '../../extension/core/toolchain/module.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { folderFiles, slashed } from '../../extension/worker/projectFiles.js';
import { loadCompilerCore } from '../../extension/worker/toolchainFiles.js';

export const WDK_INCLUDE = slashed(fileURLToPath(new URL('../../extension/core/wdk/include', import.meta.url)));

/** Names of all our headers. */
export const wdkHeaders: readonly string[] = readdirSync(WDK_INCLUDE).sort();

export interface WdkCompileOptions {
  readonly standard: 'c11' | 'c17' | 'c++17' | 'c++20';
  readonly arch?: CompileOptions['arch'];
  readonly defines?: readonly string[];
  readonly undefines?: readonly string[];
  /** 2 is the free build: DBG 0. */
  readonly optimize?: 0 | 2;
  /** Further cc1 arguments. */
  readonly extra?: readonly string[];
}

let llvm: Llvm | undefined;
let clang: ReturnType<typeof headerFiles> | undefined;

/** Messages of the front end, empty when there are none. */
export function wdkMessages(text: string, options: WdkCompileOptions): string {
  return compile(text, options, '-fsyntax-only').messages;
}

/** IR of a text that has no errors. */
export function wdkIr(text: string, options: WdkCompileOptions): string {
  const { ir, messages } = compile(text, options, '-emit-llvm');
  if (ir === undefined) {
    throw new Error(messages);
  }
  return ir;
}

function compile(
  text: string,
  options: WdkCompileOptions,
  action: string,
): { readonly messages: string; readonly ir: string | undefined } {
  llvm ??= createLlvm(loadCompilerCore());
  clang ??= headerFiles(readClangHeaders());
  const language = options.standard.includes('++') ? 'c++' : 'c';
  const name = language === 'c' ? '/src/probe.c' : '/src/probe.cpp';
  const files = new ToolFiles(memoryFiles({ [name]: text }), [
    { prefix: WDK_FOLDER, files: folderFiles(WDK_INCLUDE) },
    { prefix: CLANG_FOLDER, files: clang },
  ]);
  const args = frontEndArguments({
    source: name,
    language,
    output: outputPath('probe.ll'),
    options: {
      optimize: options.optimize ?? 0,
      checked: false,
      arch: options.arch ?? 'x64',
      defines: options.defines ?? [],
      includes: [],
    },
    flags: {
      defines: [],
      undefines: options.undefines ?? [],
      includes: [],
      forced: [],
      standard: options.standard,
    },
    cwd: '/src',
  });
  // Warnings of a system folder would not be shown.
  const wdk = args.indexOf(WDK_FOLDER) - 1;
  const shown = args.map((arg, index) => (index === wdk ? '-I' : arg === '-emit-llvm' ? action : arg));
  const result = llvm.run([...shown.slice(0, -1), '-Wextra', ...(options.extra ?? []), ...shown.slice(-1)], files);
  const output = files.output(outputPath('probe.ll'))?.content();
  return {
    messages: result.end === 'exit' ? result.stderr : `${result.end}: ${result.stderr}`,
    ir: result.status === 0 && output !== undefined ? new TextDecoder().decode(output) : undefined,
  };
}
