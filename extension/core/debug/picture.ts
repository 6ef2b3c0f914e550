/** The simulated kernel of a run that stands still. Functions of the module are called, and leave no trace. */
import { apiName } from '../kmcl/api.js';
import type { Channel } from '../kmcl/channel.js';
import type { Host } from '../kmcl/host.js';
import { DESCRIBED, DESCRIPTION, type FIELD } from '../kmcl/layout.js';
import type { Machine } from '../kmcl/machine.js';
import { tagText } from '../kmcl/memoryObject.js';
import {
  type AddressDescription,
  type KernelBlock,
  type KernelChannel,
  type KernelLock,
  type KernelPacket,
  type KernelSnapshot,
  type KernelState,
  LOCKS_SHOWN,
  PACKETS_SHOWN,
  POOL_BLOCKS_SHOWN,
} from './kernel.js';

/** struct vsp_packet of kmcl.h. */
const PACKET = { state: 2, pointer: 40 } as const;
const PACKET_STATES: readonly (KernelPacket['state'] | undefined)[] = [
  undefined,
  'allocated',
  'queued',
  'inFlight',
  'completed',
];
/** VSP_PACKET_RESTORED of its flags. */
const RESTORED = 0x8;
const PACKET_FLAGS = 4;
/** struct vsp_state of state.c. */
const STATE = { blocks: 8, total: 40 } as const;
/** struct piece_block: pieces follow, each its size in 8 bytes, then its bytes padded to 8. */
const PIECES = { next: 0, used: 16, first: 24 } as const;
const PIECE_HEADER = 8;
const CHUNKS_SHOWN = 1000;
/** struct vsp_held_lock of internal.h. */
const LOCK = { address: 0, location: 8, kind: 12, irql: 14 } as const;
/** enum vsp_lock_kind. */
const LOCK_KINDS = ['spin', 'spinShared', 'spinExclusive', 'mutex', 'resource', 'push', 'wait'] as const;
/** VSP_BLOCK_PAGED of a description's flags. */
const PAGED = 1;

const KINDS: Readonly<Record<number, AddressDescription['kind']>> = {
  [DESCRIBED.NOTHING]: 'nothing',
  [DESCRIBED.BLOCK]: 'block',
  [DESCRIBED.FREED]: 'freed',
  [DESCRIBED.GLOBAL]: 'global',
  [DESCRIBED.STACK]: 'stack',
  [DESCRIBED.NULL]: 'null',
  [DESCRIBED.RUNTIME]: 'runtime',
  [DESCRIBED.LIBRARY]: 'library',
  [DESCRIBED.CALLBACK]: 'callback',
};

export function kernelPicture(host: Host): KernelSnapshot {
  const { simulator } = host;
  const { machine } = simulator;
  const context = machine.context();
  const blocks = poolBlocks(host);
  const save = { address: machine.lastingPointer('save_buffer'), size: machine.lasting('save_size') };
  const library = { address: machine.lastingPointer('library_buffer'), size: machine.lasting('library_size') };
  return {
    irql: machine.irql,
    spinLocks: machine.lasting('spin_locks'),
    locks: heldLocks(machine),
    time: machine.time,
    callback: apiName(machine.lasting('callback')) ?? null,
    channel: context.channel,
    packet: context.packet,
    pass: context.pass,
    saveBuffer: save.address === 0 ? null : save,
    libraryBuffer: library.address === 0 ? null : library,
    channels: host.channels.live.map((channel) => channelPicture(machine, channel)),
    pool: blocks.slice(0, POOL_BLOCKS_SHOWN),
    poolBlocks: blocks.length,
    states: savedStates(machine),
    handles: host.handles.all,
    findings: simulator.breaches.map(({ rule, frames }) => ({ rule, location: frames.at(-1) ?? 0 })),
  };
}

function heldLocks(machine: Machine): readonly KernelLock[] {
  const locks: KernelLock[] = [];
  for (let index = 0; index < LOCKS_SHOWN; index++) {
    const at = machine.native.vsp_held_lock(index);
    if (at === 0) break;
    const kind = LOCK_KINDS[machine.u16(at + LOCK.kind)];
    if (kind === undefined) continue;
    const location = machine.u32(at + LOCK.location);
    locks.push({ address: machine.pointer(at + LOCK.address), kind, location, irql: machine.u16(at + LOCK.irql) });
  }
  return locks;
}

