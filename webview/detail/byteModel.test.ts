import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordLayout } from '../../extension/core/run/report.js';
import {
  byteModel,
  fieldText,
  MARK,
  marksAt,
  numbersAt,
  spanAt,
  spokenByte,
  tailStart,
  writerFrame,
} from './byteModel.js';

const layout: RecordLayout = {
  name: 'NIC_RECORD',
  size: 8,
  fields: [
    { name: 'Version', type: 'USHORT', offset: 0, size: 2, format: 'unsigned' },
    { name: 'Queue', type: 'UCHAR', offset: 2, size: 1, format: 'unsigned' },
    { name: 'Queue', type: '', offset: 3, size: 1, format: 'padding' },
    { name: 'Open', type: 'ULONG', offset: 4, size: 4, format: 'unsigned', bits: { start: 0, width: 3 } },
    { name: 'Mode', type: 'ULONG', offset: 4, size: 4, format: 'unsigned', bits: { start: 3, width: 9 } },
  ],
};
const writers = [
  { callStack: [{ function: 'NicSavePacket', file: 'drivers/Nic.c', line: 88 }] },
  { callStack: [{ function: 'RtlZeroMemory', file: '', line: 0 }] },
];
const runs = [
  { offset: 0, length: 3, writer: 0 },
  { offset: 3, length: 1, writer: null },
  { offset: 4, length: 4, writer: 1 },
];
const model = byteModel(Uint8Array.of(1, 2, 3, 0xa5, 5, 6, 7, 8, 9, 10), layout, runs, writers);
const bare = byteModel(Uint8Array.of(1, 2), undefined, [], []);

describe('what is known of a byte', () => {
  it('marks fields, padding, tail and what nobody wrote', () => {
    expect([0, 1, 2, 3, 4, 5, 8, 9].map((byte) => marksAt(model, byte))).toEqual([
      MARK.START,
      0,
      MARK.ODD | MARK.START,
      MARK.PADDING | MARK.START | MARK.NEVER_WRITTEN,
      MARK.START,
      0,
      MARK.TAIL | MARK.START,
      MARK.TAIL,
    ]);
    expect(marksAt(bare, 0)).toBe(0);
    expect([tailStart(model), tailStart(bare)]).toEqual([8, null]);
  });

  it('names its field, all bit-fields in it, padding and tail', () => {
    expect([0, 3, 4, 5, 8].map((byte) => fieldText(model, byte))).toEqual([
      'Version',
      'padding after Queue',
      'Open, Mode',
      'Mode',
      'tail, beyond NIC_RECORD',
    ]);
    expect(fieldText(bare, 0)).toBeNull();
  });

  it('finds the bytes of its field, no further than was saved', () => {
    expect([0, 3, 5, 9].map((byte) => spanAt(model, byte))).toEqual([
      { start: 0, end: 2 },
      { start: 3, end: 4 },
      { start: 4, end: 8 },
      { start: 8, end: 10 },
    ]);
    expect(spanAt(byteModel(Uint8Array.of(1, 2, 3, 4, 5), layout, [], []), 4)).toEqual({ start: 4, end: 5 });
    expect(spanAt(bare, 0)).toBeNull();
  });

  it('speaks as a person would read it', () => {
    expect(spokenByte(model, 0)).toBe('offset 0, hex 01, Version, written at Nic.c line 88');
    expect(spokenByte(model, 3)).toBe('offset 3, hex A5, padding after Queue, never written');
    expect(spokenByte(model, 4)).toBe('offset 4, hex 05, Open, Mode, written by RtlZeroMemory');
    expect(spokenByte(model, 9)).toBe('offset 9, hex 0A, tail, beyond NIC_RECORD');
    expect(spokenByte(bare, 1)).toBe('offset 1, hex 02');
  });

  it('tells never written from not measured', () => {
    expect(writerFrame(model, 0)?.line).toBe(88);
    expect(writerFrame(model, 3)).toBeNull();
    expect(writerFrame(model, 9)).toBeUndefined();
  });

  it('reads the numbers that start at a byte as DataView does, and none beyond the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(19), (bytes, at) => {
        const byte = at % bytes.length;
        const found = Object.fromEntries(numbersAt(bytes, byte).map(({ name, text }) => [name, BigInt(text)]));
        for (const [name, size] of [
          ['u8', 1],
          ['u16', 2],
          ['u32', 4],
          ['u64', 8],
        ] as const) {
          const slice = bytes.slice(byte, byte + size);
          const value = slice.reduceRight((sum, each) => (sum << 8n) | BigInt(each), 0n);
          expect(found[name]).toBe(slice.length === size ? value : undefined);
        }
      }),
    );
  });
});
