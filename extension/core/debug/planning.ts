/** What a goal makes of a run that stands still: the plan of this execution or of a new one. */
import type { Binder } from './bind.js';
import type { DebugControl } from './control.js';
import { functionOf, type LiveFrame, siteOf } from './frames.js';
import type { Goal, Granularity, Moment } from './goals.js';
import { beginOfLine, statementBefore } from './past.js';
import { atEvent, type BackStep, BEGINNING, isBefore, type Plan } from './plans.js';
import { isAt, type Standing, standingAt } from './steps.js';
import type { DebugSite, DebugTables } from './tables.js';

/** A run that stands still. */
export interface Standstill {
  readonly moment: Moment;
  /** The statement that has just begun, or the call that has come back; undefined in the middle of one. */
  readonly site: DebugSite | undefined;
  readonly depth: number;
  readonly frames: readonly LiveFrame[];
}

export interface Course {
  readonly plan: Plan;
  /** It lies behind: a new execution is needed. */
  readonly back: boolean;
}

interface Here {
  readonly standstill: Standstill;
  readonly control: DebugControl;
  readonly tables: DebugTables;
}

export function courseTo(goal: Goal, here: Here): Course {
  const { moment } = here.standstill;
  switch (goal.kind) {
    case 'continue':
      return on({ kind: 'go' });
    case 'stopAt':
      return on({ kind: 'go', stopAt: goal.at });
    case 'stepIn':
      return on(stepping('in', goal.granularity ?? 'line', here));
    case 'stepOver':
      return on(stepping('over', goal.granularity ?? 'line', here));
    case 'stepOut':
      return on(steppingOut(goal.frame ?? 0, here.standstill));
    case 'stepBack':
      return back(steppingBack(goal.granularity ?? 'line', here));
    case 'reverseContinue':
      return back({ kind: 'findBreakpoint', until: moment });
    case 'restart':
      return back({ kind: 'reach', moment: BEGINNING, reason: { kind: 'entry' } });
    case 'restartFrame':
      return back(restartingFrame(goal.frame, here));
    case 'goto':
      return goingTo(goal, here);
    case 'travel': {
      const plan: Plan = { kind: 'reach', moment: goal.to, reason: { kind: 'goto' } };
      return { plan, back: !isBefore(moment, goal.to) };
    }
    case 'travelToEvent':
      return back({ kind: 'reachRecord', record: goal.record, from: moment });
    case 'travelToFinding':
      return back({ kind: 'reachFinding', finding: goal.finding, from: moment });
    case 'debugToFinding':
      return back({ kind: 'findPlace', place: goal.finding });
  }
}

function on(plan: Plan): Course {
  return { plan, back: false };
}

function back(plan: Plan): Course {
  return { plan, back: true };
}

function standing({ standstill, control, tables }: Here): Standing {
  const { site, frames, moment } = standstill;
  const depth = userDepth(standstill);
  const past = control.past(moment.event);
  const last = past?.depth === depth ? siteOf(tables, past.site) : undefined;
  const at = site ?? last;
  if (at !== undefined) {
    return standingAt(depth, at);
  }
  const here = frames.find(({ kind }) => kind !== 'library')?.location;
  return { depth, inlined: 0, file: here?.file ?? '', line: here?.line ?? 0, column: here?.column ?? 0 };
}

/** Of the innermost frame of the driver: an incident may stand in a function of the library. */
function userDepth({ frames, depth }: Standstill): number {
  return frames.find(({ kind }) => kind !== 'library')?.depth ?? depth;
}

function stepping(kind: 'in' | 'over', granularity: Granularity, here: Here): Plan {
  return { kind: 'go', step: { kind, granularity, from: standing(here), hasCaller: true } };
}

function steppingOut(index: number, { frames, depth }: Standstill): Plan {
  const frame = frames[index]?.kind === 'library' ? frames.find(({ kind }) => kind !== 'library') : frames[index];
  const level = frame?.depth ?? depth;
  const inlined = frames.filter((each) => each.depth === level && each.index > (frame?.index ?? 0)).length;
  const from = { depth: level, inlined, file: '', line: 0, column: 0 };
  const hasCaller = inlined > 0 || frames.some((each) => each.kind === 'user' && each.depth < level);
  return { kind: 'go', step: { kind: 'out', granularity: 'line', from, hasCaller } };
}

