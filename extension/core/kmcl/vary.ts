/**
 * The variant of a differential run: what it does otherwise goes into `struct vsp_vary` of wdk/runtime/variant.h before
 * the module's memory is set up, what it saw comes out at the end. vary.test.ts compares the offsets below with the
 * compiler's record layouts.
 */
import type { Machine } from './machine.js';

/** struct vsp_vary; a struct vsp_bytes is 24 bytes: address, bytes used, capacity. */
export const VARY = {
  fresh: 0,
  flow: 8,
  steps: 16,
  next: 24,
  log_from: 32,
  log_to: 40,
  stop_at: 48,
  logged: 56,
  marks: 80,
  shift: 104,
  skew: 112,
  watch: 120,
  again: 124,
  writes: 128,
  keep_from: 136,
  keep_to: 144,
  window: 152,
  windows: 160,
  kept: 184,
  saved: 208,
  records: 232,
  restored: 256,
  saved_channel: 280,
  reserved: 284,
  context_types: 288,
  change_count: 292,
  context_sizes: 296,
  context_counts: 328,
  contexts: 360,
  changes: 384,
} as const;
export const VARY_SIZE = 392;
/** VSP_CONTEXT_TYPES, VSP_CONTEXTS_TAKEN, VSP_FLOW_WINDOW, VSP_WRITE_WINDOW. */
export const CONTEXT_TYPES = 8;
export const CONTEXTS_TAKEN = 32;
export const FLOW_WINDOW = 65536;
export const WRITE_WINDOW = 1024;

export const WRITTEN = { channel: 0, save: 4, packet: 8, size: 12, location: 16, reserved: 20, steps: 24 } as const;
export const WRITTEN_SIZE = 32;
export const RESTORED_ONCE = { channel: 0, packet: 4, size: 8, location: 12 } as const;
export const RESTORED_ONCE_SIZE = 16;
export const CONTEXT_SEEN = { address: 0, type: 8, channel: 12, packet: 16, restored: 20 } as const;
export const CONTEXT_SEEN_SIZE = 24;
export const CHANGE = { type: 0, offset: 4, size: 8, how: 12, value: 16 } as const;
export const CHANGE_SIZE = 24;
/** VSP_CHANGE_*. */
export const CHANGE_HOW = { XOR: 0, EACH: 1, DOWN: 2, SET: 3 } as const;
const AGAIN = { SAVE: 1, ROUND_TRIP: 2 } as const;

/** Of a step's value: a status that a callback returned, not a branch. */
export const FLOW_STATUS = 0x80000000;

/** Everything lies this much further on, and so much further within its chunk of 64 KiB. */
const SHIFT = 5 * 65536;
const SKEW = 0x7c0;
const STACK_SHIFT = 0x4560;

/** A range of step or record numbers, its end not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A field of contexts that gets another value before they are saved (struct vsp_change). */
export interface FieldChange {
  /** Index into `contextSizes`. */
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly how: (typeof CHANGE_HOW)[keyof typeof CHANGE_HOW];
  readonly value: bigint;
}

export interface Variant {
  /** Byte of fresh memory: pool blocks, contexts, SaveBuf and locals. */
  readonly fill: number;
  /** All memory lies elsewhere: pool, packets, contexts, buffers, stack; variables and functions in `LoadedDriver.moved`. */
  readonly elsewhere?: boolean;
  /** Saves what was saved once more, at once; and what was restored, before its channel starts. */
  readonly again?: boolean;
  /** Steps whose values are logged. */
  readonly log?: Range;
  /** Ends before it takes this step, with a fault that tells where. */
  readonly stopAt?: number;
  /** Saved records whose bytes are kept. */
  readonly keep?: Range;
  /** Sizes of the record types that contexts are taken of, CONTEXT_TYPES at most. */
  readonly contextSizes?: readonly number[];
  readonly changes?: readonly FieldChange[];
}

export interface WrittenRecord {
  readonly channel: number;
  readonly save: number;
  /** Index in the channel's first save, NONE for one that was not part of it. */
  readonly packet: number;
  /** Id of the return statement taken. */
  readonly location: number;
  /** Taken until then. */
  readonly steps: number;
  readonly bytes: Uint8Array;
}

export interface SeenContext {
  readonly type: number;
  readonly channel: number;
  readonly packet: number;
  readonly restored: boolean;
  readonly bytes: Uint8Array;
}

/** What a variant saw. */
export interface Observation {
  /** Hash of all steps, and of each FLOW_WINDOW of them. */
  readonly flow: bigint;
  readonly steps: number;
  readonly marks: BigUint64Array;
  readonly logged: BigUint64Array;
  /** Records saved, and a hash of each WRITE_WINDOW of them, the unfinished one last. */
  readonly writes: number;
  readonly windows: BigUint64Array;
  readonly kept: readonly WrittenRecord[];
  readonly contexts: readonly SeenContext[];
  /** Where restore callbacks returned. */
  readonly restored: readonly { readonly channel: number; readonly packet: number; readonly location: number }[];
}

