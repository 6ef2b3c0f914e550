/** Figures over state sizes. */
import type { Summary } from './report.js';

/**
 * Total, smallest, median (the mean of the middle two for an even count), nearest-rank 95th percentile and largest;
 * zeros for none.
 */
export function sizeStatistics(sizes: Uint32Array): Summary['stateBytes'] {
  const count = sizes.length;
  if (count === 0) return { total: 0, min: 0, median: 0, p95: 0, max: 0 };
  const sorted = sizes.toSorted();
  const at = (index: number): number => sorted[index] ?? 0;
  const middle = Math.floor((count - 1) / 2);
  return {
    total: sizes.reduce((sum, size) => sum + size, 0),
    min: at(0),
    median: (at(middle) + at(count - 1 - middle)) / 2,
    p95: at(Math.ceil(count * 0.95) - 1),
    max: at(count - 1),
  };
}
