import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_FLAGS } from '../kmcl/layout.js';
import { statusText } from '../kmcl/status.js';
import { reportJson } from './jsonWriter.js';
import { RecordedPackets } from './packetList.js';
import { byChannel, PacketRecords } from './packetRecords.js';
import type { Channel, Finding, Packet, PacketList, Report, Run } from './report.js';
import {
  ABSENT,
  PACKET_FLAG,
  PackError,
  packBytes,
  packReport,
  parsePack,
  type ReportPack,
  savedOf,
  transferablesOf,
  unpackReport,
  withoutSaved,
} from './reportPack.js';
import { samplePack } from './samplePack.testing.js';
import { goodPacket, packRecords } from './sampleReport.testing.js';

function json(report: Report): string {
  return [...reportJson(report)].join('');
}

function listOf(packets: readonly Packet[]): PacketList {
  return {
    length: packets.length,
    at: (index) => packets[index] as Packet,
    totals: () => ({ stateBytes: 0, libraryBytes: 0 }),
  };
}

// ---- Reports of any content

const u32 = fc.nat(0xfffffffe).filter((value) => value !== ABSENT);
const status = u32.map(statusText);
const count = fc.oneof(fc.constant(null), u32);
const WRITERS = 3;
const RECORDS = 2;

/** Runs that cover [0, size) in order, as the simulator makes them. */
function writersOf(size: number, cuts: readonly number[]): Packet['writtenBy'] {
  const ends = [...new Set([...cuts.map((cut) => cut % (size + 1)), size])]
    .filter((cut) => cut > 0)
    .sort((a, b) => a - b);
  return ends.map((end, index) => {
    const offset = ends[index - 1] ?? 0;
    return { offset, length: end - offset, writer: index % 2 === 1 ? null : index % WRITERS };
  });
}

const packetParts = fc.record({
  kind: fc.string(),
  state: fc.constantFrom('queued' as const, 'inFlight' as const),
  query: fc.record({ saveBufSize: fc.constant(0 as const), status, bytesNeeded: count }),
  write: fc.option(
    fc.record({ saveBufSize: u32, status, bytesNeeded: count, bytesWritten: count, bytesUninitialised: count }),
    { nil: null },
  ),
  bytes: fc.uint8Array({ maxLength: 24 }),
  libraryBytes: u32,
  restore: fc.option(fc.record({ status, bytesRead: count }), { nil: null }),
  record: fc.option(fc.nat(RECORDS - 1), { nil: undefined }),
  cuts: fc.array(fc.nat(64), { maxLength: 4 }),
  stream: fc.option(fc.record({ offset: u32, bytes: u32 }), { nil: undefined }),
  stubbed: fc.boolean(),
});

