import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Program, SimulationOptions } from '../core/kmcl/simulation.js';
import type { RunEnd } from '../core/run/reportBuilder.js';
import { sampleDriver } from '../core/run/sampleReport.testing.js';
import type { CompiledDriver } from '../core/toolchain/module.js';
import { LOADED_DRIVERS, SimulatePool, type TestLimits } from './simulateClient.js';

const script = fileURLToPath(new URL('../../test/support/fakeSimulateWorker.mjs', import.meta.url));
const program: Program = { kind: 'packets', count: 1, save: 'S', restore: 'R' };

const pools: SimulatePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.dispose()));
});

/** The behaviour that test/support/fakeSimulateWorker.mjs shows stands where the seed would. */
function behaving(behaviour: string): SimulationOptions {
  return { seed: behaviour } as unknown as SimulationOptions;
}

type Run = (driver: CompiledDriver, behaviour: string, limits?: TestLimits) => Promise<RunEnd>;

function pool(jobs: number, idle?: number): { readonly pool: SimulatePool; readonly run: Run } {
  const made = new SimulatePool({ jobs, script, ...(idle === undefined ? {} : { idle }) });
  pools.push(made);
  return {
    pool: made,
    run: (driver, behaviour, limits = { timeout: 50 }) => made.run(driver, program, behaving(behaviour), limits),
  };
}

function shown(end: RunEnd): string {
  return end.kind === 'result' ? 'result' : `${end.kind}: ${end.message}`;
}

/** The numbers of the drivers that were loaded in the worker when it answered. */
function loaded(end: RunEnd | undefined): readonly number[] {
  return end?.kind === 'result' ? (end.result as unknown as { drivers: number[] }).drivers : [];
}

function thread(end: RunEnd | undefined): number {
  return end?.kind === 'result' ? (end.result as unknown as { threadId: number }).threadId : 0;
}

