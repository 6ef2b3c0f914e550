/** The engine's end of engineProtocol: takes requests, runs them at the same time, answers each. */
import { statSync } from 'node:fs';
import { joinPath } from '../core/run/paths.js';
import { buildReport } from '../core/run/reportBuilder.js';
import { packReport, transferablesOf } from '../core/run/reportPack.js';
import { judged, withSeverities } from '../core/run/severities.js';
import type { DriverEnd, Engine, EngineRun } from './engine.js';
import type {
  CheckRequest,
  ContextsRequest,
  DriverOutcome,
  EngineReply,
  EngineRequest,
  RunRequest,
} from './engineProtocol.js';
import { InvalidRequest, parseRequest } from './engineRequest.js';
import { macros, SettingError, simulationOptions } from './engineSettings.js';

/** `transfer` are buffers that may go over instead of being copied. */
export type Post = (reply: EngineReply, transfer: readonly ArrayBuffer[]) => void;

/** Progress is for people: more often than this it is only work. */
const PROGRESS_MILLISECONDS = 50;

export class EngineServer {
  readonly #engine: Engine;
  readonly #post: Post;
  readonly #runs = new Map<number, AbortController>();

  constructor(engine: Engine, post: Post) {
    this.#engine = engine;
    this.#post = post;
  }

  /** A message as it came in; settles when it has been answered. Never rejects. */
  async take(message: unknown): Promise<void> {
    let request: EngineRequest;
    try {
      request = parseRequest(message);
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      this.#fail(error.id ?? 0, `the engine does not understand what it was asked: ${error.message}`);
      return;
    }
    switch (request.kind) {
      case 'warm':
        this.#engine.warm();
        return;
      case 'cancel':
        this.#runs.get(request.id)?.abort();
        return;
      case 'contexts':
        await this.#contexts(request);
        return;
      case 'check':
        await this.#check(request);
        return;
      case 'run':
        await this.#run(request);
        return;
    }
  }

  async #contexts({ id, cwd, file, workspaceRoots, overlays, settings }: ContextsRequest): Promise<void> {
    try {
      const { includes = [], defines = [] } = settings;
      const options = { optimize: 0, checked: false, arch: 'x64', defines: macros(defines), includes } as const;
      const answer = await this.#engine.contexts({ file, options, cwd, workspaceRoots, overlays });
      if (!answer.ok) this.#fail(id, answer.message);
      else this.#post({ kind: 'contexts', id, ...(answer.facts === undefined ? {} : { facts: answer.facts }) }, []);
    } catch (error) {
      this.#fail(id, error instanceof Error ? error.message : String(error));
    }
  }

  async #run(request: RunRequest): Promise<void> {
    const { id } = request;
    if (this.#runs.has(id)) {
      this.#fail(id, `the engine does not understand what it was asked: id: ${id} is running already`);
      return;
    }
    const abort = new AbortController();
    this.#runs.set(id, abort);
    try {
      const run = engineRun(request);
      const progress = this.#progress(id);
      const driver = (end: DriverEnd): void => this.#driver(id, run, end);
      const end = await this.#engine.run(run, { progress, driver }, abort.signal);
      if (end.kind === 'failed') this.#fail(id, end.problems.join('\n'));
      else this.#post({ kind: 'finished', id, cancelled: end.kind === 'cancelled' || end.superseded }, []);
    } catch (error) {
      this.#fail(id, error instanceof Error ? error.message : String(error));
    } finally {
      this.#runs.delete(id);
    }
  }

  async #check(request: CheckRequest): Promise<void> {
    const { id } = request;
    const abort = new AbortController();
    this.#runs.set(id, abort);
    try {
      const end = await this.#engine.check(engineRun({ ...request, kind: 'run' }), abort.signal);
      if (end.kind === 'failed') {
        this.#fail(id, end.problems.join('\n'));
        return;
      }
      if (end.kind === 'finished') {
        const outcomes = end.drivers.map(({ found, findings, fixes, diagnostics }) => ({
          name: found.name,
          folder: found.folder,
          findings: judged(findings, end.severities),
          fixes,
          diagnostics,
        }));
        this.#post({ kind: 'checked', id, outcomes }, []);
      }
      this.#post({ kind: 'finished', id, cancelled: end.kind === 'cancelled' }, []);
    } catch (error) {
      this.#fail(id, error instanceof Error ? error.message : String(error));
    } finally {
      this.#runs.delete(id);
    }
  }

  #driver(id: number, { compile, cwd }: EngineRun, end: DriverEnd): void {
    const pack = withSeverities(packReport(buildReport(end.built, compile.arch)), end.severities);
    const { name, folder, sources } = end.found;
    const { diagnostics, compiled, milliseconds } = end;
    const project = end.projectFile === undefined ? [] : [end.projectFile];
    const files = [...new Set([...sources, ...end.files.map((file) => joinPath(cwd, file)), ...project])];
    const outcome: DriverOutcome = { name, folder, sources, files, pack, diagnostics, compiled, milliseconds };
    this.#post({ kind: 'driver', id, outcome }, transferablesOf(pack));
  }

  #progress(id: number): (text: string, done: number, total: number) => void {
    let last = Number.NEGATIVE_INFINITY;
    return (text, done, total) => {
      const now = performance.now();
      if (now - last < PROGRESS_MILLISECONDS) return;
      last = now;
      this.#post({ kind: 'progress', id, text, done, total }, []);
    };
  }

  #fail(id: number, message: string): void {
    this.#post({ kind: 'failed', id, message }, []);
  }
}

/** What a request of an editor asks for; throws SettingError for settings that look right one by one and are not. */
export function engineRun({ cwd, paths, workspaceRoots, overlays, settings }: RunRequest): EngineRun {
  const { checks = 'full', stress, tests = [], packets, includes = [], defines = [] } = settings;
  for (const folder of includes) {
    if (!isFolder(folder) && !overlays.some(({ path }) => path.startsWith(`${folder}/`)))
      throw new SettingError(`include folder ${folder}: no such folder`);
  }
  return {
    cwd,
    paths,
    drivers: [],
    workspaceRoots,
    overlays,
    compile: {
      optimize: checks === 'off' ? 2 : 0,
      checked: checks !== 'off',
      differential: checks === 'full',
      arch: 'x64',
      defines: macros(defines),
      includes,
    },
    compileTimeout: undefined,
    plan: { tests, ...(packets === undefined ? {} : { packets }) },
    simulation: simulationOptions(settings),
    timeout: settings.timeout,
    stress,
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
