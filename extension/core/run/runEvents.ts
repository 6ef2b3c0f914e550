/**
 * A run's events one by one, in their order over all channels: what a debugger can travel to. The report's timeline
 * (timeline.ts) groups packets instead, since nobody stands in it.
 */
import { apiName } from '../kmcl/api.js';
import type { EventColumns } from '../kmcl/events.js';
import { EVENT, NONE } from '../kmcl/layout.js';
import { stateName } from '../kmcl/stateMachine.js';
import { statusText } from '../kmcl/status.js';
import { RULES } from '../rules/catalogue.js';
import { userPosition } from '../rules/positions.js';
import type { LocationTable } from '../toolchain/module.js';
import type { RunEvent } from './knownEvents.js';
import type { Position } from './report.js';
import { hasReturn, kindOf, NO_STATUS, OF_PACKETS, PACKET_CALLBACKS, passOf, SILENT } from './timeline.js';

/** Events kept of a run: the first ones. */
export const RUN_EVENTS_LIMIT = 20_000;

export interface RunEvents {
  readonly events: readonly RunEvent[];
  readonly places: readonly Position[];
  /** Events beyond the limit. */
  readonly dropped: number;
  /** Records in the log so far. */
  readonly records: number;
}

/** A finding as the debugger knows it when it has arisen. */
export interface FindingSoFar {
  readonly rule: string;
  /** Null: the test has caused it, no report tells of it. */
  readonly message: string | null;
  /** Innermost location id in the driver's code; 0: none. */
  readonly location: number;
}

type Entry = { -readonly [Key in keyof RunEvent]: RunEvent[Key] };

class RunEventReader {
  readonly events: Entry[] = [];
  readonly places: Position[] = [];
  dropped = 0;
  readonly #log: EventColumns;
  readonly #locations: LocationTable;
  readonly #findings: readonly FindingSoFar[];
  /** Findings before this one have had their record. */
  #nextFinding = 0;
  /** By location id; -1 where it is no place of the user's. */
  readonly #placeOf = new Map<number, number>();
  readonly #placeIndex = new Map<string, number>();
  /** Channels by handle, packets by handle: both as they are at that moment. */
  readonly #channels = new Map<bigint, { readonly index: number; readonly server: boolean }>();
  readonly #packets = new Map<bigint, number>();
  /** What has not returned; without an entry where it is not told. */
  readonly #open: { readonly api: number; readonly entry: Entry | undefined }[] = [];

  constructor(log: EventColumns, locations: LocationTable, findings: readonly FindingSoFar[]) {
    this.#log = log;
    this.#locations = locations;
    this.#findings = findings;
    for (let at = 0; at < log.count; at += 1) this.#read(at);
  }

  #read(at: number): void {
    const { kind, object, a, b } = this.#log;
    switch (kind[at]) {
      case EVENT.CHANNEL:
        this.#created(object[at] ?? 0n, Number(a[at] ?? 0n), b[at] === 1n);
        break;
      case EVENT.CALL:
        this.#call(at);
        break;
      case EVENT.GUEST:
        if (this.#open.at(-1)?.api !== this.#log.api[at]) this.#told(at);
        break;
      case EVENT.CALLBACK:
        this.#callback(at);
        break;
      case EVENT.RETURN:
      case EVENT.CALLBACK_RETURN:
        this.#returned(at);
        break;
      case EVENT.STATE:
        this.#state(at);
        break;
      case EVENT.CHUNK:
        if (this.#open.at(-1)?.api !== this.#log.api[at]) {
          this.#add({ ...this.#entry(at, 'call'), status: statusText(Number(b[at] ?? 0n)) });
        }
        break;
      case EVENT.BREACH:
        this.#breach(at);
        break;
    }
  }

  #name(at: number): string {
    return apiName(this.#log.api[at] ?? 0) ?? '';
  }

