/** Stable sorting of packet numbers by a column, in time linear in their count. */
import { stride, type Turn } from './turn.js';

const digitBits = 11;
const digits = 1 << digitBits;

/**
 * The entries of `order` so that their keys ascend; equal ones keep their order. `keys` is read at the entries; `max` is
 * not below any key. Returns `order` itself or a new array; `order` may be overwritten.
 */
export async function radixSort(order: Uint32Array, keys: Uint32Array, max: number, turn: Turn): Promise<Uint32Array> {
  let from = order;
  let to: Uint32Array | null = null;
  const starts = new Uint32Array(digits);
  for (let shift = 0; shift < 32 && max / 2 ** shift >= 1; shift += digitBits) {
    starts.fill(0);
    for (let begin = 0; begin < from.length; begin += stride) {
      const end = Math.min(begin + stride, from.length);
      for (let at = begin; at < end; at += 1) starts[(keys[from[at]!]! >>> shift) & (digits - 1)]! += 1;
      if (turn.due()) await turn.pause();
    }
    // All have this digit in common: nothing to move.
    if (starts[(keys[from[0] ?? 0]! >>> shift) & (digits - 1)] === from.length) continue;
    let sum = 0;
    for (let digit = 0; digit < digits; digit += 1) {
      const here = starts[digit]!;
      starts[digit] = sum;
      sum += here;
    }
    const target: Uint32Array = to ?? new Uint32Array(from.length);
    for (let begin = 0; begin < from.length; begin += stride) {
      const end = Math.min(begin + stride, from.length);
      for (let at = begin; at < end; at += 1) {
        const entry = from[at]!;
        const digit = (keys[entry]! >>> shift) & (digits - 1);
        target[starts[digit]!] = entry;
        starts[digit]! += 1;
      }
      if (turn.due()) await turn.pause();
    }
    to = from;
    from = target;
  }
  return from;
}
