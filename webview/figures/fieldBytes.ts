/** Saved bytes summed by field of the C records they were written through. */
import type { RecordField, RecordLayout } from '../../extension/core/run/report.js';
import type { PacketColumns } from '../../extension/core/run/reportPack.js';
import { stride, type Turn } from '../list/turn.js';

/**
 * What a byte is for. `header`: the members a record begins with to say what it is; `field`: its other members;
 * `tail`: what a packet saves beyond its record; `unknown`: of packets whose record could not be told.
 */
export type Share = 'header' | 'field' | 'padding' | 'tail' | 'unknown';

export const shares: readonly Share[] = ['header', 'field', 'padding', 'tail', 'unknown'];

export interface FieldSum {
  /** Name of the record's type; empty for `unknown`. */
  readonly record: string;
  /** Path in the record, elements of an array as one: `Entries[].Length`; empty for padding, tail and unknown. */
  readonly name: string;
  readonly type: string;
  readonly share: Share;
  readonly bytes: number;
}

export interface FieldBytes {
  readonly total: number;
  readonly byShare: Readonly<Record<Share, number>>;
  /** By record in the run's order, fields in theirs; sums of zero left out. */
  readonly sums: readonly FieldSum[];
}

export async function fieldBytes(
  columns: PacketColumns,
  records: readonly RecordLayout[],
  turn: Turn,
): Promise<FieldBytes> {
  const sizes = records.map(({ size }): Sizes => ({ size, whole: 0, partial: new Map(), beyond: 0 }));
  let unknown = 0;
  for (let begin = 0; begin < columns.count; begin += stride) {
    const end = Math.min(begin + stride, columns.count);
    for (let packet = begin; packet < end; packet += 1) {
      const state = columns.stateBytes[packet]!;
      const own = sizes[columns.record[packet]!];
      if (own) addPacket(own, state);
      else unknown += state;
    }
    if (turn.due()) await turn.pause();
  }
  const sums = records.flatMap((record, index) => sumsOfRecord(record, sizes[index]!));
  if (unknown > 0) sums.push({ record: '', name: '', type: '', share: 'unknown', bytes: unknown });
  const byShare: Record<Share, number> = { header: 0, field: 0, padding: 0, tail: 0, unknown: 0 };
  let total = 0;
  for (const { share, bytes } of sums) {
    byShare[share] += bytes;
    total += bytes;
  }
  return { total, byShare, sums };
}

/** What of one record its packets hold. */
interface Sizes {
  /** Of the record. */
  readonly size: number;
  /** Packets that hold the whole record. */
  whole: number;
  /** Packets by state size, of those that hold less than the record. */
  readonly partial: Map<number, number>;
  /** Bytes behind the record's end, over all packets. */
  beyond: number;
}

function addPacket(sizes: Sizes, state: number): void {
  if (state >= sizes.size) {
    sizes.whole += 1;
    sizes.beyond += state - sizes.size;
  } else if (state > 0) {
    sizes.partial.set(state, (sizes.partial.get(state) ?? 0) + 1);
  }
}

function sumsOfRecord(record: RecordLayout, sizes: Sizes): FieldSum[] {
  const headerEnd = endOfHeader(record.fields);
  const sums = new Map<string, FieldSum>();
  const add = (name: string, type: string, share: Share, bytes: number): void => {
    const key = `${share} ${name}`;
    const before = sums.get(key);
    sums.set(
      key,
      before ? { ...before, bytes: before.bytes + bytes } : { record: record.name, name, type, share, bytes },
    );
  };
  // Members of a union lie over each other: a byte counts for the first of them.
  let covered = 0;
  for (const field of withBitsJoined(record.fields)) {
    const end = field.offset + field.size;
    const begin = Math.max(field.offset, covered);
    if (end <= begin) continue;
    covered = end;
    const bytes = bytesWithin(sizes, begin, end);
    if (field.format === 'padding') add('', '', 'padding', bytes);
    else add(asOne(field.name), field.type, field.offset < headerEnd ? 'header' : 'field', bytes);
  }
  if (sizes.beyond > 0) add('', '', 'tail', sizes.beyond);
  return [...sums.values()].filter(({ bytes }) => bytes > 0);
}

/** Over all packets, bytes of [begin, end) of the record that they hold. */
function bytesWithin({ whole, partial }: Sizes, begin: number, end: number): number {
  let sum = whole * (end - begin);
  for (const [state, packets] of partial) sum += packets * Math.max(0, Math.min(state, end) - begin);
  return sum;
}

/** The bit-fields of one storage unit as one field: a byte belongs to several of them. */
function withBitsJoined(fields: readonly RecordField[]): readonly RecordField[] {
  const joined: RecordField[] = [];
  for (const field of fields) {
    const before = joined.at(-1);
    if (field.bits && before?.bits && before.offset === field.offset && before.size === field.size) {
      joined[joined.length - 1] = { ...before, name: `${before.name}, ${lastName(field.name)}` };
    } else {
      joined.push(field);
    }
  }
  return joined;
}

const asOne = (name: string): string => name.replace(/\[[0-9]+\]/g, '[]');
const lastName = (path: string): string => asOne(path).split('.').at(-1) ?? '';

const headerMember = /^(hdr|header|.+hdr|.+header)$/i;
const descriptive =
  /^(magic|signature|tag|cookie|guid|version|revision|(major|minor)?_?version|size|length|count|type|kind|id|opcode|command|flags|checksum|crc(32)?|.*(version|signature|type|size|length|checksum))$/i;

/**
 * Offset where the record's own description ends: a first member called header, whole; else the leading members named
 * after what describes a record (signature, version, size, type...). 0 where it begins with neither.
 */
export function endOfHeader(fields: readonly RecordField[]): number {
  const first = fields[0]?.name.split('.')[0] ?? '';
  let end = 0;
  for (const { name, offset, size, format } of fields) {
    const isPart = headerMember.test(first)
      ? name.split('.')[0] === first
      : format === 'padding' || descriptive.test(lastName(name));
    if (!isPart) break;
    end = offset + size;
  }
  return end;
}
