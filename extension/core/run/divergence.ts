/** Where two runs of the same test part that differ in what fresh memory held. */
import type { FlowDifference } from '../kmcl/differences.js';
import type { SimulationResult } from '../kmcl/simulation.js';
import { FLOW_STATUS, FLOW_WINDOW, type Observation, type Range, type Variant } from '../kmcl/vary.js';

/** Runs the test as that variant. */
export type Rerun = (variant: Variant) => Observed | undefined;

/** A variant's result with what it saw. */
export type Observed = SimulationResult & { readonly observation: Observation };

export interface Divergence {
  /** The first step that differs, or the number of steps of the run that ended first. */
  readonly step: number;
  readonly difference: FlowDifference;
}

/** The window that every variant of a comparison logs: most tests take fewer steps. */
export const FIRST_WINDOW: Range = { from: 0, to: FLOW_WINDOW };

/** Undefined where both took the same way to the same end. */
export function divergenceOf(
  a: Observed,
  b: Observed,
  fills: readonly [number, number],
  rerun: Rerun,
): Divergence | undefined {
  const one = a.observation;
  const other = b.observation;
  if (one.flow === other.flow && one.steps === other.steps) return endedApart(a, b);
  const window = firstWindow(one, other);
  const range = { from: window * FLOW_WINDOW, to: (window + 1) * FLOW_WINDOW };
  const logs =
    window === 0
      ? [one.logged, other.logged]
      : fills.map((fill) => rerun({ fill, log: range })?.observation.logged ?? new BigUint64Array());
  const [left = new BigUint64Array(), right = new BigUint64Array()] = logs;
  const common = Math.min(left.length, right.length);
  let at = 0;
  while (at < common && left[at] === right[at]) at += 1;
  const step = range.from + at;
  if (at === common) return left.length === right.length ? undefined : endOf(left.length < right.length ? a : b, step);
  return { step, difference: stepDifference(left[at] ?? 0n, right[at] ?? 0n, rerun({ fill: fills[0], stopAt: step })) };
}

/** The same steps, and yet one of them was ended on its way to the next. */
function endedApart(a: Observed, b: Observed): Divergence | undefined {
  if (a.ended === b.ended && a.fault?.kind === b.fault?.kind) return undefined;
  return endOf(a.fault === undefined ? b : a, a.observation.steps);
}

/** The run that came to its end first: its fault tells where. A run that simply has fewer steps tells nothing. */
function endOf({ fault, assertion }: Observed, step: number): Divergence | undefined {
  const nowhere = { channel: null, packet: null, pass: null, callback: null };
  const {
    frames = [],
    text = '',
    context = nowhere,
  } = fault ?? { frames: assertion?.frames, text: assertion?.message };
  if (frames.length === 0) return undefined;
  return { step, difference: { what: 'end', frames, context, text } };
}

function firstWindow(a: Observation, b: Observation): number {
  const common = Math.min(a.marks.length, b.marks.length);
  let window = 0;
  while (window < common && a.marks[window] === b.marks[window]) window += 1;
  return window;
}

/** `stopped` is a run that ended right before the step: it knows the stack. */
function stepDifference(a: bigint, b: bigint, stopped: Observed | undefined): FlowDifference {
  const high = Number(a >> 32n);
  const isStatus = (high & FLOW_STATUS) !== 0 && a >> 32n === b >> 32n;
  const location = (high & ~FLOW_STATUS) >>> 0;
  const { frames = [], context } = stopped?.fault ?? {};
  // The frame of a callback that has returned is gone; that of a branch stands at what was done last.
  const outer = isStatus ? frames : frames.slice(0, -1);
  return {
    what: isStatus ? 'status' : 'branch',
    frames: [...outer, location],
    context: context ?? { channel: null, packet: null, pass: null, callback: null },
    ...(isStatus ? { statuses: [Number(a & 0xffffffffn), Number(b & 0xffffffffn)] as const } : {}),
  };
}
