/** What an execution that looks for a place in the past has found so far. */
import type { CallbackContext } from '../kmcl/simulation.js';
import { isOn, isThen } from './aim.js';
import type { Moment, StopReason } from './goals.js';
import { AT } from './layout.js';
import { BEGINNING, type Plan } from './plans.js';
import type { DebugSite } from './tables.js';

export type Search = Plan & { kind: 'findBreakpoint' | 'findStatement' | 'findEntry' | 'findLine' | 'findPlace' };

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

const NOTHING: Found = { moment: BEGINNING, reason: { kind: 'goto' } };

export class Finder {
  found: Found = NOTHING;
  /** The statement before, of the frame whose way to a line is looked for. */
  #before: DebugSite | undefined;

  /** A new search. */
  forget(): void {
    this.found = NOTHING;
    this.#before = undefined;
  }

  place({ place }: Search & { kind: 'findPlace' }, { at, why }: Met, moment: Moment, now: CallbackContext): void {
    if ((why & AT.FLAG) !== 0 && isOn(at, place.location) && isThen(place, now)) {
      this.found = { moment, reason: { kind: 'goto' } };
    }
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
