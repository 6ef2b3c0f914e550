import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HIGHEST, RowScroller } from './window.js';

function scroller(rows: number, viewport = 440, rowHeight = 22): RowScroller {
  const made = new RowScroller();
  made.resize(rows, rowHeight, viewport);
  return made;
}

/** 16 MB at eight bytes a row. */
const HUGE = 2 ** 21;

describe('rows in sight', () => {
  it('has the rows of the viewport and some around them', () => {
    const list = scroller(1000);
    expect(list.window(2)).toEqual({ first: 0, end: 22 });
    list.scrolled(221);
    expect(list.window(2)).toEqual({ first: 8, end: 33 });
    expect(list.rowsInSight).toBe(20);
    expect(list.height).toBe(22_000);
  });

  it('ends with the last row and copes with none', () => {
    const list = scroller(30);
    list.scrolled(9999);
    expect(list.window(5)).toEqual({ first: 5, end: 30 });
    expect(scroller(0).window(5)).toEqual({ first: 0, end: 0 });
  });

  it('reveals a row by as little as shows it whole', () => {
    const list = scroller(1000);
    expect(list.reveal(19)).toBe(false);
    expect(list.reveal(20)).toBe(true);
    expect(list.real).toBe(22);
    expect(list.reveal(0)).toBe(true);
    expect(list.real).toBe(0);
  });

  it('keeps the first row in sight when rows get longer or shorter', () => {
    const list = scroller(1000);
    list.scrollTo(100 * 22);
    list.resize(1000, 30, 440);
    expect(list.position).toBe(100);
    list.resize(50, 30, 440);
    expect(list.position).toBeCloseTo((50 * 30 - 440) / 30);
  });
});

describe('a list higher than browsers can show', () => {
  it('reaches both ends and shows every row on the way', () => {
    const list = scroller(HUGE);
    expect(list.height).toBe(HIGHEST);
    list.scrolled(HIGHEST - 440);
    expect(list.window(0).end).toBe(HUGE);
    list.scrolled(0);
    expect(list.window(0).first).toBe(0);
    list.scrolled((HIGHEST - 440) / 2);
    expect(list.position).toBeCloseTo((HUGE * 22 - 440) / 2 / 22, 3);
  });

  it('moves by the wheel as far as the wheel turned', () => {
    const list = scroller(HUGE);
    list.scrollTo(1_000_000 * 22);
    list.scrolled(list.real + 66);
    expect(list.position).toBeCloseTo(1_000_003, 6);
    list.scrolled(list.real - 22);
    expect(list.position).toBeCloseTo(1_000_002, 6);
  });

  it('places the rows in sight within the viewport wherever it stands', () => {
    const rows = fc.integer({ min: 1, max: HUGE });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const steps = fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 8 });
    fc.assert(
      fc.property(rows, share, steps, (count, from, moves) => {
        const list = scroller(count);
        const furthest = Math.max(0, list.height - 440);
        list.scrolled(from * furthest);
        for (const step of moves) list.scrolled(Math.max(0, Math.min(furthest, list.real + step)));
        const { first, end } = list.window(0);
        expect(end).toBeGreaterThan(first);
        expect(list.top(first)).toBeLessThanOrEqual(list.real + 1e-6);
        expect(list.top(first) + 22).toBeGreaterThan(list.real - 1e-6);
        if (end < count) expect(list.top(end)).toBeGreaterThanOrEqual(list.real + 440 - 1e-6);
      }),
    );
  });

  it('reveals every row whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: HUGE - 1 }), fc.integer({ min: 0, max: HUGE - 1 }), (from, row) => {
        const list = scroller(HUGE);
        list.reveal(from);
        list.reveal(row);
        expect(list.top(row)).toBeGreaterThanOrEqual(list.real - 1e-6);
        expect(list.top(row) + 22).toBeLessThanOrEqual(list.real + 440 + 1e-6);
      }),
    );
  });
});
