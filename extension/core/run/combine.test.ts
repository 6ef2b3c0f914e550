import { describe, expect, it } from 'vitest';
import { combinedPack } from './combine.js';
import { sampleChannel, samplePack, sampleRun } from './tinyPack.testing.js';

function pack(file: string, sizes: readonly number[], stub?: string) {
  const base = samplePack(sampleRun('A', { file, channels: [sampleChannel(0, 'S', sizes)] }));
  return {
    ...base,
    stubs: stub === undefined ? [] : [{ name: stub, calls: 2, line: 1 }],
    summary: { ...base.summary, passed: 1, packets: sizes.length, findings: { error: 1, warning: 2, info: 3 } },
  };
}

describe('several reports as one', () => {
  it('have their runs in the order of paths and their figures over all', () => {
    const one = combinedPack([pack('b/B.c', [1, 3], 'Zw'), pack('a/A.c', [8], 'Zw'), pack('c/C.c', [], 'Io')]);
    expect(one?.runs.map(({ file }) => file)).toEqual(['a/A.c', 'b/B.c', 'c/C.c']);
    expect(one?.summary).toEqual({
      runs: 3,
      passed: 3,
      packets: 3,
      stateBytes: { total: 12, min: 1, median: 3, p95: 8, max: 8 },
      findings: { error: 3, warning: 6, info: 9 },
    });
    expect(one?.stubs).toEqual([
      { name: 'Zw', calls: 4, line: 1 },
      { name: 'Io', calls: 2, line: 1 },
    ]);
  });

  it('are the one report, or none', () => {
    const only = pack('a.c', [1]);
    expect(combinedPack([only])).toBe(only);
    expect(combinedPack([])).toBeUndefined();
  });
});
