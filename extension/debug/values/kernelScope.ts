/** Registers of the simulated kernel as a scope: IRQL, locks, the callback that runs, channels, pool, saved states. */
import type { KernelBlock, KernelChannel, KernelPacket, KernelState } from '../../core/debug/kernel.js';
import type { StoppedView } from '../../core/debug/view.js';
import { pointerTo, VOID } from '../expressions/types.js';
import { addressText } from './addresses.js';
import { placeText } from './addressNotes.js';
import { type Container, type Item, indexedContainer, namedContainer } from './items.js';
import { lockItem } from './locks.js';
import type { Renderer } from './render.js';
import { saveBufferContainer, saveBufferNote } from './saveBuffer.js';

const IRQLS: Readonly<Record<number, string>> = { 0: 'PASSIVE_LEVEL', 1: 'APC_LEVEL', 2: 'DISPATCH_LEVEL' };
/** 100 ns units of a millisecond. */
const UNITS = 10_000;

export function irqlText(irql: number): string {
  return `${IRQLS[irql] ?? 'IRQL'} (${irql})`;
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? 'none' : `${count} ${count === 1 ? one : many}`;
}

/** The axes of a channel's state (kmcl-facts 1.2) that are set. */
export function channelState(channel: KernelChannel): string {
  const states = (['enabled', 'open', 'started', 'suspended', 'saving', 'restoring'] as const).filter(
    (axis) => channel[axis],
  );
  return states.length === 0 ? 'idle' : states.join(', ');
}

export function kernelItems(renderer: Renderer): readonly Item[] {
  const { kernel, view } = renderer;
  const { channel, packet, pass, callback } = kernel;
  const none = 'none';
  const items: Item[] = [
    { name: 'IRQL', text: irqlText(kernel.irql), evaluateName: '$irql' },
    locksItem(renderer),
    { name: 'Time', text: `${kernel.time / UNITS} ms`, evaluateName: '$time' },
    { name: 'Callback', text: callback ?? none },
    { name: 'Pass', text: pass ?? none, evaluateName: '$pass' },
    currentChannel(renderer, channel),
    currentPacket(renderer, channel, packet),
    saveBufferItem(renderer),
    {
      name: 'Channels',
      text: counted(kernel.channels.length, 'channel', 'channels'),
      ...container(kernel.channels.length, (index) => channelItem(renderer, `[${index}]`, kernel.channels[index])),
    },
    {
      name: 'Pool',
      text: counted(kernel.poolBlocks, 'block', 'blocks'),
      ...container(kernel.pool.length, (index) => blockItem(view, kernel.pool[index], index)),
    },
    {
      name: 'Saved states',
      text: counted(kernel.states.length, 'state', 'states'),
      ...container(kernel.states.length, (index) => stateItem(kernel.states[index], index)),
    },
    {
      name: 'Handles',
      text: counted(kernel.handles.length, 'handle', 'handles'),
      ...container(kernel.handles.length, (index) => handleItem(kernel.handles[index], index)),
    },
    {
      name: 'Findings',
      text: counted(kernel.findings.length, 'finding', 'findings'),
      ...container(kernel.findings.length, (index) => findingItem(view, kernel.findings[index], index)),
    },
  ];
  return items.map((item) => ({ ...item, virtual: true }));
}

function container(count: number, item: (index: number) => Item): { readonly container?: Container } {
  return count === 0 ? {} : { container: indexedContainer(count, (index) => ({ ...item(index), virtual: true })) };
}

/** By name, each with the line that took it; one alone is told at once. */
function locksItem(renderer: Renderer): Item {
  const items = renderer.kernel.locks.map((lock) => lockItem(renderer, lock));
  const [only] = items;
  const text = items.length === 1 ? `${only?.name}, ${only?.text}` : counted(items.length, 'lock', 'locks');
  return {
    name: 'Locks held',
    text,
    ...(items.length === 0 ? {} : { container: namedContainer(() => items, items.length) }),
  };
}

function currentChannel(renderer: Renderer, index: number | null): Item {
  const channel = renderer.kernel.channels.find((each) => each.index === index);
  if (channel === undefined) return { name: 'Channel', text: index === null ? 'none' : String(index) };
  return { ...channelItem(renderer, 'Channel', channel), evaluateName: '$channel' };
}

