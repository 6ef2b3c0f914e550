/**
 * The host's side of the engine: starts it on first use, gives each run its answer whatever becomes of the engine, and
 * starts a new one when it has died. Nothing here takes long: all work is behind the door.
 */

import type { ContextsAnswer } from './compileClient.js';
import { type Connection, connect, type EngineStart } from './engineConnection.js';
import type {
  CheckOutcome,
  ContextsRequest,
  DriverOutcome,
  EngineReply,
  EngineRequest,
  RunRequest,
} from './engineProtocol.js';

export type { EngineStart };

export type RunOrder = Omit<RunRequest, 'kind' | 'id'>;
export type ContextsOrder = Omit<ContextsRequest, 'kind' | 'id'>;

/** Called while a run goes on; never after its promise has settled. */
export interface RunEvents {
  progress?(text: string, done: number, total: number): void;
  driver?(outcome: DriverOutcome): void;
  checked?(outcomes: readonly CheckOutcome[]): void;
}

export type CheckAnswer =
  | { readonly kind: 'checked'; readonly outcomes: readonly CheckOutcome[] }
  | { readonly kind: 'cancelled' }
  /** `message` says what to mend, in words for the user. */
  | { readonly kind: 'failed'; readonly message: string };

export type RunEnd =
  | { readonly kind: 'finished'; readonly cancelled: boolean }
  /** `message` says what to mend, in words for the user. */
  | { readonly kind: 'failed'; readonly message: string };

/** A cancelled run is over for its caller after so many milliseconds at the latest, whatever the engine does. */
const CANCEL_MILLISECONDS = 900;

/** What `run` rejects with when the client is disposed of. */
export class EngineDisposed extends Error {
  constructor() {
    super('the engine was stopped');
  }
}

interface Pending {
  readonly events: RunEvents;
  readonly resolve: (end: RunEnd) => void;
  readonly reject: (error: Error) => void;
}

export class EngineClient {
  readonly #start: EngineStart;
  readonly #pending = new Map<number, Pending>();
  readonly #asked = new Map<number, (answer: ContextsAnswer) => void>();
  #connection: Promise<Connection> | undefined;
  #nextId = 1;
  #disposed = false;

  constructor(start: EngineStart) {
    this.#start = start;
  }

  /** Starts the engine and loads compiler and simulator, ahead of the first run. Says nothing when it cannot. */
  warm(cwd: string): void {
    this.#connect().then(
      (connection) => connection.post({ kind: 'warm', cwd }),
      () => undefined,
    );
  }

  /**
   * Rejects with EngineDisposed only. Aborted: answered as cancelled within a second. A driver whose newer run has begun
   * brings no outcome, and its run counts as cancelled.
   */
  run(order: RunOrder, events: RunEvents = {}, signal?: AbortSignal): Promise<RunEnd> {
    return this.#ask(order, 'run', events, signal);
  }

  /** The static rules alone; rejects and is cancelled as `run` is. */
  async check(order: RunOrder, signal?: AbortSignal): Promise<CheckAnswer> {
    const answers: (readonly CheckOutcome[])[] = [];
    const end = await this.#ask(order, 'check', { checked: (outcomes) => answers.push(outcomes) }, signal);
    if (end.kind === 'failed') return end;
    const [outcomes] = answers;
    return end.cancelled || outcomes === undefined ? { kind: 'cancelled' } : { kind: 'checked', outcomes };
  }

  #ask(order: RunOrder, kind: 'run' | 'check', events: RunEvents, signal?: AbortSignal): Promise<RunEnd> {
    if (this.#disposed) return Promise.reject(new EngineDisposed());
    if (signal?.aborted === true) return Promise.resolve({ kind: 'finished', cancelled: true });
    const id = this.#nextId++;
    const ended = new Promise<RunEnd>((resolve, reject) => this.#pending.set(id, { events, resolve, reject }));
    const cancel = (): void => this.#cancel(id);
    signal?.addEventListener('abort', cancel, { once: true });
    this.#send({ ...order, kind, id });
    return ended.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** The structures of a source that packets may have as contexts. Never rejects. */
  contexts(order: ContextsOrder): Promise<ContextsAnswer> {
    if (this.#disposed) return Promise.resolve({ ok: false, message: new EngineDisposed().message });
    const id = this.#nextId++;
    const answered = new Promise<ContextsAnswer>((resolve) => this.#asked.set(id, resolve));
    this.#send({ ...order, kind: 'contexts', id });
    return answered;
  }

  /** Ends the engine and rejects what waits for it. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const connection = this.#connection;
    this.#connection = undefined;
    for (const { reject } of this.#taken()) reject(new EngineDisposed());
    await connection?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  /** The next run starts a new engine: its own settings may have changed. What runs is answered as cancelled. */
  async restart(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const { resolve } of this.#taken()) resolve({ kind: 'finished', cancelled: true });
    await connection?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  #send(request: EngineRequest & { readonly id: number }): void {
    this.#connect().then(
      (connection) => connection.post(request),
      (error: unknown) => this.#settle(request.id, failed(error)),
    );
  }

  #connect(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const opening = connect(this.#start, {
      reply: (reply) => this.#take(reply),
      gone: (message) => {
        if (this.#connection !== opening) return;
        this.#connection = undefined;
        for (const { resolve } of this.#taken()) resolve({ kind: 'failed', message });
      },
    });
    this.#connection = opening;
    // What could not be started may be there the next time: a Node that is installed meanwhile.
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined;
    });
    return opening;
  }

  #take(reply: EngineReply): void {
    const events = this.#pending.get(reply.id)?.events;
    switch (reply.kind) {
      case 'progress':
        events?.progress?.(reply.text, reply.done, reply.total);
        return;
      case 'driver':
        events?.driver?.(reply.outcome);
        return;
      case 'checked':
        events?.checked?.(reply.outcomes);
        return;
      case 'contexts':
        this.#answer(reply.id, { ok: true, facts: reply.facts });
        return;
      case 'finished':
        this.#settle(reply.id, { kind: 'finished', cancelled: reply.cancelled });
        return;
      case 'failed':
        this.#settle(reply.id, { kind: 'failed', message: reply.message });
        return;
    }
  }

  #cancel(id: number): void {
    this.#send({ kind: 'cancel', id });
    setTimeout(() => this.#settle(id, { kind: 'finished', cancelled: true }), CANCEL_MILLISECONDS).unref();
  }

  #answer(id: number, answer: ContextsAnswer): void {
    const resolve = this.#asked.get(id);
    this.#asked.delete(id);
    resolve?.(answer);
  }

  #settle(id: number, end: RunEnd): void {
    if (end.kind === 'failed') this.#answer(id, { ok: false, message: end.message });
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.resolve(end);
  }

  #taken(): readonly Pending[] {
    const taken = [...this.#pending.values()];
    this.#pending.clear();
    for (const id of [...this.#asked.keys()]) this.#answer(id, { ok: false, message: 'the engine was stopped' });
    return taken;
  }
}

function failed(error: unknown): RunEnd {
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}
