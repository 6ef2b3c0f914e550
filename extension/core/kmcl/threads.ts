/** System threads and who is running (kmcl-facts 8.6 #78). One stack: a thread runs to its end when its turn comes. */
import type { Handles } from './handles.js';
import { IRQL } from './layout.js';
import { ThreadEnded } from './machine.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';

const DISPATCHER_HEADER_SIZE = 24;
const SYSTEM_PROCESS_ID = 4;
const WORKER_PROCESS_ID = 0xb44;

export class Threads {
  readonly #simulator: Simulator;
  readonly #handles: Handles;
  /** KTHREAD of the test's own thread and of each nesting of work. */
  #threads: number[] = [];

  constructor(simulator: Simulator, handles: Handles) {
    this.#simulator = simulator;
    this.#handles = handles;
  }

  readonly functions: FunctionTable = {
    PsCreateSystemThread: {
      signature: 's:puppppp',
      call: (out = 0, _access, _attributes, _process, client = 0, routine = 0, context = 0) =>
        this.#createThread(out, client, routine, context),
    },
    PsTerminateSystemThread: { signature: 's:u', call: () => this.#terminateThread() },
    KeGetCurrentThread: { signature: 'p:', call: () => this.currentThread() },
    PsGetCurrentThreadId: { signature: 'p:', call: () => 8 * (1 + this.#simulator.scheduler.nesting) },
    PsGetCurrentProcessId: {
      signature: 'p:',
      call: () => (this.#simulator.scheduler.current === undefined ? WORKER_PROCESS_ID : SYSTEM_PROCESS_ID),
    },
  };

  /** A new host has none. */
  clear(): void {
    this.#threads = [];
  }

  /** KTHREAD of the running code: each nesting of work is a thread of its own. */
  currentThread(): number {
    const { scheduler } = this.#simulator;
    const work = scheduler.currentWork;
    if (work?.kind === 'thread') {
      return work.object;
    }
    const level = scheduler.nesting;
    this.#threads[level] ??= this.#newThread();
    return this.#threads[level] ?? 0;
  }

  /** A thread object; drivers wait on it, so the checks must let them. */
  #newThread(): number {
    const { native } = this.#simulator.machine;
    const thread = native.vsp_thread_create();
    native.vsp_unpoison(thread, DISPATCHER_HEADER_SIZE);
    return thread;
  }

  #createThread(out: number, client: number, routine: number, context: number): number {
    this.#simulator.passiveOnly('PsCreateSystemThread');
    const { machine, scheduler } = this.#simulator;
    this.#simulator.writable(out, 8);
    const thread = this.#newThread();
    scheduler.queue({
      object: thread,
      kind: 'thread',
      irql: IRQL.PASSIVE,
      routine,
      parameters: [context],
      done: () => {
        machine.native.vsp_object_signal(thread);
      },
    });
    this.#simulator.writePointer(out, this.#handles.open('thread', thread));
    if (client !== 0) {
      this.#simulator.writePointer(client, SYSTEM_PROCESS_ID);
      this.#simulator.writePointer(client + 8, thread);
    }
    return STATUS.SUCCESS;
  }

  #terminateThread(): number {
    if (this.#simulator.scheduler.current !== 'thread') {
      return STATUS.INVALID_PARAMETER;
    }
    throw new ThreadEnded();
  }
}
