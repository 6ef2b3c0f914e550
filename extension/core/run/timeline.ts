/** The timeline of each channel, from the run's event log: what a person would tell of it, not every getter. */
import { apiName } from '../kmcl/api.js';
import type { EventColumns } from '../kmcl/events.js';
import { EVENT, NONE } from '../kmcl/layout.js';
import type { SimulationResult } from '../kmcl/simulation.js';
import { stateName } from '../kmcl/stateMachine.js';
import { statusText } from '../kmcl/status.js';
import { RULES } from '../rules/catalogue.js';
import { userPosition } from '../rules/positions.js';
import type { LocationTable } from '../toolchain/module.js';
import type { Finding, Pass, Timeline, TimelineEvent } from './report.js';

/** Events kept of one channel. */
export const TIMELINE_LIMIT = 2000;

type Entry = { -readonly [Key in keyof TimelineEvent]: TimelineEvent[Key] };

/** Not worth telling: they look, name, or prepare something that is told when it is used. */
export const SILENT = new RegExp(
  `^(?:Vmb(?:Packet|Channel)Get|VmbPacketSet|VmbPacket(?:Allocate|Free|Initialize)$|VmbChannelSetPointer|Vmb(?:Channel)?Sizeof|${[
    'VmbChannelPacketGetClientContext',
    'VspLab(?:Device|VmbusHandle|Irql|InFlight|State\\w*|FreeState|Channel|GuestReceive|GuestGetCompletion)$',
  ].join('|')})`,
);

/** Of packets: called once for each, told in groups, and not at all inside a packet's own callback. */
export const OF_PACKETS =
  /^Vmb(?:PacketSend|PacketRestore|ChannelPacket|ChannelSendSynchronous)|^VspLabGuest(?:Send|Complete)/;
export const PACKET_CALLBACKS: ReadonlySet<string> = new Set([
  'EvtVmbChannelProcessPacket',
  'EvtVmbChannelProcessingComplete',
  'EvtVmbChannelSavePacket',
  'EvtVmbChannelRestorePacket',
  'EvtVmbPacketCompletionRoutine',
]);
/** Of those told, the ones that answer no NTSTATUS. */
export const NO_STATUS = new RegExp(
  `^(?:VmbChannel(?:Cleanup|Disable|Start|Pause|SetIncoming|SetTransaction|SetAllowable|SaveEnd|PacketComplete|Unmap|Delete)|${[
    'VspLab(?!Save$|Restore$|GuestOpenChannel$|LoadDriver$|AddDevice$|DeviceControl$)',
    'Evt(?!VmbChannelOpened$|VmbChannelSavePacket$|VmbChannelRestorePacket$)',
  ].join('|')})`,
);

/** One channel's events as they come. */
class ChannelEvents {
  readonly events: Entry[] = [];
  dropped = 0;
  /** Groups that the next of their kind joins. */
  readonly #groups = new Map<string, Entry>();

  /** Ends every group: what comes after it comes after this. */
  add(entry: Entry): Entry {
    this.#groups.clear();
    return this.#keep(entry);
  }

  /** Joins the group of its kind and outcome, or begins one. */
  join(entry: Entry): void {
    const key = `${entry.kind} ${entry.name} ${entry.pass ?? ''}`;
    const group = this.#groups.get(key);
    if (group === undefined || group.status !== entry.status) {
      this.#groups.set(key, this.#keep(entry));
      return;
    }
    // A pass may run several times for one packet: how often says nothing.
    if (entry.pass === undefined) group.count = (group.count ?? 1) + 1;
    if (entry.first !== undefined) {
      group.first = Math.min(group.first ?? entry.first, entry.first);
      group.last = Math.max(group.last ?? entry.first, entry.first);
    }
  }

  #keep(entry: Entry): Entry {
    if (this.events.length < TIMELINE_LIMIT) this.events.push(entry);
    else this.dropped += 1;
    return entry;
  }
}

interface Call {
  readonly api: number;
  readonly entries: readonly Entry[];
}

class TimelineReader {
  readonly channels = new Map<number, ChannelEvents>();
  readonly #events: EventColumns;
  readonly #locations: LocationTable;
  readonly #rules: ReadonlySet<string>;
  /** Channels by handle, packets by handle: both as they are at that moment. */
  readonly #handles = new Map<bigint, { readonly index: number; readonly server: boolean }>();
  readonly #packets = new Map<bigint, number>();
  /** Channels whose packets a fresh channel goes on with, by the fresh channel's index. */
  readonly #origins = new Map<number, Set<number>>();
  readonly #calls: Call[] = [];
  /** Callbacks of packets that are running, with the size of SaveBuf of a save. */
  readonly #running: { readonly api: number; readonly pass: Pass | undefined }[] = [];

