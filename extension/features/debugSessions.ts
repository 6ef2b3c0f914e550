/** What the debug session that is looked at is doing: told by the messages that pass. */
import { type DebugSession, debug, EventEmitter } from 'vscode';
import { OWN_REQUESTS, type StandingPlace } from '../debug/ownRequests.js';
import { Disposables } from './disposables.js';
import { DEBUG_TYPE } from './ids.js';
import { enginePath, homeOf, uriOf } from './paths.js';
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

/** The folder that names of the run's files are relative to. */
export function homePath({ session }: Standing): string {
  const program = session.configuration['program'];
  if (typeof program === 'string') return enginePath(homeOf(uriOf(program.replaceAll('\\', '/'))));
  const folder = session.workspaceFolder?.uri;
  return folder === undefined ? '/' : enginePath(folder);
}

interface Message {
  readonly type?: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: { readonly areas?: readonly string[] };
}

/** Requests after which the run goes on. */
const GOING_ON: ReadonlySet<string> = new Set([
  'continue',
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'reverseContinue',
  'restartFrame',
  'goto',
  OWN_REQUESTS.stopAt,
  OWN_REQUESTS.travel,
]);

export class DebugSessions {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<Standing | undefined>());
  readonly #resumed = this.#store.add(new EventEmitter<void>());
  readonly #ended = this.#store.add(new EventEmitter<DebugSession>());
  #standing: Standing | undefined;
  /** Counts stops, so that an answer that comes late is dropped. */
  #turn = 0;

  /** The run stands, elsewhere or with other values; undefined: it goes on or is over. */
  readonly onDidChange = this.#changed.event;
  /** The run that stood goes on; most often it stands again in a moment. */
  readonly onDidResume = this.#resumed.event;
  readonly onDidEnd = this.#ended.event;

  constructor() {
    this.#store.add(
      debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: Message) => this.#seen(session, message),
          onWillStopSession: () => this.#left(session),
        }),
      }),
    );
    this.#store.add(
      debug.onDidTerminateDebugSession((session) => {
        this.#left(session);
        if (session.type === DEBUG_TYPE) this.#ended.fire(session);
      }),
    );
  }

  get standing(): Standing | undefined {
    return this.#standing;
  }

  dispose(): void {
    this.#store.dispose();
  }

  #seen(session: DebugSession, { type, event, command, success, body }: Message): void {
    if (type === 'response' && success === true && command !== undefined && GOING_ON.has(command)) {
      if (this.#standing?.session === session) this.#resumed.fire();
      return;
    }
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
