/**
 * Runs: from "run this" to results. One engine serves all windows' folders; of two runs of the same driver the newer
 * wins, and other drivers keep their results.
 */
import { EventEmitter, type TextDocument, Uri, workspace } from 'vscode';
import { isSourceName, NOTHING_TO_RUN } from '../core/run/discover.js';
import { PROJECT_FILE } from '../core/run/project.js';
import { withSeverities } from '../core/run/severities.js';
import type { EngineClient, RunOrder as EngineOrder } from '../worker/engineClient.js';
import type { DriverOutcome } from '../worker/engineProtocol.js';
import { Disposables } from './disposables.js';
import type { Edits } from './edits.js';
import type { Log } from './log.js';
import type { Stopwatch } from './metrics.js';
import { enginePath, homeOf, uriOf } from './paths.js';
import { isSourceDocument } from './presence.js';
import { readSetting, setContext } from './register.js';
import { type DriverResult, openTexts, type Results, type RunContext } from './results.js';
import { engineSettings } from './runSettings.js';
import { overlaysFor, sourcesIn, TooManyFiles } from './sources.js';

/** A run that takes longer says so. */
const LONG = 500;

export type RunScope = { readonly kind: 'file'; readonly uri: Uri } | { readonly kind: 'workspace' };

export interface RunOrder {
  readonly scope: RunScope;
  readonly asked: 'command' | 'save' | 'view';
  /** When the save happened that asks for it, as `performance.now` tells. */
  readonly saved?: number;
}

export type RunEnd =
  | { readonly kind: 'finished'; readonly results: readonly DriverResult[] }
  | { readonly kind: 'cancelled' }
  /** Nothing could be run; `message` says what to mend. */
  | { readonly kind: 'failed'; readonly message: string };

/** Work of one folder: files beside each other, or everything in it. */
interface Job {
  readonly home: Uri;
  readonly paths: readonly string[];
  /** The driver's folder, for a run of one driver. */
  readonly key: string | undefined;
}

/** A run that takes long enough to be told of. */
export interface LongRun {
  readonly order: RunOrder;
  readonly text: () => string;
  readonly ended: Promise<unknown>;
  readonly cancel: () => void;
}

interface ActiveRun {
  readonly number: number;
  readonly order: RunOrder;
  readonly jobs: readonly Job[];
  readonly abort: AbortController;
  long: boolean;
  text: string;
}

export class RunService {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #ended = this.#store.add(new EventEmitter<{ readonly order: RunOrder; readonly end: RunEnd }>());
  readonly #long = this.#store.add(new EventEmitter<LongRun>());
  readonly #active = new Set<ActiveRun>();
  /** The newest run that has answered for a driver. */
  readonly #answered = new Map<string, number>();
  readonly #services: RunServices;
  #runs = 0;

  /** What runs, or what is said of it, has changed. */
  readonly onDidChange = this.#changed.event;
  readonly onDidEnd = this.#ended.event;
  readonly onDidTakeLong = this.#long.event;

  constructor(services: RunServices) {
    this.#services = services;
  }

  get running(): boolean {
    return this.#active.size > 0;
  }

