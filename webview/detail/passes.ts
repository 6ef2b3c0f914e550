/**
 * A packet's calls as an exchange between the library and the driver's callbacks: what was passed, what came back, and
 * whether it should have (kmcl-facts 6.3 to 6.6). The rules' findings have the last word; figures that do not agree
 * without a finding, because a test caused them or allows them, are told as a remark.
 */

import type { Finding, Packet, Pass, Severity } from '../../extension/core/run/report.js';
import { STATUS } from '../../extension/core/run/statuses.js';
import { count, plural } from '../format.js';
import { isStatus, readStatus, type StatusText } from './ntstatus.js';

export type Tone = 'good' | Severity;

export interface Fact {
  readonly text: string;
  readonly tone: Tone;
}

export interface Exchange {
  readonly pass: Pass;
  readonly title: string;
  /** What the library passes: `SaveBufSize 42`. */
  readonly given: string;
  readonly status: StatusText;
  readonly statusTone: Tone;
  /** What comes back beside the status, and what was measured. */
  readonly facts: readonly Fact[];
  /** The worst of all, findings of this pass included. */
  readonly tone: Tone;
}

/** A call that was not made. */
export interface NoExchange {
  readonly pass: Pass;
  readonly title: string;
  readonly why: string;
}

const TITLES: Readonly<Record<Pass, string>> = { query: 'Query', write: 'Write', restore: 'Restore' };

const byteCount = (bytes: number): string => plural(bytes, 'byte');

const RANK: readonly Tone[] = ['good', 'info', 'warning', 'error'];

export const worst = (tones: readonly Tone[]): Tone =>
  RANK[Math.max(0, ...tones.map((tone) => RANK.indexOf(tone)))] ?? 'good';

export function exchanges(packet: Packet, findings: readonly Finding[]): readonly (Exchange | NoExchange)[] {
  return [query(packet, findings), write(packet, findings), restore(packet, findings)];
}

/** The worst finding of a pass; undefined when there is none. Allowed ones count as a remark. */
function severityOf(findings: readonly Finding[], pass: Pass): Tone | undefined {
  const own = findings.filter((finding) => finding.pass === pass);
  if (own.length === 0) return undefined;
  return worst(own.map(({ severity, suppressed }) => (suppressed ? 'info' : severity)));
}

interface Draft {
  readonly pass: Pass;
  readonly given: string;
  readonly status: string;
  readonly statusWrong: boolean;
  readonly facts: readonly { readonly text: string; readonly wrong: boolean }[];
}

/** What is wrong takes the severity of the pass's findings, or stays a remark where no rule was broken. */
function exchange({ pass, given, status, statusWrong, facts }: Draft, findings: readonly Finding[]): Exchange {
  const severity = severityOf(findings, pass);
  const toneOf = (wrong: boolean): Tone => (wrong ? (severity ?? 'info') : 'good');
  const judged = facts.map(({ text, wrong }) => ({ text, tone: toneOf(wrong) }));
  const statusTone = toneOf(statusWrong);
  const tone = worst([statusTone, severity ?? 'good', ...judged.map((fact) => fact.tone)]);
  return { pass, title: TITLES[pass], given, status: readStatus(status), statusTone, facts: judged, tone };
}

const neededText = (needed: number | null): string =>
  needed === null ? 'BytesNeeded not set' : `BytesNeeded ${count(needed)}`;

function query({ query: { status, bytesNeeded } }: Packet, findings: readonly Finding[]): Exchange {
  const { succeeded } = readStatus(status);
  const empty = bytesNeeded === 0;
  const pending = isStatus(status, STATUS.PENDING);
  return exchange(
    {
      pass: 'query',
      given: 'SaveBufSize 0',
      status,
      statusWrong: pending || (bytesNeeded !== null && succeeded !== empty),
      facts: [{ text: neededText(bytesNeeded), wrong: bytesNeeded === null }],
    },
    findings,
  );
}

function write(packet: Packet, findings: readonly Finding[]): Exchange | NoExchange {
  const { write: made } = packet;
  if (made === null) return { pass: 'write', title: TITLES.write, why: whyNoWrite(packet) };
  const { saveBufSize, status, bytesNeeded, bytesWritten, bytesUninitialised } = made;
  const { succeeded } = readStatus(status);
  const facts = [
    { text: neededText(bytesNeeded), wrong: bytesNeeded === null || bytesNeeded > saveBufSize },
    {
      text: writtenText(bytesWritten, bytesNeeded),
      wrong: succeeded && bytesWritten !== null && bytesNeeded !== null && bytesWritten !== bytesNeeded,
    },
  ];
  if (bytesUninitialised !== null && bytesUninitialised > 0) {
    facts.push({ text: `${byteCount(bytesUninitialised)} uninitialised`, wrong: true });
  }
  const given = `SaveBufSize ${count(saveBufSize)}`;
  const statusWrong = !succeeded || isStatus(status, STATUS.PENDING);
  return exchange({ pass: 'write', given, status, statusWrong, facts }, findings);
}

function writtenText(written: number | null, needed: number | null): string {
  if (written === null) return 'bytes written not measured';
  return needed === null || written === needed
    ? `${byteCount(written)} written`
    : `${count(written)} of ${byteCount(needed)} written`;
}

function whyNoWrite({ query: { status, bytesNeeded } }: Packet): string {
  if (!readStatus(status).succeeded) return 'Not called: the save ended with the query.';
  return bytesNeeded === 0
    ? 'Not called: the query succeeded with 0 bytes, there is nothing to save.'
    : 'Not called: the query succeeded, so nobody asks for the bytes and they are lost.';
}

function restore(packet: Packet, findings: readonly Finding[]): Exchange | NoExchange {
  const { restore: made, stateBytes } = packet;
  if (made === null) return { pass: 'restore', title: TITLES.restore, why: 'Not called: this run did not restore it.' };
  const { succeeded } = readStatus(made.status);
  const all = made.bytesRead === null || made.bytesRead >= stateBytes;
  const text =
    made.bytesRead === null
      ? 'bytes read not measured'
      : all
        ? `${byteCount(made.bytesRead)} read`
        : `${count(made.bytesRead)} of ${byteCount(stateBytes)} read`;
  return exchange(
    {
      pass: 'restore',
      given: plural(stateBytes, 'saved byte'),
      status: made.status,
      statusWrong: !succeeded || isStatus(made.status, STATUS.PENDING),
      facts: [{ text, wrong: succeeded && !all }],
    },
    findings,
  );
}
