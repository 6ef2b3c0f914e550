/** Figures over sizes. */

export interface SizeFigures {
  readonly count: number;
  readonly total: number;
  readonly min: number;
  /** Mean of the middle two for an even count, as in the report's summary. */
  readonly median: number;
  /** Nearest rank. */
  readonly p95: number;
  readonly max: number;
}

export const noFigures: SizeFigures = { count: 0, total: 0, min: 0, median: 0, p95: 0, max: 0 };

/** Over the sizes of the packets `bySize[begin..end)`, which are sorted by size. */
export function figuresOf(sizes: Uint32Array, bySize: Uint32Array, begin: number, end: number): SizeFigures {
  const amount = end - begin;
  if (amount <= 0) return noFigures;
  const at = (rank: number): number => sizes[bySize[begin + rank]!]!;
  let total = 0;
  for (let index = begin; index < end; index += 1) total += sizes[bySize[index]!]!;
  const middle = Math.floor((amount - 1) / 2);
  return {
    count: amount,
    total,
    min: at(0),
    median: (at(middle) + at(amount - 1 - middle)) / 2,
    p95: at(Math.ceil(amount * 0.95) - 1),
    max: at(amount - 1),
  };
}

/** Packets whose size lies in [from, to]. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const roundSteps = [1, 2, 4, 5, 8, 10];

/** The smallest round step of which `most` cover `range`. */
function roundStep(range: number, most: number): number {
  const least = range / most;
  for (let power = 1; ; power *= 10) {
    const step = roundSteps.find((candidate) => candidate * power >= least);
    if (step !== undefined) return step * power;
  }
}

/**
 * At most `most` buckets of one width over all sizes, that begin at multiples of it; empty ones between others are kept.
 * `bySize` is sorted by size.
 */
export function histogram(sizes: Uint32Array, bySize: Uint32Array, most: number): readonly Bucket[] {
  const amount = bySize.length;
  if (amount === 0) return [];
  const min = sizes[bySize[0]!]!;
  const max = sizes[bySize[amount - 1]!]!;
  // One less, as the first bucket begins at a multiple below the smallest size.
  const step = roundStep(max - min + 1, Math.max(1, most - 1));
  const start = Math.floor(min / step) * step;
  const buckets: Bucket[] = [];
  let at = 0;
  for (let from = start; from <= max; from += step) {
    const to = from + step - 1;
    const end = firstAbove(sizes, bySize, to, at);
    buckets.push({ from, to, count: end - at });
    at = end;
  }
  return buckets;
}

/** First rank from `low` on whose size is above `limit`. */
function firstAbove(sizes: Uint32Array, bySize: Uint32Array, limit: number, low: number): number {
  let high = bySize.length;
  let begin = low;
  while (begin < high) {
    const middle = (begin + high) >>> 1;
    if (sizes[bySize[middle]!]! <= limit) begin = middle + 1;
    else high = middle;
  }
  return begin;
}