describe('SimulatePool', () => {
  it('stops a test that takes too long and goes on with a new worker', async () => {
    const { run } = pool(1);
    const driver = sampleDriver();
    const ends = await Promise.all(['well', 'loops', 'well'].map((behaviour) => run(driver, behaviour)));
    expect(ends.map(shown)).toEqual([
      'result',
      'timeout: not finished within 50 ms (--timeout): stopped by the wall clock',
      'result',
    ]);
    expect(thread(ends[0])).not.toBe(thread(ends[2]));
  });

  it.each([
    ['exits', 'crash: the simulator stopped working'],
    ['throws', 'crash: the simulator stopped working: boom'],
    ['fails', 'crash: the simulator failed: no such export'],
  ])('answers for a worker that %s, and runs the rest', async (behaviour, expected) => {
    const { run } = pool(2);
    const driver = sampleDriver();
    const ends = await Promise.all([behaviour, 'well', behaviour, 'well'].map((each) => run(driver, each)));
    expect(ends.map(shown)).toEqual([expected, 'result', expected, 'result']);
  });

  it.each([
    ['varies', { records: [], breaches: [], contexts: [] }],
    ['varies without end', undefined],
    ['varies and exits', undefined],
    ['varies and fails', undefined],
  ])('a test that has run keeps its result when its worker %s', async (behaviour, told) => {
    const { run } = pool(1);
    const end = await run(sampleDriver(), behaviour);
    expect(shown(end)).toBe('result');
    expect(end.kind === 'result' ? end.result.differential : 'none').toEqual(told);
    expect(shown(await run(sampleDriver(), 'well'))).toBe('result');
  });

  it('loads each driver once per worker', async () => {
    const { run } = pool(1);
    const drivers = [sampleDriver(), sampleDriver({ name: 'other' })];
    const ends = [];
    for (const index of [0, 1, 0, 1]) ends.push(await run(drivers[index] ?? sampleDriver(), 'well'));
    expect(ends.map(loaded)).toEqual([[0], [0, 1], [0, 1], [0, 1]]);
  });

  it('keeps the drivers used last, however many there have been', async () => {
    const { run } = pool(1);
    const steady = sampleDriver();
    const ends = [];
    for (let round = 0; round < 100; round++) {
      await run(sampleDriver({ name: `driver ${round}` }), 'well');
      ends.push(await run(steady, 'well'));
    }
    expect(new Set(ends.map((end) => loaded(end).length))).toEqual(new Set([2, 3, LOADED_DRIVERS]));
    expect(ends.every((end) => loaded(end).includes(1))).toBe(true);
    expect(new Set(ends.map(thread)).size).toBe(1);
  });

  it('ends a worker that has had nothing to do for a while', async () => {
    const { run, pool: made } = pool(2, 1);
    await run(sampleDriver(), 'well');
    await vi.waitUntil(() => made.workers === 0);
    expect(shown(await run(sampleDriver(), 'well'))).toBe('result');
  });

  it('answers everything as cancelled when it is disposed of', async () => {
    const { run, pool: one } = pool(1);
    const ends = ['loops', 'well'].map((behaviour) => run(sampleDriver(), behaviour, {}));
    await one.dispose();
    expect((await Promise.all(ends)).map(shown)).toEqual(['crash: cancelled', 'crash: cancelled']);
  });

  it('cancels by signal what runs and what waits, and runs the rest', async () => {
    const { run } = pool(1);
    const abort = new AbortController();
    const limits = { signal: abort.signal };
    const ends = [
      run(sampleDriver(), 'loops', limits),
      run(sampleDriver(), 'well', limits),
      run(sampleDriver(), 'well'),
    ];
    abort.abort();
    const late = run(sampleDriver(), 'well', limits);
    const cancelled = 'crash: cancelled';
    expect((await Promise.all([...ends, late])).map(shown)).toEqual([cancelled, cancelled, 'result', cancelled]);
  });

  it('cancels variants that run, whose test has its result already, and runs the rest', async () => {
    const { run } = pool(1);
    const variants = new BroadcastChannel('variants');
    const begun = new Promise((resolve) => {
      variants.onmessage = resolve;
    });
    const abort = new AbortController();
    const varying = run(sampleDriver(), 'varies without end', { signal: abort.signal });
    const next = run(sampleDriver(), 'well');
    await begun;
    variants.close();
    abort.abort();
    expect((await Promise.all([varying, next])).map(shown)).toEqual(['crash: cancelled', 'result']);
  });

  it('leaves the worker of a cancelled test alive when the test ends by itself', async () => {
    const { run } = pool(1);
    const first = await run(sampleDriver(), 'well');
    const abort = new AbortController();
    const cancelled = run(sampleDriver(), 'well', { signal: abort.signal });
    abort.abort();
    expect(shown(await cancelled)).toBe('crash: cancelled');
    expect(thread(await run(sampleDriver(), 'well'))).toBe(thread(first));
  });

  it.each([
    ['well', 2],
    ['loops', undefined],
    ['exits', undefined],
    ['fails', undefined],
  ])('answers stress runs that go %s, and goes on', async (behaviour, ends) => {
    const { run, pool: made } = pool(1);
    const calls = [1, 2].map((seed) => ({ stress: { smaller: seed }, modes: {} }));
    const told = await made.stress(sampleDriver(), program, behaving(behaviour), calls, { timeout: 50 });
    expect(told?.length).toBe(ends);
    expect(shown(await run(sampleDriver(), 'well'))).toBe('result');
  });

  it('cancels stress runs by signal, those that wait at once', async () => {
    const { run, pool: made } = pool(1);
    const abort = new AbortController();
    const calls = [{ stress: { note: true }, modes: {} }];
    const ends = ['loops', 'well'].map((behaviour) =>
      made.stress(sampleDriver(), program, behaving(behaviour), calls, { signal: abort.signal }),
    );
    abort.abort();
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
    expect(shown(await run(sampleDriver(), 'well'))).toBe('result');
  });
});
