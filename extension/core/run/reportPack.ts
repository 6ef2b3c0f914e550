/**
 * A report as it travels between threads and into the view: plain data, packets in binary columns. `head` is JSON, the
 * columns are transferable. A packed report reads like any other (`unpackReport`): packets are made one at a time.
 */
import type { Channel, Report, Run } from './report.js';

/** In a column of counts: not measured, null in the report. */
export const ABSENT = 0xffffffff;

/** Bits of `PacketColumns.flags`. */
export const PACKET_FLAG = {
  IN_FLIGHT: 1,
  /** The write pass was reached. */
  WRITTEN: 2,
  RESTORED: 4,
  STUBBED: 8,
  /** Findings name this packet: the highest severity of those not suppressed. */
  INFO: 16,
  WARNING: 32,
  ERROR: 64,
} as const;

/** One channel's packets of its first save, in save order; all columns have `count` entries. */
export interface PacketColumns {
  readonly count: number;
  /** Names by the numbers in `kind`. */
  readonly kinds: readonly string[];
  readonly kind: Uint16Array;
  readonly flags: Uint8Array;
  readonly queryStatus: Uint32Array;
  readonly queryNeeded: Uint32Array;
  readonly saveBufSize: Uint32Array;
  readonly writeStatus: Uint32Array;
  readonly writeNeeded: Uint32Array;
  readonly bytesWritten: Uint32Array;
  readonly bytesUninitialised: Uint32Array;
  readonly stateBytes: Uint32Array;
  readonly libraryBytes: Uint32Array;
  readonly restoreStatus: Uint32Array;
  readonly bytesRead: Uint32Array;
  /** Index into `Run.records`, 0xffff for none. */
  readonly record: Uint16Array;
  readonly streamOffset: Uint32Array;
  readonly streamBytes: Uint32Array;
  /** Absent where nobody asked for them, as in the view. */
  readonly saved?: SavedBytes;
}

/** State bytes of the first `captured` packets and who wrote them. */
export interface SavedBytes {
  readonly captured: number;
  /** captured + 1 offsets into `bytes`. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
  /** captured + 1 offsets into the three columns of runs; a run's writer is ABSENT for bytes never written. */
  readonly runOffsets: Uint32Array;
  readonly runStart: Uint32Array;
  readonly runLength: Uint32Array;
  readonly runWriter: Uint32Array;
}

export type PackedChannel = Omit<Channel, 'packets'> & { readonly packets: PacketColumns };
export type PackedRun = Omit<Run, 'channels'> & { readonly channels: readonly PackedChannel[] };
export type ReportPack = Omit<Report, 'runs'> & { readonly runs: readonly PackedRun[] };
