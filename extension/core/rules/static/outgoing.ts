/** Rules of packets that the driver sends (kmcl-facts 5.2, 7.4). */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, isKept, operandNumber, regionOf, uncoveredEnd } from './helpers.js';
import { hex32 } from './words.js';

interface Sent {
  readonly status: Value | undefined;
  readonly place: Position | undefined;
  readonly name: string;
}

interface Packet {
  readonly region: Region;
  readonly origin: 'allocated' | 'initialised' | 'other';
  readonly place: Position | undefined;
  readonly routine: Value | undefined;
  readonly sent: Sent | undefined;
  readonly freed: Position | undefined;
  /** It went to VmbPacketRestore: what becomes of it then is another rule's. */
  readonly isRestored: boolean;
}

const PACKETS = new PathKey<ReadonlyMap<number, Packet>>(new Map());
/** Contexts that were freed on this path. */
const FREED = new PathKey<ReadonlySet<number>>(new Set());

/** Number of the operand that holds the flags. */
const SENDS: ReadonlyMap<string, number> = new Map([
  ['VmbPacketSend', 4],
  ['VmbPacketSendWithExternalMdl', 6],
  ['VmbPacketSendWithExternalPfns', 5],
]);
const SETTERS = new Set(['VmbPacketSetPointer', 'VmbPacketSetCompletionRoutine', 'VmbPacketSetCompletionRoutineEx']);
const READERS = new Set(['VmbPacketGetPointer', 'VmbPacketGetChannel', 'VmbPacketGetInlinePacketContextPointer']);

const FLAG = { WAIT: 1n, FORCE_MDL_LENGTH: 2n, PAGED_BUFFER: 4n, ALL: 0x1fn };
/** kmcl-facts K11. */
const MOST_BYTES = 524_280n;
/** Who waits here may have waited for the completion. */
const WAITS = /^(?:KeWait|KeDelayExecutionThread|ExWaitForRundown|VmbChannelPause|VmbChannelDisable)/;

export function outgoingCheck(): Check {
  return new Outgoing();
}

class Outgoing implements Check {
  /** External sends count once it is known that the driver's channels are a server's. */
  readonly #external: Reported[] = [];
  readonly #sides = new Set<string>();
  readonly #limits = new Set<bigint>();
  readonly #long: { readonly bytes: bigint; readonly found: (most: bigint) => Reported }[] = [];

  call(call: LibraryCall, path: Path): void {
    const { name, place } = call;
    this.#noteDriver(call, path);
    const isPacketCall = SENDS.has(name) || SETTERS.has(name) || READERS.has(name) || PACKET_CALLS.has(name);
    if (isPacketCall) {
      nullPacket(call, path);
      const packet = this.#packet(call.operands[0], path);
      if (packet !== undefined) {
        this.#use(packet, call, path);
        this.#note(packet, call, path);
      }
    }
    if (WAITS.test(name)) forgetSends(path);
    if (SENDS.has(name)) this.#send(call, path);
    if (name.startsWith('ExFreePool')) {
      const block = regionOf(call.operands[0], path);
      if (block !== undefined) path.state.set(FREED, new Set([...path.state.get(FREED), block.id]));
    }
    if (name === 'VmbChannelSendSynchronousRequest') synchronous(call, path);
    void place;
  }

  returned(call: LibraryCall, result: Value | undefined, path: Path): void {
    if (call.name === 'VmbPacketAllocate') {
      const region = regionOf(result, path);
      if (region !== undefined) put(path, { ...NEW, region, origin: 'allocated', place: path.position(call.place) });
    }
    if (SENDS.has(call.name) || call.name === 'VmbPacketRestore') {
      const packet = this.#packet(call.operands[0], path);
      if (packet === undefined) return;
      const before = packet.sent?.status;
      const isUnderway = before !== undefined && path.succeeded(before) === true;
      const sent = isUnderway ? packet.sent : { status: result, place: path.position(call.place), name: call.name };
      put(path, call.name === 'VmbPacketRestore' ? { ...packet, isRestored: true } : { ...packet, sent });
    }
  }

