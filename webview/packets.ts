/** One packet out of the columns, as the report has it; its bytes are asked for elsewhere. */
import type { Packet } from '../extension/core/run/report.js';
import { ABSENT, PACKET_FLAG, type PacketColumns } from '../extension/core/run/reportPack.js';

const noRecord = 0xffff;

export const statusText = (status: number): string => `0x${status.toString(16).toUpperCase().padStart(8, '0')}`;
const measured = (value: number): number | null => (value === ABSENT ? null : value);

/** `index` in [0, count). */
export function packetAt(columns: PacketColumns, index: number): Packet {
  const flags = columns.flags[index]!;
  const record = columns.record[index]!;
  const offset = columns.streamOffset[index]!;
  return {
    index,
    kind: columns.kinds[columns.kind[index]!] ?? '',
    state: flags & PACKET_FLAG.IN_FLIGHT ? 'inFlight' : 'queued',
    query: {
      saveBufSize: 0,
      status: statusText(columns.queryStatus[index]!),
      bytesNeeded: measured(columns.queryNeeded[index]!),
    },
    write:
      flags & PACKET_FLAG.WRITTEN
        ? {
            saveBufSize: columns.saveBufSize[index]!,
            status: statusText(columns.writeStatus[index]!),
            bytesNeeded: measured(columns.writeNeeded[index]!),
            bytesWritten: measured(columns.bytesWritten[index]!),
            bytesUninitialised: measured(columns.bytesUninitialised[index]!),
          }
        : null,
    stateBytes: columns.stateBytes[index]!,
    libraryBytes: columns.libraryBytes[index]!,
    restore:
      flags & PACKET_FLAG.RESTORED
        ? { status: statusText(columns.restoreStatus[index]!), bytesRead: measured(columns.bytesRead[index]!) }
        : null,
    ...(record === noRecord ? {} : { record }),
    ...(offset === ABSENT ? {} : { stream: { offset, bytes: columns.streamBytes[index]! } }),
    ...(flags & PACKET_FLAG.STUBBED ? { stubbed: true as const } : {}),
  };
}
