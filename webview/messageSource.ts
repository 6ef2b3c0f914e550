/** The extension as source: calls and answers matched by number over the webview's message channel. */
import type { CallName, FromView, ViewCalls } from './protocol.js';
import { PROTOCOL } from './protocol.js';
import type { ReportSource, SourceEvent } from './source.js';
import { parseToView } from './validate.js';

/** What VS Code gives a webview. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** As `window` is: the part of it that delivers messages. */
export interface MessageTarget {
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class MessageSource implements ReportSource {
  readonly live = true;
  readonly #api: VsCodeApi;
  readonly #target: MessageTarget;
  readonly #pending = new Map<number, Pending>();
  #receive: ((event: SourceEvent) => void) | null = null;
  #lastId = 0;
  #disposed = false;

  constructor(api: VsCodeApi, target: MessageTarget) {
    this.#api = api;
    this.#target = target;
    target.addEventListener('message', this.#onMessage);
  }

  call<Name extends CallName>(name: Name, argument: ViewCalls[Name]['argument']): Promise<ViewCalls[Name]['result']> {
    if (this.#disposed) return Promise.reject(new Error(closed));
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    // A name and its own argument, which the type of the union cannot say of a generic name.
    this.#post({ kind: 'call', id, name, argument } as FromView);
    return answer as Promise<ViewCalls[Name]['result']>;
  }

  listen(receive: (event: SourceEvent) => void): void {
    this.#receive = receive;
    this.#post({ kind: 'ready', protocol: PROTOCOL });
  }

  shown(driver: string): void {
    this.#post({ kind: 'shown', driver });
  }

  restore(): unknown {
    return this.#api.getState();
  }

  store(state: unknown): void {
    this.#api.setState(state);
  }

  dispose(): void {
    this.#disposed = true;
    this.#target.removeEventListener('message', this.#onMessage);
    for (const { reject } of this.#pending.values()) reject(new Error(closed));
    this.#pending.clear();
  }

  #post(message: FromView): void {
    this.#api.postMessage(message);
  }

  readonly #onMessage = (event: MessageEvent): void => {
    const message = parseToView(event.data);
    if (message === null) return;
    if (message.kind !== 'answer') {
      this.#receive?.(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    this.#pending.delete(message.id);
    if (message.ok) pending.resolve(message.value);
    else pending.reject(new Error(message.message));
  };
}

const closed = 'The view was closed.';
