/** The events of a debugged run as lines, the place where it stands among them. */
import type { KnownEvents, RunEvent } from '../../extension/core/run/knownEvents.js';
import { readStatus, type StatusText } from '../detail/ntstatus.js';
import type { Tone } from '../detail/passes.js';
import { toneOf } from '../detail/timelineModel.js';
import { baseName } from '../findings.js';
import { count, plural } from '../format.js';
import type { Paused } from '../protocol.js';

/** Which events are shown. */
export type Choice = 'all' | 'packets' | 'findings' | 'packet';

export interface EventRow {
  readonly kind: 'event';
  /** In the whole list. */
  readonly at: number;
  readonly event: RunEvent;
  /** It has happened where the run stands. */
  readonly isPast: boolean;
}

export type Row = EventRow | { readonly kind: 'here' };

/** Where the run stands is a line of its own, whatever is left out around it. */
export function rowsOf({ events, here }: KnownEvents, choice: Choice, at: Paused): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, event] of events.entries()) {
    if (index === here) rows.push({ kind: 'here' });
    if (isChosen(event, choice, at)) rows.push({ kind: 'event', at: index, event, isPast: index < here });
  }
  if (here >= events.length) rows.push({ kind: 'here' });
  return rows;
}

function isChosen({ kind, packet, channel }: RunEvent, choice: Choice, at: Paused): boolean {
  switch (choice) {
    case 'all':
      return true;
    case 'packets':
      return kind === 'packet';
    case 'findings':
      return kind === 'finding';
    case 'packet':
      return packet === at.packet && packet !== undefined && (channel === at.channel || kind !== 'packet');
  }
}

/** What happened: `Write pass of packet 3`; else the function, the state or the rule. */
export function nameOf({ kind, name, packet, pass }: RunEvent): string {
  if (kind !== 'packet' || packet === undefined) return name;
  const of = `packet ${count(packet)}`;
  return pass === undefined ? sentence(of) : `${sentence(passText(pass))} of ${of}`;
}

/** What else there is to say of it: the packet's callback, `24 times`, the finding's words. */
export function detailOf(event: RunEvent): string {
  if (event.kind === 'finding') return event.message ?? '';
  if (event.kind === 'packet' && event.packet !== undefined) return event.name;
  return event.count === undefined ? '' : `${count(event.count)} times`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const passText = (pass: NonNullable<Paused['pass']>): string => (pass === 'restore' ? pass : `${pass} pass`);

export interface Outcome {
  readonly status: StatusText;
  readonly tone: Tone;
}

/** Undefined where nothing was answered, not yet, or success. */
export function outcomeOf({ kind, name, status, pass }: RunEvent): Outcome | undefined {
  if (status === undefined) return undefined;
  const text = readStatus(status);
  if (text.name === 'STATUS_SUCCESS') return undefined;
  const during = pass === undefined ? {} : { pass };
  const tone = toneOf(
    { at: 0, kind: kind === 'packet' ? 'packets' : kind, name, status, location: null, ...during },
    [],
  );
  return { status: text, tone };
}

/** Said on hover: `Go back to Write pass of packet 3, EvtVmbChannelSavePacket`. */
export function travelTitle({ event, isPast }: EventRow): string {
  const detail = detailOf(event);
  return `Go ${isPast ? 'back' : 'ahead'} to ${nameOf(event)}${detail === '' ? '' : `, ${detail}`}`;
}

/** `write pass of packet 3 of channel 1`, the callback's name, or what stands for none. */
export function whereText({ packet, pass, channel, callback }: Paused, hasChannels: boolean): string {
  if (pass !== null && packet !== null) {
    const of = hasChannels && channel !== null ? ` of channel ${channel}` : '';
    return `${passText(pass)} of packet ${count(packet)}${of}`;
  }
  return callback ?? 'outside callbacks';
}

/** `NicIndication.c:52`. */
export function lineText({ location }: Paused): string | null {
  return location === null ? null : `${baseName(location.file)}:${location.line}`;
}

/** `24 of 40 bytes written`; null where no SaveBuf is there. */
export function bufferText({ buffer }: Paused): string | null {
  if (buffer === null) return null;
  if (buffer.written === null) return `${plural(buffer.size, 'byte')} saved`;
  return `${count(buffer.written)} of ${plural(buffer.size, 'byte')} written`;
}

/** Said once the run has come to stand. */
export function spokenStop(at: Paused, { here, events }: KnownEvents, hasChannels: boolean): string {
  const parts = [
    at.reason,
    whereText(at, hasChannels),
    lineText(at)?.replace(':', ' line ') ?? '',
    bufferText(at) ?? '',
  ];
  return `${parts.filter((part) => part !== '').join(', ')}, after event ${count(here)} of ${count(events.length)}`;
}
