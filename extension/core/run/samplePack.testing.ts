/** Packs as a run of a storage driver might give them, of any size, for tests and benches of what shows them. */
import { ABSENT, type Columns, emptyColumns, NO_RECORD, PACKET_FLAG, type SavedBytes } from './packetColumns.js';
import { chunkBytes } from './packetSource.js';
import type { Finding, RecordField, RecordLayout, SaveStream, Severity, Timeline, Writer } from './report.js';
import type { PackedChannel, ReportPack } from './reportPack.js';
import { sizeStatistics } from './stats.js';

const FILE = 'drivers/storage.c';
const CAPTURED = 10_000;
const CHUNK_BYTES = 65_536;
const CHANNEL_CHUNK = 48;
const BUFFER_TOO_SMALL = 0xc0000023;
const CANCELLED = 0xc0000120;

/** mulberry32: the same seed gives the same pack. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// ---- What the driver looks like

function field(name: string, type: string, offset: number, size: number, format: RecordField['format']): RecordField {
  return { name, type, offset, size, format };
}

const HEADER: readonly RecordField[] = [
  field('Header.Version', 'USHORT', 0, 2, 'unsigned'),
  field('Header.Flags.Write', 'USHORT', 2, 2, 'unsigned'),
  field('Header.Size', 'ULONG', 4, 4, 'unsigned'),
];
const FLAGS: readonly RecordField[] = ['Write', 'Ordered', 'Reserved'].map((name, at) => ({
  ...field(`Header.Flags.${name}`, 'USHORT', 2, 2, 'unsigned'),
  bits: { start: at, width: at === 2 ? 14 : 1 },
}));
const HEADED = HEADER.flatMap((each) => (each.offset === 2 ? FLAGS : [each]));

export const SAMPLE_RECORDS: readonly RecordLayout[] = [
  {
    name: 'REQUEST_RECORD',
    size: 48,
    fields: [
      ...HEADED,
      {
        ...field('State', 'REQUEST_STATE', 8, 4, 'enum'),
        values: [
          { name: 'RequestQueued', value: 0 },
          { name: 'RequestSent', value: 1 },
        ],
      },
      field('State', '', 12, 4, 'padding'),
      field('Id', 'UINT64', 16, 8, 'unsigned'),
      field('Cdb', 'UCHAR[16]', 24, 16, 'bytes'),
      field('Deadline', 'LONG', 40, 4, 'signed'),
      field('Deadline', '', 44, 4, 'padding'),
    ],
  },
  {
    name: 'SENSE_RECORD',
    size: 96,
    fields: [
      ...HEADED,
      field('Vendor', 'CHAR[8]', 8, 8, 'text'),
      field('Device', 'GUID', 16, 16, 'guid'),
      field('Owner', 'PVOID', 32, 8, 'pointer'),
      field('u.Code', 'ULONG', 40, 4, 'unsigned'),
      field('u.Bytes', 'UCHAR[4]', 40, 4, 'bytes'),
      field('Load', 'float', 44, 4, 'float'),
      ...[0, 1, 2, 3, 4, 5].flatMap((entry) => [
        field(`Entries[${entry}].Address`, 'ULONG', 48 + 8 * entry, 4, 'unsigned'),
        field(`Entries[${entry}].Length`, 'ULONG', 52 + 8 * entry, 4, 'unsigned'),
      ]),
    ],
  },
];

interface SampleKind {
  readonly name: string;
  /** Index into SAMPLE_RECORDS. */
  readonly record: number;
  /** Most bytes behind the record. */
  readonly tail: number;
}

const KINDS: readonly SampleKind[] = [
  { name: 'StorageRequestCompleted', record: 0, tail: 0 },
  { name: 'StorageWriteCompleted', record: 0, tail: 1512 },
  { name: 'StorageSenseCompleted', record: 1, tail: 256 },
  { name: '(default)', record: NO_RECORD, tail: 200 },
];

const CONTINUE = { function: 'VmbChannelSaveContinue', file: '<kmcl>', line: 0 } as const;

