import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT, PACKET_FLAG } from '../../extension/core/run/packetColumns.js';
import { factsOf, packetSpec } from '../../test/support/channelFacts.js';
import { barParts, barText } from './bar.js';

const spec = {
  kind: 0,
  flags: PACKET_FLAG.WRITTEN | PACKET_FLAG.RESTORED,
  queryNeeded: 48,
  stateBytes: 48,
  saveBufSize: 64,
  queryStatus: 0xc0000023,
  writeStatus: 0,
  restoreStatus: 0,
  bytesRead: 40,
  record: 0,
  rules: [],
};

function barOf(changes: Partial<typeof spec>, written: number, uninitialised: number) {
  const { columns } = factsOf([{ ...spec, ...changes }]);
  columns.bytesWritten[0] = written;
  columns.bytesUninitialised[0] = uninitialised;
  columns.libraryBytes[0] = 32;
  return barParts(columns, 0);
}

describe('a bar', () => {
  it('has what was written in its buffer, and what was not read', () => {
    const parts = barOf({}, 44, 4);
    expect(parts).toEqual({
      needed: 48,
      given: 64,
      initialised: 44,
      uninitialised: 4,
      unread: 8,
      state: 48,
      library: 32,
    });
    expect(barText(parts)).toBe(
      'needs 48 B, buffer 64 B, 44 B written, 4 B uninitialised, 8 B not read by the restore, library 32 B (simulated)',
    );
  });

  it('shows a buffer that was written beyond the state', () => {
    expect(barOf({ stateBytes: 40, bytesRead: 40 }, 48, 0)).toMatchObject({ initialised: 48, state: 40, unread: 0 });
  });

  it('is empty where the write pass was not reached', () => {
    const parts = barOf({ flags: 0, queryNeeded: ABSENT, stateBytes: 0 }, 0, 0);
    expect(parts).toMatchObject({ needed: null, given: null, initialised: 0, unread: 0 });
    expect(barText(parts)).toBe('size not answered, no buffer given, library 32 B (simulated)');
  });

  it('takes the state for written where that was not measured', () => {
    expect(barOf({}, ABSENT, ABSENT)).toMatchObject({ initialised: 48, uninitialised: 0 });
  });

  it('never has a part below nothing', () => {
    fc.assert(
      fc.property(packetSpec, (packet) => {
        const parts = barParts(factsOf([packet]).columns, 0);
        for (const part of Object.values(parts)) expect(part ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
