/** What the overview says of a channel, over all its packets: once per report, not per filter. */
import type { RecordLayout } from '../../extension/core/run/report.js';
import { ABSENT, type PackedRun } from '../../extension/core/run/reportPack.js';
import { type ChannelFacts, isWritten } from '../list/packetFacts.js';
import { allFigures, type Bucket, histogram, type SizeFigures } from '../list/statistics.js';
import { stride, type Turn } from '../list/turn.js';
import { type FieldBytes, fieldBytes } from './fieldBytes.js';

export interface ChannelSummary {
  readonly facts: ChannelFacts;
  readonly figures: SizeFigures;
  /** Simulated. */
  readonly libraryBytes: number;
  /** Empty where all packets have one size. */
  readonly buckets: readonly Bucket[];
  readonly fields: FieldBytes;
  /** Bytes that the full width of a bar stands for: the largest buffer or state; at least 1. */
  readonly scale: number;
}

export const mostBuckets = 24;

export async function summarise(
  facts: ChannelFacts,
  records: readonly RecordLayout[],
  turn: Turn,
): Promise<ChannelSummary> {
  const { columns } = facts;
  const figures = await allFigures(columns.stateBytes, turn);
  const buckets = figures.min === figures.max ? [] : await histogram(columns.stateBytes, figures, mostBuckets, turn);
  const fields = await fieldBytes(columns, records, turn);
  let libraryBytes = 0;
  let scale = Math.max(1, figures.max);
  let needed = 0;
  for (let begin = 0; begin < columns.count; begin += stride) {
    const end = Math.min(begin + stride, columns.count);
    for (let packet = begin; packet < end; packet += 1) {
      libraryBytes += columns.libraryBytes[packet]!;
      if (isWritten(columns, packet)) scale = Math.max(scale, columns.saveBufSize[packet]!);
      const asked = columns.queryNeeded[packet]!;
      if (asked !== ABSENT) needed = Math.max(needed, asked);
    }
    if (turn.due()) await turn.pause();
  }
  // A size that no buffer was given for would make every other bar vanish: only where there is nothing else.
  return { facts, figures, libraryBytes, buckets, fields, scale: scale === 1 ? Math.max(1, needed) : scale };
}

export interface RunTotals {
  readonly packets: number;
  readonly stateBytes: number;
}

const totals = new WeakMap<PackedRun, RunTotals>();

/** Over all channels of a run, as `RunFigures` of the run before; summed up once. */
export function runTotals(run: PackedRun): RunTotals {
  const known = totals.get(run);
  if (known) return known;
  let packets = 0;
  let stateBytes = 0;
  for (const { packets: columns } of run.channels) {
    packets += columns.count;
    for (let packet = 0; packet < columns.count; packet += 1) stateBytes += columns.stateBytes[packet]!;
  }
  const sums = { packets, stateBytes };
  totals.set(run, sums);
  return sums;
}