function packetOf(
  parts: typeof packetParts extends fc.Arbitrary<infer T> ? T : never,
  index: number,
  kept: boolean,
): Packet {
  const { bytes, cuts, record, stream, stubbed, kind, state, query, write, libraryBytes, restore } = parts;
  const writtenBy = bytes.length === 0 || !kept ? undefined : writersOf(bytes.length, cuts);
  return {
    index,
    kind,
    state,
    query,
    write,
    stateBytes: bytes.length,
    libraryBytes,
    ...(kept ? { stateHex: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') } : {}),
    restore,
    ...(record === undefined ? {} : { record }),
    ...(writtenBy === undefined ? {} : { writtenBy }),
    ...(stream === undefined ? {} : { stream }),
    ...(stubbed ? { stubbed } : {}),
  };
}

const channels = fc
  .array(fc.record({ name: fc.string(), packets: fc.array(packetParts, { maxLength: 12 }), kept: fc.nat(12) }), {
    maxLength: 3,
  })
  .map((made) =>
    made.map(
      ({ name, packets, kept }, at): Channel => ({
        index: 2 * at,
        name,
        packets: listOf(packets.map((parts, index) => packetOf(parts, index, index < kept))),
        saveStream: { bytes: 9, chunks: [] },
        laterSaves: [],
      }),
    ),
  );

const finding = fc.record({
  rule: fc.string(),
  severity: fc.constantFrom('info', 'warning', 'error'),
  message: fc.string({ unit: 'binary' }),
  location: fc.constant(null),
  channel: fc.option(fc.nat(4), { nil: null }),
  packetIndex: fc.option(fc.nat(14), { nil: null }),
  callback: fc.constant(null),
  pass: fc.constant(null),
  callStack: fc.constant([]),
  related: fc.constant([]),
  suppressed: fc.boolean(),
}) satisfies fc.Arbitrary<Finding>;

const EMPTY: Report = {
  schemaVersion: 1,
  target: { abi: 'x86_64-pc-windows-msvc', pointerBytes: 8 },
  runs: [],
  stubs: [],
  summary: {
    runs: 1,
    passed: 1,
    packets: 0,
    stateBytes: { total: 0, min: 0, median: 0, p95: 0, max: 0 },
    findings: { error: 0, warning: 0, info: 0 },
  },
};

const WHO = { callStack: [{ function: 'Save', file: 'a.c', line: 3 }] };
const RUN: Run = {
  name: 'Saves',
  driver: 'a',
  file: 'a.c',
  line: 1,
  contextSource: 'fixture',
  outcome: 'passed',
  channels: [],
  findings: [],
  records: [
    { name: 'A', size: 4, fields: [] },
    { name: 'B', size: 8, fields: [] },
  ],
  writers: [WHO, WHO, WHO],
};

const reports = fc
  .array(fc.record({ name: fc.string(), channels, findings: fc.array(finding, { maxLength: 4 }) }), { maxLength: 3 })
  .map((runs): Report => ({ ...EMPTY, runs: runs.map((parts) => ({ ...RUN, ...parts })) }));

function throughBytes(pack: ReportPack): ReportPack {
  return parsePack(packBytes(pack));
}

describe('a packed report', () => {
  it('is, as JSON, the report it was made from, also after a way through bytes', () => {
    fc.assert(
      fc.property(reports, (report) => {
        const text = json(report);
        const pack = packReport(report);
        expect(json(unpackReport(pack))).toBe(text);
        expect(json(unpackReport(throughBytes(pack)))).toBe(text);
        expect(packReport(unpackReport(throughBytes(pack)))).toEqual(pack);
      }),
    );
  });

  it('flags a packet with the highest severity of its findings, suppressed ones aside', () => {
    fc.assert(
      fc.property(reports, (report) => {
        for (const [at, run] of packReport(report).runs.entries()) {
          for (const { index, packets } of run.channels) {
            for (let packet = 0; packet < packets.count; packet += 1) {
              const own = (report.runs[at]?.findings ?? []).filter(
                (each) => each.channel === index && each.packetIndex === packet && !each.suppressed,
              );
              const highest = (['error', 'warning', 'info'] as const).find((s) =>
                own.some(({ severity }) => severity === s),
              );
              const flags = { error: PACKET_FLAG.ERROR, warning: PACKET_FLAG.WARNING, info: PACKET_FLAG.INFO };
              const any = PACKET_FLAG.ERROR | PACKET_FLAG.WARNING | PACKET_FLAG.INFO;
              expect((packets.flags[packet] ?? 0) & any).toBe(highest === undefined ? 0 : flags[highest]);
            }
          }
        }
      }),
    );
  });

  it('hands out the bytes of one packet, and none where they were taken off', () => {
    const pack = samplePack(60, 3);
    const packet = unpackReport(pack).runs[0]?.channels[0]?.packets.at(52);
    const saved = savedOf(pack, 0, 0, 52);
    expect(saved?.bytes.length).toBe(packet?.stateBytes);
    expect(saved?.writtenBy).toEqual(packet?.writtenBy);
    expect(savedOf(pack, 0, 1, 52)).toBeUndefined();
    expect(savedOf(pack, 0, 0, 60)).toBeUndefined();
    const bare = withoutSaved(pack);
    expect(savedOf(bare, 0, 0, 52)).toBeUndefined();
    expect(json(unpackReport(bare))).not.toContain('stateHex');
    expect(json(unpackReport(pack))).toContain('stateHex');
  });

  it('lists each buffer to transfer once', () => {
    const pack = samplePack(10);
    const buffers = transferablesOf(pack);
    expect(new Set(buffers).size).toBe(buffers.length);
    const moved = structuredClone(pack, { transfer: [...buffers] });
    expect(pack.runs[0]?.channels[0]?.packets.stateBytes.length).toBe(0);
    expect(moved).toEqual(samplePack(10));
    expect(transferablesOf(throughBytes(moved))).toHaveLength(1);
  });
});

/** Records as the simulator leaves them, its special values included. */
const { IN_FLIGHT, MEASURED, NEEDED_UNSET, RESTORED, STUBBED, WRITE_CALLED } = RECORD_FLAGS;
const word = fc.oneof(fc.nat(4096), fc.constantFrom(0, 0xcdcdcdcd, 0xffffffff));
const measure = fc.oneof(fc.nat(4096), fc.constant(0xffffffff));
const recordFields = fc
  .record({
    flags: fc.subarray([IN_FLIGHT, MEASURED, NEEDED_UNSET, RESTORED, STUBBED, WRITE_CALLED]),
    channel: fc.nat(1),
    kind: fc.nat(3),
    query_status: word,
    query_needed: word,
    write_size: word,
    write_status: word,
    write_needed: word,
    written: measure,
    uninitialised: measure,
    state_bytes: fc.nat(5),
    library_bytes: fc.nat(5),
    restore_status: word,
    restore_read: measure,
    stream_offset: fc.nat(3),
  })
  .map((fields) => ({ ...fields, flags: fields.flags.reduce((all, flag) => all | flag, 0) }))
  // The C half raises NEEDED_UNSET exactly for what it preset.
  .filter(({ flags, query_needed }) => ((flags & NEEDED_UNSET) !== 0) === (query_needed === 0xcdcdcdcd));

describe('columns of binary records', () => {
  it('say what the packets made one at a time say', () => {
    fc.assert(
      fc.property(fc.array(recordFields, { maxLength: 20 }), fc.nat(20), fc.nat(3), (made, kept, unanswered) => {
        const records = new PacketRecords(packRecords(made));
        const states = made.slice(0, kept).map(({ state_bytes }) => new Uint8Array(state_bytes).fill(state_bytes));
        const kinds = new Map([[1, 'One']]);
        const lists = [...byChannel(records)].map(([index, indices]): Channel => {
          const packets = new RecordedPackets({ records, kinds, states, unanswered }, indices);
          return { index, name: '', packets, saveStream: { bytes: 0, chunks: [] }, laterSaves: [] };
        });
        const report: Report = { ...EMPTY, runs: [{ ...RUN, channels: lists }] };
        expect(json(unpackReport(packReport(report)))).toBe(json(report));
        for (const { packets } of lists) {
          expect(unpackReport(packReport(report)).runs[0]?.channels[0]?.packets.totals()).toEqual(
            lists[0]?.packets.totals(),
          );
          expect(() => packets.at(packets.length)).toThrow(RangeError);
        }
      }),
    );
  });

  it('reads records wherever they begin', () => {
    const bytes = packRecords([goodPacket(48)]);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(new PacketRecords(shifted.subarray(1)).get(0, 'query_needed')).toBe(48);
  });

  it('puts kinds beyond what a column tells apart together', () => {
    const many = Array.from({ length: 65_540 }, (_, index) => ({ ...goodPacket(8), kind: index + 1 }));
    const records = new PacketRecords(packRecords(many));
    const indices = byChannel(records).get(0);
    if (indices === undefined) throw new Error('no packets');
    const columns = new RecordedPackets({ records, kinds: new Map(), states: [] }, indices).columns();
    expect(columns.kinds.length).toBe(65_536);
    expect(columns.kinds[columns.kind[65_539] ?? 0]).toBe('(others)');
    expect(columns.kinds[columns.kind[5] ?? 0]).toBe('routine 6');
  });
});

describe('bytes that are no packed report', () => {
  const bytes = packBytes(samplePack(20));
  const changed = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };

  it.each([
    ['nothing', new Uint8Array(), 'not a packed report of VSP Lab: it begins with other bytes'],
    ['JSON', new TextEncoder().encode('{ "schemaVersion": 1 }'), 'not a packed report'],
    ['its first bytes', bytes.slice(0, 20), 'the packed report is cut short: 20 bytes are left'],
    ['a part', bytes.slice(0, 4096), `the packed report is cut short: 4096 of ${bytes.length} bytes`],
    ['too much', new Uint8Array([...bytes, ...new Uint8Array(8)]), 'damaged (its length)'],
    ['another format', changed(8, 77), 'has format 77, this version of VSP Lab reads 1'],
    ['a flipped byte', changed(bytes.length - 100, (bytes.at(-100) ?? 0) ^ 1), 'damaged (its checksum)'],
  ])('%s: one clear error', (_, given, message) => {
    expect(() => parsePack(given)).toThrow(PackError);
    expect(() => parsePack(given)).toThrow(message);
  });

  it('never read past the end or throw anything else, whatever byte is wrong', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        expect(() => parsePack(changed(at, (bytes[at] ?? 0) ^ flip))).toThrow(PackError);
      }),
    );
  });

  it('may begin anywhere in a buffer', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(parsePack(shifted.subarray(3))).toEqual(parsePack(bytes));
  });
});

describe('a sample pack', () => {
  it('is the same for the same seed, and holds what a run holds', () => {
    expect(samplePack(500, 7)).toEqual(samplePack(500, 7));
    expect(samplePack(500, 7)).not.toEqual(samplePack(500, 8));
    const pack = samplePack(5000);
    expect(packReport(unpackReport(pack))).toEqual(pack);
    const packets = pack.runs[0]?.channels[0]?.packets;
    expect(packets?.stateBytes.every((size) => size >= 48 && size <= 1560)).toBe(true);
    expect(samplePack(0).summary.packets).toBe(0);
  });
});
