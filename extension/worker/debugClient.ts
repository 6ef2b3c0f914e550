/**
 * The host's side of a debug run: compiles, starts the worker, asks and listens. One client per debug session.
 */
import {
  type DebugLaunch,
  type DebugListener,
  DebugRefusal,
  type DebugRequestKind,
  type DebugRequests,
  type Launched,
  type LaunchRefusal,
} from './debugProtocol.js';

export interface DebugClientOptions {
  /** Folder of the compiler's disk cache. */
  readonly cacheFolder?: string;
  /** The worker's script; the built one by default. */
  readonly script?: string;
}

export class DebugClient {
  readonly #listener: DebugListener;

  constructor(listener: DebugListener, _options: DebugClientOptions = {}) {
    this.#listener = listener;
  }

  /** Compiles and loads; at most once. Never rejects for what the user has done. */
  async launch(_launch: DebugLaunch): Promise<Launched | LaunchRefusal> {
    void this.#listener;
    return { ok: false, reason: 'failed', message: 'not available yet', diagnostics: [] };
  }

  /**
   * Asks the worker. Rejects with DebugRefusal for what cannot be done now (the run goes on, it is over, the address is
   * no memory).
   */
  async request<Kind extends DebugRequestKind>(
    kind: Kind,
    _ask: DebugRequests[Kind]['ask'],
  ): Promise<DebugRequests[Kind]['answer']> {
    throw new DebugRefusal(`${kind}: there is no run`);
  }

  /** Stops a run that goes on, within a second: `stopped` with reason `pause` follows. Nothing happens to one that stands. */
  pause(): void {}

  /** Ends worker and compiler, whatever they do; nothing is told afterwards. */
  async dispose(): Promise<void> {}
}