function steppingBack(granularity: Granularity, here: Here): Plan {
  const { standstill, control, tables } = here;
  const { moment, site } = standstill;
  const { depth, inlined } = standing(here);
  const step: BackStep = { granularity, depth, inlined };
  // In the middle of a statement its own beginning comes first.
  const isBegun = site !== undefined && site.kind !== 'resume';
  const past = statementBefore(control, tables, isBegun ? moment.event : moment.event + 1, step);
  if (past.kind === 'beginning') {
    return { kind: 'reach', moment: BEGINNING, reason: { kind: 'goto' } };
  }
  if (past.kind === 'unknown') {
    return { kind: 'findStatement', until: isBegun ? moment : atEvent(moment.event + 1), back: step };
  }
  const begin = beginOfLine(control, tables, past.event, granularity);
  const event = begin.kind === 'event' ? begin.event : past.event;
  const lineOf = begin.kind === 'unknown' ? { lineOf: step } : {};
  return { kind: 'reach', moment: atEvent(event), reason: { kind: 'step' }, ...lineOf };
}

/** Back within this run of the function, further than the last events tell if need be; else on until it gets there. */
function goingTo({ line, column }: Goal & { kind: 'goto' }, { standstill, control, tables }: Here): Course {
  const { frames, moment } = standstill;
  const frame = frames.find(({ kind }) => kind === 'user');
  const depth = frame?.depth ?? 0;
  const place = { file: frame?.location?.file ?? '', line, depth, ...(column === undefined ? {} : { column }) };
  for (let at = moment.event - 1; at > 0; at--) {
    const past = control.past(at);
    const site = past === undefined ? undefined : siteOf(tables, past.site);
    if (past === undefined || site === undefined) {
      return back({ kind: 'findReached', until: moment, place });
    }
    if (past.depth < depth) {
      break;
    }
    if (isAt(place, past.depth, site)) {
      return back({ kind: 'reach', moment: atEvent(at), reason: { kind: 'goto' } });
    }
    if (past.depth === depth && site.kind === 'entry') {
      break;
    }
  }
  return on({ kind: 'go', until: place });
}

/** Its first event is the last one of kind `entry` at its depth. */
function restartingFrame(index: number, { standstill, control, tables }: Here): Plan {
  const { frames, moment } = standstill;
  const depth = frames[index]?.depth ?? 0;
  for (let at = moment.event; at > 0; at--) {
    const past = control.past(at);
    if (past === undefined) {
      break;
    }
    if (past.depth === depth && siteOf(tables, past.site)?.kind === 'entry') {
      return { kind: 'reach', moment: atEvent(at), reason: { kind: 'goto' } };
    }
  }
  return { kind: 'findEntry', until: atEvent(moment.event + 1), depth };
}

/** Why the goal cannot be reached from here, in one sentence; undefined: it can, or nobody knows before it was tried. */
export function refusalOf(goal: Goal, { frames }: Standstill, tables: DebugTables, binder: Binder): string | undefined {
  if ((goal.kind === 'restartFrame' || goal.kind === 'stepOut') && goal.frame !== undefined) {
    const frame = frames[goal.frame];
    if (frame === undefined) return 'there is no such frame any more';
    if (frame.kind === 'library') return `${frame.name} is a function of the library: choose a frame of the driver`;
  }
  if (goal.kind !== 'goto') {
    return undefined;
  }
  const frame = frames.find(({ kind }) => kind === 'user');
  const fn = frame === undefined ? undefined : functionOf(tables, frame.owner);
  if (frame?.location === undefined || fn === undefined) return 'no function of the driver runs here';
  if (goal.line < fn.line || goal.line > fn.endLine) return `line ${goal.line} is not in ${fn.name}`;
  const places = binder.places(frame.location.file, goal.line, goal.line);
  return places.length === 0 ? `no statement begins on line ${goal.line}` : undefined;
}
