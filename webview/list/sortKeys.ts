/** A column of the list as numbers to sort by. */
import { ABSENT, PACKET_FLAG } from '../../extension/core/run/reportPack.js';
import type { Sort, SortColumn } from '../savedState.js';
import { type ChannelFacts, findingsOf, restoreStatus, saveStatus } from './packetFacts.js';
import { stride, type Turn } from './turn.js';

export interface SortKeys {
  readonly keys: Uint32Array;
  /** Not below any key. */
  readonly max: number;
  /** Says what was not measured, whose keys mean nothing; null where all was. */
  readonly isAbsent: ((packet: number) => boolean) | null;
}

/** Place of each kind among all in the order of their names. */
export function kindRanks(kinds: readonly string[]): Uint32Array {
  const ranks = new Uint32Array(kinds.length);
  kinds
    .map((name, kind) => ({ name, kind }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .forEach(({ kind }, rank) => {
      ranks[kind] = rank;
    });
  return ranks;
}

/** Keys by packet number, such that ascending keys are the wanted order. */
export async function sortKeys(facts: ChannelFacts, sort: Sort, turn: Turn): Promise<SortKeys> {
  const read = valueReader(facts, sort.column);
  const { count } = facts.columns;
  const keys = new Uint32Array(count);
  let max = 0;
  let someAbsent = false;
  for (let begin = 0; begin < count; begin += stride) {
    const end = Math.min(begin + stride, count);
    for (let packet = begin; packet < end; packet += 1) {
      const value = read(packet);
      if (value === ABSENT) {
        someAbsent = true;
      } else {
        keys[packet] = value;
        if (value > max) max = value;
      }
    }
    if (turn.due()) await turn.pause();
  }
  if (sort.descending) {
    for (let packet = 0; packet < count; packet += 1) keys[packet] = max - keys[packet]!;
    if (turn.due()) await turn.pause();
  }
  return { keys, max, isAbsent: someAbsent ? (packet) => read(packet) === ABSENT : null };
}

function valueReader(facts: ChannelFacts, column: SortColumn): (packet: number) => number {
  const { columns } = facts;
  switch (column) {
    case 'index':
      return (packet) => packet;
    case 'kind': {
      const ranks = kindRanks(columns.kinds);
      return (packet) => ranks[columns.kind[packet]!]!;
    }
    case 'state':
      return (packet) => columns.flags[packet]! & PACKET_FLAG.IN_FLIGHT;
    case 'needed':
      return (packet) => columns.queryNeeded[packet]!;
    case 'bytes':
      return (packet) => columns.stateBytes[packet]!;
    case 'status':
      return (packet) => saveStatus(columns, packet);
    case 'restore':
      return (packet) => restoreStatus(columns, packet);
    case 'findings':
      return findingRank(facts);
  }
}

/** The severest finding counts first, then their number. */
function findingRank(facts: ChannelFacts): (packet: number) => number {
  const { flags } = facts.columns;
  const { INFO, WARNING, ERROR } = PACKET_FLAG;
  return (packet) => {
    const found = flags[packet]! & (INFO | WARNING | ERROR);
    if (found === 0) return 0;
    const severity = found & ERROR ? 3 : found & WARNING ? 2 : 1;
    return severity * 0x10000 + Math.min(findingsOf(facts, packet).length, 0xffff);
  };
}
