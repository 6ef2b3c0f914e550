/** `vsplab.json` applied to a run: what the run itself says counts more. */
import { type DiscoveredDriver, type Discovery, discover } from '../core/run/discover.js';
import { folderOf, isInside, joinPath, relativePath } from '../core/run/paths.js';
import { PROJECT_FILE, type Project, type ProjectResult, parseProject } from '../core/run/project.js';
import { sourceText } from '../core/run/sourceNames.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import type { EngineRun } from './engine.js';
import { macros, SettingError, stubValues } from './engineSettings.js';
import type { ProjectFiles } from './projectFiles.js';

/** The nearest `vsplab.json` above the first path, within its project; undefined when there is none. */
export function findProject(
  { cwd, paths }: Pick<EngineRun, 'cwd' | 'paths'>,
  files: ProjectFiles,
): ProjectResult | undefined {
  const [path = cwd] = paths;
  const root = files.rootOf(path);
  for (let folder = files.list(path) === undefined ? folderOf(path) : path; ; folder = folderOf(folder)) {
    const file = joinPath(folder, PROJECT_FILE);
    const bytes = files.read(file);
    if (bytes !== undefined) return parseProject(sourceText(bytes), relativePath(cwd, file), folder);
    if (folder === root || folder === folderOf(folder) || !isInside(root, folder)) return undefined;
  }
}

/** The run with the project's settings, or what of them makes no sense although it is of the right kind. */
export function withProject(
  run: EngineRun,
  project: Project,
): { readonly ok: true; readonly run: EngineRun } | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, run: merged(run, project) };
  } catch (error) {
    return { ok: false, problem: projectProblem(error) };
  }
}

/** What a setting of the project that makes no sense is told as; throws what is no such thing. */
export function projectProblem(error: unknown): string {
  if (!(error instanceof SettingError)) throw error;
  return error.message.replace(/^--/, `${PROJECT_FILE}: `);
}

/** How the project's sources are compiled; throws SettingError. */
export function compiledWith(compile: CompileOptions, project: Project): CompileOptions {
  return {
    ...compile,
    includes: [...compile.includes, ...project.includes],
    defines: [...macros(project.defines), ...compile.defines],
  };
}

function merged(run: EngineRun, project: Project): EngineRun {
  const { simulation } = run;
  return {
    ...run,
    compile: compiledWith(run.compile, project),
    simulation: {
      ...simulation,
      stubValues: new Map([...stubValues(project.stubs), ...simulation.stubValues]),
    },
    stress: run.stress ?? project.stress,
    timeout: run.timeout ?? project.budgets.timeout,
    compileTimeout: run.compileTimeout ?? project.budgets.compileTimeout,
  };
}

/**
 * The drivers of a run. A path in or around the sources of drivers that the project names stands for those; every other
 * path is looked into as always.
 */
export function driversOf(
  { cwd, paths, drivers }: Pick<EngineRun, 'cwd' | 'paths' | 'drivers'>,
  files: ProjectFiles,
  project?: Project,
): Discovery {
  if (project === undefined || project.drivers.length === 0 || drivers.length > 0)
    return discover({ cwd, paths, drivers }, files);
  const named = discover({ cwd, paths: [], drivers: project.drivers }, files);
  if (!named.ok) return { ok: false, problems: named.problems.map(ofProject) };
  const holds = (path: string, { sources }: DiscoveredDriver): boolean =>
    sources.some((source) => isInside(path, source));
  const taken = named.drivers.filter((driver) => paths.some((path) => holds(path, driver)));
  const left = paths.filter((path) => !taken.some((driver) => holds(path, driver)));
  const others =
    left.length === 0 ? { ok: true as const, drivers: [] } : discover({ cwd, paths: left, drivers }, files);
  return others.ok
    ? { ok: true, drivers: [...taken.map((driver) => ({ ...driver, named: true as const })), ...others.drivers] }
    : others;
}

function ofProject(problem: string): string {
  return problem.replace(
    /^--driver ([^=]*)=(.*): no source matches$/s,
    `${PROJECT_FILE}: drivers.$1: no source matches $2`,
  );
}
