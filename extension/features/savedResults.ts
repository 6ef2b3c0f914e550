/**
 * Results outlive the window: a page restored after a reload shows what it showed. They lie in the workspace's storage,
 * written when nothing else is going on and read when a file or page of ours is there.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { Uri, workspace } from 'vscode';
import { columnBytes, parsePack, type ReportPack } from '../core/run/reportPack.js';
import type { Lab } from './lab.js';
import { packed } from './packing.js';
import { uriOf } from './paths.js';
import { type DriverResult, openTexts } from './results.js';

/** Milliseconds after the last result, before it is written. */
const PAUSE = 100;
/** The same where writing takes a while, of which another run soon makes nothing. */
const LONG_PAUSE = 2000;
/** Bytes of columns from which writing takes a while: some 30,000 packets. */
const LARGE = 2 << 20;
/** Larger reports are run again sooner than they are read: of them the summary is kept. */
const MAX_BYTES = 24 << 20;
const MAX_REPORTS = 16;

const figures = v.object({
  packets: v.number(),
  stateBytes: v.number(),
  min: v.number(),
  median: v.number(),
  max: v.number(),
});
const index = v.object({
  version: v.string(),
  drivers: v.array(
    v.object({
      key: v.string(),
      name: v.string(),
      home: v.string(),
      sources: v.array(v.string()),
      files: v.array(v.string()),
      previous: v.record(v.string(), figures),
      ranAt: v.number(),
    }),
  ),
});
type SavedDriver = v.InferOutput<typeof index>['drivers'][number];

export function activate(lab: Lab): void {
  const storage = lab.context.storageUri;
  if (storage === undefined) return;
  const saved = new SavedResults(lab, Uri.joinPath(storage, 'reports'));
  lab.store.add(saved);
  lab.beforeEnd.push(() => saved.finish());
  lab.presence.whenAwake(() => saved.start());
}

class SavedResults {
  readonly #lab: Lab;
  readonly #folder: Uri;
  #timer: NodeJS.Timeout | undefined;
  /** One after the other: the index of the newest is the one that stays. */
  #writing: Promise<void> = Promise.resolve();
  readonly #written = new Map<string, DriverResult>();

  constructor(lab: Lab, folder: Uri) {
    this.#lab = lab;
    this.#folder = folder;
  }

  start(): void {
    void this.#restore().then(() => {
      const later = (): void => this.#writeLater();
      this.#lab.store.add(this.#lab.results.onDidChange(later));
      this.#lab.store.add(this.#lab.results.onDidRemove(later));
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  // ---- Write

  #writeLater(): void {
    clearTimeout(this.#timer);
    const isLarge = this.#unwritten().some(({ shown }) => columnBytes(shown.pack) > LARGE);
    this.#timer = setTimeout(() => this.#writeNow(), isLarge ? LONG_PAUSE : PAUSE);
  }

  #writeNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => this.#lab.log.warn(`Results are not kept: ${String(error)}`));
  }

  /** What waits to be written is, before the window goes. */
  finish(): Promise<void> {
    if (this.#timer !== undefined) this.#writeNow();
    return this.#writing;
  }

  #newest(): readonly DriverResult[] {
    return this.#lab.results.all.toSorted((a, b) => b.ranAt - a.ranAt).slice(0, MAX_REPORTS);
  }

  #unwritten(): readonly DriverResult[] {
    return this.#newest().filter(
      ({ key, shown }) => shown.compiled && this.#written.get(key)?.shown.pack !== shown.pack,
    );
  }

  async #write(): Promise<void> {
    const drivers: SavedDriver[] = [];
    for (const result of this.#unwritten()) {
      const bytes = await packed(kept(result.shown.pack));
      await workspace.fs.writeFile(this.#file(result.key), bytes);
      this.#written.set(result.key, result);
    }
    for (const result of this.#newest()) {
      if (!this.#written.has(result.key)) continue;
      const { key, name, home, newest: outcome, previous, ranAt } = result;
      const { sources, files } = outcome;
      drivers.push({ key, name, home: home.toString(), sources: [...sources], files: [...files], previous, ranAt });
    }
    const text = JSON.stringify({ version: this.#version, drivers });
    await workspace.fs.writeFile(Uri.joinPath(this.#folder, 'index.json'), new TextEncoder().encode(text));
  }

  // ---- Read

  async #restore(): Promise<void> {
    const drivers = await this.#index();
    await Promise.all(drivers.map((driver) => this.#restoreOne(driver)));
  }

  /** Nothing for what another version wrote, or for what is damaged: a run makes it new. */
  async #index(): Promise<readonly SavedDriver[]> {
    try {
      const bytes = await workspace.fs.readFile(Uri.joinPath(this.#folder, 'index.json'));
      const parsed = v.parse(index, JSON.parse(new TextDecoder().decode(bytes)));
      return parsed.version === this.#version ? parsed.drivers : [];
    } catch {
      return [];
    }
  }

  async #restoreOne({ key, name, home, sources, files, previous, ranAt }: SavedDriver): Promise<void> {
    try {
      const pack = parsePack(await workspace.fs.readFile(this.#file(key)));
      const changes = await Promise.all(files.map(changedAt));
      // A driver whose folder is gone is of no use to anybody.
      if (changes.every((changed) => changed === undefined)) return;
      const stale = changes.some((changed) => changed === undefined || changed > ranAt);
      const stamps = this.#lab.edits.stamp();
      const texts = openTexts(stale ? [] : workspace.textDocuments.filter((document) => !document.isDirty));
      this.#lab.results.restore({
        key,
        name,
        home: Uri.parse(home, true),
        newest: {
          name,
          folder: key,
          sources,
          files,
          pack,
          diagnostics: [],
          compiled: true,
          milliseconds: { compile: 0, run: 0 },
        },
        stamps,
        texts,
        shown: { pack, compiled: true, stamps, texts },
        previous,
        stale,
        ranAt,
        ...(stale ? { placesLost: true } : {}),
      });
    } catch (error) {
      this.#lab.log.info(`The last report of ${name} cannot be read: ${String(error)}`);
    }
  }

  get #version(): string {
    return String(this.#lab.context.extension.packageJSON.version);
  }

  #file(key: string): Uri {
    return Uri.joinPath(this.#folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.report`);
  }
}

function kept(pack: ReportPack): ReportPack {
  return columnBytes(pack) > MAX_BYTES ? { ...pack, runs: [] } : pack;
}

/** Milliseconds since 1970; undefined for a file that is gone. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await workspace.fs.stat(uriOf(path))).mtime;
  } catch {
    return undefined;
  }
}