/** Innermost first, as the report has them. */
function stackOf(...frames: readonly (readonly [string, number])[]): Finding['callStack'] {
  return [...frames.map(([name, line]) => ({ function: name, file: FILE, line })), CONTINUE];
}

export const SAMPLE_WRITERS: readonly Writer[] = [
  { callStack: stackOf(['WriteHeader', 61], ['StorageSavePacket', 128]) },
  { callStack: stackOf(['StorageSavePacket', 131]) },
  { callStack: stackOf(['CopyPayload', 74], ['StorageSavePacket', 140]) },
];

// ---- Packets

interface Sizes {
  readonly kind: SampleKind;
  readonly recordBytes: number;
  readonly stateBytes: number;
}

function sizesOf(kind: SampleKind, random: (below: number) => number): Sizes {
  const recordBytes = SAMPLE_RECORDS[kind.record]?.size ?? 48;
  return { kind, recordBytes, stateBytes: recordBytes + (kind.tail === 0 ? 0 : random(kind.tail + 1)) };
}

function setPacket(columns: Columns, index: number, { kind, stateBytes }: Sizes, offset: number): void {
  const queued = index % 5 === 4;
  const libraryBytes = queued ? 96 : 32;
  const unread = index % 101 === 100;
  columns.kind[index] = KINDS.indexOf(kind);
  columns.flags[index] =
    (queued ? 0 : PACKET_FLAG.IN_FLIGHT) |
    PACKET_FLAG.WRITTEN |
    PACKET_FLAG.RESTORED |
    (index % 997 === 996 ? PACKET_FLAG.STUBBED : 0);
  columns.queryStatus[index] = BUFFER_TOO_SMALL;
  columns.queryNeeded[index] = stateBytes;
  columns.saveBufSize[index] = Math.ceil(stateBytes / 8) * 8 + (index % 4) * 8;
  columns.writeNeeded[index] = stateBytes;
  columns.bytesWritten[index] = stateBytes;
  columns.stateBytes[index] = stateBytes;
  columns.libraryBytes[index] = libraryBytes;
  columns.restoreStatus[index] = index % 211 === 210 ? CANCELLED : 0;
  columns.bytesRead[index] = unread ? Math.max(0, stateBytes - 8) : stateBytes;
  columns.record[index] = kind.record;
  columns.streamOffset[index] = offset;
  columns.streamBytes[index] = chunkBytes(libraryBytes, stateBytes);
}

/** One byte too few was written of every 53rd packet: its padding. */
function leavesPadding(index: number, kind: SampleKind): boolean {
  return kind.record === 0 && index % 53 === 52;
}

function fillColumns(columns: Columns, count: number, random: (below: number) => number): void {
  let offset = CHANNEL_CHUNK;
  for (let index = 0; index < count; index += 1) {
    const sizes = sizesOf(KINDS[random(KINDS.length)] ?? (KINDS[0] as SampleKind), random);
    setPacket(columns, index, sizes, offset);
    offset += columns.streamBytes[index] ?? 0;
    if (leavesPadding(index, sizes.kind)) {
      columns.bytesWritten[index] = sizes.stateBytes - 4;
      columns.bytesUninitialised[index] = 4;
    }
  }
}

function setBytes(bytes: Uint8Array, index: number, kind: SampleKind, random: (below: number) => number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random(256);
  view.setUint16(0, 1, true);
  view.setUint32(4, bytes.length, true);
  if (kind.record === 0) {
    view.setUint32(8, index % 5 === 4 ? 0 : 1, true);
    view.setUint32(12, 0, true);
    view.setBigUint64(16, BigInt(index), true);
    view.setUint32(44, leavesPadding(index, kind) ? 0xcdcdcdcd : 0, true);
  } else if (kind.record === 1) {
    bytes.set(
      [...'CONTOSO '].map((letter) => letter.charCodeAt(0)),
      8,
    );
  }
}

