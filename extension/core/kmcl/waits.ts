/** Waits of the driver-visible kernel (kmcl-facts 8.6 #23, 24), and the one vsp.h offers to the C half. */
import type { Handles } from './handles.js';
import { FIELD, IRQL } from './layout.js';
import type { Deadline } from './scheduler.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';
import type { Threads } from './threads.js';

const MAXIMUM_WAIT_OBJECTS = 64;

export class Waits {
  readonly #simulator: Simulator;
  readonly #handles: Handles;
  readonly #threads: Threads;

  constructor(simulator: Simulator, handles: Handles, threads: Threads) {
    this.#simulator = simulator;
    this.#handles = handles;
    this.#threads = threads;
  }

  readonly functions: FunctionTable = {
    KeWaitForSingleObject: {
      signature: 's:pubbp',
      call: (object = 0, _reason, _mode, _alertable, timeout = 0) =>
        this.#wait('KeWaitForSingleObject', [object], false, timeout),
    },
    KeWaitForMultipleObjects: {
      signature: 's:upuubbpp',
      call: (count = 0, array = 0, type = 0, _reason, _mode, _alertable, timeout = 0) =>
        this.#waitMultiple(count, array, type === 0, timeout),
    },
    ZwWaitForSingleObject: {
      signature: 's:pbp',
      call: (handle = 0, _alertable, timeout = 0) => {
        const object = this.#handles.objectOf(handle);
        return object === undefined
          ? STATUS.INVALID_HANDLE
          : this.#wait('ZwWaitForSingleObject', [object], false, timeout);
      },
    },
    KeDelayExecutionThread: { signature: 's:bbp', call: (_mode, _alertable, interval = 0) => this.#delay(interval) },
    vsp_wait: {
      signature: 'u:ppp',
      call: (ready = 0, argument = 0, timeout = 0) => this.#waitFor(ready, argument, timeout),
    },
  };

  #waitMultiple(count: number, array: number, all: boolean, timeout: number): number {
    if (count === 0 || count > MAXIMUM_WAIT_OBJECTS) {
      return STATUS.INVALID_PARAMETER_1;
    }
    this.#simulator.readable(array, 8 * count);
    const objects = Array.from({ length: count }, (_, index) => this.#simulator.machine.pointer(array + 8 * index));
    return this.#wait('KeWaitForMultipleObjects', objects, all, timeout);
  }

  /** Answers the index of the object that ended the wait, or STATUS_TIMEOUT. */
  #wait(what: string, objects: readonly number[], all: boolean, timeout: number): number {
    const { native } = this.#simulator.machine;
    const deadline = this.#deadline(timeout);
    const thread = this.#threads.currentThread();
    this.#checkIrql(what, timeout !== 0 && this.#timeout(timeout) === 0);
    const signaled = (object: number): boolean => native.vsp_object_signaled(object, thread) !== 0;
    const ready = all ? () => objects.every(signaled) : () => objects.some(signaled);
    if (!this.#simulator.scheduler.wait(what, ready, deadline)) {
      this.#checkStarted(what, timeout);
      return STATUS.TIMEOUT;
    }
    if (all) {
      for (const object of objects) {
        native.vsp_object_acquire(object, thread);
      }
      return STATUS.SUCCESS;
    }
    const index = objects.findIndex(signaled);
    native.vsp_object_acquire(objects[index] ?? 0, thread);
    return index;
  }

  #delay(interval: number): number {
    this.#checkIrql('KeDelayExecutionThread', false);
    this.#simulator.readable(interval, 8);
    const { scheduler } = this.#simulator;
    scheduler.wait('KeDelayExecutionThread', () => false, scheduler.deadline(this.#timeout(interval)));
    return STATUS.SUCCESS;
  }

  /** wait-irql: at DISPATCH_LEVEL only with a zero timeout; in a packet callback that is in-irql-safe. */
  #checkIrql(what: string, zeroTimeout: boolean): void {
    const { machine } = this.#simulator;
    if (zeroTimeout ? machine.irql > IRQL.DISPATCH : machine.irql > IRQL.APC) {
      const callback = machine.context().callback;
      const incoming = callback === 'EvtVmbChannelProcessPacket' || callback === 'EvtVmbChannelProcessingComplete';
      this.#simulator.breach(incoming ? 'in-irql-safe' : 'wait-irql', {
        detail: machine.irql,
        message: `${what} called at IRQL ${machine.irql}${zeroTimeout ? '' : '; a wait needs APC_LEVEL at most'}`,
      });
    }
  }

  /** A wait in Started that is over in vain while packets are under way: nothing is dequeued before it returns. */
  #checkStarted(what: string, timeout: number): void {
    const { machine } = this.#simulator;
    const { callback, channel } = machine.context();
    if (callback !== 'EvtVmbChannelStarted' || this.#timeout(timeout) === 0) {
      return;
    }
    const { native } = machine;
    let handle = native.vsp_channel_next(0);
    while (handle !== 0 && native.vsp_channel_get(handle, FIELD.INDEX) !== channel) {
      handle = native.vsp_channel_next(handle);
    }
    const inUse = handle === 0 ? 0 : native.vsp_channel_get(handle, FIELD.IN_USE);
    if (inUse > 0) {
      this.#simulator.breach('state-started-nonblocking', {
        object: handle,
        detail: inUse,
        message:
          `${what} waits inside EvtVmbChannelStarted with ${inUse} packet${inUse === 1 ? '' : 's'} under way: no ` +
          'completion arrives before the callback returns',
      });
    }
  }

  #timeout(address: number): number {
    return Number(this.#simulator.machine.i64(address));
  }

  #deadline(address: number): Deadline {
    if (address !== 0) {
      this.#simulator.readable(address, 8);
    }
    return this.#deadlineOf(address);
  }

  /** Absolute time of the timeout stored there; zero = now. */
  #deadlineOf(address: number): Deadline {
    if (address === 0) {
      return undefined;
    }
    const timeout = this.#timeout(address);
    return timeout === 0 ? this.#simulator.machine.time : this.#simulator.scheduler.deadline(timeout);
  }

  #waitFor(ready: number, argument: number, timeout: number): number {
    const { machine, scheduler } = this.#simulator;
    const deadline = this.#deadlineOf(timeout);
    return scheduler.wait('a library call', () => machine.callPointer(ready, 'u:p', [argument]) !== 0, deadline)
      ? 1
      : 0;
  }
}
