import { describe, expect, it } from 'vitest';
import { Recent } from './recent.js';

describe('Recent', () => {
  it('answers the value known by the key', () => {
    const recent = new Recent<string, object>(2);
    const [first, second] = [{}, {}];
    expect(recent.same('a', first)).toBe(first);
    expect(recent.same('a', second)).toBe(first);
  });

  it('keeps the ones used last', () => {
    const recent = new Recent<string, number>(2);
    recent.same('a', 1);
    recent.same('b', 2);
    recent.same('a', 3);
    recent.same('c', 4);
    expect([recent.size, recent.same('a', 5), recent.same('b', 6)]).toEqual([2, 1, 6]);
  });
});