function savedOf(columns: Columns, count: number, random: (below: number) => number): SavedBytes {
  const captured = Math.min(count, CAPTURED);
  const offsets = new Uint32Array(captured + 1);
  const runOffsets = new Uint32Array(captured + 1);
  const runs: { start: number; length: number; writer: number }[] = [];
  for (let index = 0; index < captured; index += 1) {
    const stateBytes = columns.stateBytes[index] ?? 0;
    const kind = KINDS[columns.kind[index] ?? 0] as SampleKind;
    const recordBytes = SAMPLE_RECORDS[kind.record]?.size ?? 48;
    const headed = leavesPadding(index, kind) ? recordBytes - 4 : recordBytes;
    offsets[index + 1] = (offsets[index] ?? 0) + stateBytes;
    runs.push({ start: 0, length: 8, writer: 0 }, { start: 8, length: headed - 8, writer: 1 });
    if (headed < recordBytes) runs.push({ start: headed, length: 4, writer: ABSENT });
    if (stateBytes > recordBytes) runs.push({ start: recordBytes, length: stateBytes - recordBytes, writer: 2 });
    runOffsets[index + 1] = runs.length;
  }
  const bytes = new Uint8Array(offsets[captured] ?? 0);
  for (let index = 0; index < captured; index += 1) {
    setBytes(
      bytes.subarray(offsets[index], offsets[index + 1]),
      index,
      KINDS[columns.kind[index] ?? 0] as SampleKind,
      random,
    );
  }
  return {
    captured,
    offsets,
    bytes,
    runOffsets,
    runStart: Uint32Array.from(runs, ({ start }) => start),
    runLength: Uint32Array.from(runs, ({ length }) => length),
    runWriter: Uint32Array.from(runs, ({ writer }) => writer),
  };
}

// ---- Around the packets

function finding(rule: string, severity: Severity, packetIndex: number, line: number, suppressed = false): Finding {
  const restoring = rule.startsWith('restore');
  const name = restoring ? 'StorageRestorePacket' : 'StorageSavePacket';
  const location = { file: FILE, line, column: 5, function: name };
  return {
    rule,
    severity,
    message: `packet ${packetIndex} (${name}) breaks ${rule}`,
    location,
    channel: 0,
    packetIndex,
    callback: restoring ? 'EvtVmbChannelRestorePacket' : 'EvtVmbChannelSavePacket',
    pass: restoring ? 'restore' : 'write',
    callStack: [{ function: name, file: FILE, line }],
    related: [{ message: 'BytesNeeded was set here', location: { ...location, line: line - 4 } }],
    suppressed,
  };
}

function findingsOf(count: number): readonly Finding[] {
  return [
    finding('savepkt-full-init', 'warning', 52, 131),
    finding('restorepkt-validate', 'error', 100, 170),
    finding('restorepkt-propagate', 'error', 210, 188),
    finding('savepkt-size-arith', 'info', 300, 120),
    finding('savepkt-size-exact', 'error', 7, 133, true),
  ].filter(({ packetIndex }) => (packetIndex ?? 0) < count);
}

/** Pieces of at most CHUNK_BYTES, whole packets each. */
function streamOf(columns: Columns, count: number): SaveStream {
  const chunks: SaveStream['chunks'][number][] = [];
  let first = 0;
  let filled = CHANNEL_CHUNK;
  let bytes = 0;
  const close = (end: number, required: number): void => {
    const packets = end > first ? { packets: { first, last: end - 1 } } : {};
    const status = required === 0 ? '0x00000000' : '0x80000005';
    chunks.push({ bufferSize: CHUNK_BYTES, bytesFilled: filled, bytesRequired: required, status, ...packets });
    bytes += filled;
    first = end;
    filled = 0;
  };
  for (let index = 0; index < count; index += 1) {
    const size = columns.streamBytes[index] ?? 0;
    if (filled + size > CHUNK_BYTES) close(index, size);
    filled += size;
  }
  close(count, 0);
  return { bytes, chunks };
}

