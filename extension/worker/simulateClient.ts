/**
 * The host's side of the simulate workers: as many as jobs, each ended and replaced when a test takes too long or kills
 * it.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Differential } from '../core/kmcl/differences.js';
import type { Program, SimulationOptions, SimulationResult } from '../core/kmcl/simulation.js';
import type { RunEnd } from '../core/run/reportBuilder.js';
import type { StressSettings } from '../core/run/stressInjection.js';
import type { Stressed } from '../core/run/stressRun.js';
import type { CompiledDriver } from '../core/toolchain/module.js';
import type { SimulateMessage, SimulateReply } from './simulateProtocol.js';
import { distFolder } from './toolchainFiles.js';

export interface SimulatePoolOptions {
  /** Tests at the same time; processors by default, at most 8. */
  readonly jobs?: number;
  /** The worker's script; the built one by default. */
  readonly script?: string;
  /** A worker that had nothing to do for so many milliseconds is ended. */
  readonly idle?: number;
}

/** What one test may take. */
export interface TestLimits {
  /** Milliseconds by the wall clock. */
  readonly timeout?: number;
  /** Aborted: the test is answered as cancelled at once, and its worker is ended if it goes on. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_TIMEOUT = 10_000;
const MOST_DEFAULT_JOBS = 8;

/** A test's own stack is 1 MiB of linear memory; the engine needs several times that for the same frames. */
const STACK_MEGABYTES = 48;
/** Results are buffers outside this heap. */
const HEAP_MEGABYTES = 1024;
/** Of that heap, for what is soon garbage: left alone, a worker that stays takes a hundred. */
const YOUNG_MEGABYTES = 24;
/** Loading a driver is our work, not the test's, yet it must end too. */
const LOADING_MILLISECONDS = 30_000;
/** So long a worker may go on with what was cancelled: most tests end by then, and a warm worker is worth more. */
const GRACE_MILLISECONDS = 250;
/** Drivers that stay loaded in a worker: those of a project that is worked on; others are loaded again. */
export const LOADED_DRIVERS = 4;
const IDLE_MILLISECONDS = 60_000;

const CANCELLED: RunEnd = { kind: 'crash', message: 'cancelled' };

type TaskEnd = RunEnd | { readonly kind: 'stressed'; readonly ends: readonly Stressed[] };

interface Task {
  readonly id: number;
  readonly driver: CompiledDriver;
  readonly program: Program;
  readonly options: SimulationOptions;
  readonly timeout: number;
  readonly resolve: (end: TaskEnd) => void;
  /** Stress runs instead of the run itself. */
  readonly calls?: readonly StressSettings[];
  cancelled: boolean;
  /** Set once it has run, while its variants run: whatever becomes of them, this is its result. */
  result?: SimulationResult;
}

/** One worker at a time, and the test it is busy with. */
class Slot {
  /** Numbers of the drivers loaded in the worker, the least recently used first. */
  readonly loaded = new Set<number>();
  worker: Worker | undefined;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Nothing to do, and `timer` ends the worker. */
  resting = false;
}

export class SimulatePool {
  readonly #options: SimulatePoolOptions;
  readonly #slots: Slot[];
  readonly #waiting: Task[] = [];
  readonly #numbers = new WeakMap<CompiledDriver, number>();
  #nextDriver = 0;
  #nextId = 1;

  constructor(options: SimulatePoolOptions = {}) {
    this.#options = options;
    const jobs = options.jobs ?? Math.min(availableParallelism(), MOST_DEFAULT_JOBS);
    this.#slots = Array.from({ length: Math.max(1, jobs) }, () => new Slot());
  }

  /** Workers there are now. */
  get workers(): number {
    return this.#slots.filter(({ worker }) => worker !== undefined).length;
  }

  /** Starts a worker ahead of the first test. */
  warm(): void {
    const [slot] = this.#slots;
    if (slot === undefined || slot.worker !== undefined) return;
    slot.worker = this.#start(slot);
    this.#rest(slot);
  }

