/** The debugger's end of wdk/runtime/debug.h: what the hooks of a run are to look for, and what they have counted. */
import type { Machine } from '../kmcl/machine.js';
import {
  CONTROL,
  DEBUG_BASES,
  DEBUG_CONTROL,
  DEBUG_FLAG_COUNT,
  DEBUG_FLAGS,
  DEBUG_RING,
  DEBUG_RING_SIZE,
  DEBUG_WATCHED_BYTES,
  DEBUG_WATCHES,
  FLAG_DESCRIBED,
  FLAG_STOP,
  RESUME,
  STACK_BOTTOM,
  WATCH,
  WATCH_SIZE,
} from './layout.js';
import { UNIT_SHIFT } from './tables.js';

/** An event that lies a little back. */
export interface PastEvent {
  readonly event: number;
  readonly site: number;
  readonly resume: boolean;
  readonly depth: number;
}

/** What a run is to stop for, besides flags. */
export interface Wants {
  /** Stop at this event and all after it; Infinity: none. */
  readonly target: number;
  /** Stop at events of frames at this depth or further out; 0: none. */
  readonly depth?: number;
  /** Note the last statement begun at this depth or further out. */
  readonly matchDepth?: number;
  /** Stop once the event log holds so many records. */
  readonly records?: number;
}

export interface Watch {
  readonly address: number;
  /** At most DEBUG_WATCHED_BYTES. */
  readonly size: number;
}

/** Of a site or a function: several may share one, so whoever is told looks twice. */
export function flagOf(id: number): number {
  return (id + (id >>> UNIT_SHIFT) * 1021) & (DEBUG_FLAG_COUNT - 1);
}

export class DebugControl {
  readonly #machine: Machine;
  #watches: readonly Watch[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
    this.want({ target: Number.POSITIVE_INFINITY });
    machine.setU32(DEBUG_CONTROL + CONTROL.active, 1);
  }

  /** Events so far. */
  get count(): number {
    return this.#number(CONTROL.count);
  }

  want({ target, depth = 0, matchDepth = 0, records = Number.POSITIVE_INFINITY }: Wants): void {
    const machine = this.#machine;
    machine.setU32(DEBUG_CONTROL + CONTROL.depth, depth);
    machine.setU32(DEBUG_CONTROL + CONTROL.match_depth, matchDepth);
    this.#set(CONTROL.target, target);
    this.#set(CONTROL.records, records);
    const always = depth > 0 || matchDepth > 0 || records !== Number.POSITIVE_INFINITY || this.#watches.length > 0;
    this.#set(CONTROL.next, always ? 0 : target);
  }

  /** The last statement begun at `matchDepth`; 0: none since that was wanted. */
  get match(): number {
    return this.#number(CONTROL.match);
  }

  clearMatch(): void {
    this.#set(CONTROL.match, 0);
  }

  /** Bytes that are looked at from here on, with the values they have now. At most DEBUG_WATCHES entries. */
  watch(watches: readonly Watch[]): void {
    this.#watches = watches.slice(0, DEBUG_WATCHES);
    this.#watches.forEach(({ address, size }, index) => {
      const at = DEBUG_CONTROL + CONTROL.watched + WATCH_SIZE * index;
      this.#machine.setPointer(at + WATCH.address, address);
      this.#machine.setU32(at + WATCH.size, Math.min(size, DEBUG_WATCHED_BYTES));
      this.#machine.setU32(at + WATCH.hit, 0);
      this.rewatch(index);
    });
    this.#machine.setU32(DEBUG_CONTROL + CONTROL.watches, this.#watches.length);
  }

  /** Watches whose bytes differ from what they were: before and now; what they are now counts from here on. */
  takeChanges(): readonly { readonly watch: number; readonly before: Uint8Array; readonly after: Uint8Array }[] {
    return this.#watches.flatMap(({ address, size }, watch) => {
      const at = DEBUG_CONTROL + CONTROL.watched + WATCH_SIZE * watch;
      const before = this.#machine.slice(at + WATCH.bytes, size);
      const after = this.#machine.slice(address, size);
      if (after.length < size) return [];
      if (before.every((byte, index) => byte === after[index])) return [];
      this.rewatch(watch);
      return [{ watch, before, after }];
    });
  }

  /** What the watch's bytes are now is what they are compared with. */
  rewatch(watch: number): void {
    const { address, size } = this.#watches[watch] ?? { address: 0, size: 0 };
    const at = DEBUG_CONTROL + CONTROL.watched + WATCH_SIZE * watch;
    this.#machine.bytes.set(this.#machine.slice(address, size), at + WATCH.bytes);
  }

  /** Flags of exactly these sites; the functions' stay. */
  flagSites(sites: Iterable<number>): void {
    const flags = this.#machine.bytes.subarray(DEBUG_FLAGS, DEBUG_FLAGS + DEBUG_FLAG_COUNT);
    for (let index = 0; index < flags.length; index++) {
      flags[index] = (flags[index] ?? 0) & ~FLAG_STOP;
    }
    for (const site of sites) {
      const at = flagOf(site);
      flags[at] = (flags[at] ?? 0) | FLAG_STOP;
    }
  }

  /** Where these functions have their variables is known. */
  flagDescribed(flag: number): void {
    const at = DEBUG_FLAGS + flag;
    this.#machine.setU8(at, this.#machine.u8(at) | FLAG_DESCRIBED);
  }

  /** Where the variables of a live frame are counted from. */
  base(depth: number): number {
    return STACK_BOTTOM + this.#machine.u16(DEBUG_BASES + 2 * depth) * 16;
  }

  /** An event of the last DEBUG_RING_SIZE, undefined for older and future ones. */
  past(event: number): PastEvent | undefined {
    const { count } = this;
    if (event < 1 || event > count || event <= count - DEBUG_RING_SIZE) {
      return undefined;
    }
    const at = DEBUG_RING + 8 * (event & (DEBUG_RING_SIZE - 1));
    const site = this.#machine.u32(at);
    return { event, site: (site & ~RESUME) >>> 0, resume: site >= RESUME, depth: this.#machine.u32(at + 4) };
  }

  #number(field: number): number {
    const at = DEBUG_CONTROL + field;
    return this.#machine.u32(at) + this.#machine.u32(at + 4) * 2 ** 32;
  }

  #set(field: number, value: number): void {
    this.#machine.setU64(DEBUG_CONTROL + field, value === Number.POSITIVE_INFINITY ? ~0n : BigInt(value));
  }
}
