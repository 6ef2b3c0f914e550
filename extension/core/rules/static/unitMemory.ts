/**
 * Units that were read before and would be read the same again: while one file of a driver is typed in, the others need
 * no compiler. A unit holds as long as every file it read has the same bytes and nothing has appeared where it looked in
 * vain.
 */

import type { FileFlags } from '../../toolchain/compileCommands.js';
import type { CompileOptions } from '../../toolchain/module.js';
import type { Lookups, ToolFiles } from '../../toolchain/toolFiles.js';
import type { FlowUnit } from './flow/program.js';

export interface RememberedUnit {
  readonly unit: FlowUnit;
  /** Sources and headers of the project it was made from, the source first; host paths. */
  readonly files: readonly string[];
}

interface Request {
  readonly source: string;
  readonly options: CompileOptions;
  readonly flags: FileFlags;
  /** Names of files are relative to it. */
  readonly cwd: string;
}

interface Entry {
  readonly lookups: Lookups;
  readonly made: RememberedUnit;
}

/** Kept at the same time: the text of a unit takes a few megabytes. */
const MOST = 16;

export class UnitMemory {
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();

  find(request: Request, files: ToolFiles): RememberedUnit | undefined {
    const key = keyOf(request);
    const entry = this.#entries.get(key);
    if (entry === undefined || !holds(entry.lookups, files)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.made;
  }

  keep(request: Request, lookups: Lookups, made: RememberedUnit): void {
    const key = keyOf(request);
    this.#entries.delete(key);
    this.#entries.set(key, { lookups, made });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) break;
      this.#entries.delete(oldest);
    }
  }
}

function keyOf({ source, options, flags, cwd }: Request): string {
  return JSON.stringify([source, options, flags, cwd]);
}

function holds({ read, missing }: Lookups, files: ToolFiles): boolean {
  return (
    [...read].every(([path, bytes]) => sameBytes(files.raw(path), bytes)) &&
    [...missing].every((path) => files.find(path) === undefined)
  );
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === b) return true;
  return a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
