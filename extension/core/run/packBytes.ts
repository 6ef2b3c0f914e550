/**
 * A packed report as one run of bytes, for a pipe between processes and for an exported page: a head of 32 bytes, the
 * report without its columns as JSON, then the columns, each at a multiple of 8.
 *
 * Head, little-endian: 8 bytes of magic, u32 format, u32 bytes of JSON, f64 bytes of the whole, u32 checksum, u32 0.
 */
import {
  COLUMN_NAMES,
  COLUMNS,
  type Columns,
  NO_RECORD,
  type PacketColumns,
  type SavedBytes,
} from './packetColumns.js';
import type { PackedChannel, PackedRun, ReportPack } from './reportPack.js';

/** Raised with every change of report.ts or of the columns: bytes are read only by the build that wrote them. */
const FORMAT = 1;
const MAGIC = 'VSPLABRP';
const HEAD_BYTES = 32;
const AT = { format: 8, json: 12, total: 16, checksum: 24 } as const;

/** Bytes that are no packed report of this format; the message says why, and what to do. */
export class PackError extends Error {}

type ChannelHead = Omit<PackedChannel, 'packets'> & { readonly packets: ColumnsHead };
type RunHead = Omit<PackedRun, 'channels'> & { readonly channels: readonly ChannelHead[] };
type PackHead = Omit<ReportPack, 'runs'> & { readonly runs: readonly RunHead[] };

/** What must be known to find the columns again. */
interface ColumnsHead {
  readonly count: number;
  readonly kinds: readonly string[];
  readonly saved?: { readonly captured: number; readonly bytes: number; readonly runs: number };
}

const SAVED = ['offsets', 'bytes', 'runOffsets', 'runStart', 'runLength', 'runWriter'] as const;

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Words that are read or written in one step of packing: two megabytes, some milliseconds. */
const STEP_WORDS = 1 << 19;

/** Of everything behind the head, whose length is a multiple of 8; finds damage, not malice. */
function* checksumSteps(bytes: Uint8Array): Generator<undefined, number> {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES, (bytes.byteLength - HEAD_BYTES) / 4);
  let hash = 0x56535053;
  for (let start = 0; start < words.length; start += STEP_WORDS) {
    hash = hashed(hash, words.subarray(start, start + STEP_WORDS));
    yield;
  }
  return hash >>> 0;
}

