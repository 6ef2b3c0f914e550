/**
 * Hosts the compiler core: one WebAssembly module that is clang, wasm-ld and LLVM's tools in one. The packaged wrapper
 * costs thirty times the compile itself (toolchain-facts 3), so the core module is run directly over our own `Wasi`.
 */
import { OUTPUT_FOLDER, type ToolFiles } from './toolFiles.js';
import { ToolExit, Wasi } from './wasi.js';

/**
 * How a tool run ended: by itself, or stopped by the limits of memory or stack, or by an abort of its own (a back-end
 * failure).
 */
export type ToolEnd = 'exit' | 'memory' | 'stack' | 'crash';

export interface ToolResult {
  readonly end: ToolEnd;
  /** Exit status; -1 when it did not end by itself. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Llvm {
  /** Runs one tool: `['clang', '-cc1', ...]` or `['wasm-ld', ...]`. Outputs are left in the tree's output folder. */
  run(args: readonly string[], files: ToolFiles): ToolResult;
  /** Makes an instance ahead of need, called while nobody waits; answers whether there was one to make. */
  prepare(): boolean;
}

interface Prepared {
  readonly wasi: Wasi;
  readonly memory: WebAssembly.Memory;
  readonly start: () => void;
}

/** A one-file driver takes four runs: front end, back end, linker, and the linker again for the module that lies elsewhere. */
const SPARE_INSTANCES = 4;

/** A tool ends only by leaving its process, so each run takes a fresh instance of the module. */
export function createLlvm(module: WebAssembly.Module): Llvm {
  const spare: Prepared[] = [];
  return {
    prepare: () => {
      const needed = spare.length < SPARE_INSTANCES;
      if (needed) {
        spare.push(instantiate(module));
      }
      return needed;
    },
    run: (args, files) => run(spare.pop() ?? instantiate(module), args, files),
  };
}

/** Name of an output file in the tool's tree. */
export function outputPath(name: string): string {
  return `${OUTPUT_FOLDER}/${name}`;
}

function instantiate(module: WebAssembly.Module): Prepared {
  const wasi = new Wasi();
  const { memory, _start: start } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.imports }).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new Error('the compiler core does not export memory and _start');
  }
  return { wasi, memory, start: start as () => void };
}

function run({ wasi, memory, start }: Prepared, args: readonly string[], files: ToolFiles): ToolResult {
  wasi.start(memory, ['llvm', ...args], files);
  let end: ToolEnd = 'exit';
  let status = 0;
  try {
    start();
  } catch (error) {
    if (error instanceof ToolExit) {
      status = error.status;
    } else {
      status = -1;
      // The tool's own stack lies at its lowest addresses: overflowing that is an access below them.
      end =
        error instanceof RangeError || (error instanceof Error && /out of bounds/.test(error.message))
          ? 'stack'
          : 'crash';
    }
  }
  const text = new TextDecoder();
  const stderr = text.decode(wasi.stderr.content());
  if (status !== 0 && /LLVM ERROR: out of memory|bad_alloc|Buffer allocation failed/.test(stderr)) {
    end = 'memory';
  }
  return { end, status, stdout: text.decode(wasi.stdout.content()), stderr };
}
