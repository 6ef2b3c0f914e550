/**
 * The host's side of the compile worker: starts it, keeps it warm, ends it when it takes too long or dies, and always
 * has an answer.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CheckResult } from '../core/rules/static/checkDriver.js';
import type { ContextFacts } from '../core/scaffold/request.js';
import type { CompileResult, Diagnostic } from '../core/toolchain/module.js';
import type { CompileJob, CompileMessage, CompileReply, CompileWorkerData } from './compileProtocol.js';
import type { ContextsJob } from './contextFacts.js';
import { distFolder } from './toolchainFiles.js';

/** With start and report a run that hits this limit still ends within 20 s. */
export const DEFAULT_COMPILE_TIMEOUT = 15_000;

export interface CompileClientOptions {
  readonly cacheFolder?: string;
  /** The worker's script; the built one by default. */
  readonly script?: string;
  /** A worker that had nothing to do for so many milliseconds is ended. */
  readonly idle?: number;
}

/**
 * So long a worker may go on with what was cancelled: most drivers are compiled by then, and a warm worker is worth
 * more than the time of it.
 */
const GRACE_MILLISECONDS = 400;

/**
 * Templates recurse on the engine's own stack: with the default of 4 MB clang dies before it reaches its limit of
 * depth.
 */
const STACK_MEGABYTES = 16;
const ENDLESS = 'too large, or macros or templates without end';
/** For the passes' own text; the compiler's memory is limited apart. */
const HEAP_MEGABYTES = 512;
/** Of that heap, for what is soon garbage. */
const YOUNG_MEGABYTES = 48;

/** A loaded compiler is hundreds of megabytes; a person who comes back after this waits half a second once. */
const IDLE_MILLISECONDS = 300_000;

interface Pending {
  readonly request: CompileMessage;
  readonly timeout: number;
  readonly resolve: (reply: CompileReply) => void;
}

/** `facts` is undefined when there is no such file; `message` says why there is no answer. */
export type ContextsAnswer =
  | { readonly ok: true; readonly facts: ContextFacts | undefined }
  | { readonly ok: false; readonly message: string };

export class CompileClient {
  readonly #options: CompileClientOptions;
  #worker: Worker | undefined;
  #running: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: Pending[] = [];
  #nextId = 1;

  constructor(options: CompileClientOptions = {}) {
    this.#options = options;
  }

