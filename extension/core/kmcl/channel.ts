/**
 * Channels as TypeScript keeps them beside the C object: configuration, axes, callbacks; and the set of all of a run.
 */
import { EVENT, FIELD, type Field } from './layout.js';
import type { Machine } from './machine.js';
import type { Simulator } from './simulator.js';
import type { Axes } from './stateMachine.js';

/** Axis bits of STATE events. */
export const AXIS = { ENABLED: 1, OPEN: 2, STARTED: 4 } as const;

/** Pointers of VMB_CHANNEL_STATE_CHANGE_CALLBACKS (1.4); 0 = none. Version 5 callbacks take `context`. */
export interface StateCallbacks {
  readonly version: 1 | 5;
  readonly context: number;
  readonly Opened: number;
  readonly Closed: number;
  readonly Suspend: number;
  readonly Started: number;
  readonly PostStarted: number;
}
export type StateCallbackName = 'Opened' | 'Closed' | 'Suspend' | 'Started' | 'PostStarted';

const NO_CALLBACKS: StateCallbacks = {
  version: 1,
  context: 0,
  Opened: 0,
  Closed: 0,
  Suspend: 0,
  Started: 0,
  PostStarted: 0,
};

export class Channel {
  /** Address of struct vsp_channel: the VMBCHANNEL. */
  readonly handle: number;
  /** In the report, over the whole run. */
  readonly index: number;
  readonly server: boolean;
  readonly parent: number;
  callbacks: StateCallbacks = NO_CALLBACKS;
  friendlyName = '';
  interfaceType: Uint8Array | undefined;
  interfaceInstance: Uint8Array | undefined;
  mmioMegabytes = 0;
  vmbusHandle = 0;
  /** Where the driver closed that handle before the channel was ever enabled. */
  vmbusHandleClosed: readonly number[] | undefined;
  processCallbacks = false;
  pnpFailure = 0;
  latency = 0;
  primary: Channel | undefined;
  subChannels: Channel[] = [];
  /** Paused because its primary is: resumed with it. */
  pausedByPrimary = false;
  /** Client: Pause was called while disabled. */
  autoPause = false;
  /** Client: the peer offers it. */
  offered = false;
  /** A transition is under way. */
  busy = false;
  /** What came meanwhile; runs when the transition is over. */
  readonly later: (() => void)[] = [];
  /** VmbChannelEnable succeeded at least once. */
  everEnabled = false;
  /** How often Opened has been called. */
  opens = 0;
  /** How often it succeeded. */
  opened = 0;
  /** VmbChannelStart was called since Enable. */
  everStarted = false;
  axes: Axes;
  readonly #machine: Machine;

  constructor(machine: Machine, handle: number, server: boolean, parent: number) {
    this.#machine = machine;
    this.handle = handle;
    this.server = server;
    this.parent = parent;
    this.index = machine.native.vsp_channel_get(handle, FIELD.INDEX);
    this.axes = { enabled: false, open: false, started: !server };
    this.set('STARTED', server ? 0 : 1);
  }

  get name(): string {
    return this.friendlyName === '' ? `channel ${this.index}` : this.friendlyName;
  }

  get(field: Field): number {
    return this.#machine.native.vsp_channel_get(this.handle, FIELD[field]);
  }

  set(field: Field, value: number): void {
    this.#machine.native.vsp_channel_set(this.handle, FIELD[field], value);
  }

  /** Moves along the axes; the C half and the event log follow. */
  move(change: Partial<Axes>): void {
    const before = bits(this.axes);
    this.axes = { ...this.axes, ...change };
    const after = bits(this.axes);
    if (after === before) {
      return;
    }
    this.set('ENABLED', this.axes.enabled ? 1 : 0);
    this.set('OPEN', this.axes.open ? 1 : 0);
    this.set('STARTED', this.axes.started ? 1 : 0);
    this.#machine.event(EVENT.STATE, 0, this.handle, before, after);
  }
}

function bits(axes: Axes): number {
  return (axes.enabled ? AXIS.ENABLED : 0) | (axes.open ? AXIS.OPEN : 0) | (axes.started ? AXIS.STARTED : 0);
}

/** All channels of a run. */
export class Channels {
  readonly #simulator: Simulator;
  #live = new Map<number, Channel>();
  /** Of every channel there ever was, by index. */
  readonly names: string[] = [];

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  get live(): readonly Channel[] {
    return [...this.#live.values()];
  }

  add(channel: Channel): void {
    this.#live.set(channel.handle, channel);
    this.names[channel.index] = channel.name;
    this.#simulator.machine.event(EVENT.CHANNEL, 0, channel.handle, channel.index, channel.server ? 1 : 0);
  }

  rename(channel: Channel): void {
    this.names[channel.index] = channel.name;
  }

  remove(channel: Channel): void {
    this.#live.delete(channel.handle);
  }

  /** A new host has none. */
  clear(): void {
    this.#live.clear();
  }

  /** The live channel behind a handle, undefined for any other value. */
  find(handle: number): Channel | undefined {
    return this.#live.get(handle);
  }

  /**
   * The live channel behind a handle that must be one. NULL faults like an access; any other value is
   * state-no-use-after-cleanup and answers undefined: the call does nothing.
   */
  resolve(handle: number): Channel | undefined {
    const channel = this.#live.get(handle);
    if (channel !== undefined) {
      return channel;
    }
    if (handle < 65536) {
      this.#simulator.readable(handle, 8);
    }
    this.#simulator.breach('state-no-use-after-cleanup', {
      object: handle,
      message: 'the channel handle is dead: it was cleaned up, or never allocated',
    });
    return undefined;
  }
}