function timelineOf(count: number): Timeline {
  const location = (name: string, line: number) => ({ file: FILE, line, column: 5, function: name });
  const last = { first: 0, last: Math.max(0, count - 1) };
  const too = '0xC0000023';
  const done = '0x00000000';
  return {
    events: [
      { at: 0, kind: 'call', name: 'VmbChannelAllocate', status: done, location: location('StorageTest', 300) },
      { at: 2, kind: 'state', name: 'Enabled', location: null },
      { at: 3, kind: 'callback', name: 'EvtVmbChannelOpened', status: done, location: location('StorageOpened', 40) },
      { at: 4, kind: 'state', name: 'Started', location: null },
      { at: 9, kind: 'call', name: 'VmbChannelPause', location: location('StorageTest', 310) },
      { at: 10, kind: 'state', name: 'Paused', location: null },
      { at: 11, kind: 'call', name: 'VmbChannelSaveBegin', status: done, location: location('StorageTest', 311) },
      ...(count === 0
        ? []
        : [
            {
              at: 12,
              kind: 'packets' as const,
              name: 'EvtVmbChannelSavePacket',
              ...last,
              pass: 'query' as const,
              status: too,
              location: null,
            },
            {
              at: 13,
              kind: 'packets' as const,
              name: 'EvtVmbChannelSavePacket',
              ...last,
              pass: 'write' as const,
              status: done,
              location: null,
            },
          ]),
      { at: 4 * count + 14, kind: 'call', name: 'VmbChannelSaveEnd', location: location('StorageTest', 315) },
      ...(count === 0
        ? []
        : [
            {
              at: 4 * count + 20,
              kind: 'packets' as const,
              name: 'EvtVmbChannelRestorePacket',
              ...last,
              pass: 'restore' as const,
              location: null,
            },
          ]),
    ],
    dropped: 0,
  };
}

/**
 * A pack with one run of `count` packets: four kinds of 48 to 1,560 bytes, every fifth queued, some not wholly written,
 * some refused by the restore, some with findings; the bytes of the first 10,000. The same seed gives the same pack.
 */
export function samplePack(count: number, seed = 1): ReportPack {
  const random = randomFrom(seed);
  const columns = emptyColumns(count);
  fillColumns(columns, count, random);
  const findings = findingsOf(count);
  for (const { severity, packetIndex, suppressed } of findings) {
    const flag = { info: PACKET_FLAG.INFO, warning: PACKET_FLAG.WARNING, error: PACKET_FLAG.ERROR }[severity];
    if (packetIndex !== null && !suppressed) columns.flags[packetIndex] = (columns.flags[packetIndex] ?? 0) | flag;
  }
  const open = (wanted: Severity): number =>
    findings.filter(({ severity, suppressed }) => severity === wanted && !suppressed).length;
  const saved = count === 0 ? {} : { saved: savedOf(columns, count, random) };
  const channel: PackedChannel = {
    index: 0,
    name: 'storage',
    packets: { count, kinds: KINDS.map(({ name }) => name), ...columns, ...saved },
    saveStream: streamOf(columns, count),
    laterSaves: [],
    callbacks: {
      save: { file: FILE, line: 110, column: 1, function: 'StorageSavePacket' },
      restore: { file: FILE, line: 160, column: 1, function: 'StorageRestorePacket' },
    },
    timeline: timelineOf(count),
  };
  const failed = open('error') > 0;
  return {
    schemaVersion: 1,
    target: { abi: 'x86_64-pc-windows-msvc', pointerBytes: 8 },
    runs: [
      {
        name: 'SavesInFlightRequests',
        driver: 'storage',
        file: 'drivers/storage.test.c',
        line: 29,
        contextSource: 'fixture',
        outcome: failed ? 'failed' : 'passed',
        ...(failed
          ? { message: 'restorepkt-validate: packet 100 (StorageRestorePacket) breaks restorepkt-validate' }
          : {}),
        channels: [channel],
        findings,
        records: SAMPLE_RECORDS,
        writers: SAMPLE_WRITERS,
      },
    ],
    stubs: count > 996 ? [{ name: 'StorPortNotification', calls: Math.floor(count / 997), line: 77 }] : [],
    summary: {
      runs: 1,
      passed: failed ? 0 : 1,
      packets: count,
      stateBytes: sizeStatistics(columns.stateBytes),
      findings: { error: open('error'), warning: open('warning'), info: open('info') },
    },
  };
}
