/**
 * VmbChannelAllocate, Initialize, Cleanup, Enable, Disable, Start, Pause: kmcl-facts 2.2, 2.3, 2.8 #64 and the rules of
 * 7.1, 7.2.
 */
import type { ApiName } from './api.js';
import { CHANNEL_CALLBACKS, NO_START_PAUSE } from './callContext.js';
import { Channel, type Channels } from './channel.js';
import { IRQL } from './layout.js';
import { saveLeft } from './leaks.js';
import type { Lifecycle } from './lifecycle.js';
import type { FunctionTable, Simulator, SimulatorRule } from './simulator.js';
import { STATUS } from './status.js';

/** Of FIELD.RESTORING. */
const RESTORE_FAILED = 2;

export class ChannelControl {
  /** A channel is about to go: what it still holds. */
  onCleanup: (channel: Channel) => void = () => {};
  readonly #simulator: Simulator;
  readonly #channels: Channels;
  readonly #lifecycle: Lifecycle;

  constructor(simulator: Simulator, channels: Channels, lifecycle: Lifecycle) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.#lifecycle = lifecycle;
  }

  readonly functions: FunctionTable = {
    VmbChannelAllocate: {
      signature: 's:pbp',
      call: (parent = 0, server = 0, out = 0) => this.#allocate(parent, server, out),
    },
    VmbChannelInitialize: {
      signature: 's:pbpu',
      call: (parent = 0, server = 0, memory = 0, size = 0) => this.#initialize(parent, server, memory, size),
    },
    VmbChannelCleanup: { signature: 'v:p', call: (handle = 0) => this.#cleanup(handle) },
    VmbChannelEnable: { signature: 's:p', call: (handle = 0) => this.#enable(handle) },
    VmbChannelDisable: { signature: 'v:p', call: (handle = 0) => this.#disable(handle) },
    VmbChannelStart: { signature: 'v:p', call: (handle = 0) => this.#start(handle) },
    VmbChannelPause: { signature: 'v:p', call: (handle = 0) => this.#pause(handle) },
  };

  #allocate(parent: number, server: number, out: number): number {
    this.#simulator.passiveOnly('VmbChannelAllocate', 'init-alloc-passive');
    this.#simulator.writable(out, 8);
    const channel = this.create(parent, server, 0);
    if (channel === undefined) {
      return STATUS.INSUFFICIENT_RESOURCES;
    }
    this.#simulator.writePointer(out, channel.handle);
    return STATUS.SUCCESS;
  }

  #initialize(parent: number, server: number, memory: number, size: number): number {
    this.#simulator.passiveOnly('VmbChannelInitialize', 'init-alloc-passive');
    if (size < this.#simulator.machine.native.VmbSizeofChannel()) {
      return STATUS.INVALID_PARAMETER_4;
    }
    this.#simulator.writable(memory, size);
    return this.create(parent, server, memory) === undefined ? STATUS.INSUFFICIENT_RESOURCES : STATUS.SUCCESS;
  }

  /** A channel of its own memory (0) or the driver's; undefined when an allocation is made to fail. */
  create(parent: number, server: number, memory: number): Channel | undefined {
    const { machine } = this.#simulator;
    const handle = machine.native.vsp_channel_create(parent, server === 0 ? 0 : 1, memory);
    if (handle === 0) {
      return undefined;
    }
    const channel = new Channel(machine, handle, server !== 0, parent);
    this.#channels.add(channel);
    return channel;
  }

  #cleanup(handle: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined || this.#refusedInCallback('VmbChannelCleanup', channel)) {
      return;
    }
    this.#simulator.passiveOnly('VmbChannelCleanup');
    if (channel.axes.enabled) {
      this.#simulator.breach('state-disable-before-cleanup', {
        object: handle,
        message: 'VmbChannelCleanup of a channel that is still enabled: VmbChannelDisable comes first',
      });
      this.#lifecycle.fire(channel, 'disable', 'VmbChannelCleanup');
    }
    this.destroy(channel);
  }

  /** The end of a disabled channel. Packets sent since Disable have no next open to wait for. */
  destroy(channel: Channel): void {
    saveLeft(this.#simulator, channel);
    this.#lifecycle.cancel(channel);
    this.onCleanup(channel);
    if (channel.primary !== undefined) {
      channel.primary.subChannels = channel.primary.subChannels.filter((sub) => sub !== channel);
    }
    this.#channels.remove(channel);
    this.#simulator.machine.native.vsp_channel_destroy(channel.handle);
  }

  #enable(handle: number): number {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return STATUS.INVALID_PARAMETER_1;
    }
    this.#simulator.passiveOnly('VmbChannelEnable');
    if (channel.axes.enabled) {
      return STATUS.INVALID_DEVICE_STATE;
    }
    const refused = this.#checkBeforeEnable(channel);
    if (refused !== STATUS.SUCCESS) {
      return refused;
    }
    channel.everEnabled = true;
    channel.everStarted = false;
    if (!channel.server) {
      channel.move({ started: !channel.autoPause });
      channel.autoPause = false;
    }
    this.#lifecycle.fire(channel, 'enable', 'VmbChannelEnable');
    if (!channel.server && channel.offered) {
      this.#openLater(channel);
    }
    return STATUS.SUCCESS;
  }

  /**
   * O8: Enable returns without waiting for the peer; the offer that is there already is taken by work of the library's
   * own.
   */
  #openLater(channel: Channel): void {
    this.#simulator.scheduler.queue({
      object: channel.handle,
      kind: 'channel',
      irql: IRQL.PASSIVE,
      routine: 0,
      parameters: [],
      done: () => {
        if (this.#channels.find(channel.handle) === channel && channel.offered) {
          this.#lifecycle.fire(channel, 'open', 'the offer');
        }
      },
    });
  }

  /** What 7.1 wants done before Enable; a sub-channel also needs its primary open (2.8 #63). */
  #checkBeforeEnable(channel: Channel): number {
    const { primary } = channel;
    if (primary !== undefined && !primary.axes.open) {
      this.#simulator.breach('init-subchannel', {
        object: channel.handle,
        message: 'VmbChannelEnable of a sub-channel whose primary is not open',
      });
      return STATUS.INVALID_DEVICE_STATE;
    }
    if (!channel.processCallbacks) {
      this.#simulator.breach('init-process-callback', { object: channel.handle });
    }
    if (channel.server && primary === undefined) {
      if (channel.vmbusHandle === 0) {
        this.#simulator.breach('init-vmbus-handle', {
          object: channel.handle,
          message: 'VmbChannelEnable without VmbServerChannelInitSetVmbusHandle',
        });
      } else if (channel.vmbusHandleClosed !== undefined) {
        this.#simulator.breach('init-vmbus-handle', {
          object: channel.handle,
          message: 'the VMBus handle was closed before VmbChannelEnable',
          related: [{ message: 'closed here', frames: channel.vmbusHandleClosed }],
        });
      }
      if (channel.interfaceType === undefined) {
        this.#simulator.breach('init-target-ids', { object: channel.handle });
      }
    }
    return STATUS.SUCCESS;
  }

  #disable(handle: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined || this.#refusedInCallback('VmbChannelDisable', channel)) {
      return;
    }
    this.#simulator.blockingCall('VmbChannelDisable');
    channel.autoPause = false;
    this.#checkStarted(channel);
    this.#lifecycle.fire(channel, 'disable', 'VmbChannelDisable');
  }

  /** A guest that sent to a server that never called Start waits for ever. */
  #checkStarted(channel: Channel): void {
    if (channel.server && channel.axes.open && !channel.everStarted && this.#hasUnreadPackets(channel)) {
      this.#simulator.breach('state-server-start', {
        object: channel.handle,
        message: 'the guest sent packets, but VmbChannelStart was never called',
      });
    }
  }

  /** Does the ring from the peer hold anything? Told by the C half as work that would be pending if the queue ran. */
  #hasUnreadPackets(channel: Channel): boolean {
    channel.set('PROCESSING', 1);
    const unread = channel.get('PENDING_WORK') !== 0;
    channel.set('PROCESSING', 0);
    return unread;
  }

  #start(handle: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined || this.#refusedStartPause('VmbChannelStart', channel)) {
      return;
    }
    this.#simulator.passiveOnly('VmbChannelStart');
    if (!channel.axes.enabled) {
      this.#simulator.breach('state-start-pause-window', {
        object: handle,
        message: 'VmbChannelStart on a disabled channel',
      });
      channel.autoPause = false;
      return;
    }
    this.#checkStart(channel);
    channel.everStarted = true;
    if (channel.primary !== undefined && !channel.primary.axes.started) {
      channel.pausedByPrimary = true;
      return;
    }
    if (this.#simulator.options.variant?.again === true) {
      this.#simulator.machine.native.vsp_vary_round_trip(handle);
    }
    if (this.#simulator.options.stress !== undefined) {
      this.#simulator.machine.native.vsp_stress_starts(handle);
    }
    this.#lifecycle.fire(channel, 'start', 'VmbChannelStart');
  }

  /** S-02, S-24, S-27: a channel does not start in the middle of a save or of a restore, or after one that failed. */
  #checkStart(channel: Channel): void {
    const object = channel.handle;
    const restoring = channel.get('RESTORING');
    if (channel.get('SAVING') !== 0) {
      this.#simulator.breach('save-quiesced', {
        object,
        message: 'VmbChannelStart between VmbChannelSaveBegin and VmbChannelSaveEnd',
      });
    }
    if (restoring === RESTORE_FAILED) {
      this.#simulator.breach('restore-unwind', {
        object,
        message: 'the channel is started although its restore failed; disable it and clean it up',
      });
    } else if (restoring !== 0) {
      this.#simulator.breach('restore-finish', {
        object,
        message: 'the channel is started before all pieces of the saved state were fed to it',
      });
    }
  }

  #pause(handle: number): undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined || this.#refusedStartPause('VmbChannelPause', channel)) {
      return;
    }
    this.#simulator.blockingCall('VmbChannelPause');
    if (!channel.axes.enabled) {
      channel.autoPause = true;
      return;
    }
    channel.pausedByPrimary = false;
    this.#lifecycle.fire(channel, 'pause', 'VmbChannelPause');
  }

  #refusedStartPause(api: string, channel: Channel): boolean {
    return this.#refused(api, channel, NO_START_PAUSE, 'state-no-startpause-in-cb');
  }

  #refusedInCallback(api: string, channel: Channel): boolean {
    return this.#refused(api, channel, CHANNEL_CALLBACKS, 'state-no-disable-in-cb');
  }

  #refused(api: string, channel: Channel, callbacks: ReadonlySet<ApiName>, rule: SimulatorRule): boolean {
    const { machine } = this.#simulator;
    if (!machine.inCallback(callbacks)) {
      return false;
    }
    this.#simulator.breach(rule, {
      object: channel.handle,
      message: `${api} called inside ${machine.context().callback ?? 'a callback'}`,
    });
    return true;
  }
}
