/** Queries and run-time settings of a channel: kmcl-facts 2.3 #25-29, 2.8 #57, #58, #60, #66. */
import type { Channel, Channels } from './channel.js';
import type { FixtureDevices } from './devices.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';

/** Where the guest's MMIO ranges lie: a fake physical range that nothing maps. */
const MMIO_BASE = 0xf8_0000_0000;
const MMIO_PER_CHANNEL = 0x1_0000_0000;
const MEGABYTE = 1 << 20;
const PAGE_SIZE = 4096;

export class ChannelQueries {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;
  readonly #channels: Channels;

  constructor(simulator: Simulator, channels: Channels, devices: FixtureDevices) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.functions = {
      VmbChannelSetInterruptLatency: {
        signature: 's:php',
        call: (handle = 0, latency = 0, out = 0) => this.#latency(handle, latency, out),
      },
      VmbChannelSetIncomingProcessingAtPassive: {
        signature: 'v:pb',
        call: (handle = 0, passive = 0) => this.#set(handle, 'PASSIVE', passive === 0 ? 0 : 1),
      },
      VmbChannelSetTransactionQuota: {
        signature: 'v:pu',
        // zero is a violation; ignored
        call: (handle = 0, quota = 0) => (quota === 0 ? undefined : this.#set(handle, 'QUOTA', quota)),
      },
      VmbChannelGetInterfaceInstance: {
        signature: 'v:pp',
        call: (handle = 0, out = 0) => this.#interfaceInstance(handle, out),
      },
      VmbChannelGetMmioSpace: {
        signature: 'v:ppp',
        call: (handle = 0, address = 0, size = 0) => this.#mmioSpace(handle, address, size),
      },
      VmbChannelGetTargetDeviceObject: {
        signature: 'v:pp',
        call: (handle = 0, out = 0) => {
          if (this.#channels.resolve(handle) !== undefined) {
            this.#simulator.writePointer(out, devices.target());
          }
          return undefined;
        },
      },
      VmbChannelGetParentDeviceObject: {
        signature: 'v:pp',
        call: (handle = 0, out = 0) => {
          const channel = this.#channels.resolve(handle);
          if (channel !== undefined) {
            this.#simulator.writePointer(out, channel.parent);
          }
          return undefined;
        },
      },
      VmbChannelAllocateBounceBuffer: {
        signature: 's:pu',
        call: (handle = 0, size = 0) => this.#bounceBuffer(handle, size),
      },
      VmbChannelSetAllowableDpcCpuUsage: {
        signature: 'v:pb',
        call: (handle = 0) => {
          this.#channels.resolve(handle);
          return undefined;
        },
      },
    };
  }

  #set(handle: number, field: Parameters<Channel['set']>[0], value: number): undefined {
    this.#channels.resolve(handle)?.set(field, value);
  }

  /** From the call of Opened to that of Closed, both included. */
  #latency(handle: number, latency: number, out: number): number {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return STATUS.INVALID_PARAMETER_1;
    }
    this.#simulator.writable(out, 2);
    if (!channel.axes.open) {
      this.#simulator.breach('state-latency-window', { object: handle });
      return STATUS.INVALID_DEVICE_STATE;
    }
    this.#simulator.machine.setU16(out, channel.latency);
    channel.latency = latency;
    return STATUS.SUCCESS;
  }

  #interfaceInstance(handle: number, out: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return;
    }
    this.#simulator.writable(out, 16);
    this.#simulator.machine.bytes.set(channel.interfaceInstance ?? new Uint8Array(16), out);
  }

  #mmioSpace(handle: number, address: number, size: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return;
    }
    this.#simulator.writable(address, 8);
    this.#simulator.writable(size, 8);
    if (!channel.axes.open) {
      this.#simulator.breach('state-mmio-window', {
        object: handle,
        message: 'VmbChannelGetMmioSpace before EvtVmbChannelOpened',
      });
      return;
    }
    const bytes = channel.mmioMegabytes * MEGABYTE;
    this.#simulator.machine.setPointer(address, bytes === 0 ? 0 : MMIO_BASE + channel.index * MMIO_PER_CHANNEL);
    this.#simulator.machine.setPointer(size, bytes);
  }

  #bounceBuffer(handle: number, size: number): number {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return STATUS.INVALID_PARAMETER;
    }
    if (channel.server) {
      return STATUS.NOT_SUPPORTED;
    }
    if (size === 0 || size % PAGE_SIZE !== 0) {
      return STATUS.INVALID_PARAMETER;
    }
    return this.#simulator.mayAllocate() ? STATUS.SUCCESS : STATUS.INSUFFICIENT_RESOURCES;
  }
}
