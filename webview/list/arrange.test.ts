import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../extension/core/run/packetColumns.js';
import { sizeStatistics } from '../../extension/core/run/stats.js';
import { factsOf, kinds, packetSpec } from '../../test/support/channelFacts.js';
import { type SortColumn, sortColumns } from '../savedState.js';
import { type ArrangeOptions, arrange } from './arrange.js';
import { type ChannelFacts, restoreStatus, saveStatus } from './packetFacts.js';
import { radixSort } from './radix.js';
import { Rows } from './rows.js';
import { allFigures, histogram } from './statistics.js';
import { atOnce, Superseded, slices, type Turn } from './turn.js';

/** Gives way at every look: slices in their smallest. */
const always: Turn = { due: () => true, pause: () => Promise.resolve() };

/** What a column is sorted by; null comes last both ways. */
function sortValue({ columns, findings }: ChannelFacts, column: SortColumn, packet: number): number | string | null {
  const orNull = (value: number): number | null => (value === ABSENT ? null : value);
  const found = findings.get(packet) ?? [];
  switch (column) {
    case 'index':
      return packet;
    case 'kind':
      return columns.kinds[columns.kind[packet]!]!;
    case 'state':
      return columns.flags[packet]! & 1;
    case 'needed':
      return orNull(columns.queryNeeded[packet]!);
    case 'bytes':
      return columns.stateBytes[packet]!;
    case 'status':
      return orNull(saveStatus(columns, packet));
    case 'restore':
      return orNull(restoreStatus(columns, packet));
    case 'findings':
      return found.length === 0 ? 0 : (found.some(({ severity }) => severity === 'error') ? 100 : 50) + found.length;
  }
}

function naiveOrder(facts: ChannelFacts, { filter, sort, grouped }: ArrangeOptions): number[] {
  const packets = Array.from({ length: facts.columns.count }, (_, packet) => packet);
  return packets
    .filter((packet) => filter === null || filter(packet))
    .sort((a, b) => {
      const kindA = kinds[facts.columns.kind[a]!]!;
      const kindB = kinds[facts.columns.kind[b]!]!;
      if (grouped && kindA !== kindB) return kindA < kindB ? -1 : 1;
      const [x, y] = [sortValue(facts, sort.column, a), sortValue(facts, sort.column, b)];
      if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
      const ascending = x < y ? -1 : x > y ? 1 : 0;
      return (sort.descending ? -ascending : ascending) || a - b;
    });
}

const options = fc.record({
  sort: fc.record({ column: fc.constantFrom(...sortColumns), descending: fc.boolean() }),
  grouped: fc.boolean(),
  filter: fc.constantFrom<ArrangeOptions['filter']>(
    null,
    (packet) => packet % 3 !== 1,
    () => false,
  ),
});
const specs = fc.array(packetSpec, { maxLength: 40 });

describe('arranging', () => {
  it('orders, filters and groups like a comparison of every two packets', async () => {
    await fc.assert(
      fc.asyncProperty(specs, options, async (packets, chosen) => {
        const facts = factsOf(packets);
        const arrangement = await arrange(facts, chosen, always);
        expect(Array.from(arrangement.order)).toEqual(naiveOrder(facts, chosen));
      }),
      { numRuns: 300 },
    );
  });

  it('measures groups and the whole as the report measures runs', async () => {
    await fc.assert(
      fc.asyncProperty(specs, options, async (packets, chosen) => {
        const facts = factsOf(packets);
        const sizesOf = (order: Iterable<number>) =>
          Uint32Array.from(order, (packet) => facts.columns.stateBytes[packet]!);
        const { order, groups, figures } = await arrange(facts, { ...chosen, grouped: true }, atOnce);
        const { count, ...whole } = figures;
        expect(whole).toEqual(sizeStatistics(sizesOf(order)));
        expect(count).toBe(order.length);
        for (const { start, name, figures: own } of groups ?? []) {
          const { count: amount, ...measured } = own;
          const members = order.subarray(start, start + amount);
          expect(measured).toEqual(sizeStatistics(sizesOf(members)));
          expect(new Set(Array.from(members, (packet) => kinds[facts.columns.kind[packet]!]))).toEqual(new Set([name]));
        }
        expect((groups ?? []).reduce((sum, group) => sum + group.figures.count, 0)).toBe(order.length);
      }),
    );
  });

  it('ends when newer work has taken its place', async () => {
    const facts = factsOf(Array.from({ length: 50 }, () => ({ ...spec, stateBytes: 1 })));
    let isWanted = true;
    const turn = slices(0, () => isWanted);
    const work = arrange(facts, { filter: null, sort: { column: 'bytes', descending: false }, grouped: true }, turn);
    isWanted = false;
    await expect(work).rejects.toThrow(Superseded);
  });
});

