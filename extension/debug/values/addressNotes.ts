/** What lies at an address, in a few words: block, global, channel, packet, SaveBuf. */
import type { AddressDescription, KernelSnapshot } from '../../core/debug/kernel.js';
import type { StoppedView } from '../../core/debug/view.js';
import type { SourceLocation } from '../../core/toolchain/module.js';

export function locationOf(view: StoppedView, id: number): SourceLocation | undefined {
  return view.driver.locations[id >>> 20]?.[id & 0xfffff];
}

/** `NicIndication.c:120`. */
export function placeText(view: StoppedView, id: number | undefined): string | undefined {
  const location = id === undefined ? undefined : locationOf(view, id);
  if (location === undefined || location.line === 0) return undefined;
  return `${location.file.replace(/^.*\//, '')}:${location.line}`;
}

function withOffset(name: string, offset: number): string {
  if (offset === 0) return name;
  return offset < 0 ? `${name} - ${-offset}` : `${name} + ${offset}`;
}

/** Undefined where there is nothing to say. */
export function addressNote(view: StoppedView, kernel: KernelSnapshot, address: number): string | undefined {
  return handleNote(kernel, address) ?? bufferNote(kernel, address) ?? describedNote(view, view.describe(address));
}

/** Channels, packets and handles are opaque to the driver: their address is all it has. */
function handleNote({ channels, handles, states }: KernelSnapshot, address: number): string | undefined {
  for (const channel of channels) {
    if (channel.handle === address) return `channel ${channel.index}${channel.name === '' ? '' : ` "${channel.name}"`}`;
    const index = channel.packets.findIndex(({ handle }) => handle === address);
    const packet = channel.packets[index];
    if (packet !== undefined) return `packet ${index} of channel ${channel.index}, ${packet.state}`;
    if (channel.incoming.some(({ handle }) => handle === address))
      return `packet from the guest, channel ${channel.index}`;
  }
  if (states.some(({ handle }) => handle === address)) return 'saved state';
  const handle = handles.find((each) => each.handle === address);
  if (handle === undefined) return undefined;
  return handle.kind === 'vmbus' ? 'VMBus handle' : `${handle.kind} handle`;
}

function bufferNote({ saveBuffer, libraryBuffer }: KernelSnapshot, address: number): string | undefined {
  for (const [name, buffer] of [
    ['SaveBuf', saveBuffer],
    ['LibBuf', libraryBuffer],
  ] as const) {
    if (buffer !== null && address >= buffer.address && address < buffer.address + Math.max(1, buffer.size)) {
      return `${withOffset(name, address - buffer.address)}, ${buffer.size} bytes`;
    }
  }
  return undefined;
}

function describedNote(view: StoppedView, found: AddressDescription): string | undefined {
  const { kind, tag, name, size, offset } = found;
  const block = `block${tag === '' ? '' : ` '${tag}'`} of ${size} bytes`;
  switch (kind) {
    case 'block':
      return offset >= size ? `${offset - size} bytes behind a ${block}` : withOffset(block, offset);
    case 'freed': {
      const where = placeText(view, found.freedAt.at(-1));
      return `freed ${withOffset(block, offset)}${where === undefined ? '' : `, freed at ${where}`}`;
    }
    case 'global':
      return withOffset(name === '' ? 'global' : name, offset);
    case 'stack':
      return withOffset(name === '' ? 'stack' : `local ${name}`, name === '' ? 0 : offset);
    case 'library':
      return 'memory of the library';
    case 'callback':
      return 'buffer of a callback that has returned';
    case 'runtime':
    case 'null':
    case 'nothing':
      return undefined;
  }
}
