/** What the hooks of a run look for, for the plan it follows. */
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { Machine } from '../kmcl/machine.js';
import type { Breakpoints } from './breakpoints.js';
import type { Wants } from './control.js';
import { functionOf } from './frames.js';
import type { FindingPlace, StopAt } from './goals.js';
import type { Plan } from './plans.js';
import { stepDepth } from './steps.js';
import { type DebugSite, type DebugTables, type SiteId, UNIT_SHIFT } from './tables.js';

/** Events between two looks at what the host wants: a millisecond or two. */
export const POLL = 65_536;

/** Sites that have to tell. */
export function flaggedSites(plan: Plan, breakpoints: Breakpoints, tables: DebugTables): Iterable<SiteId> {
  switch (plan.kind) {
    case 'go':
      return plan.stopAt === undefined
        ? breakpoints.sites
        : [...breakpoints.sites, ...sitesWhere(tables, ({ kind }) => kind === 'entry')];
    case 'findBreakpoint':
      return breakpoints.sites;
    case 'findPlace':
      return sitesWhere(tables, (site) => nearness(site, plan.place, tables) !== undefined);
    default:
      return breakpoints.countedSites;
  }
}

function sitesWhere(tables: DebugTables, holds: (site: DebugSite) => boolean): readonly SiteId[] {
  return tables.flatMap(({ sites }, unit) =>
    sites.flatMap((site, index) => (holds(site) ? [(unit << UNIT_SHIFT) | index] : [])),
  );
}

/** `event` is now, `edit` the event of the user's next edit. */
export function wantsOf(plan: Plan, event: number, edit: number | undefined): Wants {
  const poll = (Math.floor(event / POLL) + 1) * POLL;
  const next = Math.min(poll, edit ?? Number.POSITIVE_INFINITY, targetOf(plan, event));
  return {
    target: Math.max(event + 1, next),
    depth: depthOf(plan),
    matchDepth: plan.kind === 'findStatement' ? plan.back.depth : 0,
    records: plan.kind === 'reachRecord' ? plan.record + 1 : Number.POSITIVE_INFINITY,
  };
}

function depthOf(plan: Plan): number {
  if (plan.kind === 'findEntry' || plan.kind === 'findLine') {
    return plan.depth;
  }
  if (plan.kind === 'findReached') {
    return plan.place.depth;
  }
  const { step, until } = plan.kind === 'go' ? plan : {};
  return step === undefined ? (until?.depth ?? 0) : stepDepth(step);
}

function targetOf(plan: Plan, event: number): number {
  switch (plan.kind) {
    case 'reach':
      // Its incident comes later than its event.
      return plan.moment.event > event ? plan.moment.event : Number.POSITIVE_INFINITY;
    case 'findBreakpoint':
    case 'findStatement':
    case 'findEntry':
    case 'findLine':
    case 'findReached':
      return plan.until.event;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

export function isOn(at: DebugSite, place: FindingPlace['location']): boolean {
  return place !== null && at.file === place.file && at.line <= place.line && place.line <= at.endLine;
}

/** Undefined: it has nothing to do with it. Of a callback only its place is told here, not whether it is the packet's. */
export function nearness(
  site: DebugSite,
  { location, pass }: FindingPlace,
  tables: DebugTables,
): 'line' | 'function' | 'callback' | undefined {
  if (site.kind !== 'resume' && isOn(site, location)) return 'line';
  if (site.kind !== 'entry') return undefined;
  const fn = functionOf(tables, site.function);
  const around = fn !== undefined && location !== null && fn.file === location.file;
  if (around && fn.line <= location.line && location.line <= fn.endLine) return 'function';
  return pass === null ? undefined : 'callback';
}

export function isThen(
  place: FindingPlace,
  now: { readonly packet: number | null; readonly pass: string | null },
): boolean {
  return (place.packet ?? now.packet) === now.packet && (place.pass ?? now.pass) === now.pass;
}

/** The function that has just begun is the save or restore callback that is waited for. */
export function isStopAt({ pass, packet, channel }: StopAt, machine: Machine): boolean {
  const now = machine.context();
  return (
    (machine.frames().at(-2) ?? 0) >= LIBRARY_FRAME &&
    now.pass === pass &&
    (packet ?? now.packet) === now.packet &&
    (channel ?? now.channel) === now.channel
  );
}
