/** The newest result of every driver that has been run: what lenses, problems and the view show. */
import { EventEmitter, type TextDocument, type Uri, workspace } from 'vscode';
import { callbackFigures, type Figures, type RunFigures, runFigures, testFigures } from '../core/run/figures.js';
import { folderOf, isInside, joinPath, relativePath } from '../core/run/paths.js';
import { PROJECT_FILE } from '../core/run/project.js';
import type { ReportPack } from '../core/run/reportPack.js';
import type { DriverOutcome } from '../worker/engineProtocol.js';
import { Disposables } from './disposables.js';
import type { Edits, Stamps } from './edits.js';
import type { AnchorLink } from './ids.js';
import { enginePath, uriOf } from './paths.js';

/** A report and the texts it speaks of. */
export interface Measured {
  readonly pack: ReportPack;
  readonly compiled: boolean;
  readonly stamps: Stamps;
  /** Texts of the files that were open, by URI. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface DriverResult {
  /** The driver's folder, as the engine names it. */
  readonly key: string;
  readonly name: string;
  /** File names of reports and diagnostics are relative to it. */
  readonly home: Uri;
  readonly newest: DriverOutcome;
  /** Of the newest outcome: the texts its diagnostics speak of. */
  readonly stamps: Stamps;
  readonly texts: ReadonlyMap<string, string>;
  /** Of the newest outcome that compiled, else of the newest. */
  readonly shown: Measured;
  /** Of the runs before those shown, by name. */
  readonly previous: Readonly<Record<string, RunFigures>>;
  /** The sources are not those that were measured. */
  readonly stale: boolean;
  /** Milliseconds since 1970. */
  readonly ranAt: number;
  /** Of an earlier session, and the sources have changed since: where its findings are now nobody can tell. */
  readonly placesLost?: true;
}

/** What a run knew when it began. */
export interface RunContext {
  readonly home: Uri;
  readonly stamps: Stamps;
  readonly texts: ReadonlyMap<string, string>;
}

export class Results {
  readonly #store = new Disposables();
  readonly #byKey = new Map<string, DriverResult>();
  readonly #changed = this.#store.add(new EventEmitter<DriverResult>());
  readonly #removed = this.#store.add(new EventEmitter<DriverResult>());
  readonly #edits: Edits;

  readonly onDidChange = this.#changed.event;
  readonly onDidRemove = this.#removed.event;

  constructor(edits: Edits) {
    this.#edits = edits;
  }

