/**
 * The headers of ours that a source begins with, parsed ahead of need: a file that has changed since its last
 * compilation mostly still begins with the same ones, and they are most of what the front end reads. Made when nobody
 * waits, kept for the process's life.
 *
 * Never seen in results: the IR is the same to the byte. So it is used only where nothing can tell the difference: in C
 * (C++ loses the debug info of using-declarations), when no macro is defined before the headers and the same files are
 * found from where the source is; and a compilation that fails is repeated without it.
 */
import {
  CLANG_FOLDER,
  type FrontEndRequest,
  frontEndArguments,
  prefixArguments,
  searchedFolders,
  WDK_FOLDER,
} from './arguments.js';
import { prefixOf } from './includePrefix.js';
import { type Llvm, outputPath } from './llvm.js';
import { type Lookups, type Mount, ToolFiles, toToolPath } from './toolFiles.js';

/** Kept at the same time, a megabyte each: drivers of one project share one or two. */
const MOST = 8;
const SOURCE = outputPath('prefix.h');
const OUTPUT = outputPath('prefix.pch');

interface Wanted {
  readonly key: string;
  readonly args: readonly string[];
  readonly text: string;
}

interface Made {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Our headers it was made from. */
  readonly read: Lookups['read'];
  /**
   * Names that must not be found beside the source or in a folder of --include: the files read, and those looked for in
   * vain.
   */
  readonly names: readonly string[];
}

/** A use that was found: what the front end is to be asked. */
export interface PrecompiledUse {
  readonly args: readonly string[];
  /** Our headers that the result depends on. */
  readonly read: Lookups['read'];
}

export class PrecompiledHeaders {
  readonly #llvm: Llvm;
  readonly #mounts: readonly Mount[];
  /** Least recently used first; null for what cannot be made. */
  readonly #made = new Map<string, Made | null>();
  readonly #wanted = new Map<string, Wanted>();

  /** `mounts` are our header folders as compilations see them. Their files must not change. */
  constructor(llvm: Llvm, mounts: readonly Mount[]) {
    this.#llvm = llvm;
    this.#mounts = mounts;
  }

  /** Command line of the front end with precompiled headers; undefined when there are none yet, or none that fit. */
  use(request: FrontEndRequest, files: ToolFiles): PrecompiledUse | undefined {
    if (request.language !== 'c' || request.flags.forced.length > 0) {
      return undefined;
    }
    const folders = searchedFolders(request);
    const prefix = prefixOf(toToolPath(request.source), folders, files);
    if (prefix.headers.length === 0) {
      return undefined;
    }
    const text = prefix.headers.map((name) => `#include <${name}>\n`).join('');
    const args = prefixArguments({ ...request, source: SOURCE, output: OUTPUT });
    const key = JSON.stringify([args, text]);
    const made = this.#made.get(key);
    if (made === undefined) {
      this.#wanted.set(key, { key, args, text });
    }
    if (!made || !isSame(made, folders, files) || prefix.guards.some((guard) => isKnown(guard, made, args))) {
      return undefined;
    }
    this.#made.delete(key);
    this.#made.set(key, made);
    files.createOutput(SOURCE, new TextEncoder().encode(made.text));
    files.createOutput(OUTPUT, made.bytes);
    return { args: frontEndArguments({ ...request, precompiled: OUTPUT }), read: made.read };
  }

  /** Makes one that was missed; answers whether there was one to make. */
  prepare(): boolean {
    const [wanted] = this.#wanted.values();
    if (wanted === undefined) {
      return false;
    }
    this.#wanted.delete(wanted.key);
    this.#made.set(wanted.key, this.#make(wanted) ?? null);
    for (const key of this.#made.keys()) {
      if (this.#made.size <= MOST) {
        break;
      }
      this.#made.delete(key);
    }
    return true;
  }

  #make({ args, text }: Wanted): Made | undefined {
    const files = new ToolFiles({ read: () => undefined, list: () => undefined }, this.#mounts);
    files.createOutput(SOURCE, new TextEncoder().encode(text));
    const { end, status } = this.#llvm.run(args, files);
    const output = files.output(OUTPUT);
    if (end !== 'exit' || status !== 0 || output === undefined) {
      return undefined;
    }
    const { read, missing } = files.takeLookups();
    const names = new Set([...read.keys(), ...missing].flatMap((path) => nameBelow(path) ?? []));
    return { text, bytes: output.content().slice(), read, names: [...names] };
  }
}

/** Path below one of our folders. */
function nameBelow(path: string): string | undefined {
  const folder = [WDK_FOLDER, CLANG_FOLDER].find((each) => path.startsWith(`${each}/`));
  return folder === undefined ? undefined : path.slice(folder.length + 1);
}

/**
 * Whether a compilation from these folders would read the same files. The look-ups are recorded: the result depends on
 * them.
 */
function isSame(made: Made, folders: readonly string[], files: ToolFiles): boolean {
  const hidden = folders.some((folder) => made.names.some((name) => files.find(`${folder}/${name}`) !== undefined));
  return !hidden && [...made.read].every(([path, bytes]) => files.raw(path) === bytes);
}

/** Whether an include guard of the user's means something to our headers or on the command line. */
function isKnown(guard: string, made: Made, args: readonly string[]): boolean {
  const decoder = new TextDecoder();
  return (
    args.some((arg) => arg.includes(guard)) ||
    [...made.read.values()].some((bytes) => decoder.decode(bytes).includes(guard))
  );
}
