/**
 * The Init* functions: kmcl-facts 2.2 and 2.8, in the order of the sheet's numbers. Outside Disabled they answer
 * STATUS_INVALID_PARAMETER_1.
 */
import type { Channel, Channels, StateCallbacks } from './channel.js';
import type { Handles } from './handles.js';
import { MODES } from './modes.js';
import type { Signature } from './signature.js';
import type { FunctionTable, LibraryFunction, Simulator } from './simulator.js';
import { STATUS } from './status.js';

const PAGE_SIZE = 4096;
const RING_PAGES_MAX = 0x10000;
const INIT_FLAGS = 0x1;
const SERVER_INIT_FLAGS = 0x1f;
/** Virtual trust levels a channel can be offered to. */
const MAX_VTL = 2;
const MODE_A27 = MODES.findIndex((mode) => mode.id === 'A-27');

type Endpoint = 'both' | 'server' | 'client';
type Setter = (channel: Channel, ...parameters: number[]) => number;

export class ChannelInit {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;
  readonly #channels: Channels;
  readonly #handles: Handles;

  constructor(simulator: Simulator, channels: Channels, handles: Handles) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.#handles = handles;
    this.functions = this.#table();
  }

  #table(): FunctionTable {
    const init = (
      name: string,
      endpoint: Endpoint,
      signature: Signature,
      set: Setter,
    ): Record<string, LibraryFunction> => ({
      [name]: { signature, call: (handle = 0, ...parameters) => this.#init(name, endpoint, handle, set, parameters) },
    });
    return {
      ...init('VmbChannelInitSetMaximumPacketSize', 'both', 's:pu', (channel, size = 0) =>
        size === 0 ? this.#badSize('init-packet-size', channel) : this.#store(channel, 'MAX_PACKET_SIZE', size),
      ),
      ...init('VmbChannelInitSetMaximumExternalData', 'both', 's:puu', (channel, size = 0, chain = 0) =>
        this.#externalData(channel, size, chain),
      ),
      ...init('VmbChannelInitSetClientContextSize', 'both', 's:pu', (channel, size = 0) =>
        this.#store(channel, 'CLIENT_CONTEXT_SIZE', size),
      ),
      ...init('VmbChannelInitSetProcessPacketCallbacks', 'both', 's:ppp', (channel, process = 0, complete = 0) =>
        this.#processCallbacks(channel, 0, 0, process, complete),
      ),
      ...init('VmbChannelInitSetStateChangeCallbacks', 'both', 's:pp', (channel, callbacks = 0) =>
        this.#stateCallbacks(channel, callbacks),
      ),
      ...init('VmbChannelInitSetFriendlyName', 'both', 's:pp', (channel, name = 0) =>
        this.#friendlyName(channel, name),
      ),
      ...init('VmbChannelInitSetFlags', 'both', 's:pu', (channel, flags = 0) =>
        (flags & ~INIT_FLAGS) !== 0 ? STATUS.INVALID_PARAMETER_2 : this.#store(channel, 'FLAGS', flags),
      ),
      ...init('VmbServerChannelInitSetFlags', 'server', 's:pu', (channel, flags = 0) =>
        (flags & ~SERVER_INIT_FLAGS) !== 0 ? STATUS.INVALID_PARAMETER_2 : this.#store(channel, 'SERVER_FLAGS', flags),
      ),
      ...init('VmbServerChannelInitSetMmioMegabytes', 'server', 's:phh', (channel, megabytes = 0, optional = 0) =>
        this.#mmio(channel, megabytes, optional),
      ),
      ...init('VmbServerChannelInitSetTargetInterfaceId', 'server', 's:ppp', (channel, type = 0, instance = 0) => {
        channel.interfaceType = this.#simulator.readGuid(type);
        channel.interfaceInstance = this.#simulator.readGuid(instance);
        return STATUS.SUCCESS;
      }),
      ...init(
        'VmbServerChannelInitSetSaveRestorePacketCallbacks',
        'server',
        's:ppp',
        (channel, save = 0, restore = 0) => this.#saveCallbacks(channel, 0, 0, save, restore),
      ),
      ...init('VmbServerChannelInitSetTargetVtl', 'server', 's:pb', (channel, vtl = 0) =>
        vtl > MAX_VTL ? STATUS.INVALID_PARAMETER_2 : this.#store(channel, 'VTL', vtl),
      ),
      ...init('VmbServerChannelInitSetVmbusHandle', 'server', 's:pp', (channel, handle = 0) =>
        this.#vmbusHandle(channel, handle),
      ),
      ...init('VmbClientChannelInitSetRingBufferPageCount', 'client', 's:puu', (channel, incoming = 0, outgoing = 0) =>
        this.#ringPages(channel, incoming, outgoing),
      ),
      ...init(
        'VmbClientChannelInitSetTargetPnp',
        'client',
        's:pppp',
        (channel, type = 0, instance = 0, failure = 0) => {
          channel.interfaceType = this.#simulator.readGuid(type);
          channel.interfaceInstance = instance === 0 ? undefined : this.#simulator.readGuid(instance);
          channel.pnpFailure = failure;
          return STATUS.SUCCESS;
        },
      ),
      ...init(
        'VmbChannelInitSetBounceBufferSizes',
        'client',
        's:puuu',
        (_channel, initial = 0, increment = 0, maximum = 0) => bounceSizes(initial, increment, maximum),
      ),
      ...init('VmbChannelInitSetMaximumPacketCount', 'both', 's:pu', (channel, count = 0) =>
        count === 0 ? STATUS.INVALID_PARAMETER_2 : this.#store(channel, 'MAX_PACKET_COUNT', count),
      ),
      ...init('VmbChannelInitSetPrimaryChannel', 'both', 's:pph', (channel, primary = 0, index = 0) =>
        this.#primary(channel, primary, index),
      ),
      ...init('VmbClientChannelInitSetTargetProcessorIndex', 'client', 's:pu', () => STATUS.SUCCESS),
      ...init('VmbChannelInitSetInlinePacketContextSize', 'both', 's:pu', (channel, size = 0) =>
        this.#store(channel, 'INLINE_CONTEXT_SIZE', size),
      ),
      ...init(
        'VmbChannelInitSetProcessPacketCallbacksEx',
        'both',
        's:pppp',
        (channel, context = 0, process = 0, complete = 0) =>
          this.#processCallbacks(channel, 1, context, process, complete),
      ),
      ...init(
        'VmbServerChannelInitSetSaveRestorePacketCallbacksEx',
        'server',
        's:pppp',
        (channel, context = 0, save = 0, restore = 0) => this.#saveCallbacks(channel, 1, context, save, restore),
      ),
    };
  }

  /** What all of them check first: a live channel, the right endpoint, PASSIVE_LEVEL, Disabled. */
  #init(name: string, endpoint: Endpoint, handle: number, set: Setter, parameters: readonly number[]): number {
    const channel = handle === 0 ? undefined : this.#channels.resolve(handle);
    if (channel === undefined) {
      return STATUS.INVALID_PARAMETER_1;
    }
    this.#simulator.passiveOnly(name);
    if (endpoint === 'server' && !channel.server) {
      this.#simulator.breach('init-server-only-on-server', { object: handle, message: `${name} on a client channel` });
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    if (endpoint === 'client' && channel.server) {
      this.#simulator.breach('init-client-only-on-client', { object: handle, message: `${name} on a server channel` });
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    if (channel.axes.enabled) {
      this.#simulator.breach('init-before-enable', { object: handle, message: `${name} on an enabled channel` });
      return STATUS.INVALID_PARAMETER_1;
    }
    return set(channel, ...parameters);
  }

  #store(channel: Channel, field: Parameters<Channel['set']>[0], value: number): number {
    channel.set(field, value);
    return STATUS.SUCCESS;
  }

  #badSize(
    rule: 'init-packet-size' | 'init-external-limits',
    channel: Channel,
    status: number = STATUS.INVALID_PARAMETER_2,
  ): number {
    this.#simulator.breach(rule, { object: channel.handle, message: 'the limit is zero' });
    return status;
  }

  #externalData(channel: Channel, size: number, chain: number): number {
    if (size === 0) {
      return this.#badSize('init-external-limits', channel);
    }
    if (chain === 0) {
      return this.#badSize('init-external-limits', channel, STATUS.INVALID_PARAMETER_3);
    }
    channel.set('MAX_EXTERNAL_DATA', size);
    return this.#store(channel, 'MAX_CHAIN_LENGTH', chain);
  }

  #processCallbacks(channel: Channel, ex: number, context: number, process: number, complete: number): number {
    channel.processCallbacks = process !== 0;
    this.#simulator.machine.native.vsp_channel_set_process_callbacks(channel.handle, ex, context, process, complete);
    return STATUS.SUCCESS;
  }

  #saveCallbacks(channel: Channel, ex: number, context: number, save: number, restore: number): number {
    this.#simulator.machine.native.vsp_channel_set_save_callbacks(channel.handle, ex, context, save, restore);
    return STATUS.SUCCESS;
  }

  /** 1.4: version 1 with 48 bytes, version 5 with 56. Copied: the driver's structure may go. */
  #stateCallbacks(channel: Channel, address: number): number {
    const { machine } = this.#simulator;
    this.#simulator.readable(address, 8);
    const version = machine.u32(address);
    const size = machine.u32(address + 4);
    if (!(version === 1 && size === 48) && !(version === 5 && size === 56)) {
      return STATUS.INVALID_PARAMETER_2;
    }
    this.#simulator.readable(address, size);
    const first = version === 5 ? address + 16 : address + 8;
    const member = (index: number): number => machine.pointer(first + 8 * index);
    const callbacks: StateCallbacks = {
      version,
      context: version === 5 ? machine.pointer(address + 8) : 0,
      Opened: member(0),
      Closed: member(1),
      Suspend: member(2),
      Started: member(3),
      PostStarted: member(4),
    };
    channel.callbacks = callbacks;
    return STATUS.SUCCESS;
  }

  #friendlyName(channel: Channel, string: number): number {
    if (channel.friendlyName !== '') {
      return STATUS.INVALID_PARAMETER_2;
    }
    const { machine } = this.#simulator;
    this.#simulator.readable(string, 16);
    const length = machine.u16(string);
    const buffer = machine.pointer(string + 8);
    this.#simulator.readable(buffer, length);
    channel.friendlyName = machine.utf16(buffer, length);
    this.#channels.rename(channel);
    return STATUS.SUCCESS;
  }

  #mmio(channel: Channel, megabytes: number, optional: number): number {
    if (megabytes === 0 && optional === 0) {
      return this.#simulator.machine.mode(MODE_A27) === 0 ? STATUS.INVALID_PARAMETER : STATUS.INVALID_PARAMETER_2;
    }
    channel.mmioMegabytes = megabytes + optional;
    return STATUS.SUCCESS;
  }

  #vmbusHandle(channel: Channel, handle: number): number {
    if (!this.#handles.isVmbus(handle)) {
      this.#simulator.breach('init-vmbus-handle', {
        object: channel.handle,
        message: 'the handle is no open kernel handle from VmbConvertVmbusHandleToKernelHandle',
      });
      return STATUS.INVALID_HANDLE;
    }
    channel.vmbusHandle = handle;
    return STATUS.SUCCESS;
  }

  #ringPages(channel: Channel, incoming: number, outgoing: number): number {
    const pages = Math.max(incoming, outgoing);
    if (incoming === 0 || outgoing === 0 || pages > RING_PAGES_MAX) {
      return STATUS.INVALID_PARAMETER;
    }
    return this.#store(channel, 'RING_SIZE', pages * PAGE_SIZE);
  }

  #primary(channel: Channel, handle: number, index: number): number {
    const primary = handle === 0 ? undefined : this.#channels.find(handle);
    if (primary === undefined || channel.primary !== undefined || primary === channel) {
      return STATUS.INVALID_PARAMETER_2;
    }
    if (index === 0) {
      this.#simulator.breach('init-subchannel', {
        object: channel.handle,
        message: 'the index of a sub-channel is zero',
      });
      return STATUS.INVALID_PARAMETER_3;
    }
    channel.primary = primary;
    primary.subChannels.push(channel);
    return STATUS.SUCCESS;
  }
}

/** 2.8 #59: whole pages; increment and maximum may be 0 for their defaults. */
function bounceSizes(initial: number, increment: number, maximum: number): number {
  if (initial === 0 || initial % PAGE_SIZE !== 0) {
    return STATUS.INVALID_PARAMETER_2;
  }
  if (increment % PAGE_SIZE !== 0) {
    return STATUS.INVALID_PARAMETER_3;
  }
  return maximum % PAGE_SIZE !== 0 || (maximum !== 0 && maximum < initial)
    ? STATUS.INVALID_PARAMETER_4
    : STATUS.SUCCESS;
}
