/** State bytes of captured packets and who wrote them, many packets in one set of columns. */
import { ABSENT, type SavedBytes } from './packetColumns.js';
import { hexOf } from './packetSource.js';
import type { Packet } from './report.js';

export interface PacketSaved {
  readonly bytes: Uint8Array;
  /** Empty where nobody noted who wrote them. */
  readonly writtenBy: NonNullable<Packet['writtenBy']>;
}

/** Of the packets from the first on that have any. */
export function savedBytes(count: number, of: (index: number) => PacketSaved | undefined): SavedBytes | undefined {
  const packets: PacketSaved[] = [];
  for (let index = 0; index < count; index += 1) {
    const saved = of(index);
    if (saved === undefined) break;
    packets.push(saved);
  }
  if (packets.length === 0) return undefined;
  const byteCount = packets.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const runCount = packets.reduce((sum, { writtenBy }) => sum + writtenBy.length, 0);
  const saved = emptySaved(packets.length, byteCount, runCount);
  let run = 0;
  for (const [index, { bytes, writtenBy }] of packets.entries()) {
    const offset = saved.offsets[index] ?? 0;
    saved.bytes.set(bytes, offset);
    saved.offsets[index + 1] = offset + bytes.length;
    for (const { offset: start, length, writer } of writtenBy) {
      saved.runStart[run] = start;
      saved.runLength[run] = length;
      saved.runWriter[run] = writer ?? ABSENT;
      run += 1;
    }
    saved.runOffsets[index + 1] = run;
  }
  return saved;
}

function emptySaved(captured: number, byteCount: number, runCount: number): SavedBytes {
  return {
    captured,
    offsets: new Uint32Array(captured + 1),
    bytes: new Uint8Array(byteCount),
    runOffsets: new Uint32Array(captured + 1),
    runStart: new Uint32Array(runCount),
    runLength: new Uint32Array(runCount),
    runWriter: new Uint32Array(runCount),
  };
}

/** What one packet saved; undefined beyond the captured ones. */
export function savedAt(saved: SavedBytes | undefined, index: number): PacketSaved | undefined {
  if (saved === undefined || index < 0 || index >= saved.captured) return undefined;
  const writtenBy: { offset: number; length: number; writer: number | null }[] = [];
  for (let run = saved.runOffsets[index] ?? 0; run < (saved.runOffsets[index + 1] ?? 0); run += 1) {
    const writer = saved.runWriter[run] ?? ABSENT;
    writtenBy.push({
      offset: saved.runStart[run] ?? 0,
      length: saved.runLength[run] ?? 0,
      writer: writer === ABSENT ? null : writer,
    });
  }
  return { bytes: saved.bytes.subarray(saved.offsets[index], saved.offsets[index + 1]), writtenBy };
}

/** The report's form of a packet's bytes: absent where they were not kept. */
export function savedFields(saved: PacketSaved | undefined): Pick<Packet, 'stateHex' | 'writtenBy'> {
  if (saved === undefined) return {};
  const { bytes, writtenBy } = saved;
  return { stateHex: hexOf(bytes), ...(writtenBy.length === 0 ? {} : { writtenBy }) };
}
