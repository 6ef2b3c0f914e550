/**
 * The report: the only door between the engine and everything a person sees. Its JSON form is fixed (schemaVersion 1,
 * report.schema.json).
 */

import type { Replay } from './replay.js';
import type { StressKind, StressLevel } from './stressInjection.js';

export type Outcome = 'passed' | 'failed' | 'error' | 'timeout';
export type Severity = 'error' | 'warning' | 'info';
export type Pass = 'query' | 'write' | 'restore';

export interface Report {
  readonly schemaVersion: 1;
  readonly target: { readonly abi: string; readonly pointerBytes: 8 };
  readonly runs: readonly Run[];
  readonly stubs: readonly Stub[];
  readonly summary: Summary;
}

export interface Run {
  readonly name: string;
  readonly driver: string;
  readonly file: string;
  readonly line: number;
  readonly contextSource: 'fixture' | 'driver' | 'hook' | 'invented';
  readonly outcome: Outcome;
  readonly message?: string;
  /** What DbgPrint and VSPLAB_LOG printed, if anything: the first lines of it. */
  readonly output?: readonly OutputLine[];
  readonly channels: readonly Channel[];
  readonly findings: readonly Finding[];
  /** The C records the saved bytes are read through; packets name theirs by index. */
  readonly records?: readonly RecordLayout[];
  /** Who wrote saved bytes; packets name them by index. */
  readonly writers?: readonly Writer[];
  /** What stress tried with it, and how often; absent where it was not wanted or not possible. */
  readonly stress?: {
    readonly level: StressLevel;
    readonly tried: readonly { readonly kind: StressKind; readonly inputs: number }[];
  };
  /** What a save and a restore make of the fields of packet contexts, by record type (checks full). */
  readonly contexts?: readonly ContextFields[];
}

/** Context field → saved bytes → restored fields: each field was changed by itself and the test was run again. */
export interface ContextFields {
  /** The context's type, as the source calls it. */
  readonly record: string;
  readonly fields: readonly ContextFieldRow[];
}

export interface ContextFieldRow {
  /** Path from the record: `Header.Id`. */
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  /**
   * `kept`: a change of it shows after the restore; `lost`: it does not; `skipped`: fields of its kind are not compared;
   * `unknown`: no packet with a changed field was saved and restored.
   */
  readonly outcome: 'kept' | 'lost' | 'skipped' | 'unknown';
  /** Why it was skipped. */
  readonly kind?: 'pointer' | 'handle' | 'lock' | 'list' | 'kernel object' | 'transient';
  /** Bytes of the record that change with it. */
  readonly saved: readonly { readonly offset: number; readonly length: number }[];
  /** Fields of the restored context that change with it. */
  readonly restored: readonly string[];
}

/**
 * A record as the driver's source declares it, its fields flattened to leaves in the order of their offsets; several that
 * a packet saves one behind the other make one layout.
 */
export interface RecordLayout {
  /** The type's name as the source has it; `HEADER + ENTRY[]` for several. */
  readonly name: string;
  /**
   * Bytes; what a packet saves beyond them is its tail. A packet that saves fewer ends within: fields behind its end are
   * not there, the last may be cut.
   */
  readonly size: number;
  /** Leaves and padding: together they cover every byte once, members of a union (`… (union)`) and bit-fields aside. */
  readonly fields: readonly RecordField[];
}

export interface RecordField {
  /** Path from the record: `Header.Version`, `Entries[2]`; for padding that of the member before it. */
  readonly name: string;
  /**
   * As the source spells it: `ULONG`, `UCHAR[16]`; an array that goes on behind the record's end has as many elements as
   * the longest packet. Empty for padding.
   */
  readonly type: string;
  /** Bytes from the record's start. */
  readonly offset: number;
  readonly size: number;
  readonly format: FieldFormat;
  /** Bit-fields: first bit within the storage unit at `offset`, and width. */
  readonly bits?: { readonly start: number; readonly width: number };
  /** Enums: what their values are called. */
  readonly values?: readonly { readonly name: string; readonly value: number }[];
}

/** Of an array of numbers that of an element. `text`: characters of 1 byte, of 2 in WCHAR, wchar_t and char16_t. */
export type FieldFormat = 'unsigned' | 'signed' | 'float' | 'enum' | 'pointer' | 'bytes' | 'text' | 'guid' | 'padding';

/** A store of the driver by its call stack, as in `Finding.callStack`. */
export interface Writer {
  readonly callStack: Finding['callStack'];
}