  get all(): readonly DriverResult[] {
    return [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  get(key: string): DriverResult | undefined {
    return this.#byKey.get(key);
  }

  /** Drivers that have the file, as source or header; the driver of its own folder first. */
  of(uri: Uri): readonly DriverResult[] {
    const path = enginePath(uri);
    const own = path.slice(0, path.lastIndexOf('/'));
    return this.all
      .filter(({ newest }) => newest.files.includes(path))
      .sort((a, b) => Number(b.key === own) - Number(a.key === own));
  }

  take(outcome: DriverOutcome, { home, stamps, texts }: RunContext): DriverResult {
    const before = this.#byKey.get(outcome.folder);
    const { pack, compiled } = outcome;
    const shown = compiled || before?.shown.compiled !== true ? { pack, compiled, stamps, texts } : before.shown;
    const replaced = compiled && before?.shown.compiled === true;
    const result: DriverResult = {
      key: outcome.folder,
      name: driverName(outcome.folder, home),
      home,
      newest: compiled || before === undefined ? outcome : withFilesOf(outcome, before.newest),
      stamps,
      texts,
      shown,
      previous: replaced ? figuresByName(before.shown.pack) : (before?.previous ?? {}),
      stale: false,
      ranAt: Date.now(),
    };
    const settled = { ...result, stale: !compiled || this.#differs(result) };
    this.#put(settled, before);
    return settled;
  }

  /** A result of an earlier session. */
  restore(result: DriverResult): void {
    if (!this.#byKey.has(result.key)) this.#put(result, undefined);
  }

  /** A file was opened: while nothing has changed since a run, its text is what ran. */
  opened(document: TextDocument): void {
    const uri = document.uri.toString();
    for (const result of document.isDirty ? [] : this.of(document.uri)) {
      const { stale, shown } = result;
      if (stale || shown.texts.has(uri)) continue;
      const texts = new Map([...shown.texts, [uri, document.getText()] as const]);
      this.#byKey.set(result.key, { ...result, shown: { ...shown, texts } });
    }
  }

  /** A project file has been written: it may be new to drivers in its folder and below. */
  projectWritten(uri: Uri): void {
    const path = enginePath(uri);
    const folder = folderOf(path);
    for (const result of this.all) {
      const { files } = result.newest;
      const nearer = files.some((file) => file.endsWith(`/${PROJECT_FILE}`) && folderOf(file).startsWith(`${folder}/`));
      if (files.includes(path) || nearer || !isInside(folder, result.key)) continue;
      this.#put({ ...result, stale: true }, result);
    }
    this.touched(uri, true);
  }

  /** The text of the file has changed in an editor, or on the disk. */
  touched(uri: Uri, onDisk: boolean): void {
    for (const result of this.of(uri)) {
      const stale = !result.newest.compiled || (onDisk && !isOpen(uri)) || this.#differs(result);
      if (stale !== result.stale) this.#put({ ...result, stale }, result);
    }
  }

  remove(key: string): void {
    const result = this.#byKey.get(key);
    if (result === undefined) return;
    this.#byKey.delete(key);
    this.#release(result, undefined);
    this.#removed.fire(result);
  }

  dispose(): void {
    this.#store.dispose();
    this.#byKey.clear();
  }

  #put(result: DriverResult, before: DriverResult | undefined): void {
    this.#byKey.set(result.key, result);
    if (before !== undefined) this.#release(before, result);
    this.#changed.fire(result);
  }

  /** Stamps that nobody uses any more let edits be forgotten. */
  #release(before: DriverResult, now: DriverResult | undefined): void {
    const used = new Set([now?.stamps, now?.shown.stamps]);
    for (const other of this.#byKey.values()) used.add(other.stamps).add(other.shown.stamps);
    for (const stamps of new Set([before.stamps, before.shown.stamps])) {
      if (!used.has(stamps)) this.#edits.release(stamps);
    }
  }

  /** An open file of the driver has another text than the one that was measured. */
  #differs({ newest, shown }: DriverResult): boolean {
    const files = new Set(newest.files);
    return workspace.textDocuments.some((document) => {
      if (!files.has(enginePath(document.uri))) return false;
      const text = shown.texts.get(document.uri.toString());
      return text === undefined ? document.isDirty : document.getText() !== text;
    });
  }
}

function isOpen(uri: Uri): boolean {
  const key = uri.toString();
  return workspace.textDocuments.some((document) => document.uri.toString() === key);
}

/** A driver that does not compile still has the headers it had. */
function withFilesOf(outcome: DriverOutcome, before: DriverOutcome): DriverOutcome {
  return { ...outcome, files: [...new Set([...outcome.files, ...before.files])] };
}

function figuresByName(pack: ReportPack): Readonly<Record<string, RunFigures>> {
  return Object.fromEntries(pack.runs.map((run) => [run.name, runFigures(run)]));
}

/** The folder's path in its workspace folder, or its own name. */
function driverName(folder: string, home: Uri): string {
  const relative = relativePath(enginePath(home), folder);
  return relative === '.' || relative.startsWith('/') || relative.startsWith('..')
    ? folder.slice(folder.lastIndexOf('/') + 1)
    : relative;
}

/**
 * Of an earlier session, and too large to be kept: nothing of the report is left but its summary, until the driver has
 * run again.
 */
export function isLost({ shown: { pack } }: DriverResult): boolean {
  return pack.runs.length === 0 && pack.summary.runs > 0;
}

/** A file as the result's report names it; undefined for our own headers. */
export function fileOf(result: DriverResult, file: string): Uri | undefined {
  return file.startsWith('<') || file === '' ? undefined : uriOf(joinPath(enginePath(result.home), file));
}

/** Figures of a callback or test, of the first driver of the file that has run it. */
export function figuresOf(
  results: readonly DriverResult[],
  { uri, kind, name }: Omit<AnchorLink, 'uri'> & { readonly uri: Uri },
): { readonly result: DriverResult; readonly figures: Figures } | undefined {
  for (const result of results) {
    const { pack } = result.shown;
    const figures =
      kind === 'test'
        ? testFigures(pack, relativePath(enginePath(result.home), enginePath(uri)), name)
        : callbackFigures(pack, kind, name);
    if (figures !== undefined) return { result, figures };
  }
  return undefined;
}

/** Texts of open files that decide what runs, to tell later whether they are still what ran. */
export function openTexts(documents: readonly TextDocument[]): ReadonlyMap<string, string> {
  return new Map(documents.map((document) => [document.uri.toString(), document.getText()]));
}
