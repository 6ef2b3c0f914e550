/** An exported file as source: the report is in the page, and the page answers its own calls. */
import type { CallName, ViewCalls } from './protocol.js';
import type { ReportSource, SourceEvent } from './source.js';

export class EmbeddedSource implements ReportSource {
  readonly live = false;
  readonly #base64: string;

  constructor(base64: string) {
    this.#base64 = base64;
  }

  call<Name extends CallName>(name: Name, _argument: ViewCalls[Name]['argument']): Promise<ViewCalls[Name]['result']> {
    return Promise.reject(new Error(`${name}: open the folder in VS Code with VSP Lab for this.`));
  }

  listen(receive: (event: SourceEvent) => void): void {
    receive({ kind: 'reports', drivers: [], canRun: this.#base64 === '' });
  }

  restore(): unknown {
    return undefined;
  }

  store(): void {}

  dispose(): void {}
}
