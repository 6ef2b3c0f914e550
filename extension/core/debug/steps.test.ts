import { describe, expect, it } from 'vitest';
import { isOver, type Step, standingAt, stepDepth } from './steps.js';
import type { DebugSite } from './tables.js';

function site(line: number, rest: Partial<DebugSite> = {}): DebugSite {
  const plain = { location: 1, file: 'a.c', line, column: 5, endLine: line, function: 0, scope: 0, inlined: 0 };
  return { ...plain, kind: 'statement', ...rest };
}

function step(kind: Step['kind'], from: DebugSite, rest: Partial<Step> = {}): Step {
  return { kind, granularity: 'line', from: standingAt(3, from), hasCaller: true, ...rest };
}

describe('a step', () => {
  it('over ends on another line of the frame, or further out', () => {
    const over = step('over', site(10));
    expect(isOver(over, 3, site(10, { column: 20 }))).toBe(false);
    expect(isOver(over, 4, site(50))).toBe(false);
    expect(isOver(over, 3, site(10, { kind: 'resume' }))).toBe(false);
    expect(isOver(over, 3, site(11))).toBe(true);
    expect(isOver(over, 2, site(70, { kind: 'resume' }))).toBe(true);
    expect(stepDepth(over)).toBe(3);
  });

  it('over by statement ends on another column', () => {
    expect(isOver(step('over', site(10), { granularity: 'statement' }), 3, site(10, { column: 20 }))).toBe(true);
  });

  it('over a callback that ends is over when the library calls again', () => {
    expect(isOver(step('over', site(10)), 3, site(10, { kind: 'entry' }))).toBe(true);
  });

  it('into ends in a function that is called, and in one that is inlined', () => {
    const into = step('in', site(10));
    expect(isOver(into, 4, site(50, { kind: 'entry' }))).toBe(true);
    expect(isOver(into, 3, site(50, { inlined: 1 }))).toBe(true);
    expect(isOver(step('over', site(10)), 3, site(50, { inlined: 1 }))).toBe(false);
    expect(stepDepth(into)).toBeGreaterThan(16384);
  });

  it('out ends further out only, unless the library called', () => {
    const out = step('out', site(10));
    expect(isOver(out, 3, site(12))).toBe(false);
    expect(isOver(out, 3, site(50, { kind: 'entry' }))).toBe(false);
    expect(isOver(out, 2, site(70, { kind: 'resume' }))).toBe(true);
    expect(isOver(step('out', site(10), { hasCaller: false }), 3, site(50, { kind: 'entry' }))).toBe(true);
    expect([stepDepth(out), stepDepth(step('out', site(10), { hasCaller: false }))]).toEqual([2, 3]);
  });

  it('out of inlined code ends in what it was inlined into', () => {
    const out = step('out', site(50, { inlined: 1 }));
    expect(isOver(out, 3, site(51, { inlined: 1 }))).toBe(false);
    expect(isOver(out, 3, site(10, { kind: 'resume' }))).toBe(true);
  });
});
