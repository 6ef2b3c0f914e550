/**
 * The host's side of the simulate workers: as many as jobs, each ended and replaced when a test takes too long or kills
 * it.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Program, SimulationOptions } from '../core/kmcl/simulation.js';
import type { RunEnd } from '../core/run/reportBuilder.js';
import type { CompiledDriver } from '../core/toolchain/module.js';
import type { SimulateMessage, SimulateReply } from './simulateProtocol.js';
import { distFolder } from './toolchainFiles.js';

export interface SimulatePoolOptions {
  /** Tests at the same time; processors by default, at most 8. */
  readonly jobs?: number;
  /** Milliseconds one test may take by the wall clock. */
  readonly timeout?: number;
  /** The worker's script; the built one by default. */
  readonly script?: string;
}

export const DEFAULT_TIMEOUT = 10_000;
const MOST_DEFAULT_JOBS = 8;

/** A test's own stack is 1 MiB of linear memory; the engine needs several times that for the same frames. */
const STACK_MEGABYTES = 48;
/** Results are buffers outside this heap. */
const HEAP_MEGABYTES = 1024;
/** Loading a driver is our work, not the test's, yet it must end too. */
const LOADING_MILLISECONDS = 30_000;

interface Task {
  readonly id: number;
  readonly driver: CompiledDriver;
  readonly program: Program;
  readonly options: SimulationOptions;
  readonly resolve: (end: RunEnd) => void;
}

/** One worker at a time, and the test it is busy with. */
class Slot {
  readonly known = new Set<number>();
  worker: Worker | undefined;
  task: Task | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class SimulatePool {
  readonly #options: SimulatePoolOptions;
  readonly #slots: Slot[];
  readonly #waiting: Task[] = [];
  readonly #drivers = new Map<CompiledDriver, number>();
  #nextId = 1;

  constructor(options: SimulatePoolOptions = {}) {
    this.#options = options;
    const jobs = options.jobs ?? Math.min(availableParallelism(), MOST_DEFAULT_JOBS);
    this.#slots = Array.from({ length: Math.max(1, jobs) }, () => new Slot());
  }

  /** Starts a worker ahead of the first test. */
  warm(): void {
    const [slot] = this.#slots;
    if (slot !== undefined) slot.worker ??= this.#start(slot);
  }

  /** Runs one program; never rejects. */
  run(driver: CompiledDriver, program: Program, options: SimulationOptions): Promise<RunEnd> {
    return new Promise((resolve) => {
      this.#waiting.push({ id: this.#nextId++, driver, program, options, resolve });
      this.#assign();
    });
  }

  /** Ends all workers; what runs or waits is answered as cancelled. */
  async dispose(): Promise<void> {
    const cancelled: RunEnd = { kind: 'crash', message: 'cancelled' };
    for (const { resolve } of this.#waiting.splice(0)) resolve(cancelled);
    await Promise.all(this.#slots.map((slot) => this.#finish(slot, cancelled, true)));
  }

  #assign(): void {
    for (const slot of this.#slots) {
      if (slot.task === undefined) {
        const task = this.#waiting.shift();
        if (task === undefined) slot.worker?.unref();
        else this.#give(slot, task);
      }
    }
  }

  #give(slot: Slot, task: Task): void {
    slot.task = task;
    slot.worker ??= this.#start(slot);
    slot.worker.ref();
    const driver = this.#numberOf(task.driver);
    if (!slot.known.has(driver)) {
      slot.known.add(driver);
      this.#post(slot, { kind: 'driver', driver, compiled: task.driver });
    }
    this.#clock(slot, LOADING_MILLISECONDS, { kind: 'crash', message: 'the simulator did not load the driver' });
    this.#post(slot, { kind: 'run', id: task.id, driver, program: task.program, options: task.options });
  }

  #numberOf(driver: CompiledDriver): number {
    const known = this.#drivers.get(driver) ?? this.#drivers.size;
    this.#drivers.set(driver, known);
    return known;
  }

  #post(slot: Slot, message: SimulateMessage): void {
    slot.worker?.postMessage(message);
  }

  #clock(slot: Slot, milliseconds: number, end: RunEnd): void {
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => void this.#finish(slot, end, true), milliseconds);
  }

  #start(slot: Slot): Worker {
    const worker = new Worker(this.#options.script ?? join(distFolder(), 'simulate-worker.js'), {
      resourceLimits: { stackSizeMb: STACK_MEGABYTES, maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    slot.known.clear();
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
    if (slot.task?.id !== reply.id) return;
    switch (reply.kind) {
      case 'started': {
        const limit = this.#options.timeout ?? DEFAULT_TIMEOUT;
        const message = `not finished within ${limit} ms (--timeout): stopped by the wall clock`;
        this.#clock(slot, limit, { kind: 'timeout', message });
        return;
      }
      case 'done':
        void this.#finish(slot, { kind: 'result', result: reply.result }, false);
        return;
      case 'failed':
        void this.#finish(slot, { kind: 'crash', message: `the simulator failed: ${reply.message}` }, false);
        return;
    }
  }

  /** Answers the slot's test; `stop` ends the worker first, and the next test gets a new one. */
  async #finish(slot: Slot, end: RunEnd, stop: boolean): Promise<void> {
    const { task, worker } = slot;
    clearTimeout(slot.timer);
    if (stop) {
      slot.worker = undefined;
      await worker?.terminate();
    }
    if (slot.task !== task) return;
    slot.task = undefined;
    task?.resolve(end);
    this.#assign();
  }
}
