/** Units and runtime → one module. */
import { type Llvm, outputPath } from './llvm.js';
import type { Diagnostic } from './module.js';
import type { ToolFiles } from './toolFiles.js';

export interface LinkRequest {
  /** Units in the order in which their definitions win; the runtime comes last. */
  readonly objects: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Exported where something defines them. */
  readonly exports: readonly string[];
  /** Variables and functions have other addresses than they would have, everything else is the same. */
  readonly moved?: boolean;
}

export type LinkResult =
  | { readonly ok: true; readonly wasm: Uint8Array; readonly notes: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * The stack lies first, so that an overflow runs below address 0 and traps: 1 MiB of it above the 64 KiB that are never
 * valid (toolchain-facts 1).
 */
const STACK_BYTES = (1 << 20) + (64 << 10);

const LINK_ARGUMENTS: readonly string[] = [
  '-mwasm64',
  '--no-entry',
  '--allow-undefined',
  '--allow-multiple-definition',
  '--stack-first',
  '-z',
  `stack-size=${STACK_BYTES}`,
  '--export-table',
  '--growable-table',
  '--gc-sections',
  '--strip-debug',
];
/** Far enough that high and low bytes of addresses differ; 16 bytes are what most variables are aligned to. */
const MOVED_ARGUMENTS: readonly string[] = [`--global-base=${STACK_BYTES + 0x1_3570}`, '--table-base=102'];
const ALWAYS_EXPORTED: readonly string[] = ['__stack_pointer', '__wasm_call_ctors', '__heap_base', '__data_end'];

export function link(request: LinkRequest, llvm: Llvm, files: ToolFiles): LinkResult {
  files.clearOutputs();
  const output = outputPath('driver.wasm');
  const inputs = request.objects.map(({ bytes }, index) => {
    const path = outputPath(`${index}.o`);
    files.createOutput(path, bytes);
    return path;
  });
  const names = [...new Set([...ALWAYS_EXPORTED, ...request.exports])];
  const placed = request.moved === true ? [...LINK_ARGUMENTS, ...MOVED_ARGUMENTS] : LINK_ARGUMENTS;
  const run = llvm.run(
    ['wasm-ld', ...placed, ...names.map((name) => `--export-if-defined=${name}`), '-o', output, ...inputs],
    files,
  );
  const wasm = files.output(output)?.content().slice();
  files.clearOutputs();
  const nameOf = (index: string | undefined): string => request.objects[Number(index)]?.name ?? 'the runtime';
  if (run.end !== 'exit' || run.status !== 0 || wasm === undefined) {
    const text = withNames(run.stderr, nameOf);
    return {
      ok: false,
      diagnostics: [
        { severity: 'error', file: '', line: 0, column: 0, message: `could not be linked: ${text.trim()}` },
      ],
    };
  }
  return { ok: true, wasm, notes: mismatches(run.stderr, nameOf) };
}

/** One object of several, for our runtime. */
export function linkRelocatable(objects: LinkRequest['objects'], llvm: Llvm, files: ToolFiles): Uint8Array {
  files.clearOutputs();
  const output = outputPath('runtime.o');
  objects.forEach(({ bytes }, index) => {
    files.createOutput(outputPath(`${index}.o`), bytes);
  });
  const run = llvm.run(
    ['wasm-ld', '-mwasm64', '-r', '-o', output, ...objects.map((_, index) => outputPath(`${index}.o`))],
    files,
  );
  const linked = files.output(output)?.content().slice();
  files.clearOutputs();
  if (run.status !== 0 || linked === undefined) {
    throw new Error(
      `the runtime could not be linked: ${withNames(run.stderr, (index) => objects[Number(index)]?.name ?? '')}`,
    );
  }
  return linked;
}

function withNames(output: string, nameOf: (index: string) => string): string {
  return output
    .replace(/\/<out>\/(\d+)\.o/g, (_, index: string) => nameOf(index))
    .replace(/wasm-ld: (?:error|warning): /g, '');
}

/** Legal on x64, a trap here: a function declared with other parameter types than it is defined with. */
function mismatches(output: string, nameOf: (index: string | undefined) => string): readonly Diagnostic[] {
  const definition = '>>> defined as (.*) in /<out>/(\\d+)\\.o';
  const pattern = new RegExp(`function signature mismatch: (\\S+)\\n${definition}\\n${definition}`, 'g');
  return [...output.matchAll(pattern)].map(([, symbol = '', first = '', in1, second = '', in2]) => ({
    severity: 'note' as const,
    file: nameOf(in1),
    line: 0,
    column: 0,
    message:
      `'${symbol}' is ${first} in ${nameOf(in1)} and ${second} in ${nameOf(in2)}: calls through the wrong ` +
      'declaration end the run',
  }));
}
