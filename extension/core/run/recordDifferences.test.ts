import { describe, expect, it } from 'vitest';
import { NONE } from '../kmcl/layout.js';
import { type Observation, WRITE_WINDOW, type WrittenRecord } from '../kmcl/vary.js';
import { differingRuns, KEPT_RECORDS, laterRange, pairsOf, RecordDifferences } from './recordDifferences.js';

function record(packet: number, bytes: readonly number[], more: Partial<WrittenRecord> = {}): WrittenRecord {
  return { channel: 0, save: 0, packet, location: 5, steps: 0, bytes: Uint8Array.from(bytes), ...more };
}

describe('differingRuns', () => {
  it('joins neighbours and counts what only one side has', () => {
    expect(differingRuns(Uint8Array.of(1, 2, 3, 4), Uint8Array.of(1, 9, 9, 4, 5))).toEqual([
      { offset: 1, length: 2 },
      { offset: 4, length: 1 },
    ]);
    expect(differingRuns(Uint8Array.of(1), Uint8Array.of(1))).toEqual([]);
  });
});

describe('pairsOf', () => {
  it('finds the same packet whatever the order, and packets without a number by their turn', () => {
    const a = [record(0, [1]), record(1, [2]), record(NONE, [3]), record(NONE, [4])];
    const b = [record(NONE, [7]), record(1, [6]), record(0, [5]), record(NONE, [8])];
    expect(pairsOf(a, b).map(([one, other]) => [one.bytes[0], other.bytes[0]])).toEqual([
      [1, 5],
      [2, 6],
      [3, 7],
      [4, 8],
    ]);
  });

  it('leaves out what the other has not', () => {
    expect(pairsOf([record(0, [1])], [record(1, [1])])).toEqual([]);
  });
});

describe('RecordDifferences', () => {
  it('unites what several variants show of a record', () => {
    const reference = [record(0, [0, 0, 0, 0])];
    const found = new RecordDifferences('fill');
    found.add(reference, [record(0, [1, 0, 0, 0])]);
    found.add(reference, [record(0, [1, 2, 0, 3])]);
    expect(found.all).toEqual([
      {
        on: 'fill',
        channel: 0,
        packet: 0,
        save: 0,
        location: 5,
        size: 4,
        runs: [
          { offset: 0, length: 2 },
          { offset: 3, length: 1 },
        ],
      },
    ]);
  });

  it('does not tell again what another collection tells', () => {
    const reference = [record(0, [0, 0, 0, 0, 0])];
    const fresh = new RecordDifferences('fill');
    const placed = new RecordDifferences('address', fresh);
    fresh.add(reference, [record(0, [0, 1, 1, 0, 0])]);
    placed.add(reference, [record(0, [2, 2, 2, 2, 0])]);
    expect(placed.all.map(({ runs }) => runs)).toEqual([
      [
        { offset: 0, length: 1 },
        { offset: 3, length: 1 },
      ],
    ]);
  });

  it('keeps a hundred of one place', () => {
    const records = Array.from({ length: 150 }, (_, index) => record(index, [0]));
    const found = new RecordDifferences('fill');
    found.add(
      records,
      records.map(({ packet }) => record(packet, [1])),
    );
    expect(found.all).toHaveLength(100);
  });
});

describe('laterRange', () => {
  const seen = (windows: readonly bigint[]): Observation =>
    ({ windows: BigUint64Array.from(windows) }) as unknown as Observation;
  const same = Array.from({ length: 20 }, (_, index) => BigInt(index));

  it('is the first window that differs behind the kept records', () => {
    const other = same.map((hash, index) => (index === 2 || index === 15 ? 99n : hash));
    expect(15 * WRITE_WINDOW).toBeGreaterThan(KEPT_RECORDS);
    expect(laterRange(seen(same), seen(other))).toEqual({ from: 15 * WRITE_WINDOW, to: 16 * WRITE_WINDOW });
    expect(laterRange(seen(same), seen(same))).toBeUndefined();
  });
});