  constructor(events: EventColumns, locations: LocationTable, findings: readonly Finding[]) {
    this.#events = events;
    this.#locations = locations;
    this.#rules = new Set(findings.map(({ rule }) => rule));
    this.#findOrigins();
    for (let at = 0; at < events.count; at += 1) this.#read(at);
  }

  /** Which channels go on with which others' packets: told by their restore callbacks. */
  #findOrigins(): void {
    const { kind, object, a, channel } = this.#events;
    const handles = new Map<bigint, number>();
    for (let at = 0; at < this.#events.count; at += 1) {
      if (kind[at] === EVENT.CHANNEL) handles.set(object[at] ?? 0n, Number(a[at] ?? 0n));
      if (kind[at] !== EVENT.CALLBACK || this.#name(at) !== 'EvtVmbChannelRestorePacket') continue;
      const fresh = handles.get(object[at] ?? 0n);
      const origin = channel[at] ?? NONE;
      if (fresh === undefined || origin === NONE || fresh === origin) continue;
      const known = this.#origins.get(fresh);
      if (known === undefined) this.#origins.set(fresh, new Set([origin]));
      else known.add(origin);
    }
  }

  #name(at: number): string {
    return apiName(this.#events.api[at] ?? 0) ?? '';
  }

  #read(at: number): void {
    const { kind, object, a, b } = this.#events;
    const handle = object[at] ?? 0n;
    switch (kind[at]) {
      case EVENT.CHANNEL:
        this.#handles.set(handle, { index: Number(a[at] ?? 0n), server: b[at] === 1n });
        this.#created(at);
        break;
      case EVENT.CALL:
      case EVENT.GUEST:
        this.#call(at, kind[at] === EVENT.GUEST);
        break;
      case EVENT.RETURN:
        this.#returned(at);
        break;
      case EVENT.CALLBACK:
        this.#callback(at);
        break;
      case EVENT.CALLBACK_RETURN:
        this.#callbackReturned(at);
        break;
      case EVENT.STATE:
        this.#state(at);
        break;
      case EVENT.CHUNK:
        if (this.#calls.at(-1)?.api !== this.#events.api[at]) this.#tell(at, { status: b[at] });
        break;
      case EVENT.BREACH:
        this.#breach(at);
        break;
    }
  }

  // ---- Whose event it is

  #channelsOf(at: number): readonly number[] {
    const context = this.#events.channel[at] ?? NONE;
    const handle = this.#events.object[at] ?? 0n;
    const own = this.#handles.get(handle)?.index ?? (context === NONE ? this.#packets.get(handle) : context);
    if (own === undefined) return [];
    return [own, ...(this.#origins.get(own) ?? [])];
  }

  #eventsOf(channel: number): ChannelEvents {
    const known = this.channels.get(channel) ?? new ChannelEvents();
    this.channels.set(channel, known);
    return known;
  }

