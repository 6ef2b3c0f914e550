/** From columns to the list: which packets pass the filter, in which order, in which groups, with which figures. */
import type { Sort } from '../savedState.js';
import type { Predicate } from './filter.js';
import type { ChannelFacts } from './packetFacts.js';
import { radixSort } from './radix.js';
import { kindRanks, sortKeys } from './sortKeys.js';
import { figuresOf, largest, type SizeFigures } from './statistics.js';
import { stride, type Turn } from './turn.js';

export interface Group {
  /** Number of the kind. */
  readonly kind: number;
  readonly name: string;
  /** Its packets are `order[start, start + figures.count)`. */
  readonly start: number;
  readonly figures: SizeFigures;
}

export interface Arrangement {
  readonly facts: ChannelFacts;
  /** Packet numbers in the order of the list. */
  readonly order: Uint32Array;
  /** Null where the list is not grouped. */
  readonly groups: readonly Group[] | null;
  /** Over the packets that pass the filter. */
  readonly figures: SizeFigures;
}

export interface ArrangeOptions {
  readonly filter: Predicate | null;
  readonly sort: Sort;
  readonly grouped: boolean;
}

export async function arrange(facts: ChannelFacts, options: ArrangeOptions, turn: Turn): Promise<Arrangement> {
  const { columns } = facts;
  const passing = await filtered(columns.count, options.filter, turn);
  const bySize = await radixSort(passing.slice(), columns.stateBytes, largest(columns.stateBytes), turn);
  const figures = await figuresOf(columns.stateBytes, bySize, 0, bySize.length, turn);
  const sorted = await sortBy(passing, facts, options.sort, turn);
  if (!options.grouped) return { facts, order: sorted, groups: null, figures };

  const ranks = kindRanks(columns.kinds);
  const keys = new Uint32Array(columns.count);
  for (let packet = 0; packet < columns.count; packet += 1) keys[packet] = ranks[columns.kind[packet]!]!;
  if (turn.due()) await turn.pause();
  const order = await radixSort(sorted, keys, columns.kinds.length, turn);
  const sizesInGroups = await radixSort(bySize, keys, columns.kinds.length, turn);
  return { facts, order, groups: await groupsOf(facts, order, sizesInGroups, turn), figures };
}

async function filtered(count: number, filter: Predicate | null, turn: Turn): Promise<Uint32Array> {
  const passing = new Uint32Array(count);
  let length = 0;
  for (let begin = 0; begin < count; begin += stride) {
    const end = Math.min(begin + stride, count);
    for (let packet = begin; packet < end; packet += 1) {
      if (filter !== null && !filter(packet)) continue;
      passing[length] = packet;
      length += 1;
    }
    if (turn.due()) await turn.pause();
  }
  return length === count ? passing : passing.slice(0, length);
}

/** What was not measured comes last both ways. `passing` ascends, which is the order by number already. */
async function sortBy(passing: Uint32Array, facts: ChannelFacts, sort: Sort, turn: Turn): Promise<Uint32Array> {
  if (sort.column === 'index') return sort.descending ? passing.reverse() : passing;
  const { keys, max, isAbsent } = await sortKeys(facts, sort, turn);
  const sorted = await radixSort(passing, keys, max, turn);
  if (isAbsent === null) return sorted;
  const last = Uint32Array.from(sorted.filter(isAbsent));
  const order = new Uint32Array(sorted.length);
  order.set(sorted.filter((packet) => !isAbsent(packet)));
  order.set(last.sort(), sorted.length - last.length);
  return order;
}

async function groupsOf(
  { columns }: ChannelFacts,
  order: Uint32Array,
  sizesInGroups: Uint32Array,
  turn: Turn,
): Promise<readonly Group[]> {
  const groups: Group[] = [];
  for (let start = 0; start < order.length; ) {
    const kind = columns.kind[order[start]!]!;
    let end = start + 1;
    while (end < order.length && columns.kind[order[end]!] === kind) end += 1;
    const figures = await figuresOf(columns.stateBytes, sizesInGroups, start, end, turn);
    groups.push({ kind, name: columns.kinds[kind] ?? '', start, figures });
    start = end;
  }
  return groups;
}