  #channelOf(at: number): number | null {
    const context = this.#log.channel[at] ?? NONE;
    const handle = this.#log.object[at] ?? 0n;
    const own = this.#channels.get(handle)?.index ?? (context === NONE ? this.#packets.get(handle) : context);
    return own ?? null;
  }

  #entry(at: number, kind: RunEvent['kind'], name = this.#name(at)): Entry {
    const place = this.#place(this.#log.location[at] ?? 0);
    const packet = this.#log.packet[at] ?? NONE;
    return {
      record: at,
      kind,
      name,
      channel: this.#channelOf(at),
      depth: this.#open.reduce((depth, { entry }) => depth + (entry === undefined ? 0 : 1), 0),
      ...(packet === NONE ? {} : { packet }),
      ...(place < 0 ? {} : { place }),
    };
  }

  #place(location: number): number {
    const known = this.#placeOf.get(location);
    if (known !== undefined) return known;
    const position = userPosition(this.#locations, [location]);
    const place = position === null ? -1 : this.placeIndex(position);
    this.#placeOf.set(location, place);
    return place;
  }

  placeIndex(position: Position): number {
    const key = `${position.file}:${position.line}:${position.column}:${position.function}`;
    const known = this.#placeIndex.get(key);
    if (known !== undefined) return known;
    this.#placeIndex.set(key, this.places.length);
    return this.places.push(position) - 1;
  }

  #add(entry: Entry): Entry {
    if (this.events.length < RUN_EVENTS_LIMIT) this.events.push(entry);
    else this.dropped += 1;
    return entry;
  }

  /** Undefined: not worth telling, as in the report's timeline. */
  #told(at: number): Entry | undefined {
    const name = this.#name(at);
    const inPacket = this.#open.some(({ entry }) => entry?.kind === 'packet');
    if (SILENT.test(name) || (OF_PACKETS.test(name) && inPacket)) return undefined;
    const entry = this.#entry(at, kindOf(name));
    const last = this.events.at(-1);
    const joins = OF_PACKETS.test(name) && last?.name === name && last.depth === entry.depth;
    if (!joins || last.channel !== entry.channel) return this.#add(entry);
    last.count = (last.count ?? 1) + 1;
    return last;
  }

  // ---- Calls and callbacks

  #call(at: number): void {
    const entry = this.#told(at);
    if (this.#name(at) === 'VspLabRestartHost') this.#packets.clear();
    if (hasReturn(this.#log, at)) this.#open.push({ api: this.#log.api[at] ?? 0, entry });
  }

  /** The call that made the channel names its device only. */
  #created(handle: bigint, index: number, server: boolean): void {
    this.#channels.set(handle, { index, server });
    const call = this.#open.at(-1)?.entry;
    if (call !== undefined) call.channel ??= index;
  }

  #callback(at: number): void {
    const name = this.#name(at);
    const entry = this.#entry(at, PACKET_CALLBACKS.has(name) ? 'packet' : 'callback');
    const pass = entry.kind === 'packet' ? passOf(name, this.#log.b[at] ?? 0n) : undefined;
    if (pass !== undefined) entry.pass = pass;
    this.#open.push({ api: this.#log.api[at] ?? 0, entry: this.#add(entry) });
  }

  #returned(at: number): void {
    const { api, object, a } = this.#log;
    const name = this.#name(at);
    const depth = this.#open.findLastIndex((each) => each.api === api[at]);
    const [left] = depth < 0 ? [] : this.#open.splice(depth);
    if (name === 'VmbPacketAllocate') {
      const channel = this.#channels.get(object[at] ?? 0n);
      if (channel !== undefined) this.#packets.set(a[at] ?? 0n, channel.index);
    }
    if (left?.entry === undefined || NO_STATUS.test(name)) return;
    left.entry.status = statusText(Number(BigInt.asUintN(32, a[at] ?? 0n)));
  }

  // ---- States and findings

  #state(at: number): void {
    const bits = Number(this.#log.b[at] ?? 0n);
    const channel = this.#channels.get(this.#log.object[at] ?? 0n);
    const axes = { enabled: (bits & 1) !== 0, open: (bits & 2) !== 0, started: (bits & 4) !== 0 };
    this.#add(this.#entry(at, 'state', stateName(channel?.server ?? true, axes)));
  }

  /** Findings and their records come in the same order; of repeated ones only the first are findings. */
  #breach(at: number): void {
    const rule = RULES[Number(this.#log.a[at] ?? 0n)]?.id ?? '';
    const location = this.#log.location[at] ?? 0;
    const from = this.#nextFinding;
    const isNext = this.#findings[from]?.rule === rule;
    const here = this.#findings.findIndex(
      (each, index) => index >= from && each.rule === rule && each.location === location,
    );
    // A finding that is told of another place than where its call was made still has its turn.
    const number = here < 0 && isNext ? from : here;
    const finding = this.#findings[number];
    if (finding === undefined) return;
    this.#nextFinding = number + 1;
    if (finding.message === null) return;
    this.#add({ ...this.#entry(at, 'finding', rule), finding: number, message: finding.message });
  }
}

/** `log` is that of a run that may be anywhere on its way; `findings` are those so far, in their order. */
export function runEvents(log: EventColumns, locations: LocationTable, findings: readonly FindingSoFar[]): RunEvents {
  const { events, places, dropped } = new RunEventReader(log, locations, findings);
  return { events, places, dropped: dropped + log.dropped, records: log.count };
}
