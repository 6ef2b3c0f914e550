/** The list of a debugged run's events as somebody has it, and how it changes from place to place. */
import type { Pass, Position } from './report.js';

export interface RunEvent {
  /** Index of its record in the event log; the log's length for what ends the run, which is no record. */
  readonly record: number;
  /** `packet`: a callback for one packet. */
  readonly kind: 'state' | 'call' | 'callback' | 'packet' | 'finding';
  /** Of the function, the state or the rule. */
  readonly name: string;
  readonly channel: number | null;
  /** Calls and callbacks of this list that it happened in. */
  readonly depth: number;
  readonly packet?: number;
  readonly pass?: Pass;
  /** Calls for packets that follow one another are one event: so many, from 2. */
  readonly count?: number;
  /** `0xC0000023`; absent before it has returned and where nothing is answered. */
  readonly status?: string;
  /** A finding's, in words. */
  readonly message?: string;
  /** Number of the finding in the order they arise. */
  readonly finding?: number;
  /** Index into the list of places; absent outside the driver's code. */
  readonly place?: number;
}

/** The list, by how it differs from the one before. */
export interface TimelineChange {
  readonly version: number;
  /** Of which version: 0, which is empty, or the one the asker has. */
  readonly since: number;
  /** So many events of that one stay. */
  readonly keep: number;
  /** Those among them that have returned meanwhile, or have come to be more. */
  readonly changed: readonly { readonly at: number; readonly event: RunEvent }[];
  readonly added: readonly RunEvent[];
  /** `RunEvent.place` is an index of this. */
  readonly places: readonly Position[];
  /** So many events have happened where the run stands. */
  readonly here: number;
  /** Events that are not in the list because it is full. */
  readonly dropped: number;
}

/** The list as its changes tell it. */
export interface KnownEvents {
  readonly version: number;
  readonly events: readonly RunEvent[];
  readonly places: readonly Position[];
  readonly here: number;
  readonly dropped: number;
}

export const NO_EVENTS: KnownEvents = { version: 0, events: [], places: [], here: 0, dropped: 0 };

/** Undefined where the change is one of another list than that: all of it has to be asked for. */
export function changedEvents(known: KnownEvents, change: TimelineChange): KnownEvents | undefined {
  const { version, since, keep, changed, added, places, here, dropped } = change;
  if (since !== 0 && since !== known.version) return undefined;
  const events = [...known.events.slice(0, since === 0 ? 0 : keep), ...added];
  for (const { at, event } of changed) if (at < events.length) events[at] = event;
  return { version, events, places, here, dropped };
}

/** The whole list as a change of nothing. */
export function allEvents({ version, events, places, here, dropped }: KnownEvents): TimelineChange {
  return { version, since: 0, keep: 0, changed: [], added: events, places, here, dropped };
}