  #entry(at: number, kind: TimelineEvent['kind'], name: string): Entry {
    const frame = this.#events.location[at] ?? 0;
    return { at, kind, name, location: userPosition(this.#locations, [frame]) };
  }

  /** Adds what happened to the channels concerned; each has an entry of its own. */
  #tell(at: number, more: { readonly status?: bigint | undefined } = {}): readonly Entry[] {
    const name = this.#name(at);
    return this.#channelsOf(at).map((channel) => {
      const entry = this.#entry(at, kindOf(name), name);
      if (more.status !== undefined) entry.status = statusText(Number(more.status));
      return this.#eventsOf(channel).add(entry);
    });
  }

  #group(at: number, name: string, kind: TimelineEvent['kind'], pass?: Pass, status?: string): void {
    const packet = this.#events.packet[at] ?? NONE;
    for (const channel of this.#channelsOf(at)) {
      const entry = this.#entry(at, kind, name);
      if (packet !== NONE) Object.assign(entry, { first: packet, last: packet });
      if (pass !== undefined) entry.pass = pass;
      if (status !== undefined) entry.status = status;
      this.#eventsOf(channel).join(entry);
    }
  }

  // ---- Calls

  #call(at: number, guest: boolean): void {
    const name = this.#name(at);
    const api = this.#events.api[at] ?? 0;
    if (guest && this.#calls.at(-1)?.api === api) return;
    const silent = SILENT.test(name) || (OF_PACKETS.test(name) && this.#running.length > 0);
    let entries: readonly Entry[] = [];
    if (name === 'VspLabRestartHost') {
      for (const channel of this.channels.values()) channel.add(this.#entry(at, 'call', name));
      this.#packets.clear();
    } else if (!silent && OF_PACKETS.test(name)) {
      this.#group(at, name, 'call');
    } else if (!silent) {
      entries = this.#tell(at);
    }
    if (!guest && hasReturn(this.#events, at)) this.#calls.push({ api, entries });
  }

  /** The call that made the channel names its device only. */
  #created(at: number): void {
    const call = this.#calls.at(-1);
    if (call === undefined) return;
    const entries = this.#channelsOf(at).map((channel) =>
      this.#eventsOf(channel).add(this.#entry(at, 'call', apiName(call.api) ?? '')),
    );
    this.#calls[this.#calls.length - 1] = { api: call.api, entries };
  }

  #returned(at: number): void {
    const { api, object, a } = this.#events;
    const name = this.#name(at);
    const depth = this.#calls.findLastIndex((call) => call.api === api[at]);
    const [call] = depth < 0 ? [] : this.#calls.splice(depth);
    if (name === 'VmbPacketAllocate') {
      const channel = this.#handles.get(object[at] ?? 0n);
      if (channel !== undefined) this.#packets.set(a[at] ?? 0n, channel.index);
    }
    if (call === undefined || NO_STATUS.test(name)) return;
    for (const entry of call.entries) entry.status = statusText(Number(BigInt.asUintN(32, a[at] ?? 0n)));
  }

  // ---- Callbacks

  #callback(at: number): void {
    const name = this.#name(at);
    const api = this.#events.api[at] ?? 0;
    if (!PACKET_CALLBACKS.has(name)) {
      this.#calls.push({ api, entries: this.#tell(at) });
      return;
    }
    this.#running.push({ api, pass: passOf(name, this.#events.b[at] ?? 0n) });
  }

  #callbackReturned(at: number): void {
    const name = this.#name(at);
    const { api, a } = this.#events;
    if (!PACKET_CALLBACKS.has(name)) {
      const depth = this.#calls.findLastIndex((call) => call.api === api[at]);
      const [call] = depth < 0 ? [] : this.#calls.splice(depth);
      if (NO_STATUS.test(name)) return;
      for (const entry of call?.entries ?? []) entry.status = statusText(Number(a[at] ?? 0n));
      return;
    }
    const depth = this.#running.findLastIndex((each) => each.api === api[at]);
    const [running] = depth < 0 ? [] : this.#running.splice(depth);
    const status = NO_STATUS.test(name) ? undefined : statusText(Number(a[at] ?? 0n));
    const packet = this.#events.packet[at] ?? NONE;
    this.#group(at, name, packet === NONE ? 'callback' : 'packets', running?.pass, status);
  }

  // ---- States and findings

  #state(at: number): void {
    const bits = Number(this.#events.b[at] ?? 0n);
    const channel = this.#handles.get(this.#events.object[at] ?? 0n);
    const axes = { enabled: (bits & 1) !== 0, open: (bits & 2) !== 0, started: (bits & 4) !== 0 };
    const name = stateName(channel?.server ?? true, axes);
    for (const index of this.#channelsOf(at)) this.#eventsOf(index).add(this.#entry(at, 'state', name));
  }

  #breach(at: number): void {
    const rule = RULES[Number(this.#events.a[at] ?? 0n)]?.id ?? '';
    if (this.#rules.has(rule)) this.#group(at, rule, 'finding');
  }

  /** What ended the run comes last. */
  ended(findings: readonly Finding[], fault: SimulationResult['fault']): void {
    const finding =
      fault === undefined ? undefined : findings.findLast(({ rule }) => /^(?:mem|run|assert)-/.test(rule));
    const channel = fault?.context.channel ?? null;
    if (finding === undefined || channel === null) return;
    const packet = finding.packetIndex;
    this.#eventsOf(channel).add({
      at: this.#events.count,
      kind: 'finding',
      name: finding.rule,
      ...(packet === null ? {} : { first: packet, last: packet }),
      location: finding.location,
    });
  }
}

export function kindOf(name: string): 'call' | 'callback' {
  return name.startsWith('Evt') ? 'callback' : 'call';
}

export function passOf(name: string, saveBufSize: bigint): Pass | undefined {
  if (name === 'EvtVmbChannelRestorePacket') return 'restore';
  return name !== 'EvtVmbChannelSavePacket' ? undefined : saveBufSize === 0n ? 'query' : 'write';
}

/** Some functions that only set something note no return. */
export function hasReturn({ api }: EventColumns, at: number): boolean {
  return !SILENT.test(apiName(api[at] ?? 0) ?? '') || apiName(api[at] ?? 0) === 'VmbPacketAllocate';
}

/** Timelines by channel index; none when the run kept no events. */
export function timelinesOf(
  result: SimulationResult,
  locations: LocationTable,
  findings: readonly Finding[],
): ReadonlyMap<number, Timeline> {
  const { events } = result;
  if (events.count === 0) return new Map();
  const reader = new TimelineReader(events, locations, findings);
  reader.ended(findings, result.fault);
  return new Map(
    [...reader.channels].map(([index, channel]) => [
      index,
      { events: channel.events, dropped: channel.dropped + events.dropped },
    ]),
  );
}
