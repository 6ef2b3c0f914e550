/**
 * What stress does to a run otherwise (interfaces section 5): one thing at a time, each of it repeatable by its words
 * alone.
 */
import type { ModeChoices, ModeId } from '../kmcl/modes.js';
import type { Failing, RecordChange, Stress } from '../kmcl/stressing.js';

export type StressLevel = 'quick' | 'full';

/** `at` counts calls of a run from 0. */
export type Injection =
  /** Buffer of each SaveContinue call of VspLabSave. */
  | { readonly kind: 'chunk-buffer'; readonly bytes: number }
  /** SaveBuf of each write pass has so many bytes more than the query asked for. */
  | { readonly kind: 'write-buffer-larger'; readonly bytes: number }
  /** Each write pass is called before with so many bytes less: what a callback sees whose packet has grown. */
  | { readonly kind: 'write-buffer-smaller'; readonly bytes: number }
  /** Another reading of an ambiguity. */
  | { readonly kind: 'mode'; readonly id: ModeId; readonly value: string }
  /** A call that fails. */
  | { readonly kind: 'failure'; readonly what: Failing; readonly at: number }
  /** A RestorePacket call that gets another record than the `saved` bytes. */
  | { readonly kind: 'record'; readonly at: number; readonly saved: number; readonly change: RecordChange };

/** What is counted and named in reports. */
export const STRESS_KINDS = [
  'chunk-buffer',
  'query-buffer',
  'write-buffer',
  'mode',
  'allocation',
  'packet-allocate',
  'packet-restore',
  'record-empty',
  'record-truncated',
  'record-flipped',
  'record-enlarged',
] as const;
export type StressKind = (typeof STRESS_KINDS)[number];

/** For tables: one and several. */
export const KIND_WORDS: Readonly<Record<StressKind, readonly [string, string]>> = {
  'chunk-buffer': ['chunk buffer', 'chunk buffers'],
  'query-buffer': ['SaveBuf of the query', 'SaveBufs of the query'],
  'write-buffer': ['write buffer', 'write buffers'],
  mode: ['mode', 'modes'],
  allocation: ['failing allocation', 'failing allocations'],
  'packet-allocate': ['failing call of VmbPacketAllocate', 'failing calls of VmbPacketAllocate'],
  'packet-restore': ['failing call of VmbPacketRestore', 'failing calls of VmbPacketRestore'],
  'record-empty': ['empty record', 'empty records'],
  'record-truncated': ['record cut short', 'records cut short'],
  'record-flipped': ['record with a changed byte', 'records with a changed byte'],
  'record-enlarged': ['record in a larger buffer', 'records in a larger buffer'],
};

export function kindOf(injection: Injection): StressKind {
  switch (injection.kind) {
    case 'chunk-buffer':
    case 'mode':
      return injection.kind === 'mode' && injection.id === 'S-05' ? 'query-buffer' : injection.kind;
    case 'write-buffer-larger':
    case 'write-buffer-smaller':
      return 'write-buffer';
    case 'failure':
      return injection.what;
    case 'record':
      return recordKind(injection.change, injection.saved);
  }
}

export function recordKind({ size, mask }: RecordChange, saved: number): StressKind {
  if (size === 0) return 'record-empty';
  if (size < saved) return 'record-truncated';
  return size > saved && (mask ?? 0) === 0 ? 'record-enlarged' : 'record-flipped';
}

export interface StressSettings {
  readonly stress: Stress;
  readonly modes: ModeChoices;
}

/** How the simulator is told; `literal`: the record's bytes instead of the change. */
export function settingsOf(injection: Injection, modes: ModeChoices, literal?: Uint8Array): StressSettings {
  switch (injection.kind) {
    case 'chunk-buffer':
      return { stress: { chunkBuffer: injection.bytes }, modes };
    case 'write-buffer-larger':
      return { stress: { larger: injection.bytes }, modes };
    case 'write-buffer-smaller':
      return { stress: { smaller: injection.bytes }, modes };
    case 'mode':
      return { stress: {}, modes: { ...modes, [injection.id]: injection.value } };
    case 'failure':
      return { stress: { fails: { what: injection.what, at: injection.at } }, modes };
    case 'record': {
      const restore = { at: injection.at, probe: false, changes: [injection.change] };
      return { stress: { restore: literal === undefined ? restore : { ...restore, literal } }, modes };
    }
  }
}

/** The bytes a changed record consists of. */
export function changedBytes(saved: Uint8Array, { size, offset = 0, mask = 0 }: RecordChange): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(saved.subarray(0, size));
  const before = bytes[offset];
  if (before !== undefined) bytes[offset] = before ^ mask;
  return bytes;
}

const FAILING_WORDS: Readonly<Record<Failing, string>> = {
  allocation: 'an allocation',
  'packet-allocate': 'VmbPacketAllocate',
  'packet-restore': 'VmbPacketRestore',
};

function byteCount(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** `when a record of 32 bytes is cut short to 4`. */
export function injectionText(injection: Injection): string {
  switch (injection.kind) {
    case 'chunk-buffer':
      return `when SaveContinue gets buffers of ${byteCount(injection.bytes)}`;
    case 'write-buffer-larger':
      return `when SaveBuf has ${byteCount(injection.bytes)} more than the query asked for`;
    case 'write-buffer-smaller':
      return `when SaveBuf is ${byteCount(injection.bytes)} shorter than the packet needs by then`;
    case 'mode':
      return `with --mode ${injection.id}=${injection.value}`;
    case 'failure':
      return `when ${FAILING_WORDS[injection.what]} fails`;
    case 'record':
      return recordText(injection.change, injection.saved);
  }
}

function recordText({ size, offset = 0, mask = 0 }: RecordChange, saved: number): string {
  if (size === 0) return `when a record of ${byteCount(saved)} arrives empty`;
  if (size < saved) return `when a record of ${byteCount(saved)} is cut short to ${size}`;
  if (size > saved && mask === 0) return `when a record of ${byteCount(saved)} arrives in a buffer of ${size}`;
  return `when byte ${offset} of a record of ${byteCount(saved)} is another (^ 0x${mask.toString(16).toUpperCase()})`;
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
}

/** Sorts the input first that says most: fewer bytes, fewer changed bits, an earlier byte, an earlier call. */
export function smallerFirst(a: Injection, b: Injection): number {
  return weight(a).reduce((order, each, index) => order || each - (weight(b)[index] ?? 0), 0);
}

function weight(injection: Injection): readonly number[] {
  switch (injection.kind) {
    case 'record': {
      const { size, offset = 0, mask = 0 } = injection.change;
      return [size, bits(mask), offset, injection.at];
    }
    case 'failure':
      return [injection.at];
    case 'mode':
      return [0];
    default:
      return [injection.bytes];
  }
}