function currentPacket(renderer: Renderer, channel: number | null, packet: number | null): Item {
  const name = 'Packet';
  if (packet === null) return { name, text: 'none', evaluateName: '$packet' };
  const found = renderer.kernel.channels.find((each) => each.index === channel)?.packets[packet];
  if (found === undefined) return { name, text: String(packet), evaluateName: '$packet' };
  return { ...packetItem(renderer, name, found), text: `${packet}, ${found.state}`, evaluateName: '$packet' };
}

function saveBufferItem({ kernel, view, memory }: Renderer): Item {
  const { saveBuffer } = kernel;
  const name = 'SaveBuf';
  if (saveBuffer === null) return { name, text: 'none', evaluateName: '$savebuf' };
  const { address } = saveBuffer;
  const note = saveBufferNote(kernel, () => view.saveBufferWriters(), address)?.replace(/^SaveBuf, /, '');
  const parts = saveBufferContainer(view, kernel, memory, address);
  return {
    name,
    text: address === 0 ? 'NULL' : `${addressText(address)} ${note ?? ''}`,
    evaluateName: '$savebuf',
    ...(address === 0 ? {} : { memoryAddress: address }),
    ...(parts === undefined ? {} : { container: parts }),
  };
}

function pointerItem(renderer: Renderer, name: string, address: number): Item {
  const { text } = renderer.scalar(pointerTo(VOID), BigInt(address), { format: {}, hexadecimal: false });
  return { name, text, ...(address === 0 ? {} : { memoryAddress: address }) };
}

function channelItem(renderer: Renderer, name: string, channel: KernelChannel | undefined): Item {
  if (channel === undefined) return { name, text: '' };
  const items = (): readonly Item[] => [
    { name: 'Handle', text: addressText(channel.handle) },
    { name: 'Name', text: channel.name === '' ? 'none' : channel.name },
    { name: 'Side', text: channel.server ? 'server' : 'client' },
    { name: 'State', text: channelState(channel) },
    pointerItem(renderer, 'Pointer', channel.pointer),
    { name: 'Ring', text: `${channel.ringSize} bytes each way` },
    {
      name: 'Outgoing packets',
      text: counted(channel.packetCount, 'packet', 'packets'),
      ...container(channel.packets.length, (index) => packetItem(renderer, `[${index}]`, channel.packets[index])),
    },
    { name: 'Packets from the guest', text: counted(channel.incoming.length, 'packet', 'packets') },
  ];
  const label = channel.name === '' ? '' : ` "${channel.name}"`;
  const text = `${channel.index}${label}, ${channelState(channel)}`;
  return { name, text, container: namedContainer(items, 8) };
}

function packetItem(renderer: Renderer, name: string, packet: KernelPacket | undefined): Item {
  if (packet === undefined) return { name, text: '' };
  const items = (): readonly Item[] => [
    { name: 'Handle', text: addressText(packet.handle) },
    { name: 'State', text: packet.state },
    pointerItem(renderer, 'Pointer', packet.pointer),
  ];
  return { name, text: packet.state, container: namedContainer(items, 3) };
}

function blockItem(view: StoppedView, block: KernelBlock | undefined, index: number): Item {
  if (block === undefined) return { name: `[${index}]`, text: '' };
  const where = placeText(view, block.allocatedAt.at(-1));
  const paged = block.paged ? ', paged' : '';
  return {
    name: `[${index}]`,
    text: `'${block.tag}' ${block.size} bytes${paged}${where === undefined ? '' : `, ${where}`}`,
    memoryAddress: block.address,
  };
}

function stateItem(state: KernelState | undefined, index: number): Item {
  if (state === undefined) return { name: `[${index}]`, text: '' };
  return {
    name: `[${index}]`,
    text: `${state.bytes} bytes in ${counted(state.chunks.length, 'chunk', 'chunks')}`,
    ...container(state.chunks.length, (chunk) => ({
      name: `[${chunk}]`,
      text: `${state.chunks[chunk]?.size ?? 0} bytes`,
      ...(state.chunks[chunk] === undefined ? {} : { memoryAddress: state.chunks[chunk].address }),
    })),
  };
}

function handleItem(handle: { readonly handle: number; readonly kind: string } | undefined, index: number): Item {
  return { name: `[${index}]`, text: handle === undefined ? '' : `${addressText(handle.handle)} ${handle.kind}` };
}

function findingItem(
  view: StoppedView,
  finding: { readonly rule: string; readonly location: number } | undefined,
  index: number,
): Item {
  const where = placeText(view, finding?.location);
  return { name: `[${index}]`, text: `${finding?.rule ?? ''}${where === undefined ? '' : ` at ${where}`}` };
}
