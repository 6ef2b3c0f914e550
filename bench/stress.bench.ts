/** What stress takes on an example: its tests, and all that stress makes of them, compiled before. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, type EngineRun } from '../extension/worker/engine.js';
import { simulationOptions } from '../extension/worker/engineSettings.js';
import { productFolder } from '../extension/worker/toolchainFiles.js';
import type { Figure } from './figures.js';
import { median } from './figures.js';

const ROUNDS = 5;
const root = productFolder().replaceAll('\\', '/');

function runOf(example: string, stress: EngineRun['stress']): EngineRun {
  return {
    cwd: root,
    paths: [`${root}/examples/${example}`],
    drivers: [],
    workspaceRoots: [],
    overlays: [],
    compile: { optimize: 0, checked: true, differential: true, arch: 'x64', defines: [], includes: [] },
    compileTimeout: undefined,
    plan: { tests: [] },
    simulation: simulationOptions({}),
    timeout: undefined,
    stress,
  };
}

async function milliseconds(engine: Engine, example: string, stress: EngineRun['stress']): Promise<number> {
  const end = await engine.run(runOf(example, stress), {}, new AbortController().signal);
  if (end.kind !== 'finished') throw new Error(`${example}: ${end.kind}`);
  const [driver] = end.drivers;
  if (driver === undefined || driver.unable) throw new Error(`${example} did not run`);
  const tried = driver.built.flatMap(({ run }) => run.stress?.tried ?? []);
  if (tried.length === 0) throw new Error(`${example}: nothing was tried`);
  return driver.milliseconds.run;
}

/** Seconds of the slowest example's runs and stress, medians; the engine is warm. */
async function slowest(stress: 'quick' | 'full'): Promise<number> {
  const engine = new Engine({});
  try {
    const medians: number[] = [];
    for (const example of readdirSync(join(root, 'examples')).sort()) {
      const rounds: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await milliseconds(engine, example, stress));
      medians.push(median(rounds));
    }
    return Math.max(...medians) / 1000;
  } finally {
    await engine.dispose();
  }
}

export const figures: readonly Figure[] = [
  { name: 'stress-quick-example', unit: 's', goal: { relation: '<=', bound: 2 }, measure: () => slowest('quick') },
  { name: 'stress-full-example', unit: 's', goal: { relation: '<=', bound: 20 }, measure: () => slowest('full') },
];
