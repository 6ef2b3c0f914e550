/** Frame ids hold for one stop: an old one is refused, not taken for another frame. */
import { RequestFailure } from './failure.js';
import type { RunControl } from './runControl.js';

/** More than a stack can have (VSP_MAX_FRAMES, with library frames between). */
const FRAMES = 1 << 16;
const STOPS = 1 << 14;

export function frameId(stop: number, index: number): number {
  return (stop % STOPS) * FRAMES + index + 1;
}

/** Throws RequestFailure. */
export function frameIndex(control: RunControl, id: number): number {
  const { number, stop } = control.standing;
  const index = (id - 1) % FRAMES;
  if (Math.floor((id - 1) / FRAMES) === number % STOPS && index < stop.frames.length) return index;
  throw new RequestFailure('state', 'This frame is gone: the run has gone on.');
}