function channelPicture(machine: Machine, channel: Channel): KernelChannel {
  const packets = packetsOf(machine, channel.handle);
  const incoming: { handle: number }[] = [];
  for (let at = machine.native.vsp_incoming_next(channel.handle, 0); at !== 0 && incoming.length < PACKETS_SHOWN; ) {
    incoming.push({ handle: at });
    at = machine.native.vsp_incoming_next(channel.handle, at);
  }
  const is = (field: keyof typeof FIELD): boolean => channel.get(field) !== 0;
  return {
    index: channel.index,
    handle: channel.handle,
    name: channel.name,
    server: channel.server,
    enabled: channel.axes.enabled,
    open: channel.axes.open,
    started: channel.axes.started,
    suspended: is('SUSPENDED'),
    saving: is('SAVING'),
    restoring: channel.get('RESTORING') === 1,
    pointer: channel.get('POINTER'),
    ringSize: channel.get('RING_SIZE'),
    packets: packets.slice(0, PACKETS_SHOWN),
    packetCount: packets.length,
    inFlight: packets.filter(({ state }) => state === 'inFlight').length,
    queued: packets.filter(({ state }) => state === 'queued').length,
    incoming,
  };
}

function packetsOf(machine: Machine, channel: number): readonly KernelPacket[] {
  const packets: KernelPacket[] = [];
  for (
    let at = machine.native.vsp_packet_next(channel, 0);
    at !== 0;
    at = machine.native.vsp_packet_next(channel, at)
  ) {
    const state = PACKET_STATES[machine.u8(at + PACKET.state)];
    if (state !== undefined) {
      const restored = state === 'allocated' && (machine.u32(at + PACKET_FLAGS) & RESTORED) !== 0;
      packets.push({
        handle: at,
        state: restored ? 'restored' : state,
        pointer: machine.pointer(at + PACKET.pointer),
      });
    }
  }
  return packets;
}

function poolBlocks({ simulator }: Host): readonly KernelBlock[] {
  const { machine, options } = simulator;
  const blocks: KernelBlock[] = [];
  if (options.checks === 'off') {
    return blocks;
  }
  for (let at = machine.native.vsp_pool_first(); at !== 0; at = machine.native.vsp_pool_next()) {
    blocks.push({
      address: machine.pointer(at + DESCRIPTION.start),
      size: machine.pointer(at + DESCRIPTION.size),
      tag: tagText(machine.u32(at + DESCRIPTION.tag)),
      allocatedAt: simulator.stack(machine.u32(at + DESCRIPTION.allocated_stack)),
      paged: (machine.u32(at + DESCRIPTION.flags) & PAGED) !== 0,
    });
  }
  return blocks;
}

function savedStates(machine: Machine): readonly KernelState[] {
  const states: KernelState[] = [];
  for (let at = machine.native.vsp_state_next(0); at !== 0; at = machine.native.vsp_state_next(at)) {
    states.push({ handle: at, chunks: piecesOf(machine, at), bytes: machine.pointer(at + STATE.total) });
  }
  return states;
}

function piecesOf(machine: Machine, state: number): KernelState['chunks'] {
  const pieces: { address: number; size: number }[] = [];
  for (let block = machine.pointer(state + STATE.blocks); block !== 0; block = machine.pointer(block + PIECES.next)) {
    const end = block + PIECES.first + machine.pointer(block + PIECES.used);
    for (let at = block + PIECES.first; at < end && pieces.length < CHUNKS_SHOWN; ) {
      const size = machine.u32(at);
      pieces.push({ address: at + PIECE_HEADER, size });
      at += PIECE_HEADER + Math.ceil(size / 8) * 8;
    }
  }
  return pieces;
}

export function describeAddress({ simulator }: Host, address: number): AddressDescription {
  const { machine } = simulator;
  const at = machine.native.vsp_describe(address);
  const name = machine.pointer(at + DESCRIPTION.name);
  const tag = machine.u32(at + DESCRIPTION.tag);
  const shadow = machine.u32(at + DESCRIPTION.shadow);
  return {
    kind: KINDS[machine.u32(at + DESCRIPTION.kind)] ?? 'nothing',
    start: machine.pointer(at + DESCRIPTION.start),
    size: machine.pointer(at + DESCRIPTION.size),
    offset: Number(machine.i64(at + DESCRIPTION.offset)),
    tag: tag === 0 ? '' : tagText(tag),
    name: name === 0 ? '' : machine.utf8(name, machine.pointer(at + DESCRIPTION.name_length)),
    allocatedAt: simulator.stack(machine.u32(at + DESCRIPTION.allocated_stack)),
    freedAt: simulator.stack(machine.u32(at + DESCRIPTION.freed_stack)),
    poisoned: isPoisoned(address, shadow),
  };
}

/** As the memory checks read a shadow byte: the first so many of 8 bytes, all, or none. Paged memory may be touched. */
export function isPoisoned(address: number, shadow: number): boolean {
  if (shadow === 0) {
    return false;
  }
  const paged = shadow >= PAGED_SHADOW && shadow < PAGED_SHADOW + 8;
  const first = paged ? shadow - PAGED_SHADOW : shadow;
  return paged && first === 0 ? false : first > 7 || address % 8 >= first;
}

/** VSP_SHADOW_PAGED: the low bits count as in a plain shadow byte. */
const PAGED_SHADOW = 0xe0;
