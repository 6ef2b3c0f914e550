/** What the rules of outgoing packets share: what a path knows of each packet (kmcl-facts 5.1). */
import type { Position } from '../../run/report.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';

export interface Sent {
  readonly status: Value | undefined;
  readonly place: Position | undefined;
  readonly name: string;
}

export interface Packet {
  readonly region: Region;
  /** Of the packet in its region: several may lie in one block of memory. */
  readonly offset: number;
  readonly origin: 'allocated' | 'initialised' | 'other';
  readonly place: Position | undefined;
  readonly routine: Value | undefined;
  readonly sent: Sent | undefined;
  readonly freed: Position | undefined;
  /** It went to VmbPacketRestore: what becomes of it then is another rule's. */
  readonly isRestored: boolean;
}

export const PACKETS = new PathKey<ReadonlyMap<string, Packet>>(new Map());

/** A packet nobody knows anything of yet. */
const NEW = {
  origin: 'other',
  place: undefined,
  routine: undefined,
  sent: undefined,
  freed: undefined,
  isRestored: false,
} as const;

/** Functions that send, by the number of the operand that holds the flags. */
export const SENDS: ReadonlyMap<string, number> = new Map([
  ['VmbPacketSend', 4],
  ['VmbPacketSendWithExternalMdl', 6],
  ['VmbPacketSendWithExternalPfns', 5],
]);

/** The packet at that address; undefined where it may be one of several. */
export function packetOf(value: Value | undefined, path: Path): Packet | undefined {
  const fresh = newPacket(value, path);
  return fresh === undefined ? undefined : (path.state.get(PACKETS).get(keyOf(fresh)) ?? fresh);
}

/** As if nothing had been done with it. */
export function newPacket(value: Value | undefined, path: Path): Packet | undefined {
  const pointer = path.pointer(value);
  if (pointer === undefined || pointer.index !== undefined) return undefined;
  return { ...NEW, region: pointer.region, offset: pointer.offset };
}

export function putPacket(path: Path, packet: Packet): void {
  path.state.set(PACKETS, new Map(path.state.get(PACKETS)).set(keyOf(packet), packet));
}

function keyOf({ region, offset }: Packet): string {
  return `${region.id}+${offset}`;
}

/** Key of the driver's function that is the packet's completion routine. */
export function routineKey({ routine }: Packet): string | undefined {
  return routine?.kind === 'pointer' && routine.region.kind === 'function' ? routine.region.name : undefined;
}

/** It is with the library, or may be. */
export function mayBeInFlight({ sent }: Packet, path: Path): boolean {
  return sent !== undefined && (sent.status === undefined || path.succeeded(sent.status) !== false);
}
