/** What the packets of a run are made from. */
import type { PacketRecords } from './packetRecords.js';
import type { Packet } from './report.js';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two lowercase digits per byte. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
}

/** What a packet with the default completion routine is called. */
export const DEFAULT_ROUTINE = '(default)';

export interface PacketSource {
  readonly records: PacketRecords;
  /** Names of completion routines by function-table index. */
  readonly kinds: ReadonlyMap<number, string>;
  /** State bytes by record index. */
  readonly states: readonly (Uint8Array | undefined)[];
  /** Absent where nobody noted who wrote them. */
  readonly writers?: {
    /** Of the first `size` bytes that record `record` saved; undefined if nobody noted it. */
    readonly runsOf: (record: number, size: number) => Packet['writtenBy'];
  };
  /** Index of the layout of what record `record` saved; absent where no layouts are known. */
  readonly layoutOf?: (record: number, routine: number) => number | undefined;
  /** The packet in whose query the run ended: it has answered nothing. */
  readonly unanswered?: number;
}

/** Bytes of a packet's chunk in the simulated stream (kmcl/save.h): a head of 16, both parts padded to 8. */
export function chunkBytes(libraryBytes: number, stateBytes: number): number {
  const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
  return 16 + padded(libraryBytes) + padded(stateBytes);
}

/** A packet's kind: how the driver calls its completion routine. */
export function kindName({ kinds }: PacketSource, routine: number): string {
  return routine === 0 ? DEFAULT_ROUTINE : (kinds.get(routine) ?? `routine ${routine}`);
}
