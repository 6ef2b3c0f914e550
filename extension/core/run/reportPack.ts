/**
 * A report as it travels between threads and processes, into the view and into an exported page: plain data, packets in
 * binary columns that are transferable. A packed report reads like any other (`unpackReport`): packets are made one at a
 * time.
 */
import { columnsOfList } from './listColumns.js';
import { PackedPackets } from './packedPackets.js';
import { PACKET_FLAG, type PacketColumns } from './packetColumns.js';
import { RecordedPackets } from './packetList.js';
import type { Channel, PacketList, Report, Run, Severity } from './report.js';
import { type PacketSaved, savedAt } from './savedBytes.js';

export { columnBytes, PackError, packBytes, packSteps, parsePack } from './packBytes.js';
export { ABSENT, NO_RECORD, PACKET_FLAG, type PacketColumns, type SavedBytes } from './packetColumns.js';

export type PackedChannel = Omit<Channel, 'packets'> & { readonly packets: PacketColumns };
export type PackedRun = Omit<Run, 'channels'> & { readonly channels: readonly PackedChannel[] };
export type ReportPack = Omit<Report, 'runs'> & { readonly runs: readonly PackedRun[] };

// ---- Report to pack and back

const SEVERITY_FLAG: Readonly<Record<Severity, number>> = {
  info: PACKET_FLAG.INFO,
  warning: PACKET_FLAG.WARNING,
  error: PACKET_FLAG.ERROR,
};
const ANY_SEVERITY = PACKET_FLAG.INFO | PACKET_FLAG.WARNING | PACKET_FLAG.ERROR;

/** Binary records and packed columns as they are; of any other list each packet is made once. */
function columnsOf(list: PacketList): PacketColumns {
  return list instanceof RecordedPackets || list instanceof PackedPackets ? list.columns() : columnsOfList(list);
}

/** Flags with the highest severity of the findings that name each packet of a channel. */
function flagged(columns: PacketColumns, run: Run, channel: number): Uint8Array {
  const flags = columns.flags.slice();
  for (const finding of run.findings) {
    const { packetIndex } = finding;
    if (finding.channel !== channel || packetIndex === null || packetIndex >= columns.count || finding.suppressed)
      continue;
    const present = flags[packetIndex] ?? 0;
    const severity = Math.max(present & ANY_SEVERITY, SEVERITY_FLAG[finding.severity]);
    flags[packetIndex] = (present & ~ANY_SEVERITY) | severity;
  }
  return flags;
}

function packChannel(run: Run, channel: Channel): PackedChannel {
  const columns = columnsOf(channel.packets);
  return { ...channel, packets: { ...columns, flags: flagged(columns, run, channel.index) } };
}

/** A report built from packed ones shares their columns, the flags aside. */
export function packReport(report: Report): ReportPack {
  const runs = report.runs.map((run) => ({
    ...run,
    channels: run.channels.map((channel) => packChannel(run, channel)),
  }));
  return { ...report, runs };
}

/** The report a pack was made from; its packets are read from the pack's columns. */
export function unpackReport(pack: ReportPack): Report {
  const runs = pack.runs.map((run) => ({
    ...run,
    channels: run.channels.map((channel) => ({ ...channel, packets: new PackedPackets(channel.packets) })),
  }));
  return { ...pack, runs };
}

// ---- Saved bytes

/** The same without the bytes packets saved: what a view is sent, which asks for one packet's bytes at a time. */
export function withoutSaved(pack: ReportPack): ReportPack {
  const runs = pack.runs.map((run) => ({
    ...run,
    channels: run.channels.map((channel) => {
      const { saved: _, ...packets } = channel.packets;
      return { ...channel, packets };
    }),
  }));
  return { ...pack, runs };
}

/**
 * What one packet saved, and the runs of its bytes by who wrote them (none where nobody noted it). Indices as in the
 * report: `run` counts from 0, `channel` is `Channel.index`. Undefined where the bytes were not kept.
 */
export function savedOf(pack: ReportPack, run: number, channel: number, packet: number): PacketSaved | undefined {
  const packed = pack.runs[run]?.channels.find(({ index }) => index === channel);
  return savedAt(packed?.packets.saved, packet);
}

// ---- Transfer

function viewsOf({ saved, ...columns }: PacketColumns): readonly ArrayBufferView[] {
  return [...Object.values({ ...columns }), ...Object.values({ ...saved })].filter((value) =>
    ArrayBuffer.isView(value),
  );
}

/** Buffers that whoever the pack is posted to takes over instead of copying; the sender's pack is empty then. */
export function transferablesOf(pack: ReportPack): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const run of pack.runs) {
    for (const { packets } of run.channels) {
      for (const { buffer } of viewsOf(packets)) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
    }
  }
  return [...buffers];
}