  /** Runs one program; never rejects. */
  run(
    driver: CompiledDriver,
    program: Program,
    options: SimulationOptions,
    { timeout = DEFAULT_TIMEOUT, signal }: TestLimits = {},
  ): Promise<RunEnd> {
    return new Promise((settled) => {
      this.#add({ driver, program, options, timeout }, signal, (end) => {
        settled(end.kind === 'stressed' ? CANCELLED : end);
      });
    });
  }

  /** Stress runs of one program; undefined when they were cancelled, took too long or could not be run. */
  stress(
    driver: CompiledDriver,
    program: Program,
    options: SimulationOptions,
    calls: readonly StressSettings[],
    { timeout = DEFAULT_TIMEOUT, signal }: TestLimits = {},
  ): Promise<readonly Stressed[] | undefined> {
    return new Promise((settled) => {
      this.#add({ driver, program, options, timeout, calls }, signal, (end) => {
        settled(end.kind === 'stressed' ? end.ends : undefined);
      });
    });
  }

  #add(
    wanted: Pick<Task, 'driver' | 'program' | 'options' | 'timeout' | 'calls'>,
    signal: AbortSignal | undefined,
    settled: (end: TaskEnd) => void,
  ): void {
    const cancel = (): void => this.#cancel(task);
    const resolve = (end: TaskEnd): void => {
      signal?.removeEventListener('abort', cancel);
      settled(end);
    };
    const task: Task = { ...wanted, id: this.#nextId++, resolve, cancelled: false };
    if (signal?.aborted === true) {
      resolve(CANCELLED);
      return;
    }
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.push(task);
    this.#assign();
  }

  /** Ends all workers; what runs or waits is answered as cancelled. */
  async dispose(): Promise<void> {
    for (const { resolve } of this.#waiting.splice(0)) resolve(CANCELLED);
    await Promise.all(this.#slots.map((slot) => this.#finish(slot, CANCELLED, true)));
  }

  #cancel(task: Task): void {
    task.cancelled = true;
    task.resolve(CANCELLED);
    const index = this.#waiting.indexOf(task);
    if (index >= 0) this.#waiting.splice(index, 1);
    const slot = this.#slots.find((each) => each.task === task);
    if (slot !== undefined) this.#clock(slot, GRACE_MILLISECONDS, CANCELLED);
  }

  #assign(): void {
    for (const slot of this.#slots) {
      if (slot.task === undefined) {
        const task = this.#waiting.shift();
        if (task === undefined) this.#rest(slot);
        else this.#give(slot, task);
      }
    }
  }

  #give(slot: Slot, task: Task): void {
    slot.task = task;
    slot.resting = false;
    slot.worker ??= this.#start(slot);
    slot.worker.ref();
    const driver = this.#load(slot, task.driver);
    this.#clock(slot, LOADING_MILLISECONDS, { kind: 'crash', message: 'the simulator did not load the driver' });
    const { id, program, options, calls } = task;
    const message = { id, driver, program, options };
    this.#post(slot, calls === undefined ? { kind: 'run', ...message } : { kind: 'stress', ...message, calls });
  }

  /** Makes the driver the most recently used one of the worker; answers its number. */
  #load({ loaded, worker }: Slot, compiled: CompiledDriver): number {
    const driver = this.#numberOf(compiled);
    if (!loaded.delete(driver)) worker?.postMessage({ kind: 'driver', driver, compiled } satisfies SimulateMessage);
    loaded.add(driver);
    const [oldest = driver] = loaded;
    if (loaded.size > LOADED_DRIVERS) {
      loaded.delete(oldest);
      worker?.postMessage({ kind: 'forget', driver: oldest } satisfies SimulateMessage);
    }
    return driver;
  }

  #numberOf(driver: CompiledDriver): number {
    const known = this.#numbers.get(driver) ?? this.#nextDriver++;
    this.#numbers.set(driver, known);
    return known;
  }

  #post(slot: Slot, message: SimulateMessage): void {
    slot.worker?.postMessage(message);
  }

  #clock(slot: Slot, milliseconds: number, end: RunEnd): void {
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => void this.#finish(slot, end, true), milliseconds);
  }

  /** Nothing to do: the worker does not keep the process alive, and is ended after a while. */
  #rest(slot: Slot): void {
    const { worker } = slot;
    if (worker === undefined || slot.resting) return;
    worker.unref();
    slot.resting = true;
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => {
      slot.worker = undefined;
      slot.resting = false;
      void worker.terminate();
    }, this.#options.idle ?? IDLE_MILLISECONDS);
    slot.timer.unref();
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(this.#options.script ?? join(distFolder(), 'simulate-worker.js'), {
      resourceLimits: {
        stackSizeMb: STACK_MEGABYTES,
        maxOldGenerationSizeMb: HEAP_MEGABYTES,
        maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
      },
    });
    slot.loaded.clear();
    worker.on('message', (reply: SimulateReply) => this.#take(slot, reply));
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (worker !== slot.worker) return;
      const message =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `the test used up the memory of its worker (${HEAP_MEGABYTES} MB beside --memory)`
          : `the simulator stopped working: ${error.message}`;
      void this.#finish(slot, { kind: 'crash', message }, true);
    });
    worker.on('exit', () => {
      if (worker === slot.worker)
        void this.#finish(slot, { kind: 'crash', message: 'the simulator stopped working' }, true);
    });
    worker.unref();
    return worker;
  }

  #take(slot: Slot, reply: SimulateReply): void {
    const { task } = slot;
    if (task?.id !== reply.id) return;
    switch (reply.kind) {
      case 'started': {
        if (task.cancelled) return;
        const message = `not finished within ${task.timeout} ms (--timeout): stopped by the wall clock`;
        this.#clock(slot, task.timeout, { kind: 'timeout', message });
        return;
      }
      case 'ran': {
        const { result } = reply;
        task.result = result;
        if (!task.cancelled) this.#clock(slot, task.timeout, { kind: 'result', result });
        return;
      }
      case 'varied':
        if (task.result !== undefined) void this.#finish(slot, varied(task.result, reply.differential), false);
        return;
      case 'done':
        void this.#finish(slot, { kind: 'result', result: reply.result }, false);
        return;
      case 'stressed':
        void this.#finish(slot, { kind: 'stressed', ends: reply.ends }, false);
        return;
      case 'failed':
        void this.#finish(slot, { kind: 'crash', message: `the simulator failed: ${reply.message}` }, false);
        return;
    }
  }

  /** Answers the slot's test; `stop` ends the worker first, and the next test gets a new one. */
  async #finish(slot: Slot, end: TaskEnd, stop: boolean): Promise<void> {
    const { task, worker } = slot;
    clearTimeout(slot.timer);
    if (stop) {
      slot.worker = undefined;
      slot.resting = false;
      await worker?.terminate();
    }
    if (slot.task !== task) return;
    slot.task = undefined;
    const broken = end.kind === 'crash' && end !== CANCELLED;
    task?.resolve(broken && task.result !== undefined ? { kind: 'result', result: task.result } : end);
    this.#assign();
  }
}

function varied(result: SimulationResult, differential: Differential | undefined): RunEnd {
  return { kind: 'result', result: differential === undefined ? result : { ...result, differential } };
}
