import { describe, expect, it } from 'vitest';
import { anchorPlace, callbackFigures, figuresText, grouped, runFigures, sizesText, testFigures } from './figures.js';
import type { Finding } from './report.js';
import { sizeStatistics } from './stats.js';
import { sampleChannel as channel, samplePack as pack, sampleRun as run, sampleFinding } from './tinyPack.testing.js';

const SAVE = 'EvtVmbChannelSavePacket';
const RESTORE = 'EvtVmbChannelRestorePacket';
const finding = (callback: string | null, over: Partial<Finding> = {}) => sampleFinding({ callback, ...over });

describe('figures of a callback', () => {
  it('are taken over the channels that have it, in all runs', () => {
    const report = pack(
      run('a', { channels: [channel(0, 'Save', [48, 1560]), channel(1, 'Other', [9])] }),
      run('b', { channels: [channel(0, 'Nic::Save', [100])], outcome: 'failed' }),
      run('c', { channels: [channel(0, 'Other', [1])], outcome: 'error' }),
    );
    expect(callbackFigures(report, 'save', 'Save')).toEqual({
      packets: 3,
      min: 48,
      max: 1560,
      findings: 0,
      outcome: 'failed',
    });
    expect(callbackFigures(report, 'save', 'Nobody')).toBeUndefined();
  });

  it('are those of the packets restored, for a restore callback', () => {
    const report = pack(run('a', { channels: [channel(0, 'Save', [48, 1560, 90])] }));
    expect(callbackFigures(report, 'restore', 'SaveBack')).toMatchObject({ packets: 2, min: 90, max: 1560 });
  });

  it('are those of every channel with packets where the report does not say whose they are', () => {
    const { callbacks: _, ...unnamed } = channel(0, 'Save', [48, 90]);
    const { callbacks: _empty, ...empty } = channel(1, 'Save', []);
    const report = pack(run('a', { channels: [unnamed, empty] }));
    expect(callbackFigures(report, 'save', 'Anything')).toMatchObject({ packets: 2, min: 48, max: 90 });
  });

  it('count the findings met in it', () => {
    const findings = [
      finding(SAVE),
      finding(`${SAVE}Ex`, { channel: null }),
      finding(SAVE, { suppressed: true }),
      finding(SAVE, { channel: 5 }),
      finding(RESTORE),
      finding(null),
    ];
    const report = pack(run('a', { channels: [channel(0, 'Save', [1])], findings }));
    expect(callbackFigures(report, 'save', 'Save')?.findings).toBe(2);
    expect(callbackFigures(report, 'restore', 'SaveBack')?.findings).toBe(1);
  });
});

describe('figures of a test', () => {
  it('are those of its run, told from a test of the same name in another file', () => {
    const report = pack(
      run('A', { channels: [channel(0, 'S', [4, 5])], findings: [finding(null), finding(SAVE, { suppressed: true })] }),
      run('A', { file: 'Other.c', outcome: 'error' }),
    );
    expect(testFigures(report, 'Nic.c', 'A')).toEqual({ packets: 2, min: 4, max: 5, findings: 1, outcome: 'passed' });
    expect(testFigures(report, 'Other.c', 'A')).toMatchObject({ packets: 0, min: 0, outcome: 'error' });
    expect(testFigures(report, 'Nic.c', 'B')).toBeUndefined();
  });
});

describe('the place of a callback or test in a report', () => {
  const report = pack(
    run('A', { channels: [channel(0, 'Other', [1])] }),
    run('B', { channels: [channel(0, 'Other', [1]), channel(1, 'Save', [2])] }),
  );

  it('is the first run that has it', () => {
    expect(anchorPlace(report, 'save', 'Save', 'Nic.c')).toEqual({ run: 1, channel: 1 });
    expect(anchorPlace(report, 'restore', 'OtherBack', 'Nic.c')).toEqual({ run: 0, channel: 0 });
    expect(anchorPlace(report, 'test', 'B', 'Nic.c')).toEqual({ run: 1 });
  });

  it('is nowhere when no run has it', () => {
    expect(anchorPlace(report, 'test', 'B', 'Other.c')).toBeUndefined();
    expect(anchorPlace(report, 'save', 'OtherBack', 'Nic.c')).toBeUndefined();
  });
});

describe('figures of a run', () => {
  it.each([
    [[]],
    [[7]],
    [[9, 1]],
    [[48, 48, 1560, 3, 3, 900]],
    [[70_000, 1, 200_000, 131_072, 131_073]],
    [[4_294_967_295, 4_294_967_294, 0]],
  ])('are the statistics of its sizes: %j', (sizes) => {
    const { total, min, median, max } = sizeStatistics(Uint32Array.from(sizes));
    const half = sizes.length >> 1;
    const channels = [channel(0, 'S', sizes.slice(0, half)), channel(1, 'S', sizes.slice(half))];
    expect(runFigures(run('a', { channels }))).toEqual({
      packets: sizes.length,
      stateBytes: total,
      min,
      median,
      max,
    });
  });
});

describe('figures in a line', () => {
  const good = { packets: 32, min: 48, max: 1560, findings: 2, outcome: 'passed' } as const;

  it('say packets, sizes and findings', () => {
    expect(figuresText(good)).toBe('32 packets · 48–1,560 B · 2 findings');
    expect(figuresText({ ...good, packets: 1, max: 48, findings: 1 })).toBe('1 packet · 48 B · 1 finding');
    expect(figuresText({ ...good, findings: 0 })).toBe('32 packets · 48–1,560 B');
    expect(figuresText({ ...good, packets: 1_000_000 })).toContain('1,000,000 packets');
  });

  it('say how a run ended that did not pass', () => {
    expect(figuresText({ ...good, packets: 0, outcome: 'error' })).toBe('stopped · no packets · 2 findings');
    expect(figuresText({ ...good, outcome: 'failed', findings: 0 })).toBe('failed · 32 packets · 48–1,560 B');
    expect(figuresText({ ...good, outcome: 'timeout', findings: 0 })).toBe('timed out · 32 packets · 48–1,560 B');
  });

  it('group digits', () => {
    expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect(sizesText({ min: 5, max: 5 })).toBe('5 B');
  });
});
