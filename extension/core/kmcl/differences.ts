/**
 * What the variants of a test told: found where they run (run/differential.ts), put into words by
 * rules/differential.ts. Plain data: it travels with the result of the run it belongs to.
 */
import type { BreachRecord, CallbackContext } from './simulation.js';

export interface Differential {
  readonly records: readonly RecordDifference[];
  /** The first place at which fresh memory decided what the code did. */
  readonly flow?: FlowDifference;
  /** Rules that saving once more showed to be broken. */
  readonly breaches: readonly BreachRecord[];
  readonly contexts: readonly ContextTable[];
  /** Packets saved and restored in another order: how the test ended then, where it did not before. */
  readonly order?: OrderDifference;
}

export interface OrderDifference {
  readonly text: string;
  /** Location ids, innermost last. */
  readonly frames: readonly number[];
  readonly context: CallbackContext;
}

export interface ByteRun {
  readonly offset: number;
  readonly length: number;
}

/** A record saved with other bytes. */
export interface RecordDifference {
  /** What the bytes depend on: what memory held before, or where it lies. */
  readonly on: 'fill' | 'address';
  readonly channel: number;
  /** Index in the channel's first save, null for a packet that was not part of it. */
  readonly packet: number | null;
  /** Running number of the channel's saves. */
  readonly save: number;
  /** Id of the return statement taken. */
  readonly location: number;
  /** Bytes persisted. */
  readonly size: number;
  readonly runs: readonly ByteRun[];
}

export interface FlowDifference {
  /** A branch went another way, a callback returned another status, or one of two runs ended. */
  readonly what: 'branch' | 'status' | 'end';
  /** Location ids, innermost last. */
  readonly frames: readonly number[];
  readonly context: CallbackContext;
  /** Of a status: the two. */
  readonly statuses?: readonly [number, number];
  /** Of an end: what the run that ended said. */
  readonly text?: string;
  /** It happened in the save callback of a record that was saved with other bytes: those say it already. */
  readonly explains?: RecordDifference;
}

/** A record type of packet contexts, field by field. */
export interface ContextTable {
  readonly record: string;
  /** Where the save callback and the restore callback of its first packet returned: location ids. */
  readonly callbacks: readonly [number, number];
  readonly fields: readonly ContextField[];
}

/**
 * `kept`: a change of the field shows after the restore; `lost`: it does not; `skipped`: the field's kind means nothing
 * on another host; `unknown`: no changed packet was saved and restored.
 */
export type FieldOutcome = 'kept' | 'lost' | 'skipped' | 'unknown';
export type SkippedKind = 'pointer' | 'handle' | 'lock' | 'list' | 'kernel object' | 'transient';

export interface ContextField {
  /** Path from the record: `Header.Id`. */
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly outcome: FieldOutcome;
  /** Of a skipped field: why. */
  readonly kind?: SkippedKind;
  /** Saved bytes that change with it. */
  readonly saved: readonly ByteRun[];
  /** Fields of the restored context that change with it. */
  readonly restored: readonly string[];
  /** Of a lost field: its packet, and where the save or the restore callback, whichever dropped it, returned. */
  readonly lost?: {
    readonly channel: number;
    readonly packet: number;
    readonly pass: 'write' | 'restore';
    readonly location: number;
  };
}