/** Before vsp_initialize: the memory is laid out by it. */
export function configure(machine: Machine, variant: Variant): void {
  const { at } = fields(machine);
  machine.setU64(at('fresh'), BigInt(variant.fill) * 0x0101010101010101n);
  machine.setU64(at('next'), 0n);
  setRange(machine, at('log_from'), variant.log);
  if (variant.stopAt !== undefined) {
    machine.setPointer(at('stop_at'), variant.stopAt);
  }
  setRange(machine, at('keep_from'), variant.keep);
  machine.setU32(at('watch'), 1);
  machine.setU32(at('again'), variant.again === true ? AGAIN.SAVE | AGAIN.ROUND_TRIP : 0);
  const sizes = variant.contextSizes ?? [];
  machine.setU32(at('context_types'), sizes.length);
  sizes.forEach((size, index) => {
    machine.setU32(at('context_sizes') + 4 * index, size);
  });
  if (variant.elsewhere === true) {
    machine.setPointer(at('shift'), SHIFT);
    machine.setPointer(at('skew'), SKEW);
    machine.lowerStack(STACK_SHIFT);
  }
}

/** After vsp_initialize. Room is taken for one change at least: variants that differ in it alone lay memory out alike. */
export function setChanges(machine: Machine, { changes = [] }: Variant): void {
  const list = machine.native.vsp_vary_changes(Math.max(1, changes.length));
  machine.setU32(fields(machine).at('change_count'), changes.length);
  changes.forEach((change, index) => {
    const at = list + CHANGE_SIZE * index;
    machine.setU32(at + CHANGE.type, change.type);
    machine.setU32(at + CHANGE.offset, change.offset);
    machine.setU32(at + CHANGE.size, change.size);
    machine.setU32(at + CHANGE.how, change.how);
    machine.setU64(at + CHANGE.value, change.value);
  });
}

export function observe(machine: Machine, { contextSizes = [] }: Variant): Observation {
  const { at } = fields(machine);
  const bytes = (field: keyof typeof VARY): Uint8Array =>
    machine.slice(machine.pointer(at(field)), machine.pointer(at(field) + 8));
  const windows = words(bytes('windows'));
  const writes = machine.pointer(at('writes'));
  const open = writes % WRITE_WINDOW === 0 ? [] : [machine.u64(at('window'))];
  return {
    flow: machine.u64(at('flow')),
    steps: machine.pointer(at('steps')),
    marks: words(bytes('marks')),
    logged: words(bytes('logged')),
    writes,
    windows: BigUint64Array.from([...windows, ...open]),
    kept: readWritten(bytes('kept')),
    contexts: readContexts(bytes('contexts'), contextSizes),
    restored: readRestored(bytes('restored')),
  };
}

function fields(machine: Machine): { readonly at: (field: keyof typeof VARY) => number } {
  const base = machine.native.vsp_vary_address();
  return { at: (field) => base + VARY[field] };
}

function setRange(machine: Machine, address: number, range: Range | undefined): void {
  machine.setPointer(address, range?.from ?? 0);
  machine.setPointer(address + 8, range?.to ?? 0);
}

function words(bytes: Uint8Array): BigUint64Array {
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3);
}

/** Entries of a head of `head` bytes and a body padded to 8. */
function* entries(
  list: Uint8Array,
  head: number,
  bodyOf: (view: DataView, at: number) => number,
): Generator<{ readonly at: number; readonly view: DataView; readonly body: Uint8Array }> {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  for (let at = 0; at < list.byteLength; ) {
    const size = bodyOf(view, at);
    yield { at, view, body: list.subarray(at + head, at + head + size) };
    at += head + ((size + 7) & ~7);
  }
}

function readWritten(list: Uint8Array): WrittenRecord[] {
  const size = (view: DataView, at: number): number => view.getUint32(at + WRITTEN.size, true);
  return [...entries(list, WRITTEN_SIZE, size)].map(({ at, view, body }) => ({
    channel: view.getUint32(at + WRITTEN.channel, true),
    save: view.getUint32(at + WRITTEN.save, true),
    packet: view.getUint32(at + WRITTEN.packet, true),
    location: view.getUint32(at + WRITTEN.location, true),
    steps: Number(view.getBigUint64(at + WRITTEN.steps, true)),
    bytes: body,
  }));
}

function readContexts(list: Uint8Array, sizes: readonly number[]): SeenContext[] {
  const size = (view: DataView, at: number): number => sizes[view.getUint32(at + CONTEXT_SEEN.type, true)] ?? 0;
  return [...entries(list, CONTEXT_SEEN_SIZE, size)].map(({ at, view, body }) => ({
    type: view.getUint32(at + CONTEXT_SEEN.type, true),
    channel: view.getUint32(at + CONTEXT_SEEN.channel, true),
    packet: view.getUint32(at + CONTEXT_SEEN.packet, true),
    restored: view.getUint32(at + CONTEXT_SEEN.restored, true) !== 0,
    bytes: body,
  }));
}

function readRestored(list: Uint8Array): Observation['restored'] {
  const size = (view: DataView, at: number): number => view.getUint32(at + RESTORED_ONCE.size, true);
  return [...entries(list, RESTORED_ONCE_SIZE, size)].map(({ at, view }) => ({
    channel: view.getUint32(at + RESTORED_ONCE.channel, true),
    packet: view.getUint32(at + RESTORED_ONCE.packet, true),
    location: view.getUint32(at + RESTORED_ONCE.location, true),
  }));
}
