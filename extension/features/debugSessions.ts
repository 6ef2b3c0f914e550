/** What the debug session that is looked at is doing: told by the messages that pass. */
import { type DebugSession, debug, EventEmitter } from 'vscode';
import { OWN_REQUESTS, type StandingPlace } from '../debug/ownRequests.js';
import { Disposables } from './disposables.js';
import { DEBUG_TYPE } from './ids.js';
import { uriOf } from './paths.js';
import type { DriverResult, Results } from './results.js';

/** A run that stands. */
export interface Standing {
  readonly session: DebugSession;
  readonly place: StandingPlace;
}

/** The report of the driver that is debugged: of its folder, or of a file of it. */
export function debuggedResult(results: Results, { session }: Standing): DriverResult | undefined {
  const program = session.configuration['program'];
  if (typeof program !== 'string') return undefined;
  const path = program.replaceAll('\\', '/').replace(/\/$/, '');
  return results.get(path) ?? results.of(uriOf(path))[0];
}

interface Event {
  readonly type?: string;
  readonly event?: string;
  readonly body?: { readonly areas?: readonly string[] };
}

export class DebugSessions {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<Standing | undefined>());
  #standing: Standing | undefined;
  /** Counts stops, so that an answer that comes late is dropped. */
  #turn = 0;

  /** The run stands, elsewhere or with other values; undefined: it goes on or is over. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#store.add(
      debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: Event) => this.#seen(session, message),
          onWillStopSession: () => this.#left(session),
        }),
      }),
    );
    this.#store.add(debug.onDidTerminateDebugSession((session) => this.#left(session)));
  }

  get standing(): Standing | undefined {
    return this.#standing;
  }

  dispose(): void {
    this.#store.dispose();
  }

  #seen(session: DebugSession, { type, event, body }: Event): void {
    if (type !== 'event') return;
    if (event === 'stopped' || (event === 'invalidated' && body?.areas?.includes('variables') === true)) {
      void this.#stopped(session);
    } else if (event === 'continued' || event === 'terminated' || event === 'exited') {
      this.#left(session);
    }
  }

  async #stopped(session: DebugSession): Promise<void> {
    const turn = ++this.#turn;
    try {
      const place: StandingPlace = await session.customRequest(OWN_REQUESTS.place);
      if (turn !== this.#turn) return;
      this.#standing = { session, place };
      this.#changed.fire(this.#standing);
    } catch {
      // It has gone on meanwhile: the next stop is told.
    }
  }

  #left(session: DebugSession): void {
    if (this.#standing !== undefined && this.#standing.session !== session) return;
    this.#turn += 1;
    this.#standing = undefined;
    this.#changed.fire(undefined);
  }
}
