/** An exported file as source: the report is in the page, and the page answers its own calls. */
import { parsePack, type ReportPack, savedOf, withoutSaved } from '../extension/core/run/reportPack.js';
import type { CallName, DriverReport, ViewCalls } from './protocol.js';
import type { ReportSource, SourceEvent } from './source.js';

type Handlers = {
  readonly [Name in CallName]: (argument: ViewCalls[Name]['argument']) => Promise<ViewCalls[Name]['result']>;
};

/** What needs an editor around it says so. */
const needsEditor = (): Promise<never> =>
  Promise.reject(new Error('This is an exported report: open the driver in VS Code with VSP Lab for that.'));

export class EmbeddedSource implements ReportSource {
  readonly live = false;
  readonly #packs = new Map<string, ReportPack>();
  readonly #handlers: Handlers;

  /**
   * `base64`: a packed report (reportPack.ts), as the text of the page's `vsp-lab-report` element. Throws an `Error`
   * whose message is fit to show where it is none. `copyText` puts text on the clipboard.
   */
  constructor(base64: string, copyText: (text: string) => Promise<void>) {
    for (const [name, pack] of byDriver(parsePack(bytesOf(base64)))) this.#packs.set(name, pack);
    this.#handlers = {
      packetBytes: ({ driver, run, channel, packet }) => {
        const pack = this.#packs.get(driver);
        const saved = pack && savedOf(pack, run, channel, packet);
        return Promise.resolve({ bytes: saved?.bytes ?? null, writtenBy: saved?.writtenBy ?? [] });
      },
      copy: ({ text }) => copyText(text).then(() => null),
      openSource: needsEditor,
      run: needsEditor,
      cancel: needsEditor,
      exportReport: needsEditor,
      explainRule: needsEditor,
      travel: needsEditor,
      debugToFinding: needsEditor,
      openDebugged: needsEditor,
    };
  }

  call<Name extends CallName>(name: Name, argument: ViewCalls[Name]['argument']): Promise<ViewCalls[Name]['result']> {
    return this.#handlers[name](argument);
  }

  listen(receive: (event: SourceEvent) => void): void {
    const drivers = Array.from(
      this.#packs,
      ([name, pack]): DriverReport => ({
        key: name,
        name,
        pack: withoutSaved(pack),
        previous: {},
        stale: false,
        problems: [],
      }),
    );
    receive({ kind: 'reports', drivers, canRun: false });
  }

  shown(): void {}

  restore(): unknown {
    return undefined;
  }

  store(): void {}

  dispose(): void {}
}

/** One report may hold the runs of several drivers; the view has them apart. */
function byDriver(pack: ReportPack): ReadonlyMap<string, ReportPack> {
  const names = [...new Set(pack.runs.map(({ driver }) => driver))];
  return new Map(names.map((name) => [name, { ...pack, runs: pack.runs.filter(({ driver }) => driver === name) }]));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
