/**
 * From sources to runs, warm: discover, compile, plan, simulate, build. Several runs at the same time; of two runs of
 * the same driver the newer wins.
 */

import type { SimulationOptions } from '../core/kmcl/simulation.js';
import { Allows } from '../core/rules/allow.js';
import type { DiscoveredDriver, DiscoverRequest } from '../core/run/discover.js';
import { keptElsewhere } from '../core/run/keptFields.js';
import { joinPath, relativePath } from '../core/run/paths.js';
import { type PlannedRun, type PlanOptions, plan } from '../core/run/plan.js';
import { PROJECT_FILE } from '../core/run/project.js';
import type { Replay } from '../core/run/replay.js';
import {
  type BuiltRun,
  buildRun,
  failedRuns,
  type RunEnd,
  routineNames,
  type StressReport,
  withUnusedAllows,
} from '../core/run/reportBuilder.js';
import type { Severities } from '../core/run/severities.js';
import type { StressLevel } from '../core/run/stressInjection.js';
import { fileError, formatDiagnostic } from '../core/toolchain/diagnostics.js';
import type { CompiledDriver, CompileOptions, Diagnostic } from '../core/toolchain/module.js';
import { type CheckEnd, type CheckRun, checkPaths } from './checkRun.js';
import { CompileClient, type ContextsAnswer } from './compileClient.js';
import type { ContextsJob } from './contextFacts.js';
import type { Overlay } from './overlayFiles.js';
import { type ProjectFiles, projectFiles } from './projectFiles.js';
import { driversOf, findProject, withProject } from './projectRun.js';
import { Recent } from './recent.js';
import { SimulatePool } from './simulateClient.js';
import { stressReports } from './stressRuns.js';

export interface EngineOptions {
  /** Folder of the disk cache; absent: nothing is kept. */
  readonly cacheFolder?: string;
  /** Tests at the same time. */
  readonly jobs?: number;
}

/** What to run, and how: the options of `vsp-lab run`, checked. */
export interface EngineRun {
  /** Absolute, with `/`; names in reports and messages are relative to it. */
  readonly cwd: string;
  /** Absolute files and folders. */
  readonly paths: readonly string[];
  readonly drivers: DiscoverRequest['drivers'];
  readonly workspaceRoots: readonly string[];
  readonly overlays: readonly Overlay[];
  readonly compile: CompileOptions;
  /** Milliseconds to compile one driver. */
  readonly compileTimeout: number | undefined;
  readonly plan: PlanOptions;
  readonly simulation: SimulationOptions;
  /** Milliseconds of one test by the wall clock. */
  readonly timeout: number | undefined;
  /** What stress does, or the one input of it that is repeated; absent: what the project says. */
  readonly stress?: 'none' | StressLevel | Replay | undefined;
}

/** What became of one driver. */
export interface DriverEnd {
  readonly found: DiscoveredDriver;
  /** What it was compiled from, sources and the project's headers, as reports name them. */
  readonly files: readonly string[];
  readonly built: readonly BuiltRun[];
  /** Compile errors, or our notes; files relative to `cwd`. */
  readonly diagnostics: readonly Diagnostic[];
  readonly compiled: boolean;
  /** It could not be compiled or has nothing that can be run. */
  readonly unable: boolean;
  /** Names of the tests it has, for a --test that matches none. */
  readonly tests: readonly string[];
  /** From the beginning of the run until it was compiled, and from then until its runs were built. */
  readonly milliseconds: { readonly compile: number; readonly run: number };
  /** As in EngineEnd. */
  readonly severities: Severities;
  /** The project file that was applied; absolute. */
  readonly projectFile: string | undefined;
}

/** Told what happens while it happens; nothing any more once a run is cancelled. */
export interface EngineListener {
  progress?(text: string, done: number, total: number): void;
  /** What the compiler or the planner had to say about a driver: before its tests run. */
  diagnostics?(driver: DiscoveredDriver, diagnostics: readonly Diagnostic[]): void;
  driver?(end: DriverEnd): void;
}

export type EngineEnd =
  | {
      readonly kind: 'finished';
      /** In the order of their paths; a driver that a newer run has taken over is not among them. */
      readonly drivers: readonly DriverEnd[];
      /** A newer run has taken over one of its drivers, or more. */
      readonly superseded: boolean;
      /** The files of the run as the compiler saw them. */
      readonly files: ProjectFiles;
      /** What findings count as, by the project file: to be applied to the report. */
      readonly severities: Severities;
    }
  | { readonly kind: 'cancelled' }
  /** Nothing could be run: what is to be mended. */
  | { readonly kind: 'failed'; readonly problems: readonly string[] };

/** Compiled drivers that are kept to be recognised, a megabyte each. */
const KEPT_DRIVERS = 8;

/** Of two drivers with the same key the newer run's is the one that is wanted. */
function keyOf(driver: DiscoveredDriver): string {
  return driver.named === true ? `${driver.folder}\n${driver.name}` : driver.folder;
}

/** One run on its way: what its drivers share. */
interface Context {
  readonly run: EngineRun;
  readonly listener: EngineListener;
  readonly files: ProjectFiles;
  readonly started: number;
  readonly severities: Severities;
  readonly projectFile: string | undefined;
  finished: number;
  planned: number;
}

