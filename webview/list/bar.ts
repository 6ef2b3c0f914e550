/** A packet's bar: its parts in shares of the whole width, and the same in words. */
import { ABSENT, type PacketColumns } from '../../extension/core/run/reportPack.js';
import { bytes } from '../format.js';
import { isWritten, unreadBytes } from './packetFacts.js';

/** Bytes from the bar's left end; null where not measured or not reached. */
export interface BarParts {
  readonly needed: number | null;
  readonly given: number | null;
  /** Initialised bytes: what is drawn solid. */
  readonly initialised: number;
  /** Written or persisted without having been initialised, behind them. */
  readonly uninitialised: number;
  /** Of the state's end, not read by the restore. */
  readonly unread: number;
  readonly state: number;
  /** Simulated. */
  readonly library: number;
}

const measured = (value: number): number | null => (value === ABSENT ? null : value);

export function barParts(columns: PacketColumns, packet: number): BarParts {
  const written = isWritten(columns, packet);
  const state = columns.stateBytes[packet]!;
  const stored = written ? (measured(columns.bytesWritten[packet]!) ?? state) : 0;
  const uninitialised = written ? (measured(columns.bytesUninitialised[packet]!) ?? 0) : 0;
  return {
    needed: measured(columns.queryNeeded[packet]!),
    given: written ? columns.saveBufSize[packet]! : null,
    initialised: Math.max(0, Math.min(stored, Math.max(stored, state) - uninitialised)),
    uninitialised,
    unread: measured(unreadBytes(columns, packet)) ?? 0,
    state,
    library: columns.libraryBytes[packet]!,
  };
}

/** `needs 48 B, buffer 64 B, 48 B initialised, 4 B uninitialised, library 32 B (simulated)`. */
export function barText({ needed, given, initialised, uninitialised, unread, library }: BarParts): string {
  return [
    needed === null ? 'size not answered' : `needs ${bytes(needed)}`,
    given === null ? 'no buffer given' : `buffer ${bytes(given)}`,
    given === null ? '' : `${bytes(initialised)} written`,
    uninitialised === 0 ? '' : `${bytes(uninitialised)} uninitialised`,
    unread === 0 ? '' : `${bytes(unread)} not read by the restore`,
    `library ${bytes(library)} (simulated)`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
