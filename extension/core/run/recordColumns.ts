/** Columns straight from the binary records: a million packets never become objects. */
import { NONE, RECORD_FLAGS } from '../kmcl/layout.js';
import { KindNames } from './kindNames.js';
import {
  ABSENT,
  type ColumnName,
  type Columns,
  emptyColumns,
  NO_RECORD,
  PACKET_FLAG,
  type PacketColumns,
} from './packetColumns.js';
import { type ChannelRecords, RECORD_WORDS, type RecordField, wordOf } from './packetRecords.js';
import { chunkBytes, kindName, type PacketSource } from './packetSource.js';
import { savedBytes } from './savedBytes.js';

/** Columns that stand in the records as they are. */
const COPIED: readonly (readonly [ColumnName, RecordField])[] = [
  ['queryStatus', 'query_status'],
  ['queryNeeded', 'query_needed'],
  ['saveBufSize', 'write_size'],
  ['writeStatus', 'write_status'],
  ['writeNeeded', 'write_needed'],
  ['bytesWritten', 'written'],
  ['bytesUninitialised', 'uninitialised'],
  ['stateBytes', 'state_bytes'],
  ['libraryBytes', 'library_bytes'],
  ['restoreStatus', 'restore_status'],
  ['bytesRead', 'restore_read'],
  ['streamOffset', 'stream_offset'],
];

/** Packets whose records stay in the processor's cache while one column after the other is read from them. */
const BLOCK = 512;

/** `from` lists the first word of each record. */
function copyWords(words: Uint32Array, from: Uint32Array, columns: Columns): void {
  for (let start = 0; start < from.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, from.length);
    for (const [name, field] of COPIED) {
      const column = columns[name];
      const at = wordOf(field);
      for (let index = start; index < end; index += 1) column[index] = words[(from[index] ?? 0) + at] ?? 0;
    }
  }
}

/** First words of the records of a channel. */
function startsOf(indices: ChannelRecords): Uint32Array {
  const from = new Uint32Array(indices.length);
  for (let index = 0; index < from.length; index += 1) from[index] = indices.at(index) * RECORD_WORDS;
  return from;
}

function flagsOf(recorded: number): number {
  return (
    (recorded & RECORD_FLAGS.IN_FLIGHT ? PACKET_FLAG.IN_FLIGHT : 0) |
    (recorded & RECORD_FLAGS.WRITE_CALLED ? PACKET_FLAG.WRITTEN : 0) |
    (recorded & RECORD_FLAGS.RESTORED ? PACKET_FLAG.RESTORED : 0) |
    (recorded & RECORD_FLAGS.STUBBED ? PACKET_FLAG.STUBBED : 0)
  );
}

/** Only with checks on. */
function blankUnmeasured(column: Uint32Array, measured: Uint8Array): void {
  for (let index = 0; index < column.length; index += 1) if (measured[index] === 0) column[index] = ABSENT;
}

function blankUnread(column: Uint32Array): void {
  for (let index = 0; index < column.length; index += 1) if (column[index] === NONE) column[index] = ABSENT;
}

/** NEEDED_UNSET is set exactly where BytesNeeded is what the library preset it to, and that is what ABSENT is. */
function fillStream({ streamOffset, streamBytes, libraryBytes, stateBytes }: Columns): void {
  for (let index = 0; index < streamOffset.length; index += 1) {
    if (streamOffset[index] === 0) streamOffset[index] = ABSENT;
    else streamBytes[index] = chunkBytes(libraryBytes[index] ?? 0, stateBytes[index] ?? 0);
  }
}

function fillFlags(words: Uint32Array, from: Uint32Array, flags: Uint8Array): Uint8Array {
  const measured = new Uint8Array(from.length);
  const at = wordOf('flags');
  for (let index = 0; index < from.length; index += 1) {
    const recorded = words[(from[index] ?? 0) + at] ?? 0;
    flags[index] = flagsOf(recorded);
    measured[index] = recorded & RECORD_FLAGS.MEASURED;
  }
  return measured;
}

function fillKinds(source: PacketSource, from: Uint32Array, column: Uint16Array): readonly string[] {
  const names = new KindNames();
  const at = wordOf('kind');
  const known = new Map<number, number>();
  for (let index = 0; index < from.length; index += 1) {
    const routine = source.records.words[(from[index] ?? 0) + at] ?? 0;
    let kind = known.get(routine);
    if (kind === undefined) {
      kind = names.number(kindName(source, routine));
      known.set(routine, kind);
    }
    column[index] = kind;
  }
  return names.list;
}

function fillLayouts(source: PacketSource, indices: ChannelRecords, { record, stateBytes }: Columns): void {
  record.fill(NO_RECORD);
  const { layoutOf, records } = source;
  if (layoutOf === undefined) return;
  for (let index = 0; index < record.length; index += 1) {
    const at = indices.at(index);
    const layout = stateBytes[index] === 0 ? undefined : layoutOf(at, records.get(at, 'kind'));
    if (layout !== undefined) record[index] = layout;
  }
}

/** A million packets in some tens of milliseconds. */
export function columnsOfRecords(source: PacketSource, indices: ChannelRecords): PacketColumns {
  const count = indices.length;
  const columns = emptyColumns(count);
  const { words } = source.records;
  const from = startsOf(indices);
  copyWords(words, from, columns);
  const kinds = fillKinds(source, from, columns.kind);
  const measured = fillFlags(words, from, columns.flags);
  blankUnmeasured(columns.bytesWritten, measured);
  blankUnmeasured(columns.bytesUninitialised, measured);
  blankUnread(columns.bytesRead);
  fillStream(columns);
  fillLayouts(source, indices, columns);
  if (source.unanswered !== undefined && source.unanswered < count) columns.queryNeeded[source.unanswered] = ABSENT;
  const saved = savedBytes(count, (index) => {
    const bytes = source.states[indices.at(index)];
    if (bytes === undefined) return undefined;
    return { bytes, writtenBy: source.writers?.runsOf(indices.at(index), bytes.length) ?? [] };
  });
  return { count, kinds, ...columns, ...(saved === undefined ? {} : { saved }) };
}
