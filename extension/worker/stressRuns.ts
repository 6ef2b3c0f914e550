/** Stress of a driver's runs, with the simulate workers doing the work (core/run/stressSearch.ts says what). */
import type { Program, SimulationOptions, SimulationResult } from '../core/kmcl/simulation.js';
import type { Draft } from '../core/rules/draft.js';
import { relativePath } from '../core/run/paths.js';
import type { PlannedRun } from '../core/run/plan.js';
import { bytesOf, type Replay } from '../core/run/replay.js';
import type { RunEnd, StressReport } from '../core/run/reportBuilder.js';
import type { StressLevel } from '../core/run/stressInjection.js';
import type { NotedRun } from '../core/run/stressPlan.js';
import { type ReplayHead, stressReport } from '../core/run/stressReport.js';
import { type Stressed, shownBy } from '../core/run/stressRun.js';
import {
  type RunStress,
  replayStress,
  type StressCall,
  type StressContext,
  searchStress,
} from '../core/run/stressSearch.js';
import type { CompiledDriver } from '../core/toolchain/module.js';
import type { EngineRun } from './engine.js';
import type { SimulatePool } from './simulateClient.js';

/** Runs one message carries: few enough that a cancelled run ends soon, many enough that messages cost nothing. */
const BATCH = 16;
/** A fixture-less run takes so many packets at most. */
const PACKETS: Readonly<Record<StressLevel, number>> = { quick: 64, full: 256 };
/** Units a stress run may spend beyond what the run itself did: a loop over all values of 16 bits ends within it. */
const SPARE_UNITS = 20_000_000;

export interface StressWork {
  readonly pool: SimulatePool;
  readonly driver: CompiledDriver;
  readonly runs: readonly PlannedRun[];
  /** How they ended. */
  readonly ends: readonly RunEnd[];
  readonly run: EngineRun;
  readonly signal: AbortSignal;
  readonly progress: (done: number, begun: number) => void;
}

/** By number of the run; runs that did not end by themselves are not among them. */
export async function stressReports(work: StressWork): Promise<ReadonlyMap<number, StressReport>> {
  const { stress } = work.run;
  if (stress === undefined || stress === 'none' || work.run.simulation.checks === 'off') return new Map();
  const found = await stressRuns(work, stress);
  return new Map([...found].map(([run, each]) => [run, stressReport(each, headOf(work, run))]));
}

function headOf({ driver, runs, run }: StressWork, index: number): ReplayHead {
  const { simulation, compile, paths, cwd, plan } = run;
  const modes = Object.entries(simulation.modes).map(([id, value]) => `${id}=${value}`);
  return {
    driver: driver.name,
    test: runs[index]?.name ?? '',
    paths: paths.map((path) => relativePath(cwd, path) || '.'),
    settings: {
      seed: simulation.seed,
      optimize: compile.optimize,
      arch: compile.arch,
      ...(plan.packets === undefined ? {} : { packets: plan.packets }),
      ...(simulation.chunkBuffer === 0 ? {} : { chunkBuffer: simulation.chunkBuffer }),
      ...(modes.length === 0 ? {} : { modes }),
      ...(compile.defines.length === 0 ? {} : { defines: compile.defines }),
    },
  };
}

async function stressRuns(work: StressWork, wanted: StressLevel | Replay): Promise<ReadonlyMap<number, RunStress>> {
  const { driver } = work;
  const { simulation } = work.run;
  const level = typeof wanted === 'string' ? wanted : 'quick';
  const stress = new Batches(work, level);
  const candidates = work.ends.flatMap((end, run) =>
    end.kind === 'result' && end.result.ended === 'completed' ? [{ run, units: end.result.units }] : [],
  );
  const notes = await stress.all(
    candidates.map(({ run }) => ({ run, settings: { stress: { note: true }, modes: simulation.modes } })),
  );
  const runs = candidates.flatMap(({ run, units }, at): NotedRun[] => {
    const noted = notes[at];
    if (noted?.ended !== 'completed' || noted.saves === undefined) return [];
    return [{ run, units, observation: noted.observation, result: noted.saves }];
  });
  const context: StressContext = {
    driver,
    level,
    options: simulation,
    runs,
    stress: (calls) => stress.all(calls),
    known: knownOf(work, notes),
  };
  if (typeof wanted === 'string') return searchStress(context);
  const given = wanted.record === undefined ? undefined : bytesOf(wanted.record.given);
  return replayStress(context, runs[0]?.run ?? 0, wanted.injection, given);
}

function placeKey({ rule, location }: Draft): string {
  return location === null ? rule : `${rule} ${location.file}:${location.line}:${location.column}`;
}

/** What any run of the driver shows without anything being done otherwise. */
function knownOf({ driver, ends }: StressWork, notes: readonly (Stressed | undefined)[]): StressContext['known'] {
  const results = ends.flatMap((end): SimulationResult[] => (end.kind === 'result' ? [end.result] : []));
  const plain = results.flatMap((result) => shownBy({ driver, result, checks: 'contract' }));
  const noted = notes.flatMap((each) => each?.shown ?? []);
  const known = new Set([...plain, ...noted].map(({ draft }) => placeKey(draft)));
  return (_run, draft) => known.has(placeKey(draft));
}

class Batches {
  readonly #work: StressWork;
  readonly #level: StressLevel;
  #done = 0;
  #begun = 0;

  constructor(work: StressWork, level: StressLevel) {
    this.#work = work;
    this.#level = level;
  }

  async all(calls: readonly StressCall[]): Promise<readonly (Stressed | undefined)[]> {
    const ends = new Array<Stressed | undefined>(calls.length).fill(undefined);
    const byRun = new Map<number, number[]>();
    for (const [at, { run }] of calls.entries()) byRun.set(run, [...(byRun.get(run) ?? []), at]);
    const batches = [...byRun].flatMap(([run, places]) =>
      Array.from({ length: Math.ceil(places.length / BATCH) }, (_, at) => ({
        run,
        places: places.slice(at * BATCH, (at + 1) * BATCH),
      })),
    );
    this.#begun += calls.length;
    await Promise.all(
      batches.map(async ({ run, places }) => {
        const some = places.flatMap((at) => calls[at]?.settings ?? []);
        const told = await this.#batch(run, some);
        for (const [index, at] of places.entries()) ends[at] = told?.[index];
        this.#done += places.length;
        this.#work.progress(this.#done, this.#begun);
      }),
    );
    return ends;
  }

  async #batch(run: number, settings: readonly StressCall['settings'][]): Promise<readonly Stressed[] | undefined> {
    const { pool, driver, runs, ends, signal } = this.#work;
    const { simulation, timeout } = this.#work.run;
    const program = runs[run]?.program;
    const end = ends[run];
    if (program === undefined || signal.aborted) return undefined;
    const units = end?.kind === 'result' ? end.result.units : 0;
    const options: SimulationOptions = {
      ...simulation,
      checks: 'contract',
      budget: Math.min(simulation.budget, 4 * units + SPARE_UNITS),
    };
    const limits = timeout === undefined ? { signal } : { signal, timeout };
    return pool.stress(driver, few(program, PACKETS[this.#level]), options, settings, limits);
  }
}

function few(program: Program, most: number): Program {
  return program.kind === 'packets' && program.count > most ? { ...program, count: most } : program;
}
