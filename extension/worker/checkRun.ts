/** `vsp-lab check` of some paths: which drivers, how each is compiled, and what the static rules find in it. */
import type { OfferedFix } from '../core/rules/static/fixes/offer.js';
import type { DiscoveredDriver } from '../core/run/discover.js';
import type { Project } from '../core/run/project.js';
import type { Finding } from '../core/run/report.js';
import type { Severities } from '../core/run/severities.js';
import type { CompileOptions, Diagnostic } from '../core/toolchain/module.js';
import type { CompileClient } from './compileClient.js';
import type { EngineRun } from './engine.js';
import { type ProjectFiles, projectFiles } from './projectFiles.js';
import { compiledWith, driversOf, findProject, projectProblem } from './projectRun.js';

/** What of a run decides a check. */
export type CheckRun = Pick<
  EngineRun,
  'cwd' | 'paths' | 'drivers' | 'workspaceRoots' | 'overlays' | 'compile' | 'compileTimeout'
>;

export interface CheckedDriver {
  readonly found: DiscoveredDriver;
  readonly findings: readonly Finding[];
  readonly fixes: readonly OfferedFix[];
  /** Compile errors; files relative to `cwd`. */
  readonly diagnostics: readonly Diagnostic[];
  /** What it was compiled from, as findings name files. */
  readonly files: readonly string[];
}

export type CheckEnd =
  | {
      readonly kind: 'finished';
      /** In the order of their paths. */
      readonly drivers: readonly CheckedDriver[];
      readonly files: ProjectFiles;
      /** What findings count as, by the project file. */
      readonly severities: Severities;
    }
  | { readonly kind: 'cancelled' }
  /** Nothing could be checked: what is to be mended. */
  | { readonly kind: 'failed'; readonly problems: readonly string[] };

/** Never rejects for what the user has done. */
export async function checkPaths(wanted: CheckRun, compiler: CompileClient, signal: AbortSignal): Promise<CheckEnd> {
  const { cwd, paths, workspaceRoots, overlays } = wanted;
  const filesOf = (includes: readonly string[]): ProjectFiles =>
    projectFiles(paths.length > 0 ? paths : [cwd], includes, workspaceRoots, overlays);
  const project = findProject(wanted, filesOf(wanted.compile.includes));
  if (project?.ok === false) return { kind: 'failed', problems: project.problems };
  let run = wanted;
  try {
    if (project !== undefined) run = withProject(wanted, project.project);
  } catch (error) {
    return { kind: 'failed', problems: [projectProblem(error)] };
  }
  const files = filesOf(run.compile.includes);
  const found = driversOf(run, files, project?.project);
  if (!found.ok) return { kind: 'failed', problems: found.problems };
  const options = plain(run.compile);
  const drivers: CheckedDriver[] = [];
  for (const sources of found.drivers) {
    if (signal.aborted) return { kind: 'cancelled' };
    const job = { sources, options, cwd, workspaceRoots, overlays };
    drivers.push({ found: sources, ...(await compiler.check(job, signal, run.compileTimeout)) });
  }
  if (signal.aborted) return { kind: 'cancelled' };
  return { kind: 'finished', drivers, files, severities: project?.project.rules ?? {} };
}

function withProject(run: CheckRun, project: Project): CheckRun {
  return {
    ...run,
    compile: compiledWith(run.compile, project),
    compileTimeout: run.compileTimeout ?? project.budgets.compileTimeout,
  };
}

/** As written: nothing optimised away, nothing inserted. */
function plain({ arch, defines, includes }: CompileOptions): CompileOptions {
  return { optimize: 0, checked: false, arch, defines, includes };
}
