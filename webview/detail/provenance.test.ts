import { describe, expect, it } from 'vitest';
import { baseName, Provenance, sourceFrame } from './provenance.js';

const runs = [
  { offset: 0, length: 4, writer: 2 },
  { offset: 4, length: 4, writer: null },
  { offset: 12, length: 2, writer: 0 },
];

describe('who wrote a byte', () => {
  it('tells a writer from never written and from not measured', () => {
    const provenance = new Provenance(runs.toReversed());
    expect([0, 3, 4, 7, 8, 12, 13, 14].map((byte) => provenance.writerAt(byte))).toEqual([
      2,
      2,
      null,
      null,
      undefined,
      0,
      0,
      undefined,
    ]);
    expect(provenance.neverWritten(5)).toBe(true);
    expect(provenance.neverWritten(8)).toBe(false);
    expect(provenance.measured).toBe(true);
    expect(new Provenance([]).measured).toBe(false);
  });

  it('counts the bytes of a field that nobody wrote', () => {
    const provenance = new Provenance(runs);
    expect(provenance.neverWrittenIn(0, 14)).toBe(4);
    expect(provenance.neverWrittenIn(2, 6)).toBe(2);
    expect(provenance.neverWrittenIn(5, 6)).toBe(1);
    expect(provenance.neverWrittenIn(12, 14)).toBe(0);
  });

  it('shows the innermost frame of the driver, not the copy function of a header', () => {
    const writer = {
      callStack: [
        { function: 'RtlCopyMemory', file: '<wdk>/wdm.h', line: 40 },
        { function: 'NicSavePacket', file: 'drivers/Nic.c', line: 88 },
        { function: 'VmbChannelSaveContinue', file: '', line: 0 },
      ],
    };
    expect(sourceFrame(writer)?.function).toBe('NicSavePacket');
    expect(sourceFrame({ callStack: writer.callStack.slice(2) })?.function).toBe('VmbChannelSaveContinue');
    expect(sourceFrame(undefined)).toBeUndefined();
    expect(baseName('drivers/Nic.c')).toBe('Nic.c');
    expect(baseName('drivers\\Nic.c')).toBe('Nic.c');
  });
});
