/** Rules of the life of packets that the driver sends: made, sent, freed (kmcl-facts 5.1 to 5.3, 7.4). */
import type { Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import type { Value } from './flow/values.js';
import { hasRole, regionOf } from './helpers.js';
import { mayBeInFlight, newPacket, PACKETS, type Packet, packetOf, putPacket, SENDS } from './outgoingState.js';

const SETTERS = new Set(['VmbPacketSetPointer', 'VmbPacketSetCompletionRoutine', 'VmbPacketSetCompletionRoutineEx']);
const READERS = new Set(['VmbPacketGetPointer', 'VmbPacketGetChannel', 'VmbPacketGetInlinePacketContextPointer']);
const OTHERS = new Set(['VmbPacketFree', 'VmbPacketRestore']);
/** Who waits here may have waited for the completion. */
const WAITS = /^(?:KeWait|KeDelayExecutionThread|ExWaitForRundown|VmbChannelPause|VmbChannelDisable)/;

export function outgoingCheck(): Check {
  return { call, returned, end };
}

function call(call: LibraryCall, path: Path): void {
  const { name, operands } = call;
  if (SENDS.has(name) || SETTERS.has(name) || READERS.has(name) || OTHERS.has(name)) {
    nullPacket(call, path);
    const packet = packetOf(operands[0], path);
    if (packet !== undefined) {
      use(packet, call, path);
      note(packet, call, path);
    }
  }
  if (WAITS.test(name)) forgetSends(path);
  if (SENDS.has(name)) send(call, path);
  if (name.startsWith('ExFreePool')) freeMemory(call, path);
}

function returned(call: LibraryCall, result: Value | undefined, path: Path): void {
  const { name, operands } = call;
  const place = path.position(call.place);
  if (name === 'VmbPacketAllocate') {
    const packet = newPacket(result, path);
    if (packet !== undefined) putPacket(path, { ...packet, origin: 'allocated', place });
  }
  if (name === 'VmbPacketInitialize') {
    const packet = newPacket(operands[1], path);
    if (packet !== undefined) putPacket(path, { ...packet, origin: 'initialised', place });
  }
  if (SENDS.has(name) || name === 'VmbPacketRestore') {
    const packet = packetOf(operands[0], path);
    if (packet === undefined) return;
    const before = packet.sent?.status;
    const isUnderway = before !== undefined && path.succeeded(before) === true;
    const sent = isUnderway ? packet.sent : { status: result, place, name };
    putPacket(path, name === 'VmbPacketRestore' ? { ...packet, isRestored: true } : { ...packet, sent });
  }
}

/** The call on a packet that is on its way, or gone. */
function use(packet: Packet, { name, place }: LibraryCall, path: Path): void {
  const { sent, freed, origin } = packet;
  if (freed !== undefined) {
    const rule = name === 'VmbPacketFree' ? 'out-free-custom' : 'out-no-reuse-in-use';
    path.report(rule, place, `${name} of a packet that line ${freed.line} has freed`, [path.remark('freed', freed)]);
    return;
  }
  if (sent === undefined || !mayBeInFlight(packet, path) || READERS.has(name)) return;
  const related = [path.remark('sent', sent.place)];
  if (name === 'VmbPacketFree' && origin === 'allocated' && packet.routine === undefined) {
    path.report('out-no-free-default', place, 'the library frees this packet itself when it completes', related);
  } else if (name === 'VmbPacketFree' && origin === 'initialised') {
    // Told by its own rule.
  } else if (name !== 'VmbPacketRestore') {
    path.report('out-no-reuse-in-use', place, `${name} of a packet that is in flight since ${sent.name}`, related);
  }
}

function note(packet: Packet, { name, operands, place }: LibraryCall, path: Path): void {
  switch (name) {
    case 'VmbPacketFree':
      if (packet.origin === 'initialised')
        path.report(
          'out-init-not-freed',
          place,
          'VmbPacketFree of a packet that VmbPacketInitialize made in memory of the driver',
          [path.remark('made', packet.place)],
        );
      putPacket(path, { ...packet, freed: path.position(place) });
      break;
    case 'VmbPacketSetCompletionRoutine':
      putPacket(path, { ...packet, routine: operands[1] });
      break;
    case 'VmbPacketSetCompletionRoutineEx':
      putPacket(path, { ...packet, routine: operands[2] });
      break;
  }
}

function send({ name, operands, place }: LibraryCall, path: Path): void {
  const packet = packetOf(operands[0], path);
  if (packet?.origin !== 'initialised' || packet.routine !== undefined) return;
  const line = packet.place === undefined ? '' : ` in line ${packet.place.line}`;
  path.report(
    'out-init-routine',
    place,
    `${name} of a packet that VmbPacketInitialize made${line}: it has no completion routine yet, not even the default one`,
    [path.remark('made', packet.place)],
  );
}

/** The memory of a packet is the library's until it completes. */
function freeMemory({ name, operands, place }: LibraryCall, path: Path): void {
  const block = regionOf(operands[0], path);
  const packet = [...path.state.get(PACKETS).values()].find(
    ({ region, origin, sent }) => region === block && origin === 'initialised' && sent !== undefined,
  );
  if (packet?.sent === undefined || !mayBeInFlight(packet, path)) return;
  path.report(
    'out-init-not-freed',
    place,
    `${name} of the memory of a packet that is in flight since ${packet.sent.name}`,
    [path.remark('sent', packet.sent.place)],
  );
}

/** From here on nobody knows whether what was sent has completed. */
function forgetSends(path: Path): void {
  const packets = [...path.state.get(PACKETS)].map(
    ([id, packet]) => [id, { ...packet, sent: undefined, origin: 'other' as const }] as const,
  );
  path.state.set(PACKETS, new Map(packets));
}

/** A packet that VmbPacketAllocate may not have had. */
function nullPacket({ name, operands, place }: LibraryCall, path: Path): void {
  const [packet] = operands;
  const pointer = path.pointer(packet);
  const isDefinite = packet?.kind === 'constant' && packet.value === 0n;
  const allocated = pointer?.region.name === 'VmbPacketAllocate' ? pointer.region : undefined;
  if (packet === undefined || isDefinite || allocated?.address === undefined) return;
  if (path.isNull(packet) === false) return;
  const rule = hasRole(path, 'restorePacket') ? 'restorepkt-alloc-null' : 'out-alloc-null';
  path.report(rule, place, `${name} gets the packet, and VmbPacketAllocate may have answered NULL`, [
    path.remark('allocated', path.position(allocated.place)),
  ]);
  path.state.facts.assumeCompare('ne', packet, path.values.constant(0n, 64), true, path.values);
}

function end(result: Value | undefined, path: Path): void {
  const reached = path.state.reachable(result);
  for (const packet of path.state.get(PACKETS).values()) {
    lost(packet, reached, path);
    leftOnTheStack(packet, path);
  }
}

/** A packet that was never sent, or whose send has failed, is the driver's to free. */
function lost(packet: Packet, reached: ReadonlySet<number>, path: Path): void {
  const { origin, region, sent, freed, isRestored, place } = packet;
  if (origin !== 'allocated' || freed !== undefined || isRestored || hasRole(path, 'restorePacket')) return;
  if (reached.has(region.id) || (region.address !== undefined && path.isNull(region.address) === true)) return;
  if (sent !== undefined && (sent.status === undefined || path.succeeded(sent.status) === true)) return;
  const how = sent === undefined ? 'was not sent' : `was not sent when ${sent.name} fails`;
  path.report('out-free-unsent', place, `this packet ${how}, and nothing frees it on the way to the return`, [
    path.remark('returns here', path.position(path.state.exit)),
  ]);
}

/** The frame goes, and the library still has the packet that lies in it. */
function leftOnTheStack(packet: Packet, path: Path): void {
  const { origin, region, sent } = packet;
  if (origin !== 'initialised' || region.kind !== 'local' || sent === undefined || !mayBeInFlight(packet, path)) return;
  path.report(
    'out-init-not-freed',
    path.state.exit,
    `returns while the packet in ${region.name} is in flight since ${sent.name}: the stack is used for something else then`,
    [path.remark('sent', sent.place)],
  );
}