function hashed(start: number, words: Uint32Array): number {
  let hash = start;
  for (let index = 0; index < words.length; index += 1) {
    hash = Math.imul(hash ^ (words[index] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function drained<Result>(steps: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

// ---- To bytes

type Column = Uint8Array | Uint16Array | Uint32Array;

function columnsOf({ saved, ...packets }: PacketColumns): readonly Column[] {
  return [
    ...COLUMN_NAMES.map((name) => packets[name]),
    ...(saved === undefined ? [] : SAVED.map((name) => saved[name])),
  ];
}

function headOf({ count, kinds, saved }: PacketColumns): ColumnsHead {
  if (saved === undefined) return { count, kinds };
  return { count, kinds, saved: { captured: saved.captured, bytes: saved.bytes.length, runs: saved.runStart.length } };
}

export function packBytes(pack: ReportPack): Uint8Array<ArrayBuffer> {
  return drained(packSteps(pack));
}

/** Bytes of the columns of a pack: nearly all of a large one. */
export function columnBytes(pack: ReportPack): number {
  const columns = pack.runs.flatMap(({ channels }) => channels.flatMap(({ packets }) => columnsOf(packets)));
  return columns.reduce((sum, column) => sum + column.byteLength, 0);
}

/** The same as `packBytes`, in steps of some milliseconds each: for who must not be away for long. */
export function* packSteps(pack: ReportPack): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const head: PackHead = {
    ...pack,
    runs: pack.runs.map((run) => ({
      ...run,
      channels: run.channels.map((channel) => ({ ...channel, packets: headOf(channel.packets) })),
    })),
  };
  const json = new TextEncoder().encode(JSON.stringify(head));
  const columns = pack.runs.flatMap(({ channels }) => channels.flatMap(({ packets }) => columnsOf(packets)));
  const start = HEAD_BYTES + padded(json.length);
  const bytes = new Uint8Array(columns.reduce((sum, column) => sum + padded(column.byteLength), start));
  bytes.set(new TextEncoder().encode(MAGIC));
  bytes.set(json, HEAD_BYTES);
  let at = start;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += padded(column.byteLength);
    yield;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(AT.format, FORMAT, true);
  view.setUint32(AT.json, json.length, true);
  view.setFloat64(AT.total, bytes.length, true);
  view.setUint32(AT.checksum, yield* checksumSteps(bytes), true);
  return bytes;
}

// ---- From bytes

/** Columns one after the other, as views of the bytes. */
class ColumnReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  u8(count: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#take(count, 1), count);
  }

  column(bytesEach: number, count: number): Column {
    if (bytesEach === 2) return new Uint16Array(this.#bytes.buffer, this.#take(count, 2), count);
    return bytesEach === 1 ? this.u8(count) : this.u32(count);
  }

  u32(count: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#take(count, 4), count);
  }

  #take(count: number, bytesEach: number): number {
    const start = this.#at;
    const size = count * bytesEach;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > this.#bytes.length)
      throw damaged('a column is missing');
    this.#at += padded(size);
    return this.#bytes.byteOffset + start;
  }
}

function damaged(what: string): PackError {
  return new PackError(`the packed report is damaged (${what}): run the drivers again`);
}

/** Does nothing but rise, from 0 to `end`. */
function rises(offsets: Uint32Array, end: number): boolean {
  let before = 0;
  for (const offset of offsets) {
    if (offset < before) return false;
    before = offset;
  }
  return offsets[0] === 0 && before === end;
}

function readSaved(reader: ColumnReader, { captured, bytes, runs }: NonNullable<ColumnsHead['saved']>): SavedBytes {
  const saved = {
    captured,
    offsets: reader.u32(captured + 1),
    bytes: reader.u8(bytes),
    runOffsets: reader.u32(captured + 1),
    runStart: reader.u32(runs),
    runLength: reader.u32(runs),
    runWriter: reader.u32(runs),
  };
  if (!rises(saved.offsets, bytes) || !rises(saved.runOffsets, runs)) throw damaged('offsets of saved bytes');
  return saved;
}

function readColumns(reader: ColumnReader, { count, kinds, saved }: ColumnsHead, records: number): PacketColumns {
  const columns = Object.fromEntries(
    COLUMN_NAMES.map((name) => [name, reader.column(COLUMNS[name].BYTES_PER_ELEMENT, count)]),
  ) as unknown as Columns;
  if (columns.kind.some((kind) => kind >= kinds.length)) throw damaged('kinds of packets');
  if (columns.record.some((record) => record >= records && record !== NO_RECORD)) throw damaged('records of packets');
  return { count, kinds, ...columns, ...(saved === undefined ? {} : { saved: readSaved(reader, saved) }) };
}

/** The format is this build's and the checksum holds, so what is JSON has the form we wrote. */
function headIn(text: string): PackHead {
  try {
    return JSON.parse(text) as PackHead;
  } catch {
    throw damaged('its head');
  }
}

/** The head's claims about the bytes hold. */
function check(bytes: Uint8Array): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw new PackError('not a packed report of VSP Lab: it begins with other bytes');
  if (bytes.length < HEAD_BYTES) throw new PackError(`the packed report is cut short: ${bytes.length} bytes are left`);
  const format = view.getUint32(AT.format, true);
  if (format !== FORMAT) {
    throw new PackError(
      `the packed report has format ${format}, this version of VSP Lab reads ${FORMAT}: make it anew`,
    );
  }
  const total = view.getFloat64(AT.total, true);
  if (total > bytes.length) throw new PackError(`the packed report is cut short: ${bytes.length} of ${total} bytes`);
  if (total !== bytes.length || total % 8 !== 0) throw damaged('its length');
  if (view.getUint32(AT.checksum, true) !== drained(checksumSteps(bytes))) throw damaged('its checksum');
  return view;
}

/**
 * The pack those bytes hold; its columns are views of them, so they must not be changed afterwards. Throws PackError for
 * bytes that are cut short, damaged, of another version or something else.
 */
export function parsePack(given: Uint8Array): ReportPack {
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
  const json = check(bytes).getUint32(AT.json, true);
  if (json > bytes.length - HEAD_BYTES) throw damaged('its head');
  const text = new TextDecoder().decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + json));
  const reader = new ColumnReader(bytes, HEAD_BYTES + padded(json));
  const head = headIn(text);
  const runs = head.runs.map((run) => ({
    ...run,
    channels: run.channels.map((channel) => ({
      ...channel,
      packets: readColumns(reader, channel.packets, run.records?.length ?? 0),
    })),
  }));
  return { ...head, runs };
}
