/** Figures over sizes. */
import { radixSort } from './radix.js';
import { stride, type Turn } from './turn.js';

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
export async function figuresOf(
  sizes: Uint32Array,
  bySize: Uint32Array,
  begin: number,
  end: number,
  turn: Turn,
): Promise<SizeFigures> {
  const amount = end - begin;
  if (amount <= 0) return noFigures;
  const at = (rank: number): number => sizes[bySize[begin + rank]!]!;
  let total = 0;
  for (let first = begin; first < end; first += stride) {
    const last = Math.min(first + stride, end);
    for (let index = first; index < last; index += 1) total += sizes[bySize[index]!]!;
    if (turn.due()) await turn.pause();
  }
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

/** Over all sizes. */
export async function allFigures(sizes: Uint32Array, turn: Turn): Promise<SizeFigures> {
  const order = new Uint32Array(sizes.length);
  for (let index = 0; index < order.length; index += 1) order[index] = index;
  const bySize = await radixSort(order, sizes, largest(sizes), turn);
  return figuresOf(sizes, bySize, 0, bySize.length, turn);
}

export function largest(values: Uint32Array): number {
  let max = 0;
  for (let at = 0; at < values.length; at += 1) if (values[at]! > max) max = values[at]!;
  return max;
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

/** At most `most` buckets of one width over all sizes, that begin at multiples of it; empty ones between are kept. */
export async function histogram(
  sizes: Uint32Array,
  { min, max, count }: SizeFigures,
  most: number,
  turn: Turn,
): Promise<readonly Bucket[]> {
  if (count === 0) return [];
  // One less, as the first bucket begins at a multiple below the smallest size.
  const step = roundStep(max - min + 1, Math.max(1, most - 1));
  const start = Math.floor(min / step) * step;
  const counts = new Uint32Array(Math.floor((max - start) / step) + 1);
  for (let begin = 0; begin < count; begin += stride) {
    const end = Math.min(begin + stride, count);
    for (let packet = begin; packet < end; packet += 1) counts[Math.floor((sizes[packet]! - start) / step)]! += 1;
    if (turn.due()) await turn.pause();
  }
  return Array.from(counts, (amount, at) => ({
    from: start + at * step,
    to: start + (at + 1) * step - 1,
    count: amount,
  }));
}
