import { describe, expect, it } from 'vitest';
import { between, complement, full, holding, intersect, isSubset, type Ranges, shifted, single } from './ranges.js';

const BITS = 4;
const ALL = Array.from({ length: 1 << BITS }, (_, number) => BigInt(number));

function members(set: Ranges): readonly bigint[] {
  return ALL.filter((number) => set.some(([low, high]) => low <= number && number <= high));
}

function signed(number: bigint): bigint {
  return BigInt.asIntN(BITS, number);
}

const MEANING: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  ult: (a, b) => a < b,
  ule: (a, b) => a <= b,
  ugt: (a, b) => a > b,
  uge: (a, b) => a >= b,
  slt: (a, b) => signed(a) < signed(b),
  sle: (a, b) => signed(a) <= signed(b),
  sgt: (a, b) => signed(a) > signed(b),
  sge: (a, b) => signed(a) >= signed(b),
};

describe('ranges', () => {
  it.each(Object.entries(MEANING))('hold the numbers that are %s a limit, for each limit', (predicate, holds) => {
    for (const limit of ALL) {
      expect(members(holding(predicate, limit, BITS)), `${predicate} ${limit}`).toEqual(
        ALL.filter((number) => holds(number, limit)),
      );
    }
  });

  it('go around the end of the width when shifted', () => {
    for (const by of ALL) {
      const set: Ranges = [
        [2n, 5n],
        [13n, 14n],
      ];
      const wanted = members(set).map((number) => (number + by) % 16n);
      expect(new Set(members(shifted(set, by, BITS)))).toEqual(new Set(wanted));
    }
  });

  it('and their complements share nothing and make up all', () => {
    for (const low of ALL) {
      const set = between(low, low + 3n < 16n ? low + 3n : 15n);
      const rest = complement(set, BITS);
      expect(intersect(set, rest)).toEqual([]);
      expect([...members(set), ...members(rest)].sort((a, b) => Number(a - b))).toEqual(ALL);
    }
  });

  it('know their subsets and their only number', () => {
    expect(isSubset([[3n, 4n]], [[1n, 4n]])).toBe(true);
    expect(isSubset([[3n, 5n]], [[1n, 4n]])).toBe(false);
    expect(single([[7n, 7n]])).toBe(7n);
    expect(single(full(BITS))).toBeUndefined();
    expect(between(5n, 4n)).toEqual([]);
  });
});
