/** The channel's events as lines: in which state each happened, what it says and whether its status is one to look at. */
import type { Finding, TimelineEvent } from '../../extension/core/run/report.js';
import { STATUS } from '../../extension/core/run/statuses.js';
import { count, plural } from '../format.js';
import { isStatus, readStatus, type StatusText } from './ntstatus.js';
import type { Tone } from './passes.js';
import { rangeText } from './streamModel.js';

export interface TimelineRow {
  readonly event: TimelineEvent;
  /** How far up the channel is after it (kmcl-facts 4.2): 0 disabled, 1 enabled, 2 started or paused, 3 active. */
  readonly level: number;
  /** The level before it; another one only where it is the change of state itself. */
  readonly before: number;
  /** The channel's state, by name. */
  readonly state: string;
  /** `query of packets 0–39`; empty where no packet is concerned. */
  readonly detail: string;
  /** Absent where nothing was answered, or success. */
  readonly status?: StatusText;
  readonly tone: Tone;
}

const LEVELS: Readonly<Record<string, number>> = { Disabled: 0, Enabled: 1, Started: 2, Paused: 2, Active: 3 };

/** Names of the levels, for the head of the lane. */
export const LEVEL_NAMES: readonly string[] = ['Disabled', 'Enabled', 'Started or paused', 'Active'];

/** A channel is disabled before its first event. */
export function timelineRows(events: readonly TimelineEvent[], findings: readonly Finding[]): readonly TimelineRow[] {
  let state = 'Disabled';
  let level = 0;
  return events.map((event) => {
    const before = level;
    if (event.kind === 'state') {
      state = event.name;
      level = LEVELS[state] ?? 1;
    }
    const status = event.status === undefined ? undefined : readStatus(event.status);
    return {
      event,
      level,
      before,
      state,
      detail: detailOf(event, findings),
      ...(status === undefined || status.name === 'STATUS_SUCCESS' ? {} : { status }),
      tone: toneOf(event, findings),
    };
  });
}

function detailOf(event: TimelineEvent, findings: readonly Finding[]): string {
  if (event.kind === 'finding') return findingOf(event, findings)?.message ?? '';
  const { first, last = first, pass, count: times = 1 } = event;
  const parts: string[] = [];
  let packets = 1;
  if (first !== undefined && last !== undefined) {
    packets = last - first + 1;
    const named = first === last ? `packet ${first}` : `${plural(packets, 'packet')} ${rangeText({ first, last })}`;
    parts.push(pass === undefined ? named : `${pass} of ${named}`);
  } else if (pass !== undefined) {
    parts.push(pass);
  }
  // Once for each of its packets goes without saying.
  if (times !== packets && times > 1) parts.push(`${count(times)} times`);
  return parts.join(', ');
}

/** The finding an event stands for: of its rule, and of its packet where it names one. */
export function findingOf({ name, first }: TimelineEvent, findings: readonly Finding[]): Finding | undefined {
  const ofRule = findings.filter(({ rule }) => rule === name);
  return ofRule.find(({ packetIndex }) => packetIndex === (first ?? null)) ?? ofRule[0];
}

const MORE_PROCESSING_REQUIRED = 0xc0000016;

/** Statuses that ask for more although they are no success (kmcl-facts 6.2, 6.3, 6.5). */
const EXPECTED: readonly (readonly [name: RegExp, status: number])[] = [
  [/SaveContinue$/, STATUS.BUFFER_OVERFLOW],
  [/SaveContinue$/, STATUS.BUFFER_TOO_SMALL],
  [/RestoreFromBuffer$/, MORE_PROCESSING_REQUIRED],
];

export function toneOf(event: TimelineEvent, findings: readonly Finding[]): Tone {
  const { kind, name, status, pass } = event;
  if (kind === 'finding') return findingOf(event, findings)?.severity ?? 'warning';
  if (status === undefined || readStatus(status).succeeded) return 'good';
  if (pass === 'query' && isStatus(status, STATUS.BUFFER_TOO_SMALL)) return 'good';
  return EXPECTED.some(([call, usual]) => call.test(name) && isStatus(status, usual)) ? 'good' : 'info';
}
