/** Typed reading of struct vsp_packet_record arrays (vsp.h): 64 bytes a packet, never an object per packet. */
import { PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from '../kmcl/layout.js';

/** `stream_offset` is its low word: a stream lies in memory, which ends below 4 GiB. */
export type RecordField = keyof typeof PACKET_RECORD;
export type RecordFlag = keyof typeof RECORD_FLAGS;

/** What the library presets *BytesNeeded to (S-06): still there after the call = never written. */
export const NEEDED_PRESET = 0xcdcdcdcd;

/** Words of a record, and the word a field begins at. */
export const RECORD_WORDS = PACKET_RECORD_SIZE / 4;
export function wordOf(field: RecordField): number {
  return PACKET_RECORD[field] / 4;
}

export class PacketRecords {
  readonly count: number;
  /** The records as 32-bit words, RECORD_WORDS each. */
  readonly words: Uint32Array;

  constructor(bytes: Uint8Array) {
    this.count = Math.floor(bytes.byteLength / PACKET_RECORD_SIZE);
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.words = new Uint32Array(aligned.buffer, aligned.byteOffset, this.count * RECORD_WORDS);
  }

  get(index: number, field: RecordField): number {
    return this.words[index * RECORD_WORDS + PACKET_RECORD[field] / 4] ?? 0;
  }

  has(index: number, flag: RecordFlag): boolean {
    return (this.get(index, 'flags') & RECORD_FLAGS[flag]) !== 0;
  }
}

/** Record indices of one channel in save order: a range where they lie together, else a list. */
export class ChannelRecords {
  readonly length: number;
  readonly #first: number;
  readonly #list: Uint32Array | undefined;

  constructor(length: number, first: number, list?: Uint32Array) {
    this.length = length;
    this.#first = first;
    this.#list = list;
  }

  /** The first `length` of them. */
  shortened(length: number): ChannelRecords {
    return length === this.length ? this : new ChannelRecords(length, this.#first, this.#list);
  }

  at(index: number): number {
    if (index < 0 || index >= this.length) throw new RangeError(`there is no packet ${index}`);
    return this.#list === undefined ? this.#first + index : (this.#list[index] ?? 0);
  }
}

/**
 * restore_read of a record that its save has reached: nothing read yet. What a fault kept the save from reaching is all
 * zeros.
 */
const NOTHING_READ = 0xffffffff;

/** The save got as far as this packet. */
export function wasReached(records: PacketRecords, index: number): boolean {
  return (
    records.get(index, 'restore_read') === NOTHING_READ ||
    records.get(index, 'flags') !== 0 ||
    records.get(index, 'query_needed') !== 0
  );
}

/** Without the packets at the end that a save ended by a fault never came to. */
export function reachedOf(records: PacketRecords, indices: ChannelRecords): ChannelRecords {
  let length = indices.length;
  while (length > 0 && !wasReached(records, indices.at(length - 1))) length -= 1;
  return indices.shortened(length);
}

/** Splits the records of a run by channel index. */
export function byChannel(records: PacketRecords): ReadonlyMap<number, ChannelRecords> {
  const counts = new Map<number, { count: number; first: number; last: number }>();
  for (let index = 0; index < records.count; index += 1) {
    const channel = records.get(index, 'channel');
    const seen = counts.get(channel);
    if (seen === undefined) {
      counts.set(channel, { count: 1, first: index, last: index });
    } else {
      seen.count += 1;
      seen.last = index;
    }
  }
  const result = new Map<number, ChannelRecords>();
  for (const [channel, { count, first, last }] of counts) {
    if (last - first + 1 === count) {
      result.set(channel, new ChannelRecords(count, first));
    } else {
      const list = new Uint32Array(count);
      let filled = 0;
      for (let index = first; index <= last; index += 1) {
        if (records.get(index, 'channel') === channel) list[filled++] = index;
      }
      result.set(channel, new ChannelRecords(count, first, list));
    }
  }
  return result;
}
