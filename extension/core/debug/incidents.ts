/** What may stop a run in the middle of a statement: broken rules, the run's end, callbacks that fail. */
import { apiName } from '../kmcl/api.js';
import type { RunDebugger } from '../kmcl/debugger.js';
import { FAULT, LIBRARY_FRAME } from '../kmcl/layout.js';
import type { BreachRecord, FaultRecord } from '../kmcl/simulation.js';
import type { SourceLocation } from '../toolchain/module.js';
import { isThen } from './aim.js';
import type { ExceptionFilters, StopReason } from './goals.js';
import type { Plan } from './plans.js';

export type Explain = (fault: FaultRecord) => { readonly rule: string; readonly message: string };

export interface Incident {
  readonly reason: StopReason;
  /** Location ids of the frames to show, outermost first. */
  readonly frames: readonly number[];
  /** A finding's; null where it has none. */
  readonly packet: number | null;
  readonly pass: string | null;
  readonly isFinding: boolean;
}

/** A function of the driver is about to answer a failure: an incident if the library called it. */
export function failedCallback(frames: readonly number[], location: number, status: number): Incident | undefined {
  const caller = frames.at(-2) ?? 0;
  if (caller < LIBRARY_FRAME) {
    return undefined;
  }
  const callback = apiName(caller - LIBRARY_FRAME) ?? 'callback';
  const reason: StopReason = { kind: 'status', status, callback };
  return { reason, frames: [...frames.slice(0, -1), location], packet: null, pass: null, isFinding: false };
}

/** `live` are the frames there are now: a leak is told when none is left, of the place it was made at. */
export function brokenRule({ rule, message = '', context, frames }: BreachRecord, live: readonly number[]): Incident {
  return {
    reason: { kind: 'finding', rule, message, final: false },
    frames: live.length > 0 ? live : frames,
    packet: context.packet,
    pass: context.pass,
    isFinding: true,
  };
}

export function runEnd(end: Parameters<RunDebugger['ending']>[0], explain: Explain): Incident {
  if ('assertion' in end) {
    const reason: StopReason = { kind: 'assertion', rule: 'assert-failed', message: end.assertion, final: true };
    return { reason, frames: end.frames, packet: null, pass: null, isFinding: true };
  }
  const { fault } = end;
  const kind = fault.kind === FAULT.BUGCHECK ? 'bugcheck' : fault.kind === FAULT.ASSERT ? 'assertion' : 'finding';
  const { packet, pass } = fault.context;
  return { reason: { kind, ...explain(fault), final: true }, frames: fault.frames, packet, pass, isFinding: true };
}

/** The user's filters ask for it. */
export function isFiltered({ reason }: Incident, filters: ExceptionFilters): boolean {
  if (reason.kind === 'status') {
    return filters.status === true;
  }
  const { finding } = filters;
  const rule = 'rule' in reason ? reason.rule : '';
  const asFinding = finding === true || (Array.isArray(finding) && finding.includes(rule));
  return (
    asFinding ||
    (reason.kind === 'assertion' ? filters.assertion : filters.bugcheck && reason.kind === 'bugcheck') === true
  );
}

/** The execution is made to find it; `findings` counts the findings before this one. */
export function isSought(
  { reason, frames, packet, pass, isFinding }: Incident,
  plan: Plan,
  findings: number,
  locate: (id: number) => SourceLocation | undefined,
): boolean {
  if (!isFinding) {
    return false;
  }
  if (plan.kind === 'reachFinding') {
    return findings === plan.finding;
  }
  if (plan.kind !== 'findPlace' || !('rule' in reason) || plan.place.rule !== reason.rule) {
    return false;
  }
  const { location } = plan.place;
  const user = frames.findLast((id) => id < LIBRARY_FRAME && locate(id)?.file.startsWith('<') === false);
  const at = locate(user ?? 0);
  const isThere = location === null || (at?.file === location.file && at.line === location.line);
  return isThere && (packet === null || isThen(plan.place, { packet, pass }));
}
