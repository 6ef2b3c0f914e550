/**
 * The report: the only door between the engine and everything a person sees. Its JSON form is fixed (schemaVersion 1,
 * report.schema.json).
 */

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
