/** The simulated kernel as trees for the debug panel: channel, packets, ring buffers, saved chunks, pool blocks. */
import type { KernelChannel, KernelLock, KernelSnapshot } from '../../core/debug/kernel.js';
import type { StoppedView } from '../../core/debug/view.js';
import { addressText } from './addresses.js';
import { addressNote, locationOf, placeText } from './addressNotes.js';
import type { KernelTreeNode } from './asks.js';
import { channelState, irqlText } from './kernelScope.js';
import { lockItem } from './locks.js';
import type { Renderer } from './render.js';

function node(
  label: string,
  description: string,
  icon: string,
  children: readonly KernelTreeNode[] = [],
): KernelTreeNode {
  return { label, description, icon, children };
}

export function kernelTree(renderer: Renderer): readonly KernelTreeNode[] {
  const { view, kernel } = renderer;
  return [
    runningNode(renderer),
    ...kernel.channels.map((channel) => channelNode(view, kernel, channel)),
    statesNode(kernel),
    poolNode(view, kernel),
  ];
}

function runningNode(renderer: Renderer): KernelTreeNode {
  const { callback, pass, packet, channel, irql, locks } = renderer.kernel;
  const where = callback ?? 'no callback';
  const what = [
    pass === null ? '' : `${pass} pass`,
    packet === null ? '' : `packet ${packet}`,
    channel === null ? '' : `channel ${channel}`,
  ];
  return node(where, what.filter((word) => word !== '').join(', '), 'symbol-event', [
    node('IRQL', irqlText(irql), 'dashboard'),
    node(
      'Locks held',
      locks.length === 0 ? 'none' : String(locks.length),
      'lock',
      locks.map((lock) => lockNode(renderer, lock)),
    ),
  ]);
}

function lockNode(renderer: Renderer, lock: KernelLock): KernelTreeNode {
  const { name, text = '', declaration } = lockItem(renderer, lock);
  return {
    ...node(name, text, 'lock'),
    memoryReference: addressText(lock.address),
    ...(declaration === undefined ? {} : { location: declaration }),
  };
}

function channelNode(view: StoppedView, kernel: KernelSnapshot, channel: KernelChannel): KernelTreeNode {
  const { packets, packetCount, incoming, inFlight, queued } = channel;
  const current = kernel.channel === channel.index ? kernel.packet : null;
  const shown = packets.map((packet, index): KernelTreeNode => {
    const note = packet.pointer === 0 ? undefined : addressNote(view, kernel, packet.pointer);
    const context = packet.pointer === 0 ? 'no context' : (note ?? addressText(packet.pointer));
    return {
      ...node(`Packet ${index}`, `${packet.state}, ${context}`, index === current ? 'debug-stackframe' : 'package'),
      ...(packet.pointer === 0 ? {} : { memoryReference: addressText(packet.pointer) }),
    };
  });
  // The one that is looked at is there however many are before it.
  const isBeyond = current !== null && current >= packets.length && current < packetCount;
  const beyond = isBeyond ? [node(`Packet ${current}`, 'its callback runs', 'debug-stackframe')] : [];
  const left = packetCount - packets.length - beyond.length;
  const more = left > 0 ? [node(`${left} more`, '', 'ellipsis')] : [];
  const branch = node(
    `Channel ${channel.index}`,
    `${channel.name === '' ? '' : `${channel.name}, `}${channelState(channel)}`,
    'plug',
    [
      node('Packets', String(packetCount), 'list-ordered', [...shown, ...beyond, ...more]),
      node('Ring buffers', `${channel.ringSize} bytes each way`, 'sync', [
        node(
          'From the guest',
          incoming.length === 1 ? '1 packet held' : `${incoming.length} packets held`,
          'arrow-down',
        ),
        node('To the guest', `${inFlight} in flight, ${queued} queued`, 'arrow-up'),
      ]),
    ],
  );
  // Its packets are what is looked for first.
  return current === null ? branch : { ...branch, expanded: true };
}

function statesNode({ states }: KernelSnapshot): KernelTreeNode {
  const shown = states.map((state, index) =>
    node(
      `State ${index}`,
      `${state.bytes} bytes`,
      'save',
      state.chunks.map(
        (chunk, number): KernelTreeNode => ({
          ...node(`Chunk ${number}`, `${chunk.size} bytes`, 'file-binary'),
          memoryReference: addressText(chunk.address),
        }),
      ),
    ),
  );
  return node('Saved chunks', String(states.reduce((sum, { chunks }) => sum + chunks.length, 0)), 'save-all', shown);
}

function poolNode(view: StoppedView, { pool, poolBlocks }: KernelSnapshot): KernelTreeNode {
  const shown = pool.map((block): KernelTreeNode => {
    const id = block.allocatedAt.at(-1);
    const location = id === undefined ? undefined : locationOf(view, id);
    const where = placeText(view, id);
    return {
      ...node(`'${block.tag}' ${block.size} bytes`, where ?? '', 'symbol-array'),
      memoryReference: addressText(block.address),
      ...(location === undefined ? {} : { location: { file: location.file, line: location.line } }),
    };
  });
  const more = poolBlocks > pool.length ? [node(`${poolBlocks - pool.length} more`, '', 'ellipsis')] : [];
  return node('Pool blocks', String(poolBlocks), 'database', [...shown, ...more]);
}
