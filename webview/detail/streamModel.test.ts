import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../extension/core/run/packetColumns.js';
import type { SaveStream } from '../../extension/core/run/report.js';
import { packetAtByte, rangeText, segmentsOf, streamTable } from './streamModel.js';

const OVERFLOW = '0x80000005';
const SUCCESS = '0x00000000';

const chunk = (bytesFilled: number, status: string, packets?: { first: number; last: number }) => ({
  bufferSize: 64,
  bytesFilled,
  bytesRequired: status === SUCCESS ? 0 : 40,
  status,
  ...(packets === undefined ? {} : { packets }),
});

/** A head of 8 bytes, then packets of 30, 50 and 20 bytes. */
const places = { count: 3, streamOffset: Uint32Array.of(8, 38, 88), streamBytes: Uint32Array.of(30, 50, 20) };
const stream: SaveStream = {
  bytes: 108,
  chunks: [
    chunk(60, OVERFLOW, { first: 0, last: 1 }),
    chunk(0, '0xC0000023'),
    chunk(48, SUCCESS, { first: 1, last: 2 }),
  ],
};

describe('chunks of a save', () => {
  const table = streamTable(stream, places);

  it('says what each status means for a save', () => {
    expect([0, 1, 2].map((index) => table.at(index).meaning)).toEqual([
      'more follows',
      'buffer too small',
      'last chunk',
    ]);
    expect(streamTable({ bytes: 0, chunks: [chunk(0, '0xC0000010')] }, null).at(0)).toMatchObject({
      meaning: 'save failed',
      failed: true,
      status: { name: 'STATUS_INVALID_DEVICE_REQUEST' },
    });
    expect(table.widest).toBe(64);
  });

  it('marks packets that two chunks share', () => {
    const rows = [0, 1, 2].map((index) => table.at(index));
    expect(rows.map(({ start, splitFirst, splitLast }) => [start, splitFirst, splitLast])).toEqual([
      [0, false, true],
      [60, false, false],
      [60, true, false],
    ]);
    expect(rows.map(({ packets }) => rangeText(packets))).toEqual(['0–1', '', '1–2']);
    expect(rangeText({ first: 3, last: 3 })).toBe('3');
  });

  it('cuts packets to the chunk', () => {
    expect(segmentsOf(table.at(0), places)).toEqual([
      { first: 0, last: 0, from: 8, to: 38 },
      { first: 1, last: 1, from: 38, to: 60 },
    ]);
    expect(segmentsOf(table.at(2), places)).toEqual([
      { first: 1, last: 1, from: 0, to: 28 },
      { first: 2, last: 2, from: 28, to: 48 },
    ]);
    expect(segmentsOf(table.at(1), places)).toEqual([]);
  });

  it('draws very many packets as one', () => {
    const many = {
      count: 100,
      streamOffset: Uint32Array.from({ length: 100 }, (_, index) => 8 + index * 2),
      streamBytes: new Uint32Array(100).fill(2),
    };
    const whole = { bytes: 208, chunks: [{ ...chunk(208, SUCCESS, { first: 0, last: 99 }), bufferSize: 4096 }] };
    expect(segmentsOf(streamTable(whole, many).at(0), many)).toEqual([{ first: 0, last: 99, from: 8, to: 208 }]);
  });

  it('finds the packet of a byte, and none in the head', () => {
    expect([7, 8, 37, 38, 59].map((byte) => packetAtByte(table.at(0), places, byte))).toEqual([undefined, 0, 0, 1, 1]);
    expect([0, 27, 28].map((byte) => packetAtByte(table.at(2), places, byte))).toEqual([1, 1, 2]);
  });

  it('copes with packets whose place nobody knows', () => {
    const unknown = { ...places, streamOffset: new Uint32Array(3).fill(ABSENT) };
    for (const known of [unknown, null]) {
      const row = streamTable(stream, known).at(0);
      expect(row).toMatchObject({ splitFirst: false, splitLast: false });
      expect(segmentsOf(row, known)).toEqual([]);
      expect(packetAtByte(row, known, 10)).toBeUndefined();
    }
  });

  it('draws every byte of every packet once, wherever the chunks end', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 64 }), (packets, buffer) => {
        const ends = packets.map((_, index) => packets.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
        const total = ends.at(-1) ?? 0;
        const offsets = ends.map((end, index) => end - (packets[index] ?? 0));
        const where = {
          count: packets.length,
          streamOffset: Uint32Array.from(offsets),
          streamBytes: Uint32Array.from(packets),
        };
        const chunks = Array.from({ length: Math.ceil(total / buffer) }, (_, index) => {
          const start = index * buffer;
          const bytesFilled = Math.min(buffer, total - start);
          const first = ends.findIndex((end) => end > start);
          const last = offsets.findLastIndex((offset) => offset < start + bytesFilled);
          return { bufferSize: buffer, bytesFilled, bytesRequired: 0, status: OVERFLOW, packets: { first, last } };
        });
        const table = streamTable({ bytes: total, chunks }, where);
        const drawn = new Array<number>(packets.length).fill(0);
        for (let index = 0; index < table.count; index += 1) {
          const row = table.at(index);
          for (const { first: packet, from, to } of segmentsOf(row, where)) {
            drawn[packet] = (drawn[packet] ?? 0) + to - from;
            expect(packetAtByte(row, where, from)).toBe(packet);
            expect(packetAtByte(row, where, to - 1)).toBe(packet);
          }
        }
        expect(drawn).toEqual(packets);
      }),
    );
  });
});
