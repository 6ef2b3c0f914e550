/** One run whose packets show everything the detail pane can: every kind of field, padding, tail, bytes nobody wrote. */
import type {
  Finding,
  Packet,
  Position,
  RecordField,
  RecordLayout,
  Report,
} from '../../../extension/core/run/report.js';
import { packBytes, packReport } from '../../../extension/core/run/reportPack.js';

const FILE = 'drivers/nic/NicIndication.c';
const at = (line: number, name: string, file = FILE): Position => ({ file, line, column: 5, function: name });

type Extra = Partial<Pick<RecordField, 'bits' | 'values'>>;

const field = (
  name: string,
  type: string,
  offset: number,
  size: number,
  format: RecordField['format'] = 'unsigned',
  extra: Extra = {},
): RecordField => ({ name, type, offset, size, format, ...extra });

const bit = (name: string, start: number, width: number): RecordField =>
  field(`Flags.${name}`, 'UINT32', 20, 4, 'unsigned', { bits: { start, width } });

const MODES = [
  { name: 'NicModeIdle', value: 0 },
  { name: 'NicModeActive', value: 1 },
];

export const RECORD: RecordLayout = {
  name: 'NIC_SAVED_INDICATION',
  size: 96,
  fields: [
    field('Header.Signature', 'UINT32', 0, 4),
    field('Header.Version', 'UINT16', 4, 2),
    field('Header.FrameCount', 'UINT16', 6, 2),
    field('Header.Length', 'UINT32', 8, 4),
    field('Header.Checksum', 'UINT32', 12, 4),
    field('Mode', 'NIC_MODE', 16, 4, 'enum', { values: MODES }),
    bit('Open', 0, 1),
    bit('Priority', 1, 7),
    bit('Reserved', 8, 24),
    field('InterfaceId', 'GUID', 24, 16, 'guid'),
    field('Context', 'PVOID', 40, 8, 'pointer'),
    field('Name', 'CHAR[8]', 48, 8, 'text'),
    field('Address', 'UCHAR[6]', 56, 6, 'bytes'),
    field('Address', '', 62, 2, 'padding'),
    field('u.Start.Minimum', 'UINT32', 64, 4),
    field('u.Raw', 'UCHAR[8]', 64, 8, 'bytes'),
    field('u.Start.Maximum', 'UINT32', 68, 4),
    field('<img src=x onerror=alert(1)>', 'LONG', 72, 4, 'signed'),
    field('Load', 'float', 76, 4, 'float'),
    field('Frames[0].Length', 'UINT32', 80, 4),
    field('Frames[0].Queue', 'UINT16', 84, 2),
    field('Frames[0].Queue', '', 86, 2, 'padding'),
    field('Frames[1].Length', 'UINT32', 88, 4),
    field('Frames[1].Queue', 'UINT16', 92, 2),
    field('Frames[1].Queue', '', 94, 2, 'padding'),
  ],
};

const stack = (line: number, name: string) => [
  { function: name, file: FILE, line },
  { function: 'VmbChannelSaveContinue', file: '', line: 0 },
  { function: 'NicSaveChannel', file: 'drivers/nic/NicChannel.c', line: 340 },
];

/** So many bytes, each its own offset, but for the signature and a name. */
function stateHex(bytes: number): string {
  const state = Uint8Array.from({ length: bytes }, (_, byte) => byte & 0xff);
  const put = (offset: number, values: readonly number[]): void => {
    if (bytes >= offset + values.length) state.set(values, offset);
  };
  put(0, [0x4e, 0x49, 0x43, 0x49, 1, 0, 2, 0]);
  put(48, [...Array.from('eth0<b>', (letter) => letter.charCodeAt(0)), 0]);
  return Buffer.from(state).toString('hex');
}

function packet(index: number, stateBytes: number, over: Partial<Packet> = {}): Packet {
  return {
    index,
    kind: 'NicIndicationComplete',
    state: 'inFlight',
    query: { saveBufSize: 0, status: '0xC0000023', bytesNeeded: stateBytes },
    write: {
      saveBufSize: stateBytes + 18,
      status: '0x00000000',
      bytesNeeded: stateBytes,
      bytesWritten: stateBytes,
      bytesUninitialised: 0,
    },
    stateBytes,
    libraryBytes: 32,
    stateHex: stateHex(stateBytes),
    restore: { status: '0x00000000', bytesRead: stateBytes },
    record: 0,
    writtenBy: [
      { offset: 0, length: 48, writer: 0 },
      { offset: 48, length: stateBytes - 48, writer: 1 },
    ],
    stream: { offset: 48 + index * 160, bytes: 160 },
    ...over,
  };
}

