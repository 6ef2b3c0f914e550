/** From a program that is to be debugged to a compiled driver and the run of it that was meant. */

import { type DiscoveredDriver, isSourceName } from '../core/run/discover.js';
import { folderOf } from '../core/run/paths.js';
import { findFixtureRun, type PlannedRun, plan } from '../core/run/plan.js';
import type { Severities } from '../core/run/severities.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import type { CompiledDriver, Diagnostic } from '../core/toolchain/module.js';
import type { CompileClient } from './compileClient.js';
import type { DebugLaunch, LaunchRefusal } from './debugProtocol.js';
import type { EngineRun } from './engine.js';
import { engineRun } from './engineServer.js';
import { SettingError } from './engineSettings.js';
import { type ProjectFiles, projectFiles } from './projectFiles.js';
import { driversOf, findProject, withProject } from './projectRun.js';

export interface Prepared {
  readonly ok: true;
  readonly run: EngineRun;
  readonly driver: CompiledDriver;
  readonly planned: PlannedRun;
  readonly files: ProjectFiles;
  readonly severities: Severities;
}

function refused(
  reason: LaunchRefusal['reason'],
  message: string,
  diagnostics: readonly Diagnostic[] = [],
): LaunchRefusal {
  return { ok: false, reason, message, diagnostics };
}

/** The program's sources, and settings that make sense. */
function wantedRun(launch: DebugLaunch, path: string): EngineRun | LaunchRefusal {
  const { cwd, workspaceRoots = [], overlays = [], settings = {} } = launch;
  try {
    const run = engineRun({ kind: 'run', id: 0, cwd, paths: [path], workspaceRoots, overlays, settings });
    // As written, with the statements telling that they begin; checks as the run would have them.
    return { ...run, compile: { ...run.compile, optimize: 0, debug: true } };
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    return refused('settings', error.message);
  }
}

/**
 * A file that cannot stand alone (its helpers or the test are in files beside it) is debugged as part of its folder's
 * driver: who presses F5 means the driver.
 */
export async function prepare(
  launch: DebugLaunch,
  compiler: CompileClient,
  signal: AbortSignal,
): Promise<Prepared | LaunchRefusal> {
  const alone = await prepareFrom(launch, launch.program, compiler, signal);
  if (alone.ok || !needsOthers(alone) || !isSourceName(launch.program)) return alone;
  const whole = await prepareFrom(launch, folderOf(launch.program), compiler, signal);
  return whole.ok || alone.reason === 'compile' ? whole : alone;
}

function needsOthers({ reason, diagnostics }: LaunchRefusal): boolean {
  return reason === 'test' || (reason === 'compile' && diagnostics.some(({ message }) => message.includes(UNLINKED)));
}

/** Of the message that names the file where a function is defined (toolchain/symbols.ts). */
const UNLINKED = 'which is not part of this driver';

async function prepareFrom(
  launch: DebugLaunch,
  path: string,
  compiler: CompileClient,
  signal: AbortSignal,
): Promise<Prepared | LaunchRefusal> {
  const wanted = wantedRun(launch, path);
  if ('ok' in wanted) return wanted;
  const filesOf = ({ paths, compile, workspaceRoots, overlays }: EngineRun): ProjectFiles =>
    projectFiles(paths, compile.includes, workspaceRoots, overlays);
  const project = findProject(wanted, filesOf(wanted));
  if (project?.ok === false) return refused('settings', project.problems.join('\n'));
  const applied = project === undefined ? { ok: true as const, run: wanted } : withProject(wanted, project.project);
  if (!applied.ok) return refused('settings', applied.problem);
  const { run } = applied;
  const files = filesOf(run);
  const found = driversOf(run, files, project?.project);
  if (!found.ok) return refused('files', found.problems.join('\n'));
  const severities = project?.project.rules ?? {};
  const drivers = withFile(found.drivers, launch.program);
  return choose(launch, likely(drivers, launch.test), { run, files, severities }, compiler, signal);
}

/** Of a folder's drivers the one that the file belongs to; of a folder that was asked for all. */
function withFile(drivers: readonly DiscoveredDriver[], program: string): readonly DiscoveredDriver[] {
  const own = drivers.filter(({ sources }) => sources.includes(program));
  return own.length > 0 ? own : drivers;
}

/** Drivers whose sources name the test come first: the others need not be compiled. */
function likely(drivers: readonly DiscoveredDriver[], test: string | undefined): readonly DiscoveredDriver[] {
  const has = ({ tests }: DiscoveredDriver): boolean => tests.some(({ name }) => name === test);
  return test === undefined ? drivers : [...drivers.filter(has), ...drivers.filter((driver) => !has(driver))];
}

async function choose(
  launch: DebugLaunch,
  drivers: readonly DiscoveredDriver[],
  rest: Pick<Prepared, 'run' | 'files' | 'severities'>,
  compiler: CompileClient,
  signal: AbortSignal,
): Promise<Prepared | LaunchRefusal> {
  const { cwd, compile: options, workspaceRoots, overlays, compileTimeout, plan: wanted } = rest.run;
  const tests: string[] = [];
  let refusal = refused('files', 'there is no driver in it');
  for (const sources of drivers) {
    const job = { sources, options, cwd, workspaceRoots, overlays };
    const result = await compiler.compile(job, signal, compileTimeout);
    if (signal.aborted) return refused('cancelled', 'cancelled');
    if (!result.ok) {
      const first = result.diagnostics.find(({ severity }) => severity === 'error') ?? result.diagnostics[0];
      const text = first === undefined ? '' : (formatDiagnostic(first).split('\n', 1)[0] ?? '');
      return refused('compile', `${sources.name} does not compile: ${text}`, result.diagnostics);
    }
    const { driver } = result;
    const planned = plan(driver, { ...wanted, tests: [] });
    if (!planned.ok) {
      refusal = refused('test', planned.message);
      continue;
    }
    const meant = findFixtureRun(planned.runs, { ...launch, cwd });
    if (meant !== undefined) return { ok: true, driver, planned: meant, ...rest };
    tests.push(...planned.runs.map(({ name }) => name));
  }
  return launch.test === undefined || tests.length === 0
    ? refusal
    : refused('test', `no test is called ${launch.test}; there are ${tests.join(', ')}`);
}
