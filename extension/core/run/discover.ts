/** From what was typed to drivers: which sources are linked together (interfaces section 2, "What is linked"). */
import type { FileAccess } from '../base/host.js';
import { isBinary } from '../toolchain/encodings.js';
import type { DriverSources } from '../toolchain/module.js';
import { globMatcher } from './glob.js';
import { baseName, comparePaths, folderOf, joinPath, relativePath } from './paths.js';
import { type NamedTest, namesOf, type SourceNames, sourceText } from './sourceNames.js';

export interface DiscoverRequest {
  /** Absolute; names in messages are relative to it. */
  readonly cwd: string;
  /** Files and folders, absolute; may be empty when `drivers` is not. */
  readonly paths: readonly string[];
  /** --driver NAME=GLOB, globs relative to `cwd` or absolute. */
  readonly drivers: readonly { readonly name: string; readonly glob: string }[];
}

export interface DiscoveredDriver extends DriverSources {
  readonly folder: string;
  /** Its name and sources were given by the project file: others may lie in the same folder. */
  readonly named?: true;
  /** What the sources name as tests: what a driver that does not compile would have run. */
  readonly tests: readonly (NamedTest & { readonly file: string })[];
}

export type Discovery =
  | { readonly ok: true; readonly drivers: readonly DiscoveredDriver[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const SOURCE = /\.(?:c|cc|cpp|cxx)$/i;
const MAX_DEPTH = 32;
/** Links that lead in circles, or the root of a disk: nobody means that many. */
const MAX_FOLDERS = 5000;

export function isSourceName(name: string): boolean {
  return SOURCE.test(name);
}

class Discoverer {
  readonly problems: string[] = [];
  readonly drivers: DiscoveredDriver[] = [];
  readonly #names = new Map<string, SourceNames | undefined>();
  #folders = 0;

  readonly files: FileAccess;
  readonly cwd: string;

  constructor(files: FileAccess, cwd: string) {
    this.files = files;
    this.cwd = cwd;
  }

  show(path: string): string {
    return relativePath(this.cwd, path);
  }

  /** What the file names; undefined, with a problem noted, when it cannot be read as source. */
  names(path: string): SourceNames | undefined {
    if (this.#names.has(path)) return this.#names.get(path);
    const bytes = this.files.read(path);
    let names: SourceNames | undefined;
    if (bytes === undefined) {
      this.problems.push(`${this.show(path)}: not found (outside the project; use --include)`);
    } else if (isBinary(bytes)) {
      this.problems.push(`${this.show(path)}: is a binary file, not C or C++ source`);
    } else {
      names = namesOf(sourceText(bytes));
    }
    this.#names.set(path, names);
    return names;
  }

  add(name: string, folder: string, sources: readonly string[]): void {
    const sorted = [...new Set(sources)].sort(comparePaths);
    const tests = sorted.flatMap((file) => (this.names(file)?.tests ?? []).map((test) => ({ ...test, file })));
    this.drivers.push({ name, folder, sources: this.#withoutIncluded(sorted), tests });
  }

  /** Drops files that another of the set includes; of files that include each other the first stays. */
  #withoutIncluded(sources: readonly string[]): readonly string[] {
    const included = new Set<string>();
    const inSet = new Map(sources.map((path) => [path.toLowerCase(), path]));
    for (const source of sources) {
      if (included.has(source)) continue;
      for (const operand of this.names(source)?.includes ?? []) {
        const target = inSet.get(joinPath(folderOf(source), operand).toLowerCase());
        if (target !== undefined && target !== source) included.add(target);
      }
    }
    return sources.filter((source) => !included.has(source));
  }

  /** The folder's own sources are one driver; subfolders are drivers when they name something to run. */
  folder(path: string): void {
    const own = this.#sourcesIn(path);
    const below: { readonly folder: string; readonly sources: readonly string[] }[] = [];
    this.#walk(path, 0, below);
    const running = below.filter(({ sources }) => sources.some((source) => this.#runs(source)));
    if (own.length === 0 && below.every(({ sources }) => sources.length === 0)) {
      this.problems.push(
        `${this.show(path)}: no C or C++ sources (looked for .c, .cc, .cpp and .cxx here and in its folders)`,
      );
      return;
    }
    if (own.length > 0 && (running.length === 0 || own.some((source) => this.#runs(source)))) {
      this.add(baseName(path), path, own);
    } else if (running.length === 0) {
      const seen = below.flatMap(({ sources }) => sources).length;
      this.problems.push(`${this.show(path)}: ${nothingToRun(seen)}`);
    }
    for (const { folder, sources } of running) this.add(relativePath(path, folder), folder, sources);
  }

  #runs(source: string): boolean {
    const names = this.names(source);
    return names !== undefined && (names.callbacks || names.tests.length > 0);
  }

  #sourcesIn(folder: string): readonly string[] {
    return (this.files.list(folder) ?? [])
      .filter((entry) => !entry.directory && isSourceName(entry.name))
      .map((entry) => joinPath(folder, entry.name))
      .sort(comparePaths);
  }

  #walk(folder: string, depth: number, into: { folder: string; sources: readonly string[] }[]): void {
    if (depth >= MAX_DEPTH) return;
    const folders = (this.files.list(folder) ?? [])
      .filter((entry) => entry.directory && !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map((entry) => joinPath(folder, entry.name))
      .sort(comparePaths);
    for (const each of folders) {
      this.#folders += 1;
      if (this.#folders > MAX_FOLDERS) {
        if (this.#folders === MAX_FOLDERS + 1) {
          this.problems.push(
            `${this.show(folder)}: more than ${MAX_FOLDERS} folders to search; name those of the drivers`,
          );
        }
        return;
      }
      into.push({ folder: each, sources: this.#sourcesIn(each) });
      this.#walk(each, depth + 1, into);
    }
  }

  /** Every source below `folder`, for the globs of --driver. */
  allSources(folder: string): readonly string[] {
    const below: { folder: string; sources: readonly string[] }[] = [];
    this.#walk(folder, 0, below);
    return [...this.#sourcesIn(folder), ...below.flatMap(({ sources }) => sources)];
  }
}

/** How the message begins that says there is nothing of ours in the sources. */
export const NOTHING_TO_RUN = 'found nothing to run';

/** What a person who expected callbacks needs to know. */
export function nothingToRun(sources: number): string {
  const searched = sources === 1 ? 'the source' : `${sources} sources`;
  return (
    `${NOTHING_TO_RUN} in ${searched}: no save and restore callback and no test. Looked for declarations ` +
    '`EVT_VMB_CHANNEL_SAVE_PACKET Name;` and `EVT_VMB_CHANNEL_RESTORE_PACKET Name;`, calls of ' +
    'VmbServerChannelInitSetSaveRestorePacketCallbacks, functions with the signature ' +
    'NTSTATUS (VMBCHANNEL, VMBPACKET, ' +
    'PVOID, UINT32, PUINT32) or NTSTATUS (VMBCHANNEL, PVOID, UINT32, PVOID, UINT32), and VSPLAB_TEST'
  );
}

/** Splits NAME=GLOB; undefined when it is none. */
export function parseDriverOption(text: string): { readonly name: string; readonly glob: string } | undefined {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) return undefined;
  return { name: text.slice(0, equals), glob: text.slice(equals + 1).replaceAll('\\', '/') };
}

export function discover(request: DiscoverRequest, files: FileAccess): Discovery {
  const found = new Discoverer(files, request.cwd);
  const explicit = new Map<string, string[]>();
  for (const path of new Set(request.paths)) {
    if (files.list(path) !== undefined) {
      found.folder(path);
    } else if (files.read(path) === undefined) {
      found.problems.push(`${found.show(path)}: no such file or folder`);
    } else if (!isSourceName(path)) {
      found.problems.push(`${found.show(path)}: not a C or C++ source (.c, .cc, .cpp or .cxx)`);
    } else {
      const folder = folderOf(path);
      explicit.set(folder, [...(explicit.get(folder) ?? []), path]);
    }
  }
  for (const [folder, sources] of explicit) {
    const [first = ''] = sources;
    found.add(sources.length === 1 ? baseName(first).replace(SOURCE, '') : baseName(folder), folder, sources);
  }
  for (const { name, glob } of request.drivers) {
    const matches = globMatcher(joinPath(request.cwd, glob));
    const fixed = joinPath(request.cwd, glob.replace(/[^/]*[*?].*$/s, ''));
    const sources = (files.list(fixed) === undefined ? [fixed] : found.allSources(fixed)).filter(
      (source) => matches(source) && files.read(source) !== undefined,
    );
    if (sources.length === 0) found.problems.push(`--driver ${name}=${glob}: no source matches`);
    else found.add(name, folderOf(sources[0] ?? ''), sources);
  }
  if (found.problems.length > 0) return { ok: false, problems: [...new Set(found.problems)] };
  const drivers = found.drivers.sort((a, b) => comparePaths(a.sources[0] ?? '', b.sources[0] ?? ''));
  return { ok: true, drivers };
}
