/**
 * What is left when a test has ended (interfaces 4): channels, packets, pool blocks, saved states, handles, interface
 * references.
 */
import { API } from './api.js';
import type { Channel } from './channel.js';
import type { Host } from './host.js';
import { DESCRIPTION } from './layout.js';
import type { Machine } from './machine.js';
import { tagText } from './memoryObject.js';
import type { Simulator } from './simulator.js';

/** VSP_BLOCK_REACHED of a description's flags. */
const REACHED = 0x10;
/** struct vsp_packet of kmcl.h. */
const PACKET = { state: 2, flags: 4, location: 60, size: 64 } as const;
const PACKET_IDLE = 1;
const PACKET_SENT = 0x4;
const PACKET_TOLD = 0x200;
const STATE_OBJECT_BYTES = 16;
/** struct vsp_state of state.c. */
const STATE = { location: 60 } as const;

interface Packet {
  readonly handle: number;
  readonly location: number;
  readonly sent: boolean;
}

/** The driver's packets of a channel: allocated and not in use. */
function idlePackets(machine: Machine, channel: Channel): Packet[] {
  const packets: Packet[] = [];
  for (let packet = machine.native.vsp_packet_next(channel.handle, 0); packet !== 0; ) {
    const flags = machine.u32(packet + PACKET.flags);
    if (machine.u8(packet + PACKET.state) === PACKET_IDLE && (flags & PACKET_TOLD) === 0) {
      const sent = (flags & PACKET_SENT) !== 0;
      packets.push({ handle: packet, location: machine.u32(packet + PACKET.location), sent });
    }
    packet = machine.native.vsp_packet_next(channel.handle, packet);
  }
  return packets;
}

function reportPacket(simulator: Simulator, packet: Packet): void {
  if (packet.sent) {
    simulator.breach('out-free-custom', {
      object: packet.handle,
      message: 'the packet was sent and completed, but never freed',
      frames: frame(packet.location),
    });
  } else {
    simulator.breach('mem-leak', {
      object: packet.handle,
      message: 'the packet was allocated and never sent or freed',
      frames: frame(packet.location),
    });
  }
}

/** VmbChannelCleanup, or the test's end: a save that SaveEnd never ended, told at its SaveBegin (S-22). */
export function saveLeft(simulator: Simulator, channel: Channel): void {
  if (channel.get('SAVING') !== 0) {
    simulator.breach('save-end-always', {
      object: channel.handle,
      message: 'VmbChannelSaveBegin was not followed by VmbChannelSaveEnd',
      frames: frame(channel.get('SAVE_LOCATION')),
    });
  }
}

/** VmbChannelCleanup: packets the driver still has are lost with the channel. */
export function packetLeft(simulator: Simulator, channel: Channel): void {
  if (simulator.options.checks === 'off') {
    return;
  }
  for (const packet of idlePackets(simulator.machine, channel)) {
    reportPacket(simulator, packet);
  }
}

/** The end of a test that ran to its end. */
export function findLeaks(host: Host): void {
  const { simulator } = host;
  const { machine, options } = simulator;
  for (const { handle, kind, frames } of host.handles.leaks()) {
    if (kind === 'vmbus') {
      simulator.breach('init-close-kernel-handle', { object: handle, message: 'the handle was never closed', frames });
    } else {
      simulator.breach('mem-leak', { object: handle, message: `the ${kind} handle was never closed`, frames });
    }
  }
  const references = machine.native.vsp_interface_references();
  if (references > 0) {
    const message = `${references} interface${references === 1 ? ' was' : 's were'} never dereferenced`;
    simulator.breach('iface-dereference', {
      detail: references,
      message,
      frames: frame(machine.native.vsp_interface_location()),
    });
  }
  referencesLeft(host);
  host.channels.live.forEach((channel) => {
    saveLeft(simulator, channel);
  });
  if (options.checks !== 'off') {
    findUnreachable(host);
  }
}

/** struct vsp_reference of references.h. */
const REFERENCE = { object: 8, callback: 16, stack: 20 } as const;

/** in-ref-balance: what ProcessPacket took a reference to and nobody gave back. */
export function referencesLeft(host: Host): void {
  const { simulator, handles } = host;
  const { machine } = simulator;
  for (let at = machine.native.vsp_reference_next(0); at !== 0; at = machine.native.vsp_reference_next(at)) {
    if (machine.u32(at + REFERENCE.callback) === API.EvtVmbChannelProcessPacket) {
      reportReference(
        simulator,
        machine.pointer(at + REFERENCE.object),
        simulator.stack(machine.u32(at + REFERENCE.stack)),
      );
    }
  }
  for (const { object, callback, frames } of handles.references) {
    if (callback === 'EvtVmbChannelProcessPacket') {
      reportReference(simulator, object, frames);
    }
  }
}

function reportReference(simulator: Simulator, object: number, frames: readonly number[]): void {
  simulator.breach('in-ref-balance', {
    object,
    message: 'the reference that EvtVmbChannelProcessPacket takes here was never given back',
    frames,
    context: { ...simulator.machine.context(), callback: 'EvtVmbChannelProcessPacket' },
  });
}

