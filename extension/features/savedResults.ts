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

/** After the last result, before it is written. */
const PAUSE = 2000;
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
  lab.presence.whenAwake(() => saved.start());
}

class SavedResults {
  readonly #lab: Lab;
  readonly #folder: Uri;
  #timer: NodeJS.Timeout | undefined;
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
    this.#timer = setTimeout(() => {
      this.#write().catch((error: unknown) => this.#lab.log.warn(`Results are not kept: ${String(error)}`));
    }, PAUSE);
  }

  async #write(): Promise<void> {
    const newest = this.#lab.results.all.toSorted((a, b) => b.ranAt - a.ranAt).slice(0, MAX_REPORTS);
    const drivers: SavedDriver[] = [];
    for (const result of newest) {
      if (!result.shown.compiled) continue;
      if (this.#written.get(result.key)?.shown.pack !== result.shown.pack) {
        const bytes = await packed(kept(result.shown.pack));
        await workspace.fs.writeFile(this.#file(result.key), bytes);
        this.#written.set(result.key, result);
      }
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
