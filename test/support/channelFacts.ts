/** Channels for tests of the list: any packets, as columns. */
import * as fc from 'fast-check';
import { ABSENT, emptyColumns, NO_RECORD, PACKET_FLAG } from '../../extension/core/run/packetColumns.js';
import type { Finding } from '../../extension/core/run/report.js';
import type { ChannelFacts } from '../../webview/list/packetFacts.js';

export interface PacketSpec {
  readonly kind: number;
  readonly flags: number;
  readonly queryNeeded: number;
  readonly stateBytes: number;
  readonly saveBufSize: number;
  readonly queryStatus: number;
  readonly writeStatus: number;
  readonly restoreStatus: number;
  readonly bytesRead: number;
  readonly record: number;
  readonly rules: readonly string[];
}

export const kinds = ['NicSendComplete', '(default)', 'BusComplete', 'nicLate'];
export const records = ['NIC_RECORD', 'BUS_RECORD'];
const sizes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xfffffffe }));
const statuses = fc.constantFrom(0, 0x103, 0xc0000023, 0xc000003e, 0x80000005, 0xffffffff);

export const packetSpec: fc.Arbitrary<PacketSpec> = fc.record({
  kind: fc.nat({ max: kinds.length - 1 }),
  flags: fc.nat({ max: PACKET_FLAG.IN_FLIGHT | PACKET_FLAG.WRITTEN | PACKET_FLAG.RESTORED | PACKET_FLAG.STUBBED }),
  queryNeeded: fc.oneof(sizes, fc.constant(ABSENT)),
  stateBytes: sizes,
  saveBufSize: sizes,
  queryStatus: statuses,
  writeStatus: statuses,
  restoreStatus: statuses,
  bytesRead: fc.oneof(sizes, fc.constant(ABSENT)),
  record: fc.constantFrom(0, 1, NO_RECORD),
  rules: fc.array(fc.constantFrom('savepkt-size-exact', 'mem-leak'), { maxLength: 2 }),
});

const severities = { 'savepkt-size-exact': 'error', 'mem-leak': 'warning' } as const;
const flagsOf = { error: PACKET_FLAG.ERROR, warning: PACKET_FLAG.WARNING };

export function findingOf(rule: string, packetIndex: number | null): Finding {
  const severity = severities[rule as keyof typeof severities];
  return {
    rule,
    severity,
    message: `${rule} in ${packetIndex}`,
    location: null,
    channel: 0,
    packetIndex,
    callback: null,
    pass: null,
    callStack: [],
    related: [],
    suppressed: false,
  };
}

export function factsOf(packets: readonly PacketSpec[]): ChannelFacts {
  const columns = emptyColumns(packets.length);
  const findings = new Map<number, readonly Finding[]>();
  packets.forEach(({ rules, ...numbers }, index) => {
    for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) columns[name][index] = numbers[name];
    if (rules.length === 0) return;
    const found = rules.map((rule) => findingOf(rule, index));
    findings.set(index, found);
    for (const { severity } of found) columns.flags[index]! |= flagsOf[severity as keyof typeof flagsOf];
  });
  return { name: 'test', columns: { count: packets.length, kinds, ...columns }, records, findings };
}
