/**
 * Where the page gets its reports from and who answers its calls: the extension (`messageSource.ts`) or, in an exported
 * file, the page itself (`embeddedSource.ts`).
 */
import type { CallName, DriverReport, ViewCalls, ViewEvent } from './protocol.js';

/** What arrives unasked, reports unpacked. */
export type SourceEvent = ViewEvent<DriverReport>;

export interface ReportSource {
  /** Without an editor around it there is no source to open and nothing to run. */
  readonly live: boolean;
  /** Rejects with an `Error` whose message is fit to show; after `dispose` with one that says the page was closed. */
  call<Name extends CallName>(name: Name, argument: ViewCalls[Name]['argument']): Promise<ViewCalls[Name]['result']>;
  /** Says that the page is ready and delivers everything from then on, in order. To be called once. */
  listen(receive: (event: SourceEvent) => void): void;
  /** The driver's newest report has been painted. */
  shown(driver: string): void;
  /** What the page stored last, unvalidated; undefined when nothing is stored. */
  restore(): unknown;
  /** Plain JSON data that outlives the page. */
  store(state: unknown): void;
  /** Ends everything pending. */
  dispose(): void;
}
