/**
 * What the peer does to a channel's life (interfaces 4): it opens, closes, and says how large its rings are. Its
 * packets are C's (guest.c).
 */
import type { Channel, Channels } from './channel.js';
import { EVENT, IRQL } from './layout.js';
import type { Lifecycle } from './lifecycle.js';
import { apiOf, type FunctionTable, type Simulator } from './simulator.js';
import { STATUS } from './status.js';

export class Guest {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;
  readonly #channels: Channels;
  readonly #lifecycle: Lifecycle;

  constructor(simulator: Simulator, channels: Channels, lifecycle: Lifecycle) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.#lifecycle = lifecycle;
    this.functions = {
      VspLabGuestOpenChannel: { signature: 's:p', call: (handle = 0) => this.open(handle) },
      VspLabGuestCloseChannel: { signature: 'v:p', call: (handle = 0) => this.close(handle) },
      VspLabGuestSetRingSize: { signature: 'v:pu', call: (handle = 0, bytes = 0) => this.#ringSize(handle, bytes) },
    };
  }

  /** The guest accepts a server's offer; for a client channel the host offers. Answers Opened's status. */
  open(handle: number): number {
    const channel = this.#acted('VspLabGuestOpenChannel', handle);
    if (channel === undefined) {
      return STATUS.INVALID_HANDLE;
    }
    if (!channel.server) {
      return this.#offer(channel);
    }
    return this.#lifecycle.fire(channel, 'open', 'VspLabGuestOpenChannel') ?? STATUS.INVALID_DEVICE_STATE;
  }

  /** The guest closes, dies or is removed; a client's offer is rescinded. */
  close(handle: number): undefined {
    const channel = this.#acted('VspLabGuestCloseChannel', handle);
    if (channel === undefined) {
      return;
    }
    channel.offered = false;
    this.#lifecycle.fire(channel, 'close', 'VspLabGuestCloseChannel');
  }

  #offer(channel: Channel): number {
    const planned = this.#simulator.takePlanned('VspLabGuestOpenChannel');
    if (planned !== undefined && channel.axes.enabled) {
      this.#connectionFails(channel, planned);
      return planned;
    }
    channel.offered = true;
    if (!channel.axes.enabled) {
      return STATUS.DEVICE_NOT_READY;
    }
    return this.#lifecycle.fire(channel, 'open', 'VspLabGuestOpenChannel') ?? STATUS.INVALID_DEVICE_STATE;
  }

  /** 4.4 "late connection failure": PnpFailure runs, the channel stays enabled. */
  #connectionFails(channel: Channel, status: number): void {
    const { machine } = this.#simulator;
    const api = apiOf('EvtVmbChannelPnpFailure');
    machine.event(EVENT.CALLBACK, api, channel.handle, status);
    if (channel.pnpFailure !== 0) {
      const flow = { callback: api, irql: IRQL.PASSIVE, channel: channel.index };
      machine.invoke(flow, channel.pnpFailure, 'v:pu', [channel.handle, status]);
    }
    machine.event(EVENT.CALLBACK_RETURN, api, channel.handle);
  }

  #ringSize(handle: number, bytes: number): undefined {
    const channel = this.#acted('VspLabGuestSetRingSize', handle);
    if (channel !== undefined && this.#simulator.machine.native.vsp_guest_set_ring_size(handle, bytes) === 0) {
      this.#simulator.unsupported(
        channel.axes.open
          ? 'VspLabGuestSetRingSize on an open channel: the ring has its size until the guest closes'
          : `VspLabGuestSetRingSize: ${bytes} is no ring size (a multiple of 4096)`,
      );
    }
  }

  #acted(name: string, handle: number): Channel | undefined {
    this.#simulator.machine.event(EVENT.GUEST, apiOf(name), handle);
    return this.#channels.resolve(handle);
  }
}