export interface OutputLine {
  readonly text: string;
  readonly location: Position | null;
}

export interface Channel {
  readonly index: number;
  readonly name: string;
  /** Lazily read from binary columns: a million packets are never a million objects. */
  readonly packets: PacketList;
  readonly saveStream: SaveStream;
  readonly laterSaves: readonly LaterSave[];
  /** Its packets' callbacks, where they are defined. */
  readonly callbacks?: { readonly save: Position | null; readonly restore: Position | null };
  /**
   * The channel's states, calls and callbacks in their order, those of packets in groups; where its packets were
   * restored into a fresh channel, that channel's, too. Absent where no events were noted: checks off, or a fixture-less
   * run of more than 10,000 packets.
   */
  readonly timeline?: Timeline;
}

export interface Timeline {
  readonly events: readonly TimelineEvent[];
  /** Events that came after the last one kept. */
  readonly dropped: number;
}

export interface TimelineEvent {
  /** Place in the run's event log: an order, not a time. */
  readonly at: number;
  readonly kind: 'state' | 'call' | 'callback' | 'packets' | 'finding';
  /** State reached, function called, callback run. */
  readonly name: string;
  /** The first and last packet concerned, where that is known. */
  readonly first?: number;
  readonly last?: number;
  /** How many of its kind, one after the other, it stands for; absent: one. */
  readonly count?: number;
  readonly pass?: Pass;
  /** NTSTATUS answered; of a group the one all answered, else absent. */
  readonly status?: string;
  readonly location: Position | null;
}

export interface PacketList {
  readonly length: number;
  at(index: number): Packet;
  /** Sums over all packets, without making them. */
  totals(): { readonly stateBytes: number; readonly libraryBytes: number };
}

export interface Packet {
  readonly index: number;
  readonly kind: string;
  readonly state: 'queued' | 'inFlight';
  readonly query: { readonly saveBufSize: 0; readonly status: string; readonly bytesNeeded: number | null };
  readonly write: {
    readonly saveBufSize: number;
    readonly status: string;
    readonly bytesNeeded: number | null;
    readonly bytesWritten: number | null;
    readonly bytesUninitialised: number | null;
  } | null;
  readonly stateBytes: number;
  readonly libraryBytes: number;
  readonly stateHex?: string;
  readonly restore: { readonly status: string; readonly bytesRead: number | null } | null;
  /** Index into `Run.records` of the type its bytes were written through, where one could be told. */
  readonly record?: number;
  /** Runs of bytes in [0, stateBytes) by the store that wrote them last, index into `Run.writers`; null: never written. */
  readonly writtenBy?: readonly { readonly offset: number; readonly length: number; readonly writer: number | null }[];
  /** Where it lies in the save stream: the library's head and bytes, then the VSP's (simulated). */
  readonly stream?: { readonly offset: number; readonly bytes: number };
  /** A stub was called in its save or restore callback: its figures rest on what nobody simulated. */
  readonly stubbed?: true;
}

export interface SaveStream {
  readonly bytes: number;
  readonly chunks: readonly {
    readonly bufferSize: number;
    readonly bytesFilled: number;
    readonly bytesRequired: number;
    readonly status: string;
    /** Packets that lie in it, whole or in part; absent when there is none. */
    readonly packets?: { readonly first: number; readonly last: number };
  }[];
}

export interface LaterSave extends SaveStream {
  readonly packets: number;
}

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly function: string;
}

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly location: Position | null;
  readonly channel: number | null;
  readonly packetIndex: number | null;
  readonly callback: string | null;
  readonly pass: Pass | null;
  readonly callStack: readonly { readonly function: string; readonly file: string; readonly line: number }[];
  readonly related: readonly { readonly message: string; readonly location: Position | null }[];
  readonly suppressed: boolean;
  /** Found by stress: how many inputs show it, and the smallest as `vsp-lab run --replay` repeats it. */
  readonly stress?: { readonly inputs: number; readonly replay: Replay };
}

export interface Stub {
  readonly name: string;
  readonly calls: number;
  readonly line: number;
}

export interface Summary {
  readonly runs: number;
  readonly passed: number;
  readonly packets: number;
  readonly stateBytes: {
    readonly total: number;
    readonly min: number;
    readonly median: number;
    readonly p95: number;
    readonly max: number;
  };
  readonly findings: { readonly error: number; readonly warning: number; readonly info: number };
}