  read(access: Access, path: Path): void {
    touched(access, path);
    if (!hasRole(path, 'completion')) return;
    const [buffer, length] = [path.parameter(2), path.parameter(3)];
    if (length === undefined || buffer?.kind !== 'pointer' || buffer.region !== access.pointer.region) return;
    const end = uncoveredEnd(access, length, path);
    if (end === undefined) return;
    path.report(
      'out-completion-status',
      access.place,
      `reads up to byte ${end} of the peer's answer, and BufferLength is only known to be ${path.lowest(length)} or more`,
    );
  }

  write(access: Access, path: Path): void {
    touched(access, path);
  }

  end(result: Value | undefined, path: Path): void {
    const reached = path.state.reachable(result);
    for (const packet of path.state.get(PACKETS).values()) lost(packet, reached, path);
    if (hasRole(path, 'completion')) completionEnd(path);
  }

  finish(report: (found: Reported) => void): void {
    if (this.#sides.size === 1 && this.#sides.has('server')) for (const each of this.#external) report(each);
    const [most, ...others] = this.#limits;
    for (const { bytes, found } of this.#long) {
      if (bytes > MOST_BYTES) report(found(MOST_BYTES));
      else if (most !== undefined && others.length === 0 && bytes > most) report(found(most));
    }
  }

  #packet(value: Value | undefined, path: Path): Packet | undefined {
    const region = regionOf(value, path);
    if (region === undefined) return undefined;
    return path.state.get(PACKETS).get(region.id) ?? { ...NEW, region };
  }

  #noteDriver(call: LibraryCall, path: Path): void {
    if (call.name === 'VmbChannelAllocate') {
      const isServer = operandNumber(call, 1, path);
      this.#sides.add(isServer === undefined ? 'unknown' : isServer === 0n ? 'client' : 'server');
    }
    if (call.name === 'VmbChannelInitSetMaximumPacketSize') {
      const most = operandNumber(call, 1, path);
      this.#limits.add(most ?? MOST_BYTES);
    }
  }

  /** The call on a packet that is on its way, or gone. */
  #use(packet: Packet, { name, place }: LibraryCall, path: Path): void {
    const { sent, freed } = packet;
    if (freed !== undefined) {
      const rule = name === 'VmbPacketFree' ? 'out-free-custom' : 'out-no-reuse-in-use';
      path.report(rule, place, `${name} of a packet that was freed before`, [path.remark('freed', freed)]);
      return;
    }
    if (sent === undefined || (sent.status !== undefined && path.succeeded(sent.status) === false)) return;
    const related = [path.remark('sent', sent.place)];
    if (READERS.has(name)) {
      path.report('out-no-touch-after-send', place, `${name} of a packet that may have completed already`, related);
    } else if (name === 'VmbPacketFree' && packet.origin === 'allocated' && packet.routine === undefined) {
      path.report('out-no-free-default', place, 'the library frees this packet itself when it completes', related);
    } else if (name !== 'VmbPacketRestore') {
      path.report('out-no-reuse-in-use', place, `${name} of a packet that is in flight since ${sent.name}`, related);
    }
  }

  #note(packet: Packet, call: LibraryCall, path: Path): void {
    const place = path.position(call.place);
    switch (call.name) {
      case 'VmbPacketFree':
        if (packet.origin === 'initialised')
          path.report(
            'out-init-not-freed',
            call.place,
            'VmbPacketFree of a packet that VmbPacketInitialize made in memory of the driver',
          );
        put(path, { ...packet, freed: place });
        break;
      case 'VmbPacketSetCompletionRoutine':
        put(path, { ...packet, routine: call.operands[1] });
        break;
      case 'VmbPacketSetCompletionRoutineEx':
        put(path, { ...packet, routine: call.operands[2] });
        break;
    }
  }

  #send(call: LibraryCall, path: Path): void {
    const { name, operands, place } = call;
    const packet = this.#packet(operands[0], path);
    if (packet?.origin === 'initialised' && packet.routine === undefined)
      path.report(
        'out-init-routine',
        place,
        'this packet comes from VmbPacketInitialize and has no completion routine',
      );
    const flags = operandNumber(call, SENDS.get(name) ?? -1, path);
    if (flags !== undefined) sendFlags(name, flags, place, path);
    const location = path.position(place);
    const bytes = operandNumber(call, 2, path);
    if (bytes !== undefined && location !== undefined) {
      const found = (most: bigint): Reported => ({
        rule: 'out-size-limit',
        message: `sends ${bytes} bytes, and ${most} are the most`,
        location,
        related: [],
      });
      this.#long.push({ bytes, found });
    }
    const external = operands[3];
    const isExternal = name !== 'VmbPacketSend' || (external !== undefined && path.isNull(external) === false);
    if (isExternal && location !== undefined) {
      const message = `${name} with external data: this driver's channels are those of a server, which sends inline data only`;
      this.#external.push({ rule: 'out-server-no-external', message, location, related: [] });
    }
  }
}