/** Has the driver kept the handles of all packets it was given and has not completed? Else it has lost one. */
export function allHeld(host: Host, channel: Channel): boolean {
  const { native } = host.simulator.machine;
  const packets: number[] = [];
  for (let packet = native.vsp_incoming_next(channel.handle, 0); packet !== 0; ) {
    packets.push(packet);
    packet = native.vsp_incoming_next(channel.handle, packet);
  }
  native.vsp_mark_begin();
  for (const packet of packets) {
    native.vsp_mark_object(packet, STATE_OBJECT_BYTES);
  }
  for (const value of roots(host)) {
    native.vsp_mark_value(value);
  }
  native.vsp_mark_reachable();
  return packets.every((packet) => native.vsp_is_reached(packet) !== 0);
}

/** Objects that nothing alive points to: a conservative search by the C half (reach.c). */
function findUnreachable(host: Host): void {
  const { simulator } = host;
  const { machine } = simulator;
  const { native } = machine;
  const channels = host.channels.live.map((channel) => ({ channel, packets: idlePackets(machine, channel) }));
  const states: number[] = [];
  for (let state = native.vsp_state_next(0); state !== 0; state = native.vsp_state_next(state)) {
    states.push(state);
  }
  native.vsp_mark_begin();
  for (const { channel, packets } of channels) {
    native.vsp_mark_object(channel.handle, native.VmbSizeofChannel());
    packets.forEach((packet) => {
      native.vsp_mark_object(packet.handle, PACKET.size);
    });
  }
  states.forEach((state) => {
    native.vsp_mark_object(state, STATE_OBJECT_BYTES);
  });
  for (const value of roots(host)) {
    native.vsp_mark_value(value);
  }
  native.vsp_mark_reachable();
  report(host, channels, states);
}

/** Pointers to driver memory that only TypeScript holds. */
function roots(host: Host): number[] {
  const { scheduler } = host.simulator;
  return [
    ...host.devices.roots(),
    ...scheduler.pending.flatMap((work) => [work.object, ...work.parameters]),
    ...scheduler.timerObjects,
    ...host.channels.live.map((channel) => channel.callbacks.context),
  ];
}

function report(
  host: Host,
  channels: readonly { channel: Channel; packets: Packet[] }[],
  states: readonly number[],
): void {
  const { simulator } = host;
  const { native } = simulator.machine;
  const reached = (object: number): boolean => native.vsp_is_reached(object) !== 0;
  for (const { channel, packets } of channels) {
    if (!reached(channel.handle)) {
      simulator.breach('mem-leak', {
        object: channel.handle,
        message: `${channel.name} was never cleaned up`,
        frames: frame(channel.get('LOCATION')),
      });
      continue;
    }
    packets
      .filter((packet) => !reached(packet.handle))
      .forEach((packet) => {
        reportPacket(simulator, packet);
      });
  }
  for (const state of states.filter((candidate) => !reached(candidate))) {
    simulator.breach('mem-leak', {
      object: state,
      message: 'the saved state was never freed (VspLabFreeState)',
      frames: frame(simulator.machine.u32(state + STATE.location)),
    });
  }
  for (const block of unreachedBlocks(simulator.machine)) {
    simulator.breach('mem-leak', {
      object: block.start,
      detail: block.size,
      message: `${block.size} bytes of pool with tag '${tagText(block.tag)}' were never freed`,
      frames: simulator.stack(block.stack),
    });
  }
}

/**
 * What a refusing restore callback has allocated and left to nobody: the driver's globals, objects the library holds for
 * it and the stack of who called it are searched.
 */
export function refusedLeft(host: Host): void {
  const { simulator } = host;
  const { machine } = simulator;
  const { native } = machine;
  const outside = machine.frames();
  native.vsp_mark_begin();
  for (const value of [...roots(host), ...machine.stackWords()]) native.vsp_mark_value(value);
  native.vsp_mark_reachable();
  for (const block of unreachedBlocks(machine)) {
    const frames = simulator.stack(block.stack);
    if (frames.length <= outside.length || outside.some((frame, index) => frames[index] !== frame)) continue;
    simulator.breach('restorepkt-free-on-failure', {
      object: block.start,
      detail: block.size,
      message:
        `EvtVmbChannelRestorePacket failed and did not give back ${block.size} bytes of pool with tag ` +
        `'${tagText(block.tag)}'`,
      frames,
    });
  }
}

/** In the order of allocation. */
function unreachedBlocks(machine: Machine): { start: number; size: number; tag: number; stack: number }[] {
  const blocks: { start: number; size: number; tag: number; stack: number }[] = [];
  for (let at = machine.native.vsp_pool_first(); at !== 0; at = machine.native.vsp_pool_next()) {
    if ((machine.u32(at + DESCRIPTION.flags) & REACHED) === 0) {
      blocks.push({
        start: machine.pointer(at + DESCRIPTION.start),
        size: machine.pointer(at + DESCRIPTION.size),
        tag: machine.u32(at + DESCRIPTION.tag),
        stack: machine.u32(at + DESCRIPTION.allocated_stack),
      });
    }
  }
  return blocks.reverse();
}

function frame(location: number): readonly number[] {
  return location === 0 ? [] : [location];
}
