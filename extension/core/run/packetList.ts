/** Packets of a channel as the report shows them, made one at a time from the binary records. */
import { NONE } from '../kmcl/layout.js';
import { statusText } from '../kmcl/status.js';
import type { PacketColumns } from './packetColumns.js';
import { type ChannelRecords, NEEDED_PRESET } from './packetRecords.js';
import { chunkBytes, hexOf, kindName, type PacketSource } from './packetSource.js';
import { columnsOfRecords } from './recordColumns.js';
import type { Packet, PacketList } from './report.js';

export class RecordedPackets implements PacketList {
  readonly #source: PacketSource;
  readonly #indices: ChannelRecords;

  constructor(source: PacketSource, indices: ChannelRecords) {
    this.#source = source;
    this.#indices = indices;
  }

  get length(): number {
    return this.#indices.length;
  }

  columns(): PacketColumns {
    return columnsOfRecords(this.#source, this.#indices);
  }

  /** Bytes the VSP's state takes, without making the packet. */
  stateBytes(index: number): number {
    return this.#source.records.get(this.#indices.at(index), 'state_bytes');
  }

  totals(): { readonly stateBytes: number; readonly libraryBytes: number } {
    const { records } = this.#source;
    let stateBytes = 0;
    let libraryBytes = 0;
    for (let index = 0; index < this.length; index += 1) {
      const record = this.#indices.at(index);
      stateBytes += records.get(record, 'state_bytes');
      libraryBytes += records.get(record, 'library_bytes');
    }
    return { stateBytes, libraryBytes };
  }

  at(index: number): Packet {
    const { records, states, unanswered, writers, layoutOf } = this.#source;
    const record = this.#indices.at(index);
    const state = states[record];
    const writtenBy = state === undefined ? undefined : writers?.runsOf(record, state.length);
    const routine = records.get(record, 'kind');
    const layout = records.get(record, 'state_bytes') === 0 ? undefined : layoutOf?.(record, routine);
    const bytesRead = records.get(record, 'restore_read');
    return {
      index,
      kind: kindName(this.#source, routine),
      state: records.has(record, 'IN_FLIGHT') ? 'inFlight' : 'queued',
      query: {
        saveBufSize: 0,
        status: statusText(records.get(record, 'query_status')),
        bytesNeeded:
          records.has(record, 'NEEDED_UNSET') || index === unanswered ? null : records.get(record, 'query_needed'),
      },
      write: this.#write(record),
      stateBytes: records.get(record, 'state_bytes'),
      libraryBytes: records.get(record, 'library_bytes'),
      ...(state === undefined ? {} : { stateHex: hexOf(state) }),
      restore: records.has(record, 'RESTORED')
        ? {
            status: statusText(records.get(record, 'restore_status')),
            bytesRead: bytesRead === NONE ? null : bytesRead,
          }
        : null,
      ...(layout === undefined ? {} : { record: layout }),
      ...(writtenBy === undefined ? {} : { writtenBy }),
      ...this.#stream(record),
      ...(records.has(record, 'STUBBED') ? { stubbed: true as const } : {}),
    };
  }

  #write(record: number): Packet['write'] {
    const { records } = this.#source;
    if (!records.has(record, 'WRITE_CALLED')) return null;
    const needed = records.get(record, 'write_needed');
    return {
      saveBufSize: records.get(record, 'write_size'),
      status: statusText(records.get(record, 'write_status')),
      bytesNeeded: needed === NEEDED_PRESET ? null : needed,
      bytesWritten: this.#measured(record, 'written'),
      bytesUninitialised: this.#measured(record, 'uninitialised'),
    };
  }

  /** A packet that the save did not come to has no place: the stream begins with the channel's own record. */
  #stream(record: number): Pick<Packet, 'stream'> {
    const { records } = this.#source;
    const offset = records.get(record, 'stream_offset');
    const bytes = chunkBytes(records.get(record, 'library_bytes'), records.get(record, 'state_bytes'));
    return offset === 0 ? {} : { stream: { offset, bytes } };
  }

  #measured(record: number, field: 'written' | 'uninitialised'): number | null {
    const { records } = this.#source;
    return records.has(record, 'MEASURED') ? records.get(record, field) : null;
  }
}

export const NO_PACKETS: PacketList = {
  length: 0,
  at: (index) => {
    throw new RangeError(`there is no packet ${index}`);
  },
  totals: () => ({ stateBytes: 0, libraryBytes: 0 }),
};
