/** What stress tries: interfaces section 5, what `quick` is and what `full` adds. */
import { describe, expect, it } from 'vitest';
import { PACKET_RECORD_SIZE } from '../kmcl/layout.js';
import type { StressObservation } from '../kmcl/stressing.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { chunkBuffers, injectionsOf, type NotedRun, recordsOf } from './stressPlan.js';

const DRIVER = { fixtures: [], locations: [] } as unknown as CompiledDriver;
const OBSERVED: StressObservation = {
  injected: 0,
  accepted: false,
  returned: 0,
  current: null,
  sites: [],
  records: [],
  outcomes: [],
  resaved: [],
};

function record(at: number, bytes: readonly number[], status = 0): StressObservation['records'][number] {
  return { at, channel: 0, packet: at, status, callback: 1, bytes: Uint8Array.from(bytes) };
}

function noted(run: number, observation: Partial<StressObservation>, states: readonly number[][] = []): NotedRun {
  return {
    run,
    units: run,
    observation: { ...OBSERVED, ...observation },
    result: {
      records: new Uint8Array(PACKET_RECORD_SIZE),
      channels: [{ index: 0, name: 'c', saves: [{ bytes: 120, packets: 1, chunks: [] }] }],
      states: states.map((bytes) => Uint8Array.from(bytes)),
    },
  };
}

describe('chunk buffers', () => {
  it('are 0, 1, 64 and the whole in quick', () => {
    expect(chunkBuffers([48, 80, 80], 'quick')).toEqual([0, 1, 64, 208]);
    expect(chunkBuffers([], 'quick')).toEqual([]);
  });

  it('are one of each way to pack the chunks in full', () => {
    // 48+80+80 are filled in alone, the first two together, or all at once; 160 packs them as 128 does.
    expect(chunkBuffers([48, 80, 80], 'full')).toEqual([0, 1, 48, 64, 80, 128, 208]);
  });
});

describe('records', () => {
  const runs = [
    noted(0, { records: [record(0, [1, 2, 3]), record(1, [1, 2, 4]), record(2, [9, 9], -1)] }, [[1, 2, 4]]),
    noted(1, { records: [record(0, [1, 2, 3]), record(1, [5, 6, 7, 8]), record(2, [])] }),
  ];

  it('are one of each size in quick, what was saved before what a test has made', () => {
    const planned = recordsOf(runs, 'quick', 1);
    expect(planned.map((each) => [each.run, each.record.at, each.follow])).toEqual([
      [0, 1, true],
      [1, 1, true],
    ]);
  });

  it('are cut at every byte, and changed in each', () => {
    expect(recordsOf(runs, 'quick', 1)[0]?.changes).toEqual([
      { size: 0 },
      { size: 1 },
      { size: 2 },
      { size: 3, offset: 0, mask: 0xff },
      { size: 3, offset: 1, mask: 0xff },
      { size: 3, offset: 2, mask: 0xff },
    ]);
  });

  it('are all that differ in full, with more changes, and in larger buffers', () => {
    const planned = recordsOf(runs, 'full', 1);
    expect(planned.map((each) => [each.run, each.record.at, each.follow])).toEqual([
      [0, 1, true],
      [0, 0, false],
      [1, 1, true],
    ]);
    const sizes = planned[0]?.changes.map(({ size }) => size) ?? [];
    expect(sizes.filter((size) => size > 3)).toEqual([4, 67]);
    expect(recordsOf(runs, 'full', 1)).toEqual(planned);
    expect(recordsOf(runs, 'full', 2)).not.toEqual(planned);
  });

  it('that a driver refused are left alone', () => {
    expect(recordsOf(runs, 'full', 1).some((each) => each.record.bytes.length === 2)).toBe(false);
  });
});

describe('other injections', () => {
  it('of quick are chunk buffers and SaveBuf of the query, once per run', () => {
    const planned = injectionsOf(DRIVER, [noted(0, {})], 'quick', {});
    expect(planned.map(({ injection }) => injection)).toEqual([
      { kind: 'chunk-buffer', bytes: 0 },
      { kind: 'chunk-buffer', bytes: 1 },
      { kind: 'chunk-buffer', bytes: 64 },
      { kind: 'chunk-buffer', bytes: 120 },
      { kind: 'mode', id: 'S-05', value: 'null' },
      { kind: 'mode', id: 'S-05', value: 'guard' },
      { kind: 'mode', id: 'S-05', value: 'valid' },
    ]);
  });

  it('of full are all modes that were not chosen already, but for those of records', () => {
    const modes = injectionsOf(DRIVER, [noted(0, {})], 'full', { 'S-03': 'begin' }).flatMap(({ injection }) =>
      injection.kind === 'mode' ? [`${injection.id}=${injection.value}`] : [],
    );
    expect(modes).toContain('S-03=continue');
    expect(modes).toContain('S-29=at-once');
    expect(modes).not.toContain('S-03=begin');
    expect(modes.filter((mode) => mode.startsWith('S-35'))).toEqual([]);
    expect(new Set(modes).size).toBe(modes.length);
  });
});
