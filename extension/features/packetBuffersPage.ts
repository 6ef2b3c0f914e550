/** The extension's end of one Packet Buffers page, wherever VS Code shows it. */
import { randomBytes } from 'node:crypto';
import { Uri, type Webview } from 'vscode';
import type { CallName, FromView, ToView, ViewCalls } from '../../webview/protocol.js';
import { Disposables, type Disposes } from './disposables.js';
import { type Place, packetBuffersHtml } from './packetBuffersHtml.js';
import { parseFromView } from './viewMessages.js';

/** One for every call: a call without a handler does not compile. Throws what the page is to show. */
export type CallHandlers = {
  readonly [Name in CallName]: (
    argument: ViewCalls[Name]['argument'],
  ) => ViewCalls[Name]['result'] | Promise<ViewCalls[Name]['result']>;
};

export interface PageHost {
  readonly handlers: CallHandlers;
  /** The page runs and shows nothing yet; `protocol` is the one it speaks. */
  ready(page: Page, protocol: number): void;
  shown(driver: string): void;
  /** What the page said was none of the messages there are. */
  noise(): void;
  failed(error: unknown): void;
}

export class Page implements Disposes {
  readonly #store = new Disposables();
  readonly #webview: Webview;
  readonly #extension: Uri;
  readonly #place: Place;
  readonly #host: PageHost;
  #ready = false;

  constructor(webview: Webview, extension: Uri, place: Place, host: PageHost) {
    this.#webview = webview;
    this.#extension = extension;
    this.#place = place;
    this.#host = host;
    this.#store.add(webview.onDidReceiveMessage((data: unknown) => this.#receive(data)));
    webview.options = { enableScripts: true, localResourceRoots: [this.#folder] };
    this.load();
  }

  /** False while VS Code has taken the document of a hidden page away: it fills itself again when it is back. */
  get ready(): boolean {
    return this.#ready;
  }

  load(): void {
    this.#ready = false;
    this.#webview.html = packetBuffersHtml({
      script: this.#webview.asWebviewUri(Uri.joinPath(this.#folder, 'view.js')).toString(),
      style: this.#webview.asWebviewUri(Uri.joinPath(this.#folder, 'view.css')).toString(),
      place: this.#place,
      cspSource: this.#webview.cspSource,
      nonce: randomBytes(16).toString('base64url'),
    });
  }

  hidden(): void {
    this.#ready = false;
  }

  /** Lost where there is no document to take it. */
  post(message: ToView): void {
    if (this.#ready && !this.#store.disposed) void this.#webview.postMessage(message);
  }

  dispose(): void {
    this.#ready = false;
    this.#store.dispose();
  }

  get #folder(): Uri {
    return Uri.joinPath(this.#extension, 'dist', 'webview');
  }

  #receive(data: unknown): void {
    const received = parseFromView(data);
    switch (received.kind) {
      case 'noise':
        this.#host.noise();
        return;
      case 'refused':
        this.post({ kind: 'answer', id: received.id, ok: false, message: received.reason });
        return;
      case 'message':
        this.#take(received.message);
        return;
    }
  }

  #take(message: FromView): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#host.ready(this, message.protocol);
        return;
      case 'shown':
        this.#host.shown(message.driver);
        return;
      case 'call':
        void this.#answer(message);
        return;
    }
  }

  async #answer({ id, name, argument }: Extract<FromView, { kind: 'call' }>): Promise<void> {
    try {
      // Name and argument belong together, which the type of the union cannot say of a variable name.
      const handle = this.#host.handlers[name] as (argument: unknown) => unknown;
      this.post({ kind: 'answer', id, ok: true, value: await handle(argument) });
    } catch (error) {
      this.#host.failed(error);
      this.post({ kind: 'answer', id, ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  }
}
