/**
 * The host's side: starts the thread when the first text is opened. Questions are answered whatever becomes of it: with
 * undefined where there is no answer.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Questions, TextChange } from '../core/language/service/protocol.js';
import type { SourceLanguage } from '../core/language/tree/syntax.js';
import type { IndexedFile, LanguageReply, LanguageRequest, LanguageWorkerData } from './languageProtocol.js';

export interface LanguageStart {
  /** Folder of the installed extension or of the checkout: `dist/` lies in it. */
  readonly root: string;
  readonly log?: (line: string) => void;
  /** The thread has died and a new one knows nothing: tell it again what is open. Called a few times at most. */
  readonly restarted?: () => void;
}

const HEAP_MEGABYTES = 512;
/** A thread that dies more often than that would do so for ever. */
const RESTARTS = 3;

export class LanguageClient {
  readonly #start: LanguageStart;
  readonly #pending = new Map<number, (answer: unknown) => void>();
  #worker: Worker | undefined;
  #nextId = 1;
  #deaths = 0;
  #disposed = false;

  constructor(start: LanguageStart) {
    this.#start = start;
  }

  open(uri: string, language: SourceLanguage, text: string): void {
    this.#post({ kind: 'open', uri, language, text });
  }

  change(uri: string, changes: readonly TextChange[]): void {
    this.#post({ kind: 'change', uri, changes });
  }

  close(uri: string): void {
    this.#post({ kind: 'close', uri });
  }

  index(files: readonly IndexedFile[]): void {
    if (files.length > 0) this.#post({ kind: 'index', files });
  }

  forget(uri: string): void {
    this.#post({ kind: 'forget', uri });
  }

  /** When all files named so far are in the index. */
  async settled(): Promise<void> {
    await this.#ask((id) => ({ kind: 'settle', id }));
  }

  async ask<Name extends keyof Questions>(
    name: Name,
    ask: Questions[Name]['ask'],
  ): Promise<Questions[Name]['answer'] | undefined> {
    const answer = await this.#ask((id) => ({ kind: 'ask', id, name, ask }));
    return answer as Questions[Name]['answer'] | undefined;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const worker = this.#worker;
    this.#forgetWorker();
    await worker?.terminate();
  }

  #ask(request: (id: number) => LanguageRequest): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      if (!this.#post(request(id))) this.#settle(id, undefined);
    });
  }

  /** False when there is nobody to take it. */
  #post(request: LanguageRequest): boolean {
    const worker = this.#running();
    worker?.postMessage(request);
    return worker !== undefined;
  }

  #running(): Worker | undefined {
    if (this.#worker !== undefined || this.#disposed || this.#deaths > RESTARTS) return this.#worker;
    const { root, log } = this.#start;
    const data: LanguageWorkerData = { grammars: join(root, 'dist', 'tree') };
    const worker = new Worker(join(root, 'dist', 'language-worker.js'), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    this.#worker = worker;
    worker.on('message', (reply: LanguageReply) => {
      if (reply.kind === 'failed') log?.(`The language thread could not answer: ${reply.message}`);
      this.#settle(reply.id, reply.kind === 'answer' ? reply.answer : undefined);
    });
    const gone = (reason: string): void => {
      if (this.#worker !== worker) return;
      this.#deaths += 1;
      log?.(`The language thread has stopped: ${reason}`);
      this.#forgetWorker();
      if (this.#deaths <= RESTARTS) this.#start.restarted?.();
    };
    worker.on('error', (error: Error) => gone(error.message));
    worker.on('exit', (code) => gone(`exit status ${code}`));
    return worker;
  }

  #forgetWorker(): void {
    this.#worker = undefined;
    for (const id of [...this.#pending.keys()]) this.#settle(id, undefined);
  }

  #settle(id: number, answer: unknown): void {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    resolve?.(answer);
  }
}