const PACKET_CALLS = new Set(['VmbPacketFree', 'VmbPacketRestore']);

const NEW = {
  origin: 'other',
  place: undefined,
  routine: undefined,
  sent: undefined,
  freed: undefined,
  isRestored: false,
} as const;

function put(path: Path, packet: Packet): void {
  path.state.set(PACKETS, new Map(path.state.get(PACKETS)).set(packet.region.id, packet));
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

function sendFlags(name: string, flags: bigint, place: number, path: Path): void {
  if ((flags & ~FLAG.ALL) !== 0n)
    path.report('out-flags', place, `flags ${hex32(flags)}: only bits of 0x1F mean something`);
  const isMdl = name === 'VmbPacketSendWithExternalMdl';
  if ((flags & FLAG.FORCE_MDL_LENGTH) !== 0n && !isMdl)
    path.report('out-flags', place, `FORCE_MDL_LENGTH belongs to VmbPacketSendWithExternalMdl, not to ${name}`);
  if (name !== 'VmbPacketSend' && (flags & FLAG.WAIT) === 0n)
    path.report(
      'out-external-wait',
      place,
      `${name} without WAIT_FOR_COMPLETION: the peer may still use the memory after it completes`,
    );
}

function synchronous(call: LibraryCall, path: Path): void {
  const size = path.pointer(call.operands[6]);
  const bytes =
    size === undefined || size.index !== undefined
      ? undefined
      : path.state.memory.read(size.region, size.offset, 4, path.values, 32);
  const number = typeof bytes === 'object' ? path.number(bytes) : undefined;
  if (number !== undefined && number % 8n !== 0n)
    path.report('out-sync-size8', call.place, `*CompletionBufferSize is ${number}, no multiple of 8`);
}

/** The context belongs to the completion routine, which may have run and freed it. */
function touched({ pointer, place }: Access, path: Path): void {
  if (pointer.region.kind !== 'heap') return;
  for (const { region, sent, routine } of path.state.get(PACKETS).values()) {
    if (sent?.status === undefined || path.succeeded(sent.status) !== true || !freesContext(routine, path)) continue;
    const context = path.state.memory.read(region, 0, 8, path.values, 64);
    if (typeof context !== 'object' || context.kind !== 'pointer' || context.region !== pointer.region) continue;
    path.report(
      'out-no-touch-after-send',
      place,
      'touches the context of a packet that may have completed and freed it already',
      [path.remark('sent', sent.place)],
    );
  }
}

/** A routine of the driver that frees what it is given without counting references. */
function freesContext(routine: Value | undefined, path: Path): boolean {
  const known = routine?.kind === 'pointer' ? path.walk.program.routines.get(routine.region.name) : undefined;
  if (known === undefined) return false;
  const frees = known.named.has('ExFreePoolWithTag') || known.named.has('ExFreePool');
  const counts = known.ir.blocks.some(({ instructions }) => instructions.some((text) => text.includes('atomicrmw')));
  return frees && !counts;
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

/** A custom routine that frees the context and leaves the packet. */
function completionEnd(path: Path): void {
  const packet = path.pointer(path.parameter(0));
  if (packet === undefined || isKept(packet.region, path)) return;
  const story = path.state.get(PACKETS).get(packet.region.id);
  if (story?.freed !== undefined || story?.sent !== undefined) return;
  const context = path.state.memory.read(packet.region, 0, 8, path.values, 64);
  const isContextFreed =
    typeof context === 'object' && context.kind === 'pointer' && path.state.get(FREED).has(context.region.id);
  if (!isContextFreed) return;
  path.report(
    'out-free-custom',
    path.state.exit,
    'the routine frees its context and leaves the packet: nobody frees that any more',
  );
}
