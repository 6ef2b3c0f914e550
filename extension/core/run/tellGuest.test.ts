import { describe, expect, it } from 'vitest';
import { FAULT } from '../kmcl/layout.js';
import type { FaultRecord, Program, SimulationOptions } from '../kmcl/simulation.js';
import { sampleDriver, sampleResult } from './sampleReport.testing.js';
import { simulateTellingGuest } from './tellGuest.js';

const loaded = { driver: sampleDriver(), module: {} };
const program: Program = { kind: 'packets', count: 1, save: 'S', restore: 'R' };
const options = {} as unknown as SimulationOptions;
const context = { channel: 0, packet: null, pass: null, callback: 'EvtVmbChannelProcessPacket' } as const;

function fault(over: Partial<FaultRecord> = {}): FaultRecord {
  const guestPacket = { number: 3, length: 18 };
  return {
    kind: FAULT.OUT_OF_BOUNDS,
    address: 64,
    size: 4,
    detail: 1,
    text: '',
    frames: [7],
    context,
    guestPacket,
    ...over,
  };
}

/** The field that was found, and the words that were tried; `again` answers the fault of a run with that word changed. */
function told(first: FaultRecord, again: (offset: number) => FaultRecord | undefined): unknown {
  const tried: number[] = [];
  const result = simulateTellingGuest(
    (_loaded, _program, { bend }) => {
      if (bend === undefined) return sampleResult({ ended: 'fault', fault: first });
      expect(bend.packet).toBe(3);
      tried.push(bend.offset);
      const next = again(bend.offset);
      return next === undefined ? sampleResult({}) : sampleResult({ ended: 'fault', fault: next });
    },
    loaded,
    program,
    options,
  );
  return [result.fault?.guestField, tried];
}

describe('simulateTellingGuest', () => {
  it('finds the word that address or length follow', () => {
    expect(told(fault(), (offset) => fault(offset === 8 ? { address: 68 } : {}))).toEqual([
      { offset: 8, size: 4 },
      [0, 4, 8],
    ]);
    expect(told(fault(), (offset) => fault(offset === 0 ? { size: 5 } : {}))).toEqual([{ offset: 0, size: 4 }, [0]]);
  });

  it('finds none when the fault stays, vanishes or comes elsewhere', () => {
    const tried = [0, 4, 8, 12];
    expect(told(fault(), () => fault())).toEqual([undefined, tried]);
    expect(told(fault(), () => undefined)).toEqual([undefined, tried]);
    expect(told(fault(), () => fault({ frames: [9], address: 80 }))).toEqual([undefined, tried]);
  });

  it('takes a division that succeeds with another number as one by the guest', () => {
    expect(told(fault({ kind: FAULT.DIVIDE }), () => undefined)).toEqual([{ offset: 0, size: 4 }, [0]]);
  });

  it.each([
    ['a fault in lent memory', fault({ lent: 'incoming' })],
    ['a use after free', fault({ kind: FAULT.USE_AFTER_FREE })],
    ['a run without guest packets', { ...fault(), guestPacket: undefined } as unknown as FaultRecord],
  ])('runs once for %s', (_what, first) => {
    expect(told(first, () => fault({ address: 99 }))).toEqual([undefined, []]);
  });
});
