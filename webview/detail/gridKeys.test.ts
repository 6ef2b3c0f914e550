import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPerRow, moved, offsetDigits, rowColumns } from './gridKeys.js';

const shape = { length: 37, perRow: 16, rowsInSight: 3 };
const go = (cursor: number, key: string, control = false) => moved(cursor, { key, control }, shape);

describe('keys in the grid', () => {
  it('moves by bytes and by rows', () => {
    expect([go(5, 'ArrowLeft'), go(5, 'ArrowRight'), go(20, 'ArrowUp'), go(3, 'ArrowDown')]).toEqual([4, 6, 4, 19]);
    expect([go(0, 'ArrowLeft'), go(36, 'ArrowRight'), go(4, 'ArrowUp')]).toEqual([0, 36, 4]);
  });

  it('goes to the last byte where the last row is shorter, and stays in the last row', () => {
    expect(go(25, 'ArrowDown')).toBe(36);
    expect(go(34, 'ArrowDown')).toBe(34);
    expect(go(2, 'PageDown')).toBe(34);
    expect(go(9, 'PageDown')).toBe(36);
    expect(go(34, 'PageUp')).toBe(2);
    expect(go(20, 'PageUp')).toBe(4);
  });

  it('goes to the ends of the row and of everything', () => {
    expect([go(20, 'Home'), go(20, 'End'), go(33, 'End')]).toEqual([16, 31, 36]);
    expect([go(20, 'Home', true), go(20, 'End', true)]).toEqual([0, 36]);
    expect(go(20, 'Escape')).toBeUndefined();
  });

  it('never leaves the grid', () => {
    const keys = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom(8, 16, 32),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.tuple(fc.constantFrom(...keys), fc.boolean()), { maxLength: 30 }),
        (length, perRow, rowsInSight, presses) => {
          let cursor = 0;
          for (const [key, control] of presses) {
            cursor = moved(cursor, { key, control }, { length, perRow, rowsInSight }) ?? -1;
            expect(cursor).toBeGreaterThanOrEqual(0);
            expect(cursor).toBeLessThan(length);
          }
        },
      ),
    );
  });
});

describe('bytes per row', () => {
  it('takes as many as fit and drops the text before it drops bytes below eight', () => {
    expect(rowColumns(16, 4, true)).toBe(1 + 4 + 1 + 48 + 1 + 2 + 16 + 1);
    expect(bytesPerRow(200, 4)).toEqual({ perRow: 32, ascii: true });
    expect(bytesPerRow(rowColumns(32, 4, true), 4).perRow).toBe(32);
    expect(bytesPerRow(rowColumns(32, 4, true) - 1, 4).perRow).toBe(16);
    expect(bytesPerRow(rowColumns(16, 4, true) - 1, 4).perRow).toBe(8);
    expect(bytesPerRow(10, 4)).toEqual({ perRow: 8, ascii: false });
  });

  it('has digits for the last offset', () => {
    expect([1, 65536, 65537, 1 << 24].map(offsetDigits)).toEqual([4, 4, 5, 6]);
  });
});
