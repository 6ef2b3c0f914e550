/** Who wrote the saved bytes of a run: stores of the simulator's log by their place in the source. */
import { STORE_RUN } from '../kmcl/layout.js';
import type { StoreRuns } from '../kmcl/simulation.js';
import { RUN_WORDS } from '../kmcl/stores.js';
import { callStack } from '../rules/positions.js';
import type { LocationTable } from '../toolchain/module.js';
import type { Packet, Writer } from './report.js';

const NOT_NOTED = 0xffffffff;

/** One run as the simulator noted it. */
export interface StoreRun {
  readonly offset: number;
  readonly length: number;
  /** Index into `StoreRuns.stacks`. */
  readonly stack: number;
  /** All that the store wrote, what was overwritten later included. */
  readonly storeOffset: number;
  readonly storeSize: number;
}

/** Runs of a packet by offset; undefined where stores were not noted. */
export function storeRunsOf({ ranges, runs }: StoreRuns, record: number): readonly StoreRun[] | undefined {
  const first = ranges[2 * record] ?? NOT_NOTED;
  if (first === NOT_NOTED) return undefined;
  return Array.from({ length: (ranges[2 * record + 1] ?? first) - first }, (_, run) => {
    const word = (offset: number): number => runs[(first + run) * RUN_WORDS + offset / 4] ?? 0;
    return {
      offset: word(STORE_RUN.offset),
      length: word(STORE_RUN.length),
      stack: word(STORE_RUN.stack),
      storeOffset: word(STORE_RUN.store_offset),
      storeSize: word(STORE_RUN.store_size),
    };
  });
}

export class Writers {
  /** Each shown call stack once, in the order their stores came. */
  readonly list: readonly Writer[];
  readonly #stores: StoreRuns;
  /** Index into `list` by stack. */
  readonly #byStack: readonly number[];

  constructor(stores: StoreRuns, locations: LocationTable) {
    const list: Writer[] = [];
    const known = new Map<string, number>();
    this.#stores = stores;
    this.#byStack = stores.stacks.map((frames) => {
      const shown = callStack(locations, frames);
      const key = JSON.stringify(shown);
      const writer = known.get(key) ?? list.push({ callStack: shown }) - 1;
      known.set(key, writer);
      return writer;
    });
    this.list = list;
  }

  /** Runs that cover [0, size) of what record `record` saved, null for bytes never written; undefined if not noted. */
  runsOf(record: number, size: number): Packet['writtenBy'] {
    const noted = storeRunsOf(this.#stores, record);
    if (noted === undefined || size === 0) return undefined;
    const covering: { offset: number; length: number; writer: number | null }[] = [];
    let end = 0;
    const append = (length: number, writer: number | null): void => {
      const last = covering.at(-1);
      if (last !== undefined && last.writer === writer) last.length += length;
      else if (length > 0) covering.push({ offset: end, length, writer });
      end += length;
    };
    for (const { offset, length, stack } of noted) {
      append(offset - end, null);
      append(length, this.#byStack[stack] ?? null);
    }
    append(size - end, null);
    return covering;
  }
}
