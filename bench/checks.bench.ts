/**
 * What checks cost: the same million packets saved, restored and saved again with checks off, with the contract's, and
 * with the differential runs besides, as `vsp-lab run --optimize 2` does it. Each side is a whole run.
 */
import { simulate } from '../extension/core/kmcl/simulate.js';
import type { Checks, LoadedDriver, Program, SimulationOptions } from '../extension/core/kmcl/simulation.js';
import { differential, summaryOf } from '../extension/core/run/differential.js';
import type { CompileOptions } from '../extension/core/toolchain/module.js';
import { alternate, type Figure, median, once, type Skipped } from './figures.js';
import { CALLBACKS, compiled, contextOf, nativeProgram, nativeRound, SIZES_RUN, simulatedRound } from './sameCalls.js';

const PACKETS = Number(process.env['VSPLAB_BENCH_PACKETS'] ?? 1_000_000);
const ROUNDS = 5;

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
  const driver = await compiled(CALLBACKS, compile);
  return {
    loaded: { driver, module: new WebAssembly.Module(driver.wasm) },
    program: {
      kind: 'packets',
      count: PACKETS,
      save: 'EvtVmbChannelSavePacket',
      restore: 'EvtVmbChannelRestorePacket',
      ...contextOf(driver),
    },
    options: { ...SIZES_RUN, checks },
  };
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

/** The same calls here with the contract's checks, and natively under the address sanitizer. */
async function againstSanitizer(): Promise<number | Skipped> {
  const program = nativeProgram('sanitized');
  if (typeof program !== 'string') return program;
  const { loaded, options } = await contract();
  const sides = await alternate(
    () => simulatedRound(loaded, options),
    () => nativeRound(program),
    ROUNDS,
  );
  return median(sides.left) / median(sides.right);
}

export const figures: readonly Figure[] = [
  { name: 'contract-vs-off', unit: 'x', goal: { relation: '<=', bound: 4 }, measure: () => ratio(contract) },
  {
    name: 'contract-vs-native-asan',
    unit: 'x',
    goal: { relation: '<=', bound: 3 },
    measure: againstSanitizer,
  },
  { name: 'full-vs-off', unit: 'x', goal: { relation: '<=', bound: 10 }, measure: () => ratio(full) },
];
