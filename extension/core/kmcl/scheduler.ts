/**
 * Deterministic scheduling on one stack (interfaces 4): work runs first in, first out; time moves only when told or
 * when everything waits. A blocking call runs other work nested in itself, so what can only go on below another waiter
 * on the same stack is refused by name.
 */
import { API } from './api.js';
import { FAULT, IRQL, NONE } from './layout.js';
import type { Machine } from './machine.js';
import type { Signature } from './signature.js';

/** Driver code to run later: `routine(parameters...)` at `irql`. */
export interface Work {
  /** Whose work it is: an object has one entry in the queue at most. */
  readonly object: number;
  readonly kind: WorkKind;
  readonly irql: number;
  readonly routine: number;
  readonly parameters: readonly number[];
  /** What the library does when the routine has returned. */
  readonly done?: () => void;
}
export type WorkKind = 'workItem' | 'dpc' | 'timer' | 'thread' | 'channel';

interface Timer {
  readonly object: number;
  due: number;
  /** 100 ns units, 0 = once. */
  readonly period: number;
  readonly sequence: number;
  readonly expire: () => void;
}

/** Someone on the stack below: a pump can always go on, a waiter when its condition holds. */
type Suspended = { readonly kind: 'pump' } | { readonly kind: 'wait'; readonly ready: () => boolean };

/** A deadline of a wait: absolute simulated time; undefined = none. */
export type Deadline = number | undefined;

/** Idle steps of time one wait may take before it counts as waiting for ever (periodic timers alone never end). */
const MAX_IDLE_STEPS = 100_000;

/**
 * Units of the budget for one of them: a thread that waits with a timeout in an endless loop must end as any other loop
 * does.
 */
const IDLE_COST = 100;

export class Scheduler {
  /** Delivers what the channels' rings hold; answers how much happened. */
  processChannels: () => number = () => 0;
  /** A deadlock is about to end the test: the place for a more telling breach. */
  onDeadlock: (what: string) => void = () => {};
  held = false;
  readonly #machine: Machine;
  #queue: Work[] = [];
  #running: Work[] = [];
  #timers: Timer[] = [];
  #suspended: Suspended[] = [];
  #sequence = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Forgets all work, timers and waits: a new host. */
  reset(): void {
    this.#queue = [];
    this.#running = [];
    this.#timers = [];
    this.#suspended = [];
    this.held = false;
  }

  /** False when the object's work is queued already. */
  queue(work: Work): boolean {
    if (work.object !== 0 && this.#queue.some((other) => other.object === work.object)) {
      return false;
    }
    this.#queue.push(work);
    return true;
  }

  /** True when the object's work was queued; it will not run. */
  dequeue(object: number): boolean {
    const index = this.#queue.findIndex((work) => work.object === object);
    if (index >= 0) {
      this.#queue.splice(index, 1);
    }
    return index >= 0;
  }

  isQueued(object: number): boolean {
    return this.#queue.some((work) => work.object === object);
  }

  isRunning(object: number): boolean {
    return this.#running.some((work) => work.object === object);
  }

  /** What kind of work the running code belongs to; undefined on the test's own thread. */
  get current(): WorkKind | undefined {
    return this.#running.at(-1)?.kind;
  }

  get currentWork(): Work | undefined {
    return this.#running.at(-1);
  }

  /** How many pieces of work are on the stack. */
  get nesting(): number {
    return this.#running.length;
  }

  /** Work still queued: for leak checks and tests. */
  get pending(): readonly Work[] {
    return this.#queue;
  }

  /** Objects whose timers wait. */
  get timerObjects(): readonly number[] {
    return this.#timers.map((timer) => timer.object);
  }

  // ---- Timers

  /**
   * `due` as a KeWaitForSingleObject timeout: negative relative, else absolute. Sets the object's timer anew; true when
   * one was waiting.
   */
  setTimer(object: number, due: number, period: number, expire: () => void): boolean {
    const replaced = this.cancelTimer(object);
    this.#timers.push({ object, due: this.deadline(due), period, sequence: this.#sequence++, expire });
    return replaced;
  }

  cancelTimer(object: number): boolean {
    const before = this.#timers.length;
    this.#timers = this.#timers.filter((timer) => timer.object !== object);
    return this.#timers.length < before;
  }

  hasTimer(object: number): boolean {
    return this.#timers.some((timer) => timer.object === object);
  }

  /** Absolute simulated time of a timeout. */
  deadline(timeout: number): number {
    return timeout < 0 ? this.#machine.time - timeout : timeout;
  }

  // ---- Running

