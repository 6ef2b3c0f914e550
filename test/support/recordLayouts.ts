/** Record layouts as the compiler has them (-fdump-record-layouts), with the MSVC x64 front end. */
import { join } from 'node:path';
import { memoryFiles } from '../../extension/core/run/memoryFiles.js';
import { CLANG_FOLDER, frontEndArguments, WDK_FOLDER } from '../../extension/core/toolchain/arguments.js';
import { createLlvm } from '../../extension/core/toolchain/llvm.js';
import { ToolFiles } from '../../extension/core/toolchain/toolFiles.js';
import { headerFiles, readClangHeaders } from '../../extension/worker/buildRuntime.js';
import { folderFiles, slashed } from '../../extension/worker/projectFiles.js';
import { loadCompilerCore, productFolder } from '../../extension/worker/toolchainFiles.js';

export interface RecordLayout {
  readonly size: number;
  /** Offsets of named top-level fields. */
  readonly fields: Readonly<Record<string, number>>;
}

/** Layouts of the records a C text uses; it may include our runtime's headers by name. */
export function recordLayouts(text: string): ReadonlyMap<string, RecordLayout> {
  const root = slashed(productFolder());
  const own = memoryFiles({ '/scratch/layouts.c': text });
  const disk = folderFiles('');
  const files = new ToolFiles(
    { read: (path) => own.read(path) ?? disk.read(path), list: (path) => own.list(path) ?? disk.list(path) },
    [
      { prefix: WDK_FOLDER, files: folderFiles(join(root, 'extension/core/wdk/include')) },
      { prefix: CLANG_FOLDER, files: headerFiles(readClangHeaders()) },
    ],
  );
  const args = frontEndArguments({
    source: '/scratch/layouts.c',
    language: 'c',
    output: '/<out>/layouts.ll',
    options: {
      optimize: 0,
      checked: false,
      arch: 'x64',
      defines: ['VSP_RUNTIME=1'],
      includes: [`${root}/extension/core/wdk/runtime`, `${root}/extension/core/kmcl`],
    },
    flags: { includes: [], defines: [], undefines: [], forced: [] },
    cwd: '/scratch',
  });
  const dumping = args.flatMap((argument) =>
    argument === '-emit-llvm' ? ['-fsyntax-only', '-fdump-record-layouts-complete'] : [argument],
  );
  const run = createLlvm(loadCompilerCore()).run(dumping, files);
  return parseLayouts(`${run.stdout}\n${run.stderr}`);
}

function parseLayouts(output: string): ReadonlyMap<string, RecordLayout> {
  const layouts = new Map<string, RecordLayout>();
  for (const block of output.split('*** Dumping AST Record Layout').slice(1)) {
    const name = /^\s*0 \| struct (\w+)$/m.exec(block)?.[1];
    const size = /sizeof=(\d+)/.exec(block)?.[1];
    if (name !== undefined && size !== undefined) {
      // top-level fields stand three columns behind the bar
      const fields = [...block.matchAll(/^\s*(\d+) \| {3}(?! )\S.*?(\w+)$/gm)].map(([, at, field = '']) => [
        field,
        Number(at),
      ]);
      layouts.set(name, { size: Number(size), fields: Object.fromEntries(fields) });
    }
  }
  return layouts;
}
