/**
 * What a debugger costs: any request where the largest example stands still, steps both ways in runs of many
 * statements, conditions that are false a million times, and the run itself while nobody asks for anything.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DebugRun } from '../extension/core/debug/run.js';
import { simulate } from '../extension/core/kmcl/simulate.js';
import type { LoadedDriver, Program, SimulationOptions } from '../extension/core/kmcl/simulation.js';
import { debugServices } from '../extension/debug/values/services.js';
import type { DebugRequestKind, DebugRequests } from '../extension/worker/debugProtocol.js';
import { DebugSession } from '../extension/worker/debugSession.testing.js';
import { productFolder } from '../extension/worker/toolchainFiles.js';
import { alternate, type Figure, median, once } from './figures.js';
import { compiled, SIZES_RUN } from './sameCalls.js';

const root = productFolder().replaceAll('\\', '/');
const LONG = `${root}/bench/drivers/debug/Long.c`;
const ROUNDS = 5;
const STEPS = 40;

async function opened(program: string, test?: string): Promise<DebugSession> {
  const session = new DebugSession();
  await session.launch({ cwd: root, program, workspaceRoots: [root], ...(test === undefined ? {} : { test }) });
  return session;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;
}

/** By bytes of C and C++. */
function largestExample(): string {
  const size = (folder: string): number =>
    readdirSync(folder).reduce(
      (sum, name) => sum + (/\.c(?:pp)?$/.test(name) ? readFileSync(join(folder, name)).length : 0),
      0,
    );
  const folders = readdirSync(join(root, 'examples')).map((name) => `${root}/examples/${name}`);
  return folders.toSorted((a, b) => size(b) - size(a))[0] ?? '';
}

interface ExampleFigures {
  readonly requests: readonly number[];
  readonly steps: readonly number[];
}

/** Steps through the first test of the example; everything a view asks for at each stop. */
const example = once(async (): Promise<ExampleFigures> => {
  await using session = await opened(largestExample());
  await session.start();
  const requests: number[] = [];
  const steps: number[] = [];
  const ask = async <Kind extends DebugRequestKind>(kind: Kind, request: DebugRequests[Kind]['ask']): Promise<void> => {
    requests.push(await milliseconds(() => session.ask(kind, request)));
  };
  for (let step = 0; step < STEPS; step++) {
    const start = performance.now();
    const told = await session.go({ kind: step % 3 === 0 ? 'stepIn' : 'stepOver' });
    steps.push(performance.now() - start);
    if (told.kind !== 'stopped') break;
    await ask('frames', {});
    await ask('variables', { frame: 0 });
    await ask('globals', { frame: 0 });
    await ask('kernel', {});
    await ask('events', {});
    await ask('readMemory', { address: 1 << 20, length: 4096 });
    await ask('describe', { address: 1 << 20 });
    await ask('ask', { request: { kind: 'scopes', stop: step, frame: 0 } });
    await ask('ask', { request: { kind: 'kernelTree', stop: step } });
    const expression = '$irql + sizeof(LIST_ENTRY)';
    await ask('ask', { request: { kind: 'evaluate', stop: step, frame: 0, expression, context: 'watch' } });
    await ask('ask', { request: { kind: 'completions', frame: 0, text: 'Ad', column: 3 } });
  }
  return { requests, steps };
});

/** Median of one step back near the end of that run. */
async function stepBack(test: string): Promise<number> {
  await using session = await opened(LONG, test);
  await session.start();
  await session.to({ kind: 'stepOver' });
  const backs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await session.to({ kind: 'stepOver' });
    backs.push(await milliseconds(() => session.to({ kind: 'stepBack' })));
  }
  return median(backs);
}

