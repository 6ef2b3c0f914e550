/** What an execution that looks for a place in the past has found so far. */
import type { Machine } from '../kmcl/machine.js';
import { isStopAt, isThen, nearness } from './aim.js';
import type { Instead, Moment, StopReason } from './goals.js';
import { AT } from './layout.js';
import { BEGINNING, type Plan } from './plans.js';
import { isAt } from './steps.js';
import type { DebugSite, DebugTables } from './tables.js';

export type Search = Plan & {
  kind: 'findBreakpoint' | 'findStatement' | 'findEntry' | 'findLine' | 'findPlace' | 'findReached';
};

/** An event that somebody wanted to know of. */
export interface Met {
  /** Of the site. */
  readonly id: number;
  readonly at: DebugSite;
  /** AT of layout.ts. */
  readonly why: number;
  readonly depth: number;
}

interface Found {
  readonly moment: Moment;
  readonly reason: StopReason;
}

const NEARNESS: readonly string[] = ['callback', 'function', 'line'];

function insteadOf(rule: string, at: Extract<Instead, { kind: 'finding' }>['at']): StopReason {
  return { kind: 'goto', instead: { kind: 'finding', rule, at } };
}

const NOTHING: Found = { moment: BEGINNING, reason: { kind: 'goto' } };

export class Finder {
  found: Found = NOTHING;
  readonly #tables: DebugTables;
  /** How near `found` is to a finding; an index of NEARNESS. */
  #near = -1;
  /** The statement before, of the frame whose way to a line is looked for. */
  #before: DebugSite | undefined;

  constructor(tables: DebugTables) {
    this.#tables = tables;
  }

  /** A new search. */
  forget(): void {
    this.#near = -1;
    this.found = NOTHING;
    this.#before = undefined;
  }

  /** The last time what comes nearest to the finding was there. */
  place({ place }: Search & { kind: 'findPlace' }, { at, why }: Met, moment: Moment, machine: Machine): void {
    const near = (why & AT.FLAG) === 0 ? undefined : nearness(at, place, this.#tables);
    if (near === undefined || NEARNESS.indexOf(near) < this.#near) return;
    const { packet, pass, channel } = place;
    const which = { ...(packet === null ? {} : { packet }), ...(channel === null ? {} : { channel }) };
    const isThere =
      near === 'callback' ? pass !== null && isStopAt({ pass, ...which }, machine) : isThen(place, machine.context());
    if (!isThere) return;
    this.#near = NEARNESS.indexOf(near);
    this.found = { moment, reason: insteadOf(place.rule, near) };
  }

  /** Nothing was found: the beginning it is, with a word on why. */
  nowhere({ place }: Search & { kind: 'findPlace' }): Found {
    return this.#near >= 0 ? this.found : { moment: BEGINNING, reason: insteadOf(place.rule, 'beginning') };
  }

  /** The statement of a function's run, which a new run of the function forgets. */
  reached({ place }: Search & { kind: 'findReached' }, { at, depth }: Met, moment: Moment): void {
    if (depth < place.depth || (depth === place.depth && at.kind === 'entry')) this.found = NOTHING;
    if (isAt(place, depth, at)) this.found = { moment, reason: { kind: 'goto' } };
  }

  get isNothing(): boolean {
    return this.found === NOTHING;
  }

  entry(plan: Search & { kind: 'findEntry' }, { at, depth }: Met, moment: Moment): void {
    if (at.kind === 'entry' && depth === plan.depth) {
      this.found = { moment, reason: { kind: 'goto' } };
    }
  }

  /** Where the frame came to its line: it was on another one before, or another frame's statement lies between. */
  line(plan: Search & { kind: 'findLine' }, { at, depth }: Met, moment: Moment): void {
    if (at.kind === 'resume' || depth > plan.depth || (depth === plan.depth && at.inlined > plan.inlined)) {
      return;
    }
    const before = this.#before;
    this.#before = depth === plan.depth ? at : undefined;
    const stays = before?.line === at.line && before.file === at.file && before.inlined === at.inlined;
    if (at.kind === 'entry' || !stays) {
      this.found = { moment, reason: { kind: 'step' } };
    }
  }
}

/** The plan that follows where an execution has ended before it was there; undefined: nothing was looked for. */
export function afterEnd(plan: Plan, finder: Finder): Plan | undefined {
  switch (plan.kind) {
    case 'findPlace':
      return { kind: 'reach', ...finder.nowhere(plan) };
    case 'findBreakpoint':
    case 'findStatement':
    case 'findEntry':
    case 'findLine':
    case 'findReached':
      return { kind: 'reach', ...finder.found };
    case 'reachRecord':
    case 'reachFinding':
      return { kind: 'reach', moment: plan.from, reason: { kind: 'goto', instead: { kind: 'record' } } };
    default:
      return undefined;
  }
}
