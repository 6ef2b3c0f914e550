/** The chunks of a save as rows, and where packets lie in them. Positions are the simulator's: the real format is not public. */
import { ABSENT, type PacketColumns } from '../../extension/core/run/packetColumns.js';
import type { SaveStream } from '../../extension/core/run/report.js';
import { STATUS } from '../../extension/core/run/statuses.js';
import { isStatus, readStatus, type StatusText } from './ntstatus.js';

export interface ChunkRow {
  readonly index: number;
  /** Of its first byte in the stream. */
  readonly start: number;
  readonly bufferSize: number;
  readonly filled: number;
  /** What SaveContinue asked for the next call. */
  readonly required: number;
  readonly status: StatusText;
  /** In words: neither of the two failing statuses is a failure here (kmcl-facts 6.2). */
  readonly meaning: string;
  readonly failed: boolean;
  readonly packets: { readonly first: number; readonly last: number } | null;
  /** Its first packet began in an earlier chunk, its last one goes on in a later one. */
  readonly splitFirst: boolean;
  readonly splitLast: boolean;
}

export type PacketPlaces = Pick<PacketColumns, 'count' | 'streamOffset' | 'streamBytes'>;

export interface StreamTable {
  readonly count: number;
  /** Of the largest buffer, at least one: the scale of all bars. */
  readonly widest: number;
  at(index: number): ChunkRow;
}

/** `places` are the packets' of the first save; later saves have none. */
export function streamTable({ chunks }: SaveStream, places: PacketPlaces | null): StreamTable {
  const starts = new Float64Array(chunks.length + 1);
  let widest = 1;
  chunks.forEach(({ bytesFilled, bufferSize }, index) => {
    starts[index + 1] = (starts[index] ?? 0) + bytesFilled;
    widest = Math.max(widest, bufferSize, bytesFilled);
  });
  return {
    count: chunks.length,
    widest,
    at(index) {
      const chunk = chunks[index];
      if (chunk === undefined) throw new RangeError(`there is no chunk ${index}`);
      const start = starts[index] ?? 0;
      const packets = chunk.packets ?? null;
      const first = packets === null ? null : placeOf(places, packets.first);
      const last = packets === null ? null : placeOf(places, packets.last);
      return {
        index,
        start,
        bufferSize: chunk.bufferSize,
        filled: chunk.bytesFilled,
        required: chunk.bytesRequired,
        status: readStatus(chunk.status),
        ...meaningOf(chunk.status),
        packets,
        splitFirst: first !== null && first.start < start,
        splitLast: last !== null && last.end > start + chunk.bytesFilled,
      };
    },
  };
}

function meaningOf(status: string): { readonly meaning: string; readonly failed: boolean } {
  if (isStatus(status, STATUS.BUFFER_OVERFLOW)) return { meaning: 'more follows', failed: false };
  if (isStatus(status, STATUS.BUFFER_TOO_SMALL)) return { meaning: 'buffer too small', failed: false };
  if (readStatus(status).succeeded) return { meaning: 'last chunk', failed: false };
  return { meaning: 'save failed', failed: true };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function placeOf(places: PacketPlaces | null, packet: number): Place | null {
  const start = places?.streamOffset[packet] ?? ABSENT;
  return places === null || start === ABSENT ? null : { start, end: start + (places.streamBytes[packet] ?? 0) };
}

export interface Segment {
  readonly first: number;
  /** Equal to `first` unless the packets of the chunk are drawn as one. */
  readonly last: number;
  /** Bytes from the chunk's start, no further than the chunk reaches. */
  readonly from: number;
  readonly to: number;
}

/** Chunks with more packets than this are drawn as one: their parts would be slivers. */
const MOST_SEGMENTS = 48;

/** The packets of a chunk as parts of its bar; none where nobody knows their places. */
export function segmentsOf({ start, filled, packets }: ChunkRow, places: PacketPlaces | null): readonly Segment[] {
  if (packets === null) return [];
  const cut = (first: number, last: number): readonly Segment[] => {
    const head = placeOf(places, first);
    const tail = placeOf(places, last);
    if (head === null || tail === null) return [];
    const from = Math.max(0, head.start - start);
    const to = Math.min(filled, tail.end - start);
    return to > from ? [{ first, last, from, to }] : [];
  };
  const count = packets.last - packets.first + 1;
  if (count > MOST_SEGMENTS) return cut(packets.first, packets.last);
  return Array.from({ length: count }, (_, index) => packets.first + index).flatMap((packet) => cut(packet, packet));
}

/** The packet at a byte of a chunk; undefined where the library's own record lies. */
export function packetAtByte(
  { start, packets }: ChunkRow,
  places: PacketPlaces | null,
  byte: number,
): number | undefined {
  if (packets === null) return undefined;
  for (let low = packets.first, high = packets.last; low <= high; ) {
    const middle = (low + high) >>> 1;
    const place = placeOf(places, middle);
    if (place === null) return undefined;
    if (start + byte < place.start) high = middle - 1;
    else if (start + byte >= place.end) low = middle + 1;
    else return middle;
  }
  return undefined;
}

/** `3`, `0–22`; empty for none. */
export function rangeText(range: { readonly first: number; readonly last: number } | null): string {
  if (range === null) return '';
  return range.first === range.last ? `${range.first}` : `${range.first}–${range.last}`;
}
