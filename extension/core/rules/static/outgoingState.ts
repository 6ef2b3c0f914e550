/** What the rules of outgoing packets share: what a path knows of each packet (kmcl-facts 5.1). */
import type { Position } from '../../run/report.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { regionOf } from './helpers.js';

export interface Sent {
  readonly status: Value | undefined;
  readonly place: Position | undefined;
  readonly name: string;
}

export interface Packet {
  readonly region: Region;
  readonly origin: 'allocated' | 'initialised' | 'other';
  readonly place: Position | undefined;
  readonly routine: Value | undefined;
  readonly sent: Sent | undefined;
  readonly freed: Position | undefined;
  /** It went to VmbPacketRestore: what becomes of it then is another rule's. */
  readonly isRestored: boolean;
}

export const PACKETS = new PathKey<ReadonlyMap<number, Packet>>(new Map());

/** A packet nobody knows anything of yet. */
export const NEW = {
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

export function packetOf(value: Value | undefined, path: Path): Packet | undefined {
  const region = regionOf(value, path);
  if (region === undefined) return undefined;
  return path.state.get(PACKETS).get(region.id) ?? { ...NEW, region };
}

export function putPacket(path: Path, packet: Packet): void {
  path.state.set(PACKETS, new Map(path.state.get(PACKETS)).set(packet.region.id, packet));
}

/** Key of the driver's function that is the packet's completion routine. */
export function routineKey({ routine }: Packet): string | undefined {
  return routine?.kind === 'pointer' && routine.region.kind === 'function' ? routine.region.name : undefined;
}

/** It is with the library, or may be. */
export function mayBeInFlight({ sent }: Packet, path: Path): boolean {
  return sent !== undefined && (sent.status === undefined || path.succeeded(sent.status) !== false);
}
