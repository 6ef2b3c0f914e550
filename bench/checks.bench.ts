/**
 * What checks cost: the same million packets saved, restored and saved again with checks off, with the contract's, and
 * with the differential runs besides, as `vsp-lab run --optimize 2` does it. Each side is a whole run.
 */
import { join } from 'node:path';
import { simulate } from '../extension/core/kmcl/simulate.js';
import type { Checks, LoadedDriver, Program, SimulationOptions } from '../extension/core/kmcl/simulation.js';
import { RULES } from '../extension/core/rules/catalogue.js';
import { differential, summaryOf } from '../extension/core/run/differential.js';
import type { CompileOptions } from '../extension/core/toolchain/module.js';
import { CompileClient } from '../extension/worker/compileClient.js';
import { productFolder } from '../extension/worker/toolchainFiles.js';
import { alternate, type Figure, median, once } from './figures.js';

const PACKETS = Number(process.env['VSPLAB_BENCH_PACKETS'] ?? 1_000_000);
const ROUNDS = 5;
const root = productFolder();

/** One driver, compiled for those checks and run with them. */
interface Side {
  readonly loaded: LoadedDriver;
  readonly program: Program;
  readonly options: SimulationOptions;
}

async function side(checks: Checks): Promise<Side> {
  const compile: CompileOptions = {
    optimize: 2,
    checked: checks !== 'off',
    differential: checks === 'full',
    arch: 'x64',
    defines: [],
    includes: [],
  };
  const compiler = new CompileClient({});
  try {
    const sources = { name: 'bench', sources: [join(root, 'bench/callbacks.c')] };
    const result = await compiler.compile({ sources, options: compile, cwd: root, workspaceRoots: [], overlays: [] });
    if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('; '));
    const { driver } = result;
    const hook = driver.fixtures.find(({ kind }) => kind === 'context');
    if (hook === undefined) throw new Error('bench/callbacks.c has no VSPLAB_CONTEXT');
    return {
      loaded: { driver, module: new WebAssembly.Module(driver.wasm) },
      program: {
        kind: 'packets',
        count: PACKETS,
        save: 'EvtVmbChannelSavePacket',
        restore: 'EvtVmbChannelRestorePacket',
        contextHook: hook.symbol,
      },
      options: {
        checks,
        seed: 1,
        modes: {},
        memoryLimit: 4 * 2 ** 30,
        budget: Number.MAX_SAFE_INTEGER,
        captureLimit: 0,
        chunkBuffer: 0,
        stubValues: new Map(),
        stubsAllowed: true,
        ruleNames: RULES.map(({ id }) => id),
      },
    };
  } finally {
    await compiler.dispose();
  }
}

const off = once(() => side('off'));
const contract = once(() => side('contract'));
const full = once(() => side('full'));

/** Milliseconds of one run, and of its variants where it has them. */
function timed({ loaded, program, options }: Side): number {
  const start = performance.now();
  const result = simulate(loaded, program, options);
  if (result.ended !== 'completed') throw new Error(result.fault?.text ?? 'the run did not end');
  if (options.checks === 'full') {
    const told = differential(simulate, loaded, program, options, summaryOf(result));
    if (told === undefined) throw new Error('nothing was compared');
  }
  return performance.now() - start;
}

async function ratio(checked: () => Promise<Side>): Promise<number> {
  const [one, other] = [await checked(), await off()];
  const sides = await alternate(
    () => timed(one),
    () => timed(other),
    ROUNDS,
  );
  return median(sides.left) / median(sides.right);
}

export const figures: readonly Figure[] = [
  { name: 'contract-vs-off', unit: 'x', goal: { relation: '<=', bound: 4 }, measure: () => ratio(contract) },
  { name: 'full-vs-off', unit: 'x', goal: { relation: '<=', bound: 10 }, measure: () => ratio(full) },
];
