/**
 * What an editor has of the engine: how long a save takes to become a report, a cancel to end, and what many runs
 * leave behind.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EngineClient, type RunOrder } from '../extension/worker/engineClient.js';
import { productFolder } from '../extension/worker/toolchainFiles.js';
import { type Figure, median } from './figures.js';

const root = productFolder();
const ROUNDS = 5;
/** The engine optimises the compiler's hottest functions in the background during the first few. */
const WARM_UP_ROUNDS = 8;
/** Between two saves of a person there is at least a second; the compiler makes ready for the next one meanwhile. */
const PAUSE_MILLISECONDS = 1000;

async function withEngine<Result>(work: (engine: EngineClient) => Promise<Result>): Promise<Result> {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'vsp-lab-bench-'));
  const engine = new EngineClient({ root, cacheFolder });
  try {
    return await work(engine);
  } finally {
    await engine.dispose();
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

/** The driver of a folder with its source changed but not saved, as an editor has it. */
function edited(folder: string, change: string): RunOrder {
  const cwd = join(root, folder).replaceAll('\\', '/');
  const source = readdirSync(cwd).find((name) => /^(?!.*Fixture).*\.c$/.test(name)) ?? '';
  const bytes = Buffer.concat([readFileSync(join(cwd, source)), Buffer.from(`/* ${change} */\n`)]);
  return {
    cwd,
    paths: [cwd],
    workspaceRoots: [root],
    overlays: [{ path: `${cwd}/${source}`, bytes }],
    settings: {},
  };
}

/** Throws unless the run brought a report whose runs passed. */
async function run(engine: EngineClient, order: RunOrder): Promise<void> {
  let passed = false;
  const end = await engine.run(order, {
    driver: ({ pack }) => {
      passed = pack.summary.runs > 0 && pack.summary.passed === pack.summary.runs;
    },
  });
  if (end.kind === 'failed') throw new Error(end.message);
  if (!passed) throw new Error('the run did not pass');
}

/** Milliseconds from a changed text to the report in the host's hands. */
function editToReport(folder: string): Promise<number> {
  return withEngine(async (engine) => {
    const times: number[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      await setTimeout(PAUSE_MILLISECONDS);
      const order = edited(folder, String(round));
      const start = performance.now();
      await run(engine, order);
      if (round >= WARM_UP_ROUNDS) times.push(performance.now() - start);
    }
    return median(times);
  });
}

/** A test that takes hours of its budget, and a compilation that takes minutes: what cannot be asked to stop. */
const ENDLESS: readonly (readonly [name: string, text: string])[] = [
  [
    'Endless.c',
    '#include <ntddk.h>\n#include <vsplab.h>\nstatic UCHAR Bytes[1 << 20];\n' +
      'VSPLAB_TEST(Endless) { for (;;) RtlFillMemory(Bytes, sizeof(Bytes), 1); }\n',
  ],
  [
    'Endless.cpp',
    'template <int N, int M> struct F { typedef typename F<N - 1, M * 2>::T A; ' +
      'typedef typename F<N - 1, M * 2 + 1>::T B; typedef int T; };\n' +
      'template <int M> struct F<0, M> { typedef int T; };\nF<28, 1>::T x;\n',
  ],
];

/** Milliseconds from a cancel to its answer, the engine ready for the next run: the worst of compiling and running. */
function cancelLatency(): Promise<number> {
  return withEngine(async (engine) => {
    const order = edited('bench/drivers/warm', 'first');
    await run(engine, order);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, text] of ENDLESS) {
        const abort = new AbortController();
        const path = `${order.cwd}/${name}`;
        const overlays = [{ path, bytes: Buffer.from(text) }];
        const settings = { timeout: 600_000 };
        const ended = engine.run({ ...order, paths: [path], overlays, settings }, {}, abort.signal);
        await setTimeout(PAUSE_MILLISECONDS);
        const start = performance.now();
        abort.abort();
        const end = await ended;
        if (end.kind !== 'finished' || !end.cancelled) throw new Error('the run ended by itself');
        times.push(performance.now() - start);
      }
    }
    await run(engine, order);
    return Math.max(...times);
  });
}

/** With those before them a thousand: nothing may grow after the first hundred. */
const SLOPE_RUNS = 900;
/** Caches and optimised code fill up first. */
const SETTLING_RUNS = 100;

/** Least squares, per step. */
function slope(values: readonly number[]): number {
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const steps = values.map((_, index) => index);
  const [x, y] = [mean(steps), mean(values)];
  const over = steps.reduce((sum, step, index) => sum + (step - x) * ((values[index] ?? 0) - y), 0);
  return over / steps.reduce((sum, step) => sum + (step - x) ** 2, 0);
}

/** KiB of this whole process per run of a driver that changes each time. */
function memoryPerRun(): Promise<number> {
  return withEngine(async (engine) => {
    const sizes: number[] = [];
    for (let round = 0; round < SETTLING_RUNS + SLOPE_RUNS; round++) {
      await run(engine, edited('bench/drivers/warm', String(round)));
      globalThis.gc?.();
      if (round >= SETTLING_RUNS) sizes.push(process.memoryUsage.rss() / 1024);
    }
    return slope(sizes);
  });
}

export const figures: readonly Figure[] = [
  {
    name: 'edit-to-report-warm',
    unit: 'ms',
    goal: { relation: '<=', bound: 150 },
    measure: () => editToReport('bench/drivers/warm'),
  },
  {
    name: 'edit-to-report-warm-3-units',
    unit: 'ms',
    goal: { relation: '<=', bound: 150 },
    measure: () => editToReport('examples/synthetic-nic'),
  },
  { name: 'cancel-latency', unit: 'ms', goal: { relation: '<=', bound: 1000 }, measure: cancelLatency },
  { name: 'memory-per-run', unit: 'KiB', goal: { relation: '<=', bound: 50 }, measure: memoryPerRun },
];
