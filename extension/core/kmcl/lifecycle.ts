/**
 * Runs the transitions of stateMachine.ts: callbacks in order (4.3-4.5), sub-channels (2.8 #63), waiting and
 * cancelling.
 */
import { API, type ApiName } from './api.js';
import { PACKET_CALLBACKS } from './callContext.js';
import type { Channel, StateCallbackName } from './channel.js';
import { EVENT, IRQL } from './layout.js';
import { MODES, type ModeId } from './modes.js';
import type { Simulator } from './simulator.js';
import { findTransition, type Step, type Transition, type Trigger } from './stateMachine.js';
import { STATUS, succeeded } from './status.js';
import { statusName } from './statusNames.js';

const CALLBACK_API: Readonly<Record<StateCallbackName, ApiName>> = {
  Opened: 'EvtVmbChannelOpened',
  Closed: 'EvtVmbChannelClosed',
  Suspend: 'EvtVmbChannelSuspend',
  Started: 'EvtVmbChannelStarted',
  PostStarted: 'EvtVmbChannelPostStarted',
};

/** Values of mode A-07. */
const A07 = { RANDOM: 0, BEFORE: 1, DURING: 2, AFTER: 3 } as const;

export class Lifecycle {
  /** Closed has returned: what of the open period is left behind. */
  onClosed: (channel: Channel) => void = () => {};
  /** Opened has refused: what it took and left behind. */
  onRefused: (channel: Channel) => void = () => {};
  readonly #simulator: Simulator;
  /** A-07 "during": the queue runs at the next library call. */
  #duringPostStarted: Channel | undefined;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /**
   * Takes the row for `trigger`, if there is one, and answers the status of Opened (success where it did not run), or
   * undefined without a row. `what` names the call for messages about waiting.
   */
  fire(channel: Channel, trigger: Trigger, what: string): number | undefined {
    const transition = findTransition(channel.server, channel.axes, trigger);
    if (transition === undefined) {
      return undefined;
    }
    if (channel.busy) {
      return this.#whenFree(channel, trigger, what);
    }
    channel.busy = true;
    const status = this.#run(channel, transition, what);
    channel.busy = false;
    channel.later.splice(0).forEach((next) => {
      next();
    });
    return status;
  }

  /** A served library call begins: where A-07 lets packets arrive while PostStarted runs. */
  libraryCalled(): void {
    const channel = this.#duringPostStarted;
    if (channel !== undefined && this.#simulator.machine.passive) {
      this.#duringPostStarted = undefined;
      this.#simulator.machine.native.vsp_channel_process(channel.handle);
    }
  }

