/**
 * Rules of what completion routines free: the packet, and the context that the sender leaves to them (kmcl-facts 5.3,
 * What a routine does on all its ways is known once all are walked.
 */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall, Reported } from './flow/check.js';
import { keptAt, POINTER_OF } from './flow/library.js';
import type { Path } from './flow/path.js';
import type { Program } from './flow/program.js';
import { PathKey } from './flow/state.js';
import type { Region } from './flow/values.js';
import { hasRole, isKept, regionOf } from './helpers.js';
import { PACKETS, type Packet, packetOf, routineKey, SENDS } from './outgoingState.js';

/** Blocks that were freed on this path. */
const FREED = new PathKey<ReadonlySet<number>>(new Set());

const READERS = new Set(['VmbPacketGetPointer', 'VmbPacketGetChannel', 'VmbPacketGetInlinePacketContextPointer']);
const SETTERS: ReadonlyMap<string, number> = new Map([
  ['VmbPacketSetCompletionRoutine', 1],
  ['VmbPacketSetCompletionRoutineEx', 2],
]);

/** What a routine does on every way through it. */
interface Always {
  readonly freesContext: boolean;
  readonly freesPacket: boolean;
}

interface Late {
  readonly routine: string;
  readonly found: Reported;
}

export function outgoingContextsCheck(): Check {
  return new Contexts();
}

class Contexts implements Check {
  readonly #always = new Map<string, Always>();
  /** Kinds of packets that each routine is set on. */
  readonly #origins = new Map<string, Set<Packet['origin']>>();
  readonly #contextUses: Late[] = [];
  readonly #packetUses: Late[] = [];
  readonly #left: Late[] = [];
  #program: Program | undefined;

  call(call: LibraryCall, path: Path): void {
    const { name, operands } = call;
    this.#program = path.walk.program;
    if (name.startsWith('ExFreePool') || name.startsWith('ExFreeTo')) {
      const block = regionOf(operands[name.startsWith('ExFreeTo') ? 1 : 0], path);
      if (block !== undefined) path.state.set(FREED, new Set([...path.state.get(FREED), block.id]));
    }
    const packet = packetOf(operands[0], path);
    if (packet === undefined) return;
    const routine = SETTERS.get(name);
    if (routine !== undefined) {
      const key = routineKey({ ...packet, routine: operands[routine] });
      if (key !== undefined) this.#origins.set(key, (this.#origins.get(key) ?? new Set()).add(packet.origin));
    }
    if (READERS.has(name)) this.#packetUse(packet, call, path);
  }

  read(access: Access, path: Path): void {
    this.#contextUse(access, path);
  }

  write(access: Access, path: Path): void {
    this.#contextUse(access, path);
  }

  end(_result: unknown, path: Path): void {
    if (!hasRole(path, 'completion')) return;
    const packet = packetOf(path.parameter(0), path);
    if (packet === undefined) return;
    const freed = path.state.get(FREED);
    const context = contextOf(packet, path);
    const freesContext = context !== undefined && freed.has(context.id);
    const freesPacket = packet.freed !== undefined || freed.has(packet.region.id);
    const { key } = path.walk.entry.routine;
    const before = this.#always.get(key);
    this.#always.set(key, {
      freesContext: freesContext && before?.freesContext !== false,
      freesPacket: freesPacket && before?.freesPacket !== false,
    });
    if (!freesContext || freesPacket || packet.sent !== undefined || isKept(packet.region, path)) return;
    const found = path.finding(
      'out-free-custom',
      path.state.exit,
      'the routine frees its context and leaves the packet: nobody frees that any more',
    );
    if (found !== undefined) this.#left.push({ routine: key, found });
  }

  finish(report: (found: Reported) => void): void {
    for (const { routine, found } of this.#contextUses) if (this.#always.get(routine)?.freesContext) report(found);
    for (const { routine, found } of this.#packetUses) if (this.#always.get(routine)?.freesPacket) report(found);
    for (const { routine, found } of this.#left) if (this.#isOfLibraryPackets(routine)) report(found);
  }

  /** Packets in the driver's own memory go with that. */
  #isOfLibraryPackets(routine: string): boolean {
    const origins = this.#origins.get(routine);
    if (origins?.has('initialised') === true) return false;
    return origins?.has('allocated') === true || this.#program?.mentions('VmbPacketInitialize') !== true;
  }

  /** A packet that has been sent is with the library, and the routine frees it. */
  #packetUse(packet: Packet, { name, place }: LibraryCall, path: Path): void {
    const { sent, freed, origin, routine } = packet;
    if (freed !== undefined || sent === undefined) return;
    if (sent.status !== undefined && path.succeeded(sent.status) === false) return;
    const found = path.finding(
      'out-no-touch-after-send',
      place,
      `${name} of a packet that may have completed and be gone already: ${sent.name} has sent it${inLine(sent.place)}`,
      [path.remark('sent', sent.place)],
    );
    const key = routineKey(packet);
    if (found === undefined) return;
    if (key !== undefined) this.#packetUses.push({ routine: key, found });
    else if (origin === 'allocated' && routine === undefined) path.walk.reported(found);
  }

  /** The context belongs to the routine, which may have run and freed it. */
  #contextUse({ pointer, place }: Access, path: Path): void {
    const { kind } = pointer.region;
    if (kind === 'local' || kind === 'global' || kind === 'object') return;
    for (const packet of path.state.get(PACKETS).values()) {
      const { sent } = packet;
      const key = routineKey(packet);
      if (key === undefined || sent?.status === undefined || path.succeeded(sent.status) !== true) continue;
      if (!SENDS.has(sent.name) || contextOf(packet, path) !== pointer.region) continue;
      const found = path.finding(
        'out-no-touch-after-send',
        place,
        `touches the context of a packet that ${sent.name} has sent${inLine(sent.place)}: its completion routine may have freed it already`,
        [path.remark('sent', sent.place)],
      );
      if (found !== undefined) this.#contextUses.push({ routine: key, found });
    }
  }
}

function inLine(place: Position | undefined): string {
  return place === undefined ? '' : ` in line ${place.line}`;
}

/** What VmbPacketSetPointer was told. */
function contextOf(packet: Packet, path: Path): Region | undefined {
  const pointer = path.values.pointer(packet.region, packet.offset);
  const context = path.state.memory.read(packet.region, keptAt(pointer, POINTER_OF), 8, path.values, 64);
  return typeof context === 'object' && context.kind === 'pointer' ? context.region : undefined;
}
