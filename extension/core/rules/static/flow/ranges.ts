/** Sets of unsigned numbers of a width as sorted, disjoint, inclusive intervals. */

export type Interval = readonly [low: bigint, high: bigint];
export type Ranges = readonly Interval[];

export const EMPTY: Ranges = [];

/** Largest number of that many bits. */
export function maximum(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

export function full(bits: number): Ranges {
  return [[0n, maximum(bits)]];
}

export function only(value: bigint): Ranges {
  return [[value, value]];
}

/** `low` to `high`; empty when that is nothing. */
export function between(low: bigint, high: bigint): Ranges {
  return low > high ? EMPTY : [[low, high]];
}

export function intersect(a: Ranges, b: Ranges): Ranges {
  const result: Interval[] = [];
  for (const [low, high] of a) {
    for (const [otherLow, otherHigh] of b) {
      const start = low > otherLow ? low : otherLow;
      const end = high < otherHigh ? high : otherHigh;
      if (start <= end) result.push([start, end]);
    }
  }
  return result;
}

/** What of that width is not in the set. */
export function complement(set: Ranges, bits: number): Ranges {
  const result: Interval[] = [];
  let next = 0n;
  for (const [low, high] of set) {
    if (low > next) result.push([next, low - 1n]);
    next = high + 1n;
  }
  return next <= maximum(bits) ? [...result, [next, maximum(bits)]] : result;
}

export function isSubset(a: Ranges, b: Ranges): boolean {
  return a.every(([low, high]) => b.some(([start, end]) => start <= low && high <= end));
}

export function isDisjoint(a: Ranges, b: Ranges): boolean {
  return intersect(a, b).length === 0;
}

export function lowest(set: Ranges): bigint {
  return set[0]?.[0] ?? 0n;
}

export function highest(set: Ranges): bigint {
  return set.at(-1)?.[1] ?? 0n;
}

/** The one number of the set, if it is one. */
export function single(set: Ranges): bigint | undefined {
  const [first] = set;
  return set.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : undefined;
}

/** Every number plus `by`, around the end of the width. */
export function shifted(set: Ranges, by: bigint, bits: number): Ranges {
  const size = 1n << BigInt(bits);
  const parts = set.flatMap(([low, high]): Interval[] => {
    const start = (((low + by) % size) + size) % size;
    const end = start + (high - low);
    return end < size
      ? [[start, end]]
      : [
          [0n, end - size],
          [start, size - 1n],
        ];
  });
  return joined(parts);
}

function joined(parts: readonly Interval[]): Ranges {
  const sorted = [...parts].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const result: [bigint, bigint][] = [];
  for (const [low, high] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && low <= last[1] + 1n) last[1] = high > last[1] ? high : last[1];
    else result.push([low, high]);
  }
  return result;
}

/** Numbers for which `number predicate limit` holds, in the words of LLVM: `ult`, `sge`... */
export function holding(predicate: string, limit: bigint, bits: number): Ranges {
  const top = maximum(bits);
  switch (predicate) {
    case 'eq':
      return only(limit);
    case 'ne':
      return complement(only(limit), bits);
    case 'ult':
      return between(0n, limit - 1n);
    case 'ule':
      return between(0n, limit);
    case 'ugt':
      return between(limit + 1n, top);
    case 'uge':
      return between(limit, top);
    default:
      return signedHolding(predicate, limit, bits);
  }
}

function signedHolding(predicate: string, limit: bigint, bits: number): Ranges {
  const half = 1n << BigInt(bits - 1);
  // Counted from the smallest: signed order becomes the unsigned one.
  const placed = shifted(only(limit), half, bits);
  const unsigned = holding(predicate.replace('s', 'u'), lowest(placed), bits);
  return shifted(unsigned, half, bits);
}