/** What the process has more once time was travelled in a run of twenty million events. */
async function memoryOfTravel(): Promise<number> {
  await using session = await opened(LONG, 'TwentyMillion');
  await session.start();
  await session.to({ kind: 'stepOver' });
  const before = process.memoryUsage.rss();
  for (let round = 0; round < ROUNDS; round++) {
    await session.to({ kind: 'stepOver' });
    await session.to({ kind: 'stepBack' });
  }
  return (process.memoryUsage.rss() - before) / 2 ** 20;
}

async function falseConditions(): Promise<number> {
  await using session = await opened(LONG, 'ManyTurns');
  const lines = readFileSync(LONG, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes('if (value & 1)')) + 1;
  const after = lines.findIndex((text) => text.includes('Work(1000000)')) + 2;
  const breakpoints = [
    { id: 1, line, condition: 'value == 0 && turn == 77' },
    { id: 2, line: after },
  ];
  const bound = await session.ask('setBreakpoints', { file: LONG, breakpoints });
  if (bound.some(({ verified }) => !verified)) throw new Error('the breakpoints were not bound');
  const start = performance.now();
  const stop = await session.start({});
  if (stop.reason.kind !== 'breakpoint' || stop.reason.ids[0] !== 2) throw new Error('a condition was true');
  return performance.now() - start;
}

interface Side {
  readonly loaded: LoadedDriver;
  readonly program: Program;
}

async function side(debug: boolean): Promise<Side> {
  const driver = await compiled(LONG, {
    optimize: 0,
    checked: true,
    differential: true,
    arch: 'x64',
    defines: [],
    includes: [],
    ...(debug ? { debug: true } : {}),
  });
  const test = driver.fixtures.find(({ name }) => name === 'OneMillion');
  if (test === undefined) throw new Error('there is no test OneMillion');
  return { loaded: { driver, module: new WebAssembly.Module(driver.wasm) }, program: { kind: 'test', test } };
}

/** A debug run that nobody stops against the same checked run without a debugger. */
async function overhead(): Promise<number> {
  const [plain, debug] = [await side(false), await side(true)];
  const options: SimulationOptions = { ...SIZES_RUN, memoryLimit: 2 ** 30, checks: 'full' };
  const link = { stopped: () => {}, output: () => {}, wait: () => {}, poll: () => {}, takePause: () => false };
  const timed = (run: () => unknown): number => {
    const start = performance.now();
    run();
    return performance.now() - start;
  };
  const underDebugger = (): unknown =>
    new DebugRun({
      ...debug,
      options,
      services: debugServices(),
      cwd: root,
      link,
      explain: { fault: () => ({ rule: 'run-trap', message: '' }), breach: () => undefined },
    }).run({});
  const sides = await alternate(
    () => timed(underDebugger),
    () => timed(() => simulate(plain.loaded, plain.program, options)),
    ROUNDS,
  );
  return median(sides.left) / median(sides.right);
}

export const figures: readonly Figure[] = [
  {
    name: 'debug-request-p95',
    unit: 'ms',
    goal: { relation: '<=', bound: 50 },
    measure: async () => p95((await example()).requests),
  },
  {
    name: 'debug-step',
    unit: 'ms',
    goal: { relation: '<=', bound: 20 },
    measure: async () => p95((await example()).steps),
  },
  {
    name: 'debug-step-back-1m',
    unit: 'ms',
    goal: { relation: '<=', bound: 100 },
    measure: () => stepBack('OneMillion'),
  },
  {
    name: 'debug-step-back-20m',
    unit: 'ms',
    goal: { relation: '<=', bound: 1000 },
    measure: () => stepBack('TwentyMillion'),
  },
  {
    name: 'debug-checkpoint-memory',
    unit: 'MB',
    goal: { relation: '<=', bound: 256 },
    measure: memoryOfTravel,
  },
  {
    name: 'debug-condition-1m',
    unit: 'ms',
    goal: { relation: '<=', bound: 3000 },
    measure: falseConditions,
  },
  { name: 'debug-overhead', unit: 'x', goal: { relation: '<=', bound: 5 }, measure: overhead },
];
