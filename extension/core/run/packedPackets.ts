/** Packets read from columns, made one at a time. */
import { statusText } from '../kmcl/status.js';
import { ABSENT, NO_RECORD, PACKET_FLAG, type PacketColumns } from './packetColumns.js';
import type { Packet, PacketList } from './report.js';
import { savedAt, savedFields } from './savedBytes.js';

function measured(value: number | undefined): number | null {
  return value === undefined || value === ABSENT ? null : value;
}

export class PackedPackets implements PacketList {
  readonly #columns: PacketColumns;

  constructor(columns: PacketColumns) {
    this.#columns = columns;
  }

  get length(): number {
    return this.#columns.count;
  }

  /** The same columns, severities of findings in the flags. */
  columns(): PacketColumns {
    return this.#columns;
  }

  totals(): { readonly stateBytes: number; readonly libraryBytes: number } {
    const sum = (column: Uint32Array): number => column.reduce((total, value) => total + value, 0);
    return { stateBytes: sum(this.#columns.stateBytes), libraryBytes: sum(this.#columns.libraryBytes) };
  }

  at(index: number): Packet {
    const columns = this.#columns;
    if (index < 0 || index >= columns.count) throw new RangeError(`there is no packet ${index}`);
    const flags = columns.flags[index] ?? 0;
    const record = columns.record[index] ?? NO_RECORD;
    const { writtenBy, ...bytes } = savedFields(savedAt(columns.saved, index));
    return {
      index,
      kind: columns.kinds[columns.kind[index] ?? 0] ?? '',
      state: flags & PACKET_FLAG.IN_FLIGHT ? 'inFlight' : 'queued',
      query: {
        saveBufSize: 0,
        status: statusText(columns.queryStatus[index] ?? 0),
        bytesNeeded: measured(columns.queryNeeded[index]),
      },
      write: flags & PACKET_FLAG.WRITTEN ? this.#write(index) : null,
      stateBytes: columns.stateBytes[index] ?? 0,
      libraryBytes: columns.libraryBytes[index] ?? 0,
      ...bytes,
      restore:
        flags & PACKET_FLAG.RESTORED
          ? { status: statusText(columns.restoreStatus[index] ?? 0), bytesRead: measured(columns.bytesRead[index]) }
          : null,
      ...(record === NO_RECORD ? {} : { record }),
      ...(writtenBy === undefined ? {} : { writtenBy }),
      ...this.#stream(index),
      ...(flags & PACKET_FLAG.STUBBED ? { stubbed: true as const } : {}),
    };
  }

  #write(index: number): Packet['write'] {
    const columns = this.#columns;
    return {
      saveBufSize: columns.saveBufSize[index] ?? 0,
      status: statusText(columns.writeStatus[index] ?? 0),
      bytesNeeded: measured(columns.writeNeeded[index]),
      bytesWritten: measured(columns.bytesWritten[index]),
      bytesUninitialised: measured(columns.bytesUninitialised[index]),
    };
  }

  #stream(index: number): Pick<Packet, 'stream'> {
    const offset = this.#columns.streamOffset[index] ?? ABSENT;
    return offset === ABSENT ? {} : { stream: { offset, bytes: this.#columns.streamBytes[index] ?? 0 } };
  }
}