  /** State callbacks of one channel are serialised: calls that must not wait are done later, the others wait. */
  #whenFree(channel: Channel, trigger: Trigger, what: string): number {
    if (trigger === 'pause' || trigger === 'disable') {
      this.#simulator.scheduler.wait(what, () => !channel.busy);
      return this.fire(channel, trigger, what) ?? STATUS.SUCCESS;
    }
    channel.later.push(() => this.fire(channel, trigger, what));
    return STATUS.SUCCESS;
  }

  #run(channel: Channel, transition: Transition, what: string): number {
    this.#enter(channel, transition);
    for (const step of transition.steps) {
      const status = this.#step(channel, step, what);
      if (!succeeded(status)) {
        this.#rollBack(channel);
        return status;
      }
    }
    this.#leave(channel, transition);
    return STATUS.SUCCESS;
  }

  /** Axes that change before the callbacks: opening, and every change of the run request. */
  #enter(channel: Channel, { trigger, to, steps }: Transition): void {
    if (trigger === 'open') {
      this.#simulator.machine.native.vsp_channel_open(channel.handle);
      channel.move(to);
    } else if (trigger === 'start' || trigger === 'pause' || trigger === 'enable') {
      channel.move(to);
    }
    if (trigger === 'pause' && steps.includes('Suspend')) {
      this.#suspendSubChannels(channel);
    } else if (trigger === 'close' || trigger === 'disable') {
      this.#disableSubChannels(channel);
    }
  }

  /** Axes that change after them: the channel is open until Closed has returned. */
  #leave(channel: Channel, { to, steps }: Transition): void {
    const wasOpen = channel.axes.open;
    channel.move(to);
    if (wasOpen && !channel.axes.open) {
      this.#simulator.machine.native.vsp_channel_close(channel.handle);
      this.onClosed(channel);
    }
    if (steps.includes('PostStarted')) {
      this.#resumeSubChannels(channel);
    }
  }

  /** Opened refused: no Closed, nothing open. */
  #rollBack(channel: Channel): void {
    this.onRefused(channel);
    channel.move({ open: false });
    this.#simulator.machine.native.vsp_channel_close(channel.handle);
  }

  /** outgoing packets, queued and in flight, complete with a failure. */
  cancel(channel: Channel): void {
    this.#simulator.machine.native.vsp_channel_cancel(channel.handle, this.#cancelStatus());
  }

  #step(channel: Channel, step: Step, what: string): number {
    switch (step) {
      case 'Opened':
        return this.#open(channel);
      case 'Started':
        channel.set('SUSPENDED', 0);
        channel.set('TRANSMIT', 1);
        this.#call(channel, 'Started');
        break;
      case 'queueOn':
        channel.set('PROCESSING', 1);
        break;
      case 'PostStarted':
        this.#postStarted(channel);
        break;
      case 'Suspend':
        channel.set('PROCESSING', 0);
        channel.set('TRANSMIT', 0);
        channel.set('SUSPENDED', 1);
        this.#call(channel, 'Suspend');
        break;
      case 'drain':
        this.#drain(channel, what);
        break;
      case 'cancel':
        this.cancel(channel);
        break;
      case 'Closed':
        channel.set('SUSPENDED', 0); // queueing is harmless again
        this.#call(channel, 'Closed');
        break;
    }
    return STATUS.SUCCESS;
  }

  /** state-reopen: what could be opened once can be opened again, unless the test lets something fail. */
  #open(channel: Channel): number {
    const failures = this.#simulator.plannedFailures();
    channel.opens++;
    const status = this.#call(channel, 'Opened');
    if (succeeded(status)) {
      channel.opened++;
    } else if (channel.opened > 0 && this.#simulator.plannedFailures() === failures) {
      this.#simulator.breach('state-reopen', {
        object: channel.handle,
        detail: channel.opens,
        message:
          `EvtVmbChannelOpened refuses to be opened again with ${statusName(status)}: it succeeded before, and the ` +
          'channel has been closed since',
        frames: this.#simulator.machine.framesAtReturn(),
        context: { channel: channel.index, packet: null, pass: null, callback: 'EvtVmbChannelOpened' },
      });
    }
    return status;
  }

  /** O6: packets delivered and not completed, and callbacks still running, the caller's own included. */
  #drain(channel: Channel, what: string): void {
    const { machine, scheduler } = this.#simulator;
    const inOwnCallback = machine.inCallback(PACKET_CALLBACKS) && machine.lasting('channel') === channel.index;
    const quiet = (): boolean => channel.get('OUTSTANDING') === 0 && channel.get('IN_CALLBACK') === 0;
    scheduler.wait(what, quiet, undefined, inOwnCallback);
  }

  /** O3 and A-07: packets may come before, while or after PostStarted runs. */
  #postStarted(channel: Channel): void {
    const { native } = this.#simulator.machine;
    let order = this.#mode('A-07');
    if (order === A07.RANDOM) {
      order = 1 + (Math.floor(native.vsp_random() / 65536) % 3);
    }
    if (order === A07.BEFORE) {
      native.vsp_channel_process(channel.handle);
    }
    this.#duringPostStarted = order === A07.DURING ? channel : undefined;
    this.#call(channel, 'PostStarted');
    this.#duringPostStarted = undefined;
    native.vsp_channel_process(channel.handle);
  }

  #call(channel: Channel, name: StateCallbackName): number {
    const { machine } = this.#simulator;
    const { callbacks } = channel;
    const pointer = callbacks[name];
    const api = API[CALLBACK_API[name]];
    machine.event(EVENT.CALLBACK, api, channel.handle);
    let status: number = STATUS.SUCCESS;
    if (pointer !== 0) {
      const flow = { callback: api, irql: IRQL.PASSIVE, channel: channel.index };
      const result = name === 'Opened' ? 's' : 'v';
      status =
        callbacks.version === 5
          ? machine.invoke(flow, pointer, `${result}:pp`, [channel.handle, callbacks.context])
          : machine.invoke(flow, pointer, `${result}:p`, [channel.handle]);
    }
    machine.event(EVENT.CALLBACK_RETURN, api, channel.handle, status);
    return status;
  }

  // ---- Sub-channels pause, resume and end with their primary

  #suspendSubChannels(channel: Channel): void {
    for (const sub of channel.subChannels) {
      if (sub.axes.open && sub.axes.started) {
        sub.pausedByPrimary = true;
        this.fire(sub, 'pause', 'a sub-channel of VmbChannelPause');
      }
    }
  }

  #resumeSubChannels(channel: Channel): void {
    for (const sub of channel.subChannels) {
      if (sub.pausedByPrimary) {
        sub.pausedByPrimary = false;
        this.fire(sub, 'start', 'a sub-channel of VmbChannelStart');
      }
    }
  }

  #disableSubChannels(channel: Channel): void {
    for (const sub of channel.subChannels) {
      this.fire(sub, 'disable', 'a sub-channel whose primary closed');
    }
  }

  #cancelStatus(): number {
    return this.#mode('A-05') === 0 ? STATUS.CANCELLED : STATUS.DEVICE_REMOVED;
  }

  #mode(id: ModeId): number {
    return this.#simulator.machine.mode(MODES.findIndex((mode) => mode.id === id));
  }
}
