import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Program, SimulationOptions } from '../core/kmcl/simulation.js';
import type { RunEnd } from '../core/run/reportBuilder.js';
import { sampleDriver } from '../core/run/sampleReport.testing.js';
import { SimulatePool } from './simulateClient.js';

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

function pool(jobs: number, timeout = 50): SimulatePool {
  const made = new SimulatePool({ jobs, timeout, script });
  pools.push(made);
  return made;
}

function shown(end: RunEnd): string {
  return end.kind === 'result' ? 'result' : `${end.kind}: ${end.message}`;
}

describe('SimulatePool', () => {
  it('stops a test that takes too long and goes on with a new worker', async () => {
    const one = pool(1);
    const driver = sampleDriver();
    const ends = await Promise.all(['well', 'loops', 'well'].map((seed) => one.run(driver, program, behaving(seed))));
    expect(ends.map(shown)).toEqual([
      'result',
      'timeout: not finished within 50 ms (--timeout): stopped by the wall clock',
      'result',
    ]);
    const threads = ends.map((end) =>
      end.kind === 'result' ? (end.result as unknown as { threadId: number }).threadId : 0,
    );
    expect(threads[0]).not.toBe(threads[2]);
  });

  it.each([
    ['exits', 'crash: the simulator stopped working'],
    ['throws', 'crash: the simulator stopped working: boom'],
    ['fails', 'crash: the simulator failed: no such export'],
  ])('answers for a worker that %s, and runs the rest', async (seed, expected) => {
    const two = pool(2);
    const driver = sampleDriver();
    const ends = await Promise.all(
      [seed, 'well', seed, 'well'].map((each) => two.run(driver, program, behaving(each))),
    );
    expect(ends.map(shown)).toEqual([expected, 'result', expected, 'result']);
  });

  it('loads each driver once per worker', async () => {
    const one = pool(1);
    const drivers = [sampleDriver(), sampleDriver({ name: 'other' })];
    const ends = [];
    for (const index of [0, 1, 0, 1])
      ends.push(await one.run(drivers[index] ?? sampleDriver(), program, behaving('well')));
    const seen = ends.map((end) =>
      end.kind === 'result' ? (end.result as unknown as { drivers: number[] }).drivers : [],
    );
    expect(seen).toEqual([[0], [0, 1], [0, 1], [0, 1]]);
  });

  it('answers everything as cancelled when it is disposed of', async () => {
    const one = pool(1, 60_000);
    const ends = ['loops', 'well'].map((seed) => one.run(sampleDriver(), program, behaving(seed)));
    await one.dispose();
    expect((await Promise.all(ends)).map(shown)).toEqual(['crash: cancelled', 'crash: cancelled']);
  });
});