const spec = {
  kind: 0,
  flags: 0,
  queryNeeded: 0,
  stateBytes: 0,
  saveBufSize: 0,
  queryStatus: 0,
  writeStatus: 0,
  restoreStatus: 0,
  bytesRead: 0,
  record: 0,
  rules: [],
};

it('radix sorting is stable sorting', async () => {
  const keys = fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 5000 }), fc.integer({ min: 0, max: 0xffffffff })));
  await fc.assert(
    fc.asyncProperty(keys, async (list) => {
      const order = Uint32Array.from(list, (_, at) => at);
      const sorted = await radixSort(order.slice(), Uint32Array.from(list), Math.max(0, ...list), always);
      expect(Array.from(sorted)).toEqual(Array.from(order).sort((a, b) => list[a]! - list[b]! || a - b));
    }),
  );
});

describe('a histogram', () => {
  it('has every packet in one bucket, and no more buckets than asked for', async () => {
    const sizes = fc.array(fc.oneof(fc.nat({ max: 2000 }), fc.integer({ min: 0, max: 0xfffffffe })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 2, max: 40 }), async (list, most) => {
        const column = Uint32Array.from(list);
        const buckets = await histogram(column, await allFigures(column, atOnce), most, always);
        expect(buckets.length).toBeLessThanOrEqual(most);
        const counted = buckets.map(({ from, to }) => list.filter((size) => size >= from && size <= to).length);
        expect(buckets.map(({ count }) => count)).toEqual(counted);
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(list.length);
        for (const [at, { from }] of buckets.entries()) if (at > 0) expect(from).toBe(buckets[at - 1]!.to + 1);
      }),
    );
  });

  it('begins at round numbers', async () => {
    const column = Uint32Array.of(48, 50, 99, 1560);
    const buckets = await histogram(column, await allFigures(column, atOnce), 24, atOnce);
    expect(buckets[0]).toEqual({ from: 0, to: 79, count: 2 });
    expect(buckets.at(-1)).toEqual({ from: 1520, to: 1599, count: 1 });
  });
});

describe('rows', () => {
  it('are headings and the packets of open groups, found both ways', async () => {
    const closed = fc.subarray(kinds);
    await fc.assert(
      fc.asyncProperty(specs, options, closed, async (packets, chosen, collapsed) => {
        const facts = factsOf(packets);
        const arrangement = await arrange(facts, chosen, atOnce);
        const rows = new Rows(arrangement, collapsed);
        const flat: string[] = [];
        const order = Array.from(arrangement.order);
        for (const group of arrangement.groups ?? []) {
          flat.push(group.name);
          const members = order.slice(group.start, group.start + group.figures.count);
          if (!collapsed.includes(group.name)) flat.push(...members.map(String));
        }
        if (arrangement.groups === null) flat.push(...order.map(String));
        const listed = Array.from({ length: rows.length }, (_, row) => {
          const shown = rows.at(row);
          return shown.type === 'group' ? shown.group.name : String(shown.packet);
        });
        expect(listed).toEqual(flat);
        for (const packet of packets.keys()) {
          const kind = kinds[facts.columns.kind[packet]!]!;
          const isHidden = arrangement.groups !== null && collapsed.includes(kind);
          const name = isHidden && order.includes(packet) ? kind : String(packet);
          expect(rows.rowOf(packet)).toBe(flat.indexOf(name));
        }
        for (const kind of kinds) expect(rows.rowOfGroup(kind)).toBe(flat.indexOf(kind));
      }),
    );
  });
});