/** Work on one driver, and how to end it. */
interface Work {
  readonly context: Context;
  readonly found: DiscoveredDriver;
  readonly signal: AbortSignal;
}

export class Engine {
  readonly #compiler: CompileClient;
  readonly #pool: SimulatePool;
  /** The newest run of each driver: aborted when a newer one begins. */
  readonly #newest = new Map<string, { readonly context: Context; readonly abort: AbortController }>();
  /** By content: simulators know a driver that has not changed by its object. */
  readonly #compiled = new Recent<string, CompiledDriver>(KEPT_DRIVERS);

  constructor({ cacheFolder, jobs }: EngineOptions = {}) {
    this.#compiler = new CompileClient(cacheFolder === undefined ? {} : { cacheFolder });
    this.#pool = new SimulatePool(jobs === undefined ? {} : { jobs });
  }

  /** Starts compiler and simulator ahead of the first run. */
  warm(): void {
    this.#compiler.warm();
    this.#pool.warm();
  }

  /** Never rejects for what the user has done; an aborted run ends at once, whatever stage it is in. */
  async run(wanted: EngineRun, listener: EngineListener, signal: AbortSignal): Promise<EngineEnd> {
    const started = performance.now();
    const project = findProject(wanted, filesOf(wanted));
    if (project?.ok === false) return { kind: 'failed', problems: project.problems };
    const applied = project === undefined ? { ok: true as const, run: wanted } : withProject(wanted, project.project);
    if (!applied.ok) return { kind: 'failed', problems: [applied.problem] };
    const { run } = applied;
    const files = filesOf(run);
    const found = driversOf(run, files, project?.project);
    if (!found.ok) return { kind: 'failed', problems: found.problems };
    if (signal.aborted) return { kind: 'cancelled' };
    const chosen = replayed(found.drivers, run.stress);
    if (!chosen.ok) return { kind: 'failed', problems: [chosen.problem] };
    this.warm();
    const severities = project?.project.rules ?? {};
    const projectFile = project && joinPath(project.project.folder, PROJECT_FILE);
    const context: Context = { run, listener, files, started, severities, projectFile, finished: 0, planned: 0 };
    // Drivers are compiled one after the other; the tests of one run while the next is being compiled.
    const ends = await Promise.all(chosen.drivers.map((driver) => this.#newestOf(driver, context, signal)));
    if (signal.aborted) return { kind: 'cancelled' };
    const drivers = ends.filter((end) => end !== undefined);
    const superseded = drivers.length < ends.length;
    return { kind: 'finished', drivers, superseded, files, severities };
  }

  /** The static rules alone; nothing is run. Never rejects for what the user has done. */
  check(wanted: CheckRun, signal: AbortSignal): Promise<CheckEnd> {
    return checkPaths(wanted, this.#compiler, signal);
  }

  /** The structures of a source that packets may have as contexts. */
  contexts(job: ContextsJob, signal?: AbortSignal): Promise<ContextsAnswer> {
    return this.#compiler.contexts(job, signal);
  }

  /** Ends compiler and simulators; what runs is answered as cancelled. */
  async dispose(): Promise<void> {
    await Promise.all([this.#compiler.dispose(), this.#pool.dispose()]);
  }

  /** Takes the driver over from an older run. Undefined when the run was cancelled or a newer one has taken it over. */
  async #newestOf(found: DiscoveredDriver, context: Context, signal: AbortSignal): Promise<DriverEnd | undefined> {
    const key = keyOf(found);
    const older = this.#newest.get(key);
    if (older !== undefined && older.context !== context) older.abort.abort();
    const abort = new AbortController();
    const newest = { context, abort };
    this.#newest.set(key, newest);
    const stop = (): void => abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const end = await this.#driver({ context, found, signal: abort.signal });
      if (abort.signal.aborted) return undefined;
      context.listener.driver?.(end);
      return end;
    } finally {
      signal.removeEventListener('abort', stop);
      if (this.#newest.get(key) === newest) this.#newest.delete(key);
    }
  }

  async #driver(work: Work): Promise<DriverEnd> {
    const { context, found, signal } = work;
    const { run, listener } = context;
    listener.progress?.(`compiling ${found.name}`, context.finished, context.planned);
    const { compile: options, cwd, workspaceRoots, overlays } = run;
    const job = { sources: found, options, cwd, workspaceRoots, overlays };
    const result = await this.#compiler.compile(job, signal, run.compileTimeout);
    if (!result.ok) return unable(work, result.files ?? [], result.diagnostics, undefined);
    const driver = result.key === undefined ? result.driver : this.#compiled.same(result.key, result.driver);
    const compiled = performance.now();
    // The compiler's own warnings are its business; ours says each thing once, however many files include its header.
    const notes = distinct(driver.notes.filter(({ severity }) => severity === 'note'));
    if (notes.length > 0 && !signal.aborted) listener.diagnostics?.(found, notes);
    const planned = plan(driver, run.plan);
    if (!planned.ok) {
      const problem = fileError(relativePath(run.cwd, found.sources[0] ?? ''), planned.message);
      return unable(work, driver.files, [problem], compiled);
    }
    const built = await this.#runs(driver, planned.runs, work);
    return {
      found,
      files: userFiles(driver.files),
      built,
      diagnostics: notes,
      compiled: true,
      unable: false,
      tests: driver.fixtures.filter(({ kind }) => kind === 'test').map(({ name }) => name),
      milliseconds: { compile: compiled - context.started, run: performance.now() - compiled },
      severities: context.severities,
      projectFile: context.projectFile,
    };
  }

  /** What stress makes of the runs, by their numbers. */
  #stressed(
    driver: CompiledDriver,
    runs: readonly PlannedRun[],
    ends: readonly RunEnd[],
    { context, found, signal }: Work,
  ): Promise<ReadonlyMap<number, StressReport>> {
    const { run, listener } = context;
    const progress = (done: number, begun: number): void => {
      if (signal.aborted) return;
      listener.progress?.(`stressing ${found.name}: ${done} of ${begun}`, context.finished, context.planned);
    };
    return stressReports({ pool: this.#pool, driver, runs, ends, run, signal, progress });
  }

  async #runs(
    driver: CompiledDriver,
    runs: readonly PlannedRun[],
    { context, found, signal }: Work,
  ): Promise<readonly BuiltRun[]> {
    const { listener, files } = context;
    const { simulation, plan: wanted, timeout, cwd } = context.run;
    context.planned += runs.length;
    const limits = timeout === undefined ? { signal } : { signal, timeout };
    const ends = await Promise.all(
      runs.map(async ({ program }) => {
        const end = await this.#pool.run(driver, program, simulation, limits);
        context.finished += 1;
        if (!signal.aborted)
          listener.progress?.(`${context.finished} of ${context.planned} runs`, context.finished, context.planned);
        return end;
      }),
    );
    if (signal.aborted) return [];
    const stress = await this.#stressed(driver, runs, ends, { context, found, signal });
    if (signal.aborted) return [];
    const told = keptElsewhere(ends, driver.locations);
    const allows = new Allows(simulation.checks === 'off' ? [] : driver.files, (file) => readShown(files, cwd, file));
    const kinds = routineNames(driver);
    const built = runs.flatMap((run, index) => {
      const end = told[index];
      return end === undefined ? [] : [buildRun(driver, run, end, simulation.checks, allows, kinds, stress.get(index))];
    });
    return wanted.tests.length > 0 ? built : withUnusedAllows(built, allows);
  }
}

/** Of the drivers the one that a replay names; all of them where nothing is replayed. */
function replayed(
  drivers: readonly DiscoveredDriver[],
  wanted: EngineRun['stress'],
): { readonly ok: true; readonly drivers: readonly DiscoveredDriver[] } | { readonly ok: false; problem: string } {
  if (typeof wanted !== 'object') return { ok: true, drivers };
  const mine = drivers.filter(({ name }) => name === wanted.driver);
  if (mine.length > 0) return { ok: true, drivers: mine };
  const names = drivers.map(({ name }) => name).join(', ');
  return { ok: false, problem: `the replay is of driver ${wanted.driver}; there are ${names}` };
}

function filesOf({ cwd, paths, compile, workspaceRoots, overlays }: EngineRun): ProjectFiles {
  return projectFiles(paths.length > 0 ? paths : [cwd], compile.includes, workspaceRoots, overlays);
}

/** `compiled` is when it was, for a driver that has nothing to run. */
function unable(
  { context, found, signal }: Work,
  files: readonly string[],
  diagnostics: readonly Diagnostic[],
  compiled: number | undefined,
): DriverEnd {
  const { run, listener, started } = context;
  if (!signal.aborted) listener.diagnostics?.(found, diagnostics);
  const first = diagnostics.find(({ severity }) => severity === 'error') ?? diagnostics[0];
  const message = first === undefined ? 'not compiled' : (formatDiagnostic(first).split('\n', 1)[0] ?? '');
  const shown = (path: string): string => relativePath(run.cwd, path);
  // What a compiled driver that cannot be run has is no test.
  const tests = compiled === undefined ? found.tests.map((test) => ({ ...test, file: shown(test.file) })) : [];
  const end = performance.now();
  return {
    found,
    files: userFiles(files),
    built: failedRuns(found.name, tests, shown(found.sources[0] ?? ''), message),
    diagnostics,
    compiled: compiled !== undefined,
    unable: true,
    tests: [],
    milliseconds: { compile: (compiled ?? end) - started, run: end - (compiled ?? end) },
    severities: context.severities,
    projectFile: context.projectFile,
  };
}

function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((each) => [formatDiagnostic(each), each])).values()];
}

/** Without headers of ours. */
function userFiles(files: readonly string[]): readonly string[] {
  return files.filter((file) => !file.startsWith('<'));
}

/** A file as reports name it; our own headers have no bytes that are shown. */
export function readShown(files: ProjectFiles, cwd: string, file: string): Uint8Array | undefined {
  return file.startsWith('<') ? undefined : files.read(joinPath(cwd, file));
}
