/** What list, filter and sorting ask of one packet, read from the columns without making an object of it. */
import type { Finding } from '../../extension/core/run/report.js';
import {
  ABSENT,
  PACKET_FLAG,
  type PackedChannel,
  type PackedRun,
  type PacketColumns,
} from '../../extension/core/run/reportPack.js';

/** One channel's packets with what the run says about them. */
export interface ChannelFacts {
  /** Stays the same over runs: of driver, run and channel. */
  readonly name: string;
  readonly columns: PacketColumns;
  /** Type names by the numbers in `columns.record`. */
  readonly records: readonly string[];
  /** Findings that count, by packet: suppressed ones are left out. */
  readonly findings: ReadonlyMap<number, readonly Finding[]>;
}

const noFindings: readonly Finding[] = [];

/** `driver` is the key of its report, `channel` one of the run's. */
export function channelFacts(driver: string, run: PackedRun, channel: PackedChannel): ChannelFacts {
  const findings = new Map<number, Finding[]>();
  for (const finding of run.findings) {
    if (finding.suppressed || finding.packetIndex === null || finding.channel !== channel.index) continue;
    const ofPacket = findings.get(finding.packetIndex);
    if (ofPacket) ofPacket.push(finding);
    else findings.set(finding.packetIndex, [finding]);
  }
  const name = JSON.stringify([driver, run.name, channel.index]);
  return { name, columns: channel.packets, records: (run.records ?? []).map(({ name }) => name), findings };
}

export const findingsOf = (facts: ChannelFacts, packet: number): readonly Finding[] =>
  facts.findings.get(packet) ?? noFindings;

export const isInFlight = (columns: PacketColumns, packet: number): boolean =>
  (columns.flags[packet]! & PACKET_FLAG.IN_FLIGHT) !== 0;

export const isWritten = (columns: PacketColumns, packet: number): boolean =>
  (columns.flags[packet]! & PACKET_FLAG.WRITTEN) !== 0;

export const isRestored = (columns: PacketColumns, packet: number): boolean =>
  (columns.flags[packet]! & PACKET_FLAG.RESTORED) !== 0;

/** What its save came to: the write pass's status, or the query's where there was no write pass. */
export const saveStatus = (columns: PacketColumns, packet: number): number =>
  isWritten(columns, packet) ? columns.writeStatus[packet]! : columns.queryStatus[packet]!;

/** Of its restore; ABSENT where it was not restored. */
export const restoreStatus = (columns: PacketColumns, packet: number): number =>
  isRestored(columns, packet) ? columns.restoreStatus[packet]! : ABSENT;

/** Bytes of state that the restore did not read; ABSENT where that was not measured. */
export function unreadBytes(columns: PacketColumns, packet: number): number {
  const read = columns.bytesRead[packet]!;
  if (read === ABSENT || !isRestored(columns, packet)) return ABSENT;
  return Math.max(0, columns.stateBytes[packet]! - read);
}

/** The type its bytes were written through; empty where none could be told. */
export const recordName = (facts: ChannelFacts, packet: number): string =>
  facts.records[facts.columns.record[packet]!] ?? '';
