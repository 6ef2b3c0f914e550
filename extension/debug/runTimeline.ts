/**
 * The events of a debugged run as far as its user has come: those up to where it stands, and behind them those of an
 * earlier pass forward. Each look tells only what differs from the one before.
 */
import type { RunEvent, TimelineChange } from '../core/run/knownEvents.js';
import type { RunEvents } from '../core/run/runEvents.js';
import type { Goal, Moment } from '../worker/debugProtocol.js';

/** What ends a run is in no log: the finding it stands at. */
export interface Ending {
  readonly rule: string;
  readonly message: string;
  readonly moment: Moment;
}

interface Edit {
  /** Of its moment. */
  readonly event: number;
  /** Length of the log then. */
  readonly records: number;
}

export class RunTimeline {
  #known: readonly RunEvent[] = [];
  #places: RunEvents['places'] = [];
  #last: TimelineChange | undefined;
  #version: number;
  #ending: Ending | undefined;
  #records = 0;
  #here = 0;
  #event = 0;
  /** Where the user has changed memory. */
  #edits: readonly Edit[] = [];

  /** `version` is the one before it: of a list that this one takes the place of. */
  constructor(version = 0) {
    this.#version = version;
  }

  get version(): number {
    return this.#version;
  }

  /** `event` is the moment's; `ending` where the run stands at its end. */
  look(now: RunEvents, event: number, ending: Ending | undefined): void {
    this.#undo(event);
    const seen = ending === undefined ? now.events : [...now.events, endingEvent(ending, now.records)];
    const known = this.#known;
    const parting = seen.findIndex((event, at) => !isSameEvent(event, known[at]));
    // What lies ahead is what it was before, unless the run has gone another way.
    const keep = parting < 0 ? known.length : parting;
    const merged = known.slice(0, keep);
    const changed: { at: number; event: RunEvent }[] = [];
    for (const [at, event] of seen.slice(0, keep).entries()) {
      const old = merged[at];
      if (old === undefined || !isFuller(event, old)) continue;
      merged[at] = event;
      changed.push({ at, event });
    }
    const added = parting < 0 ? [] : seen.slice(parting);
    this.#known = [...merged, ...added];
    // Places come in the order of events: those of a shorter run are the first of a longer one's.
    if (parting >= 0 || now.places.length > this.#places.length) this.#places = now.places;
    this.#ending = ending ?? this.#ending;
    this.#records = now.records;
    this.#event = event;
    this.#here = seen.length;
    this.#told({ keep, changed, added, dropped: now.dropped });
  }

  /** The user has changed memory where the run stands: what comes may be something else. */
  edited(): void {
    const edit = { event: this.#event, records: this.#records };
    this.#edits = [...this.#edits.filter(({ event }) => event !== edit.event), edit];
    this.#cut(this.#here);
  }

  /** Since the version that somebody has: all, where that is not the last but one. */
  since(version: number): TimelineChange {
    const last = this.#last;
    if (last !== undefined && version === last.since) return last;
    const [keep, added] = last !== undefined && version === last.version ? [this.#known.length, []] : [0, this.#known];
    const from = keep === 0 ? 0 : version;
    const dropped = last?.dropped ?? 0;
    return {
      version: this.#version,
      since: from,
      keep,
      changed: [],
      added,
      places: this.#places,
      here: this.#here,
      dropped,
    };
  }

  /** How to get to an event of the list; undefined: there is none of that number. */
  goalOf(at: number): Goal | undefined {
    const event = this.#known[at];
    if (event === undefined) return undefined;
    if (event.finding !== undefined) return { kind: 'travelToFinding', finding: event.finding };
    if (event.kind !== 'finding') return { kind: 'travelToEvent', record: event.record };
    return this.#ending === undefined ? undefined : { kind: 'travel', to: this.#ending.moment };
  }

  /** Whoever goes to before a change has undone it, and what came of it. */
  #undo(event: number): void {
    const undone = this.#edits.filter((edit) => edit.event > event);
    if (undone.length === 0) return;
    this.#edits = this.#edits.filter((edit) => edit.event <= event);
    const first = Math.min(...undone.map(({ records }) => records));
    const from = this.#known.findIndex(({ record }) => record >= first);
    if (from >= 0) this.#cut(from);
  }

  #cut(length: number): void {
    if (length >= this.#known.length) return;
    this.#known = this.#known.slice(0, length);
    this.#told({ keep: length, changed: [], added: [], dropped: this.#last?.dropped ?? 0 });
  }

  #told(change: Pick<TimelineChange, 'keep' | 'changed' | 'added' | 'dropped'>): void {
    const since = this.#version;
    this.#version += 1;
    this.#last = { ...change, since, version: this.#version, places: this.#places, here: this.#here };
  }
}

function endingEvent({ rule, message }: Ending, records: number): RunEvent {
  return { record: records, kind: 'finding', name: rule, channel: null, depth: 0, message };
}

function isSameEvent(a: RunEvent, b: RunEvent | undefined): boolean {
  return (
    b !== undefined &&
    a.record === b.record &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.packet === b.packet &&
    a.pass === b.pass &&
    (a.channel ?? b.channel) === (b.channel ?? a.channel) &&
    a.place === b.place &&
    (a.status ?? b.status) === (b.status ?? a.status)
  );
}

/** `a` says more of the event than was known. */
function isFuller(a: RunEvent, b: RunEvent): boolean {
  return (
    (b.status === undefined && a.status !== undefined) ||
    (a.count ?? 1) > (b.count ?? 1) ||
    (b.channel === null && a.channel !== null)
  );
}
