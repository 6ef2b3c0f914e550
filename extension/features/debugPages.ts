/** The Packet Buffers pages follow a debugged run: where it stands, and its timeline, from which it can be sent away. */
import { Range, window } from 'vscode';
import type { Paused } from '../../webview/protocol.js';
import { allEvents, changedEvents, type KnownEvents, NO_EVENTS, type TimelineChange } from '../core/run/knownEvents.js';
import { joinPath } from '../core/run/paths.js';
import { OWN_REQUESTS, type StandingPlace } from '../debug/ownRequests.js';
import { debuggedResult, homePath, type Standing } from './debugSessions.js';
import { Disposables } from './disposables.js';
import type { Lab } from './lab.js';
import type { Page } from './packetBuffersPage.js';
import { uriOf } from './paths.js';

export class PausedPages {
  readonly #store = new Disposables();
  readonly #lab: Lab;
  /** Those that can be told. */
  readonly #pages: () => readonly Page[];
  #standing: Standing | undefined;
  #at: Paused | undefined;
  #known: KnownEvents = NO_EVENTS;
  /** Version of the list that each page has. */
  #versions = new WeakMap<Page, number>();
  /** Counts stops: an answer that comes late is dropped. */
  #turn = 0;

  constructor(lab: Lab, pages: () => readonly Page[]) {
    this.#lab = lab;
    this.#pages = pages;
    const { debugSessions } = lab;
    this.#store.add(debugSessions.onDidChange((standing) => standing && void this.#paused(standing)));
    this.#store.add(debugSessions.onDidResume(() => this.#resumed()));
    this.#store.add(debugSessions.onDidEnd((session) => session.id === this.#standing?.session.id && this.#ended()));
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** A page that has come while the run stands. */
  fill(page: Page): void {
    const standing = this.#standing;
    if (this.#at === undefined || standing === undefined) return;
    if (this.#known === NO_EVENTS) void this.#paused(standing);
    else this.#tell(page);
  }

  /** Throws what the page is to show. */
  async travel(event: number): Promise<void> {
    const standing = this.#lab.debugSessions.standing;
    if (standing === undefined) throw new Error('The run does not stand: pause it first.');
    await standing.session.customRequest(OWN_REQUESTS.travel, { event });
  }

  async open(file: string, line: number, column: number): Promise<void> {
    const standing = this.#standing;
    if (standing === undefined) throw new Error('Nothing is debugged any more.');
    const [row, character] = [Math.max(0, line - 1), Math.max(0, column - 1)];
    const selection = new Range(row, character, row, character);
    try {
      await window.showTextDocument(uriOf(joinPath(homePath(standing), file)), { selection });
    } catch {
      throw new Error(`${file} cannot be opened: it may have been moved or deleted.`);
    }
  }

  async #paused(standing: Standing): Promise<void> {
    const turn = ++this.#turn;
    if (this.#standing?.session !== standing.session) this.#known = NO_EVENTS;
    this.#standing = standing;
    this.#at = this.#describe(standing);
    // Nobody looks: the events are asked for when somebody does.
    if (this.#pages().length === 0) {
      this.#known = NO_EVENTS;
      return;
    }
    try {
      const before = this.#known;
      const change = await this.#change(standing, before.version);
      if (turn !== this.#turn) return;
      const known = changedEvents(before, change) ?? changedEvents(NO_EVENTS, await this.#change(standing, 0));
      if (turn !== this.#turn || known === undefined) return;
      this.#known = known;
      for (const page of this.#pages()) {
        if (this.#versions.get(page) === change.since) this.#tell(page, change);
        else this.#tell(page);
      }
    } catch {
      // It has gone on meanwhile: the next stop is told.
    }
  }

  async #change({ session }: Standing, since: number): Promise<TimelineChange> {
    return session.customRequest(OWN_REQUESTS.timeline, { since });
  }

  #describe(standing: Standing): Paused {
    const { buffer, ...place } = standing.place;
    const result = debuggedResult(this.#lab.results, standing);
    const run = result?.shown.pack.runs.findIndex(({ name }) => name === place.run) ?? -1;
    const shown = result === undefined || run < 0 ? null : { driver: result.key, run };
    return { ...place, session: standing.session.id, shown, buffer: buffer && bufferOf(buffer) };
  }

  #tell(page: Page, timeline = allEvents(this.#known)): void {
    if (this.#at === undefined) return;
    page.post({ kind: 'paused', at: this.#at, timeline });
    this.#versions.set(page, this.#known.version);
  }

  #resumed(): void {
    for (const page of this.#pages()) page.post({ kind: 'resumed' });
  }

  #ended(): void {
    this.#turn += 1;
    this.#standing = undefined;
    this.#at = undefined;
    this.#known = NO_EVENTS;
    this.#versions = new WeakMap();
    for (const page of this.#pages()) page.post({ kind: 'debugEnded' });
  }
}

function bufferOf({ bytes, ...rest }: NonNullable<StandingPlace['buffer']>): NonNullable<Paused['buffer']> {
  return { ...rest, bytes: new Uint8Array(Buffer.from(bytes, 'base64')) };
}
