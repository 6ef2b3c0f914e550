/**
 * What one execution of the run is for. Time is travelled by executing anew: the driver is deterministic, so the same
 * number of events later it stands where it stood.
 */
import type { FindingPlace, Granularity, Moment, StopAt, StopReason } from './goals.js';
import type { Step } from './steps.js';

export type Plan =
  /** Forward, as a user sees it: breakpoints and filters stop. */
  | { readonly kind: 'go'; readonly step?: Step; readonly stopAt?: StopAt; readonly until?: Place }
  /** Silently to a moment, then a stop for that reason. */
  | {
      readonly kind: 'reach';
      readonly moment: Moment;
      readonly reason: StopReason;
      /** Having arrived, further back to where the line's code begins. */
      readonly lineOf?: BackStep;
    }
  /** Silently to the first statement after so many records of the event log. */
  | { readonly kind: 'reachRecord'; readonly record: number; readonly from: Moment }
  /** Silently to the n-th finding; back to `from` where there is none. */
  | { readonly kind: 'reachFinding'; readonly finding: number; readonly from: Moment }
  /** Silently to `until`, noting the last breakpoint on the way; then there, or to the beginning. */
  | { readonly kind: 'findBreakpoint'; readonly until: Moment }
  /** Silently to `until`, noting the last statement of that frame or of one further out; then there. */
  | { readonly kind: 'findStatement'; readonly until: Moment; readonly back: BackStep }
  /** Silently to `until`, noting the last time a function began at that depth; then there. */
  | { readonly kind: 'findEntry'; readonly until: Moment; readonly depth: number }
  /** Silently to `until`, noting where this run of its function began that statement last; then there, or on until it does. */
  | { readonly kind: 'findReached'; readonly until: Moment; readonly place: Place }
  /** Silently to `until`, noting where its frame came to the line it is on; then there. */
  | { readonly kind: 'findLine'; readonly until: Moment; readonly depth: number; readonly inlined: number }
  /** To the end, unless the finding itself arises; then to where its place was reached last. */
  | { readonly kind: 'findPlace'; readonly place: FindingPlace };

/** A statement of a frame: its line, and its column where that was asked for. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly depth: number;
}

/** A step back that is under way. */
export interface BackStep {
  readonly granularity: Granularity;
  readonly depth: number;
  readonly inlined: number;
}

/** Thrown out of an execution that has served its purpose. */
export class Abandoned extends Error {}

export function isBefore(a: Moment, b: Moment): boolean {
  return a.event < b.event || (a.event === b.event && a.incident < b.incident);
}

export function isSameMoment(a: Moment, b: Moment): boolean {
  return a.event === b.event && a.incident === b.incident;
}

export const BEGINNING: Moment = { event: 1, incident: 0 };

/** When an event has just happened, and nothing since. */
export function atEvent(event: number): Moment {
  return { event, incident: 0 };
}