const PACKETS: readonly Packet[] = [
  packet(0, 104, {
    write: { saveBufSize: 122, status: '0x00000000', bytesNeeded: 104, bytesWritten: 100, bytesUninitialised: 4 },
    writtenBy: [
      { offset: 0, length: 48, writer: 0 },
      { offset: 48, length: 14, writer: 1 },
      { offset: 62, length: 2, writer: null },
      { offset: 64, length: 22, writer: 1 },
      { offset: 86, length: 2, writer: null },
      { offset: 88, length: 16, writer: 1 },
    ],
  }),
  packet(1, 88),
  packet(2, 0, {
    query: { saveBufSize: 0, status: '0x00000000', bytesNeeded: 0 },
    write: null,
    restore: null,
    stateHex: '',
    writtenBy: [],
  }),
];

const FINDING: Finding = {
  rule: 'savepkt-full-init',
  severity: 'error',
  message: '4 bytes of the record were never written',
  location: at(188, 'NicSavePacket'),
  channel: 0,
  packetIndex: 0,
  callback: 'NicSavePacket',
  pass: 'write',
  callStack: [],
  related: [{ message: 'the record was allocated here', location: at(140, 'NicSaveChannel') }],
  suppressed: false,
};

function reportOf(packets: readonly Packet[]): Report {
  return {
    schemaVersion: 1,
    target: { abi: 'x86_64-pc-windows-msvc', pointerBytes: 8 },
    runs: [
      {
        name: 'IndicationsSurvive',
        driver: 'nic',
        file: 'drivers/nic/NicFixture.c',
        line: 40,
        contextSource: 'fixture',
        outcome: 'passed',
        channels: [
          {
            index: 0,
            name: 'Network',
            packets: {
              length: packets.length,
              at: (index) => packets[index] as Packet,
              totals: () => ({ stateBytes: 0, libraryBytes: 0 }),
            },
            saveStream: {
              bytes: 528,
              chunks: [
                {
                  bufferSize: 300,
                  bytesFilled: 300,
                  bytesRequired: 228,
                  status: '0x80000005',
                  packets: { first: 0, last: 1 },
                },
                {
                  bufferSize: 300,
                  bytesFilled: 228,
                  bytesRequired: 0,
                  status: '0x00000000',
                  packets: { first: 1, last: 2 },
                },
              ],
            },
            laterSaves: [],
            callbacks: { save: at(176, 'NicSavePacket'), restore: at(214, 'NicRestorePacket') },
            timeline: {
              events: [
                { at: 1, kind: 'call', name: 'VmbChannelEnable', status: '0x00000000', location: at(92, 'NicCreate') },
                { at: 2, kind: 'state', name: 'Active', location: null },
                {
                  at: 3,
                  kind: 'packets',
                  name: 'EvtVmbChannelSavePacket',
                  first: 1,
                  last: 2,
                  pass: 'query',
                  location: at(180, 'NicSavePacket'),
                },
                { at: 9, kind: 'finding', name: 'savepkt-full-init', first: 0, location: at(188, 'NicSavePacket') },
              ],
              dropped: 3,
            },
          },
        ],
        findings: [FINDING],
        records: [RECORD],
        writers: [{ callStack: stack(150, 'NicCaptureRecord') }, { callStack: stack(163, 'NicCaptureFrames') }],
      },
    ],
    stubs: [],
    summary: {
      runs: 1,
      passed: 1,
      packets: packets.length,
      stateBytes: { total: 192, min: 0, median: 88, p95: 104, max: 104 },
      findings: { error: 1, warning: 0, info: 0 },
    },
  };
}

const packed = (packets: readonly Packet[]): string =>
  Buffer.from(packBytes(packReport(reportOf(packets)))).toString('base64');

/** A packed report, as base64. */
export const detailPack = (): string => packed(PACKETS);

/** The same driver with one packet of so many bytes. */
export const largePack = (bytes: number): string =>
  packed([packet(0, bytes, { stateHex: '5a'.repeat(bytes), writtenBy: [{ offset: 0, length: bytes, writer: 0 }] })]);
