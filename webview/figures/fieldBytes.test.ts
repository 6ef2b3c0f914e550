import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordField, RecordLayout } from '../../extension/core/run/report.js';
import { SAMPLE_RECORDS } from '../../extension/core/run/samplePack.testing.js';
import { factsOf, packetSpec } from '../../test/support/channelFacts.js';
import { atOnce } from '../list/turn.js';
import { endOfHeader, fieldBytes } from './fieldBytes.js';

const field = (
  name: string,
  offset: number,
  size: number,
  format: RecordField['format'] = 'unsigned',
): RecordField => ({ name, type: format === 'padding' ? '' : 'ULONG', offset, size, format });

const layout = (name: string, size: number, fields: readonly RecordField[]): RecordLayout => ({ name, size, fields });

const base = {
  kind: 0,
  flags: 0,
  queryNeeded: 0,
  stateBytes: 0,
  saveBufSize: 0,
  queryStatus: 0,
  writeStatus: 0,
  restoreStatus: 0,
  bytesRead: 0,
  record: 0,
  rules: [],
};
const packets = (...stateBytes: readonly number[]) =>
  factsOf(stateBytes.map((bytes) => ({ ...base, stateBytes: bytes }))).columns;

describe('bytes by field', () => {
  it('are those of each record, and its tail', async () => {
    const record = layout('NIC', 16, [
      field('Header.Size', 0, 4),
      field('Header.Version', 4, 2),
      field('Header.Version', 6, 2, 'padding'),
      field('Frames[0].Length', 8, 4),
      field('Frames[1].Length', 12, 4),
    ]);
    const { sums, byShare, total } = await fieldBytes(packets(16, 16, 30), [record], atOnce);
    expect(sums.map(({ name, share, bytes }) => [name, share, bytes])).toEqual([
      ['Header.Size', 'header', 12],
      ['Header.Version', 'header', 6],
      ['', 'padding', 6],
      ['Frames[].Length', 'field', 24],
      ['', 'tail', 14],
    ]);
    expect(byShare).toEqual({ header: 18, field: 24, padding: 6, tail: 14, unknown: 0 });
    expect(total).toBe(62);
  });

  it('end where a packet ends', async () => {
    const record = layout('NIC', 12, [field('A', 0, 8), field('B', 8, 4)]);
    const { sums } = await fieldBytes(packets(0, 3, 10), [record], atOnce);
    expect(sums.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['A', 11],
      ['B', 2],
    ]);
  });

  it('count a byte of a union and of bit-fields once', async () => {
    const bits = (name: string, start: number) => ({ ...field(name, 4, 4), bits: { start, width: 1 } });
    const record = layout('NIC', 8, [
      field('u.Whole', 0, 4),
      field('u.Low', 0, 2),
      field('u.High', 2, 2),
      bits('Flags.Write', 0),
      bits('Flags.Ordered', 1),
    ]);
    const { sums } = await fieldBytes(packets(8), [record], atOnce);
    expect(sums.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['u.Whole', 4],
      ['Flags.Write, Ordered', 4],
    ]);
  });

  it('sum up to all state, whatever the packets', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(packetSpec, { maxLength: 30 }), async (specs) => {
        const { columns } = factsOf(specs);
        const { total, byShare, sums } = await fieldBytes(columns, SAMPLE_RECORDS, atOnce);
        const state = columns.stateBytes.reduce((sum, bytes) => sum + bytes, 0);
        expect(total).toBe(state);
        expect(Object.values(byShare).reduce((sum, bytes) => sum + bytes, 0)).toBe(state);
        expect(sums.every(({ bytes }) => bytes > 0)).toBe(true);
      }),
    );
  });
});

describe('a header', () => {
  it('is a first member called so', () => {
    expect(endOfHeader([field('Hdr.A', 0, 4), field('Hdr.B', 4, 4), field('Type', 8, 4)])).toBe(8);
    expect(endOfHeader([field('RecordHeader.A', 0, 4), field('B', 4, 4)])).toBe(4);
  });

  it('is what describes the record at its beginning', () => {
    const fields = [field('Signature', 0, 4), field('Version', 4, 2), field('Version', 6, 2, 'padding')];
    expect(endOfHeader([...fields, field('Frames', 8, 8), field('Size', 16, 4)])).toBe(8);
  });

  it('may not be there', () => {
    expect(endOfHeader([field('Frames', 0, 8), field('Size', 8, 4)])).toBe(0);
    expect(endOfHeader([])).toBe(0);
  });
});
