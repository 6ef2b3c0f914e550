import { describe, expect, it } from 'vitest';
import { FAULT } from '../kmcl/layout.js';
import type { FaultRecord, Program, SimulationOptions } from '../kmcl/simulation.js';
import { sampleDriver, sampleResult } from './sampleReport.testing.js';
import { simulateTellingNull } from './tellNull.js';

const loaded = { driver: sampleDriver(), module: {} };
const program: Program = { kind: 'packets', count: 1, save: 'S', restore: 'R' };
const options = { modes: { 'S-10': 'buffer' } } as unknown as SimulationOptions;

function fault(over: Partial<FaultRecord>): FaultRecord {
  const context = { channel: 0, packet: 0, pass: 'query', callback: 'EvtVmbChannelSavePacket' } as const;
  return { kind: FAULT.NULL, address: 8, size: 1, detail: 1, text: '', frames: [], context, ...over };
}

/** Faults with NULL first, then with another SaveBuf; answers what became of the first and with which modes the runs were made. */
function told(first: FaultRecord, second: FaultRecord): unknown {
  const runs: unknown[] = [];
  const result = simulateTellingNull(
    (_loaded, _program, { modes }) => {
      runs.push(modes);
      return sampleResult({ ended: 'fault', fault: runs.length === 1 ? first : second });
    },
    loaded,
    program,
    options,
  );
  return [result.fault?.saveBuffer, ...runs];
}

const GUARD = { address: 0x90000, size: 0 };

describe('simulateTellingNull', () => {
  it('finds that SaveBuf was the pointer when the fault follows it', () => {
    const second = fault({ kind: FAULT.WILD, address: 0x90008, saveBuffer: GUARD });
    const modes = { 'S-10': 'buffer' };
    expect(told(fault({}), second)).toEqual([{ address: 0, size: 0 }, modes, { ...modes, 'S-05': 'guard' }]);
  });

  it('finds that it was another pointer when the fault stays where it is', () => {
    expect(told(fault({}), fault({ saveBuffer: GUARD }))).toMatchObject([undefined, {}, {}]);
  });

  it('asks the same of a restore with an empty record (S-17)', () => {
    const context = { ...fault({}).context, pass: 'restore' } as const;
    const second = fault({ kind: FAULT.OUT_OF_BOUNDS, address: 0x90000, saveBuffer: GUARD, context });
    expect(told(fault({ context }), second)).toMatchObject([{ address: 0 }, {}, { 'S-17': 'valid' }]);
  });

  it.each([
    ['another fault', fault({ kind: FAULT.DIVIDE })],
    ['a SaveBuf that is not NULL', fault({ saveBuffer: GUARD })],
    ['a write pass', fault({ context: { ...fault({}).context, pass: 'write' } })],
    ['no callback', fault({ context: { ...fault({}).context, pass: null } })],
  ])('runs once for %s', (_what, first) => {
    expect(told(first, first)).toHaveLength(2);
  });
});
