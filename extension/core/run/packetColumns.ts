/** The columns that packets travel in: their form, and what absent values are. */
import { NEEDED_PRESET } from './packetRecords.js';

/**
 * In a column of counts: not measured, null in the report. It is what the library presets *BytesNeeded to, so no count
 * that a driver can answer is lost.
 */
export const ABSENT = NEEDED_PRESET;

/** In the column `record`: none. */
export const NO_RECORD = 0xffff;

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
  /** Index into `Run.records`, NO_RECORD for none. */
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

/** The numeric columns and what their entries are, in the order the binary form has them. */
export const COLUMNS = {
  kind: Uint16Array,
  flags: Uint8Array,
  queryStatus: Uint32Array,
  queryNeeded: Uint32Array,
  saveBufSize: Uint32Array,
  writeStatus: Uint32Array,
  writeNeeded: Uint32Array,
  bytesWritten: Uint32Array,
  bytesUninitialised: Uint32Array,
  stateBytes: Uint32Array,
  libraryBytes: Uint32Array,
  restoreStatus: Uint32Array,
  bytesRead: Uint32Array,
  record: Uint16Array,
  streamOffset: Uint32Array,
  streamBytes: Uint32Array,
} as const;
export type ColumnName = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

export type Columns = { -readonly [Name in ColumnName]: InstanceType<(typeof COLUMNS)[Name]> };

export function emptyColumns(count: number): Columns {
  return Object.fromEntries(COLUMN_NAMES.map((name) => [name, new COLUMNS[name](count)])) as Columns;
}