  /** What long runs are doing; empty when there is none. */
  get progress(): string {
    return [...this.#active].findLast(({ long }) => long)?.text ?? '';
  }

  /** True while a run that takes long will answer for that file. */
  isBusy(uri: Uri): boolean {
    const path = enginePath(uri);
    return [...this.#active].some(
      ({ long, jobs }) =>
        long && jobs.some(({ paths }) => paths.some((each) => path === each || path.startsWith(`${each}/`))),
    );
  }

  /** Never rejects. */
  async run(order: RunOrder): Promise<RunEnd> {
    if (!workspace.isTrusted) {
      return { kind: 'failed', message: 'Drivers are compiled and run in trusted workspaces only.' };
    }
    const run: ActiveRun = {
      number: ++this.#runs,
      order,
      jobs: [],
      abort: new AbortController(),
      long: false,
      text: 'Compiling',
    };
    let end: RunEnd;
    try {
      end = await this.#perform(run);
    } catch (error) {
      this.#services.log.error('The run failed', error);
      end = { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
    this.#ended.fire({ order, end });
    return end;
  }

  cancel(): void {
    for (const { abort } of this.#active) abort.abort();
  }

  dispose(): void {
    this.cancel();
    this.#store.dispose();
  }

  async #perform(started: ActiveRun): Promise<RunEnd> {
    const jobs = await this.#jobsOf(started.order.scope);
    if (typeof jobs === 'string') return { kind: 'failed', message: jobs };
    const run: ActiveRun = { ...started, jobs };
    this.#supersede(run);
    this.#active.add(run);
    this.#tell();
    const working = Promise.all(jobs.map((job) => this.#job(run, job)));
    const timer = setTimeout(() => this.#tellLong(run, working), LONG);
    try {
      const ends = await working;
      const failure = ends.find(({ kind }) => kind === 'failed');
      const results = ends.flatMap((end) => (end.kind === 'finished' ? end.results : []));
      // Of several folders one with nothing to run is no failure.
      if (failure !== undefined && results.length === 0) return failure;
      return ends.every(({ kind }) => kind === 'cancelled') ? { kind: 'cancelled' } : { kind: 'finished', results };
    } finally {
      clearTimeout(timer);
      this.#active.delete(run);
      this.#tell();
    }
  }

  /** Older runs of the same driver alone are of no use any more. */
  #supersede(run: ActiveRun): void {
    for (const older of this.#active) {
      const covered = older.jobs.every(({ key }) => key !== undefined && run.jobs.some((job) => job.key === key));
      if (covered) older.abort.abort();
    }
  }

  async #job(run: ActiveRun, { home, paths }: Job): Promise<RunEnd> {
    const { edits, engine, log } = this.#services;
    const { signal } = run.abort;
    const stamps = edits.stamp();
    const texts = openTexts(workspace.textDocuments.filter(decidesWhatRuns));
    const results: DriverResult[] = [];
    let nothing = '';
    try {
      const request: EngineOrder = {
        cwd: enginePath(home),
        paths,
        workspaceRoots: (workspace.workspaceFolders ?? []).map(({ uri }) => enginePath(uri)),
        overlays: await overlaysFor(home, signal),
        settings: engineSettings(home),
      };
      if (signal.aborted) return { kind: 'cancelled' };
      log.info(`run ${run.number}: ${paths.join(', ')} (asked by ${run.order.asked})`);
      const end = await engine.run(
        request,
        {
          progress: (text) => {
            run.text = text;
            if (run.long) this.#changed.fire();
          },
          driver: (outcome) => {
            if (signal.aborted) return;
            const told = nothingToRun(outcome);
            if (told === undefined) results.push(...this.#take(run, outcome, { home, stamps, texts }));
            else this.#services.results.remove(outcome.folder);
            nothing ||= told ?? '';
          },
        },
        signal,
      );
      if (end.kind === 'failed') {
        log.warn(`run ${run.number}: ${end.message}`);
        return end;
      }
      if (results.length === 0 && nothing !== '') return { kind: 'failed', message: nothing };
      if (!end.cancelled || results.length > 0) return { kind: 'finished', results };
      log.info(`run ${run.number}: cancelled`);
      return { kind: 'cancelled' };
    } catch (error) {
      if (error instanceof TooManyFiles) return { kind: 'failed', message: error.message };
      throw error;
    } finally {
      const used = this.#services.results.all.some((each) => each.stamps === stamps || each.shown.stamps === stamps);
      if (!used) edits.release(stamps);
    }
  }

  /** None when a newer run has answered for that driver. */
  #take(run: ActiveRun, outcome: DriverOutcome, context: RunContext): readonly DriverResult[] {
    const { log, results, stopwatch } = this.#services;
    if ((this.#answered.get(outcome.folder) ?? 0) > run.number) return [];
    this.#answered.set(outcome.folder, run.number);
    const pack = withSeverities(outcome.pack, readSetting('rules', context.home));
    const result = results.take({ ...outcome, pack }, context);
    logOutcome(log, outcome);
    if (run.order.saved !== undefined) {
      const milliseconds = stopwatch.reported(result.key, run.order.saved);
      log.info(`${result.name}: reported ${milliseconds.toFixed(0)} ms after the save`);
    }
    return [result];
  }

  /** A message in place of jobs says why there is none. */
  async #jobsOf(scope: RunScope): Promise<readonly Job[] | string> {
    if (scope.kind === 'workspace') {
      const folders = workspace.workspaceFolders ?? [];
      if (folders.length === 0) return 'There is no folder open: open the one your drivers are in.';
      return folders.map(({ uri }) => ({ home: uri, paths: [enginePath(uri)], key: undefined }));
    }
    const { uri } = scope;
    const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
    const known = this.#services.results.of(uri).map(({ key }) => uriOf(key));
    const own = isSourceName(name) ? [Uri.joinPath(uri, '..')] : [];
    const jobs = await Promise.all((known.length > 0 ? known : own).map(jobOf));
    const found = jobs.filter((job) => job !== undefined);
    if (found.length > 0) return found;
    return isSourceName(name)
      ? `${name}: its folder cannot be read, or the file is gone.`
      : `${name} belongs to no driver that has been run: run a source file that includes it first.`;
  }

  #tellLong(run: ActiveRun, working: Promise<unknown>): void {
    run.long = true;
    const ended = working.catch(() => undefined);
    this.#long.fire({ order: run.order, text: () => run.text, ended, cancel: () => run.abort.abort() });
    this.#changed.fire();
  }

  #tell(): void {
    void setContext('vspLab.running', this.running);
    this.#changed.fire();
  }
}

export interface RunServices {
  readonly edits: Edits;
  readonly engine: EngineClient;
  readonly log: Log;
  readonly results: Results;
  readonly stopwatch: Stopwatch;
}

function decidesWhatRuns(document: TextDocument): boolean {
  return isSourceDocument(document) || document.uri.path.endsWith(`/${PROJECT_FILE}`);
}

/** The driver of a folder; undefined where there is no source, or no folder any more. */
async function jobOf(folder: Uri): Promise<Job | undefined> {
  try {
    const sources = await sourcesIn(folder);
    const [first] = sources;
    return first && { home: homeOf(first), paths: sources.map(enginePath), key: enginePath(folder) };
  } catch {
    return undefined;
  }
}

/** Sources that have nothing to do with us are no driver; the message says what was looked for. */
function nothingToRun({ folder, diagnostics }: DriverOutcome): string | undefined {
  const told = diagnostics.find(({ message }) => message.startsWith(NOTHING_TO_RUN));
  return told && `${folder.slice(folder.lastIndexOf('/') + 1)}: ${told.message}.`;
}

function logOutcome(log: Log, { name, compiled, diagnostics, milliseconds, pack }: DriverOutcome): void {
  const { compile, run } = milliseconds;
  const { packets, findings, runs, passed } = pack.summary;
  log.info(
    compiled
      ? `${name}: compiled in ${compile.toFixed(0)} ms, run in ${run.toFixed(0)} ms; ${passed} of ${runs} runs passed, ` +
          `${packets} packets, ${findings.error} errors, ${findings.warning} warnings`
      : `${name}: does not compile (${compile.toFixed(0)} ms)`,
  );
  for (const { severity, file, line, column, message } of diagnostics) {
    log.info(`  ${file}:${line}:${column}: ${severity}: ${message}`);
  }
}
