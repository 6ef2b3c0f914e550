/** What may stop a run in the middle of a statement: broken rules, the run's end, callbacks that fail. */
import { apiName } from '../kmcl/api.js';
import type { RunDebugger } from '../kmcl/debugger.js';
import { FAULT, LIBRARY_FRAME, PACKET_RECORD_SIZE } from '../kmcl/layout.js';
import type { Machine } from '../kmcl/machine.js';
import type { BreachRecord, FaultRecord } from '../kmcl/simulation.js';
import type { SourceLocation } from '../toolchain/module.js';
import { isThen } from './aim.js';
import type { ExceptionFilters, StopReason } from './goals.js';
import type { Plan } from './plans.js';

/** A finding as a report tells it, as far as it is known when it arises. */
export interface Told {
  readonly rule: string;
  readonly message: string;
}

/** What core/rules makes of what happened. */
export interface Explain {
  fault(fault: FaultRecord): Told;
  /** `records` are the packets' so far. Undefined: the test has caused it, no report tells of it. */
  breach(breach: BreachRecord, records: Uint8Array): Told | undefined;
}

/** Nobody asks what it is. */
export const UNTOLD: Told = { rule: '', message: '' };
/** Records of packets that a message may be made of: a copy of all takes time. */
const MOST_RECORDS = 65_536;

export function explainedBreach(breach: BreachRecord, machine: Machine, explain: Explain): Told | undefined {
  const bytes = Math.min(MOST_RECORDS, machine.lasting('record_count')) * PACKET_RECORD_SIZE;
  return explain.breach(breach, machine.slice(machine.lastingPointer('records'), bytes));
}

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
export function failedCallback(machine: Machine, location: number, status: number): Incident | undefined {
  const frames = machine.frames();
  const caller = frames.at(-2) ?? 0;
  if (caller < LIBRARY_FRAME) {
    return undefined;
  }
  const callback = machine.context().callback ?? apiName(caller - LIBRARY_FRAME) ?? 'callback';
  const reason: StopReason = { kind: 'status', status, callback };
  const { pass } = machine.context();
  return { reason, frames: [...frames.slice(0, -1), location], packet: null, pass, isFinding: false };
}

/** `live` are the frames there are now: a leak is told when none is left, of the place it was made at. */
export function brokenRule(breach: BreachRecord, told: Told, live: readonly number[]): Incident {
  const { context, frames } = breach;
  return {
    reason: { kind: 'finding', ...told, final: false },
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
  return {
    reason: { kind, ...explain.fault(fault), final: true },
    frames: fault.frames,
    packet,
    pass,
    isFinding: true,
  };
}

/** STATUS_BUFFER_TOO_SMALL, STATUS_BUFFER_OVERFLOW: what a query pass answers beside the size it needs. */
const QUERY_ANSWERS: readonly number[] = [0xc0000023, 0x80000005];

/** The user's filters ask for it. */
export function isFiltered({ reason, pass }: Incident, filters: ExceptionFilters): boolean {
  if (reason.kind === 'status') {
    const { status } = filters;
    if (typeof status === 'object') return status.includes(reason.status);
    return status === true && !(pass === 'query' && QUERY_ANSWERS.includes(reason.status));
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
