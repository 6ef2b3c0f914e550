/** The event log as columns: one typed array per field of struct vsp_event_record, index = time. */
import { type ApiName, apiName } from './api.js';
import { EVENT_RECORD, EVENT_RECORD_SIZE, LOG, NONE } from './layout.js';
import type { Machine } from './machine.js';

export interface EventColumns {
  readonly count: number;
  /** Events that came when the log was full: it holds 2,000,000. */
  readonly dropped: number;
  /** EVENT of layout.ts. */
  readonly kind: Uint16Array;
  /** API of api.ts. */
  readonly api: Uint16Array;
  /** Innermost user location id, 0 outside user code. */
  readonly location: Uint32Array;
  /** Address of the channel, packet, block... */
  readonly object: BigUint64Array;
  readonly a: BigUint64Array;
  readonly b: BigUint64Array;
  /** Channel index or NONE. */
  readonly channel: Uint32Array;
  /** Packet index within the channel's first save or NONE. */
  readonly packet: Uint32Array;
}

/** Bytes of one event in the columns. */
const EVENT_BYTES = 3 * 8 + 3 * 4 + 2 * 2;

/** Columns of one buffer, the widest first. */
export function emptyEvents(count = 0, dropped = 0): EventColumns {
  const buffer = new ArrayBuffer(count * EVENT_BYTES);
  const wide = (column: number): BigUint64Array => new BigUint64Array(buffer, column * 8 * count, count);
  const word = (column: number): Uint32Array => new Uint32Array(buffer, (24 + column * 4) * count, count);
  const half = (column: number): Uint16Array => new Uint16Array(buffer, (36 + column * 2) * count, count);
  return {
    count,
    dropped,
    kind: half(0),
    api: half(1),
    location: word(0),
    object: wide(0),
    a: wide(1),
    b: wide(2),
    channel: word(1),
    packet: word(2),
  };
}

/** One event, for tests and messages; columns are for everything else. */
export interface EventRow {
  readonly kind: number;
  readonly api: ApiName | undefined;
  readonly location: number;
  readonly object: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly channel: number | null;
  readonly packet: number | null;
}

export function eventAt(events: EventColumns, index: number): EventRow {
  const channel = events.channel[index] ?? NONE;
  const packet = events.packet[index] ?? NONE;
  return {
    kind: events.kind[index] ?? 0,
    api: apiName(events.api[index] ?? 0),
    location: events.location[index] ?? 0,
    object: events.object[index] ?? 0n,
    a: events.a[index] ?? 0n,
    b: events.b[index] ?? 0n,
    channel: channel === NONE ? null : channel,
    packet: packet === NONE ? null : packet,
  };
}

/** Walks the records of one of the module's logs, in order. */
export function eachRecord(
  machine: Machine,
  log: number,
  size: number,
  visit: (address: number, index: number) => void,
): void {
  const count = machine.native.vsp_log_count(log);
  const perBlock = machine.native.vsp_log_per_block(log);
  for (let start = 0, block = 0; start < count; start += perBlock, block++) {
    const address = machine.native.vsp_log_block(log, block);
    for (let index = start; index < Math.min(count, start + perBlock); index++) {
      visit(address + (index - start) * size, index);
    }
  }
}

/** Copies the log out of linear memory. */
export function readEvents(machine: Machine): EventColumns {
  const columns = emptyEvents(machine.native.vsp_log_count(LOG.EVENTS), machine.native.vsp_events_dropped());
  const view = machine.view;
  eachRecord(machine, LOG.EVENTS, EVENT_RECORD_SIZE, (address, index) => {
    columns.kind[index] = view.getUint16(address + EVENT_RECORD.kind, true);
    columns.api[index] = view.getUint16(address + EVENT_RECORD.api, true);
    columns.location[index] = view.getUint32(address + EVENT_RECORD.location, true);
    columns.object[index] = view.getBigUint64(address + EVENT_RECORD.object, true);
    columns.a[index] = view.getBigUint64(address + EVENT_RECORD.a, true);
    columns.b[index] = view.getBigUint64(address + EVENT_RECORD.b, true);
    columns.channel[index] = view.getUint32(address + EVENT_RECORD.channel, true);
    columns.packet[index] = view.getUint32(address + EVENT_RECORD.packet, true);
  });
  return columns;
}