  /**
   * Runs everything runnable at the present time, unless held. Does nothing at DISPATCH_LEVEL: the queue's thread
   * cannot preempt.
   */
  runPending(force = false): void {
    if (this.#machine.irql >= IRQL.DISPATCH) {
      return;
    }
    this.#pump(force || !this.held);
  }

  /** Moves the time on; timers on the way expire in order, with everything they make runnable. */
  advance(span: number): void {
    const target = this.#machine.time + Math.max(0, span);
    for (;;) {
      this.runPending();
      const next = this.#nextTimer();
      if (next === undefined || next.due > target) {
        break;
      }
      this.#expire(next);
    }
    this.#machine.time = Math.max(this.#machine.time, target);
    this.runPending();
  }

  /**
   * Blocks until `ready` or the deadline; true when ready. Work runs nested, held or not: a blocked thread is what
   * other threads run for. Ends the test with run-deadlock when nothing can release it, with run-unsupported when only
   * a caller further down the stack could; `forItself` says that the caller waits for its own callback to return.
   */
  wait(what: string, ready: () => boolean, deadline: Deadline = undefined, forItself = false): boolean {
    const machine = this.#machine;
    const self: Suspended = {
      kind: 'wait',
      ready: () => ready() || (deadline !== undefined && machine.time >= deadline),
    };
    this.#suspended.push(self);
    for (let idle = 0; ; ) {
      if (ready()) {
        this.#suspended.pop();
        return true;
      }
      if (this.#step(true)) {
        continue;
      }
      if (deadline !== undefined && machine.time >= deadline) {
        this.#suspended.pop();
        return ready();
      }
      idle++;
      machine.spend(IDLE_COST);
      if (idle > MAX_IDLE_STEPS || !this.#idle(deadline)) {
        this.#stuck(what, self, forItself);
      }
    }
  }

  /** Nothing is runnable: on to the next timer or the deadline, whichever is first; false when there is neither. */
  #idle(deadline: Deadline): boolean {
    const next = this.#nextTimer();
    if (next !== undefined && (deadline === undefined || next.due <= deadline)) {
      this.#expire(next);
      return true;
    }
    if (deadline !== undefined) {
      this.#machine.time = deadline;
      return true;
    }
    return false;
  }

  #stuck(what: string, self: Suspended, forItself: boolean): never {
    const hopeless = forItself || this.#machine.lasting('callback') === API.EvtVmbChannelStarted;
    const others = this.#suspended.filter((entry) => entry !== self);
    if (!hopeless && others.some((entry) => entry.kind === 'pump' || entry.ready())) {
      this.#machine.fault(
        FAULT.UNSUPPORTED,
        `${what} waits for something that only code further down the same stack could do; ` +
          'that needs two suspended stacks',
      );
    }
    this.onDeadlock(what);
    return this.#machine.fault(FAULT.DEADLOCK, `${what} waits for something that nothing can bring about`);
  }

  #pump(run: boolean): void {
    const self: Suspended = { kind: 'pump' };
    this.#suspended.push(self);
    while (this.#step(run)) {
      // each step is one piece of work
    }
    this.#suspended.pop();
  }

  /**
   * One piece of work; false when there is none. Deliveries are no held work: the guest's packets arrive by themselves.
   */
  #step(run: boolean): boolean {
    const work = run ? this.#queue.shift() : undefined;
    if (work !== undefined) {
      this.#run(work);
      return true;
    }
    return this.processChannels() > 0;
  }

  #run(work: Work): void {
    this.#running.push(work);
    if (work.routine !== 0) {
      const signature = `v:${'p'.repeat(work.parameters.length)}` as Signature;
      const flow = { callback: 0, irql: work.irql, channel: NONE };
      if (work.kind === 'thread') {
        this.#machine.invokeThread(flow, work.routine, signature, work.parameters);
      } else {
        this.#machine.invoke(flow, work.routine, signature, work.parameters);
      }
    }
    this.#running.pop();
    work.done?.();
  }

  #nextTimer(): Timer | undefined {
    return this.#timers.reduce<Timer | undefined>(
      (first, timer) =>
        first === undefined || timer.due < first.due || (timer.due === first.due && timer.sequence < first.sequence)
          ? timer
          : first,
      undefined,
    );
  }

  #expire(timer: Timer): void {
    this.#machine.time = Math.max(this.#machine.time, timer.due);
    if (timer.period > 0) {
      timer.due += timer.period;
    } else {
      this.#timers = this.#timers.filter((other) => other !== timer);
    }
    timer.expire();
  }
}