  /** Whether there is a worker now. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Starts the worker ahead of the first request. */
  warm(): void {
    if (this.#worker !== undefined) return;
    this.#worker = this.#start();
    if (this.#running === undefined) this.#rest();
  }

  /**
   * One driver after the other; never rejects. An aborted request answers `cancelled` at once. `timeout` is in
   * milliseconds.
   */
  async compile(job: CompileJob, signal?: AbortSignal, timeout = DEFAULT_COMPILE_TIMEOUT): Promise<CompileResult> {
    const reply = await this.#ask({ ...job, kind: 'compile', id: this.#nextId++ }, signal, timeout);
    if (reply.kind === 'compiled') return reply.result;
    return { ok: false, diagnostics: failure(job, reply.kind === 'failed' ? reply.message : NO_ANSWER) };
  }

  /** The static rules over a driver; as `compile` otherwise. A failure is told as a compile error. */
  async check(job: CompileJob, signal?: AbortSignal, timeout = DEFAULT_COMPILE_TIMEOUT): Promise<CheckResult> {
    const reply = await this.#ask({ ...job, kind: 'check', id: this.#nextId++ }, signal, timeout);
    if (reply.kind === 'checked') return reply.result;
    const diagnostics = failure(job, reply.kind === 'failed' ? reply.message : NO_ANSWER);
    return { findings: [], fixes: [], diagnostics, files: [] };
  }

  /** The structures of a source; as `compile` otherwise. */
  async contexts(job: ContextsJob, signal?: AbortSignal): Promise<ContextsAnswer> {
    const request: CompileMessage = { ...job, kind: 'contexts', id: this.#nextId++ };
    const reply = await this.#ask(request, signal, DEFAULT_COMPILE_TIMEOUT);
    if (reply.kind === 'contexts') return { ok: true, facts: reply.facts };
    return { ok: false, message: reply.kind === 'failed' ? reply.message : NO_ANSWER };
  }

  #ask(request: CompileMessage, signal: AbortSignal | undefined, timeout: number): Promise<CompileReply> {
    return new Promise((settled) => {
      const cancel = (): void => this.#cancel(pending);
      const resolve = (reply: CompileReply): void => {
        signal?.removeEventListener('abort', cancel);
        settled(reply);
      };
      const pending: Pending = { request, timeout, resolve };
      if (signal?.aborted === true) {
        resolve(failed(request, 'cancelled'));
        return;
      }
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.push(pending);
      this.#next();
    });
  }

  /** Ends the worker; what still waits is answered as cancelled. */
  async dispose(): Promise<void> {
    const pending = [...(this.#running === undefined ? [] : [this.#running]), ...this.#waiting.splice(0)];
    this.#running = undefined;
    await this.#stop();
    for (const { request, resolve } of pending) {
      resolve(failed(request, 'cancelled'));
    }
  }

  #next(): void {
    if (this.#running !== undefined) {
      return;
    }
    const pending = this.#waiting.shift();
    if (pending === undefined) {
      this.#rest();
      return;
    }
    this.#running = pending;
    this.warm();
    clearTimeout(this.#timer);
    this.#worker?.ref();
    const { timeout } = pending;
    const message = `not compiled within ${timeout} ms (--compile-timeout)`;
    this.#timer = setTimeout(() => this.#fail(`${message}: ${ENDLESS}`), timeout);
    this.#worker?.postMessage(pending.request);
  }

  /** Nothing to do: the worker does not keep the process alive, and is ended after a while. */
  #rest(): void {
    if (this.#worker === undefined) return;
    this.#worker.unref();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#stop(), this.#options.idle ?? IDLE_MILLISECONDS);
    this.#timer.unref();
  }

  #start(): Worker {
    const data: CompileWorkerData =
      this.#options.cacheFolder === undefined ? {} : { cacheFolder: this.#options.cacheFolder };
    const worker = new Worker(this.#options.script ?? join(distFolder(), 'compile-worker.js'), {
      workerData: data,
      resourceLimits: {
        stackSizeMb: STACK_MEGABYTES,
        maxOldGenerationSizeMb: HEAP_MEGABYTES,
        maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
      },
    });
    worker.on('message', (reply: CompileReply) => this.#take(reply));
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (worker === this.#worker) {
        this.#fail(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? `needs more than ${HEAP_MEGABYTES} MB to be compiled: ${ENDLESS}`
            : `the compiler stopped working: ${error.message}`,
        );
      }
    });
    worker.on('exit', () => {
      if (worker === this.#worker) {
        this.#fail('the compiler stopped working');
      }
    });
    worker.unref();
    return worker;
  }

  #take(reply: CompileReply): void {
    const running = this.#running;
    if (running === undefined || reply.id !== running.request.id) {
      return;
    }
    this.#settle();
    running.resolve(reply);
    this.#next();
  }

  /** The running request cannot be answered by this worker any more: the next one gets a new worker. */
  #fail(message: string): void {
    const running = this.#running;
    this.#settle();
    void this.#stop();
    if (running !== undefined) {
      running.resolve(failed(running.request, message));
    }
    this.#next();
  }

  #cancel(pending: Pending): void {
    const index = this.#waiting.indexOf(pending);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      pending.resolve(failed(pending.request, 'cancelled'));
    } else if (this.#running === pending) {
      pending.resolve(failed(pending.request, 'cancelled'));
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#fail('cancelled'), GRACE_MILLISECONDS);
    }
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#running = undefined;
  }

  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    clearTimeout(this.#timer);
    await worker?.terminate();
  }
}

const NO_ANSWER = 'the compiler answered something else than it was asked';

function failed({ id }: CompileMessage, message: string): CompileReply {
  return { kind: 'failed', id, message };
}

function failure({ sources, cwd }: CompileJob, message: string): readonly Diagnostic[] {
  const [first = '', ...others] = sources.sources;
  const file = first.startsWith(`${cwd}/`) ? first.slice(cwd.length + 1) : first;
  const also = others.length === 0 ? '' : ` (or one of the ${others.length} files linked with it)`;
  return [{ severity: 'error', file, line: 0, column: 0, message: `${message}${also}` }];
}
