/**
 * The one file tree a tool run sees: what the run itself writes, our mounted folders, and the user's project through
 * `FileAccess`, read lazily and never written. Names are found whatever their case, as on the systems drivers are
 * written on.
 */
import type { FileAccess } from '../base/host.js';
import { toUtf8 } from './encodings.js';

/** A folder of ours at a fixed place of the tree. `prefix` is absolute and ends without `/`: `/<wdk>`. */
export interface Mount {
  readonly prefix: string;
  /** Sees paths below the mount, starting with `/`. */
  readonly files: FileAccess;
}

/** A file the run may write: grows by doubling, however small the pieces are. */
export class GrowingFile {
  bytes: Uint8Array;
  length: number;

  constructor(content?: Uint8Array) {
    this.bytes = content ?? new Uint8Array(1 << 16);
    this.length = content?.length ?? 0;
  }

  reserve(length: number): void {
    if (length <= this.bytes.length) {
      return;
    }
    const grown = new Uint8Array(Math.max(length, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  content(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** A file as found: `path` is its true spelling and identity, `file` its content in UTF-8. */
export interface FoundFile {
  readonly path: string;
  readonly content: Uint8Array;
}

export type Found =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string };

/** Where the tree keeps what runs write: `/<out>/name`. */
export const OUTPUT_FOLDER = '/<out>';

/** Removes `.`, `..` and doubled or backward slashes of an absolute path. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split(/[\\/]+/)) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `/${parts.join('/')}`;
}

/** Paths inside the tool's tree start with `/`; those of a host with drive letters do not. */
export function toToolPath(path: string): string {
  return normalizePath(path);
}

export function fromToolPath(path: string): string {
  return /^\/[A-Za-z]:(\/|$)/.test(path) ? path.slice(1) : path;
}

/** Files read and looked for in vain: what a cached result depends on. */
export interface Lookups {
  /** True path of each file read → its bytes as given by the host. */
  readonly read: ReadonlyMap<string, Uint8Array>;
  /** Paths that were looked for and not there. */
  readonly missing: ReadonlySet<string>;
}

interface Folder {
  /** Lower-case name → entry; exact names win where a case-sensitive host has both. */
  readonly names: ReadonlyMap<string, { readonly name: string; readonly directory: boolean }>;
  readonly exact: ReadonlyMap<string, { readonly name: string; readonly directory: boolean }>;
}

/**
 * One snapshot of the files for one compilation: a file changed meanwhile is seen in one version only. Contents and
 * folder listings are kept for its lifetime, so that the units of a driver share them.
 */
export class ToolFiles {
  readonly #outputs = new Map<string, GrowingFile>();
  readonly #mounts: readonly Mount[];
  readonly #project: FileAccess;
  readonly #folders = new Map<string, Folder | null>();
  readonly #contents = new Map<string, { readonly raw: Uint8Array; readonly utf8: Uint8Array } | null>();
  readonly #resolved = new Map<string, Found | null>();
  #read = new Map<string, Uint8Array>();
  #missing = new Set<string>();

  constructor(project: FileAccess, mounts: readonly Mount[]) {
    this.#project = project;
    this.#mounts = mounts;
  }

  /** Starts a new record of look-ups and returns the one that ends here. */
  takeLookups(): Lookups {
    const lookups = { read: this.#read, missing: this.#missing };
    this.#read = new Map();
    this.#missing = new Set();
    return lookups;
  }

  /** What lies at a path, if anything. */
  find(path: string): Found | undefined {
    const wanted = normalizePath(path);
    if (wanted.startsWith(`${OUTPUT_FOLDER}/`)) {
      return this.#outputs.has(wanted) ? { kind: 'file', path: wanted } : undefined;
    }
    if (wanted === OUTPUT_FOLDER || wanted === '/') {
      return { kind: 'folder', path: wanted };
    }
    let found = this.#resolved.get(wanted);
    if (found === undefined) {
      found = this.#resolve(wanted) ?? null;
      this.#resolved.set(wanted, found);
    }
    if (found === null) {
      this.#missing.add(wanted);
      return undefined;
    }
    return found;
  }

  /** Content of a found file in UTF-8; a folder, or a file that cannot be read, has none. */
  content(found: Found): Uint8Array | undefined {
    if (found.kind === 'folder') {
      return undefined;
    }
    const output = this.#outputs.get(found.path);
    if (output !== undefined) {
      return output.content();
    }
    const entry = this.#load(found.path);
    if (entry === null) {
      return undefined;
    }
    this.#read.set(found.path, entry.raw);
    return entry.utf8;
  }

  /** Whether a path may not be read because it lies outside the project. */
  refuses(path: string): boolean {
    const wanted = normalizePath(path);
    return !this.#isMounted(wanted) && this.#project.refuses?.(fromToolPath(wanted)) === true;
  }

  /** A path in its true spelling, whatever case the user wrote; nothing is recorded. */
  truePath(path: string): string {
    const wanted = normalizePath(path);
    return (this.#resolved.get(wanted) ?? undefined)?.path ?? wanted;
  }

  /** Text of a file for messages, without recording it as read. */
  text(path: string): string | undefined {
    const found = this.#resolved.get(normalizePath(path)) ?? this.#resolve(normalizePath(path));
    const entry = found?.kind === 'file' ? this.#load(found.path) : null;
    return entry === null ? undefined : new TextDecoder().decode(entry.utf8);
  }

  /** Bytes as the host has them: what cached results are compared with. Undefined when there is no such file. */
  raw(path: string): Uint8Array | undefined {
    const found = this.find(path);
    return found?.kind === 'file' ? (this.#load(found.path)?.raw ?? undefined) : undefined;
  }

  /** Files of the project looked into so far, in the order of the first look. */
  seen(): readonly string[] {
    return [...this.#contents].flatMap(([path, entry]) => (entry === null || this.#isMounted(path) ? [] : [path]));
  }

  output(path: string): GrowingFile | undefined {
    return this.#outputs.get(normalizePath(path));
  }

  createOutput(path: string, content?: Uint8Array): GrowingFile {
    const file = new GrowingFile(content);
    this.#outputs.set(normalizePath(path), file);
    return file;
  }

  removeOutput(path: string): boolean {
    return this.#outputs.delete(normalizePath(path));
  }

  renameOutput(from: string, to: string): boolean {
    const file = this.#outputs.get(normalizePath(from));
    if (file === undefined) {
      return false;
    }
    this.#outputs.delete(normalizePath(from));
    this.#outputs.set(normalizePath(to), file);
    return true;
  }

  clearOutputs(): void {
    this.#outputs.clear();
  }

  #isMounted(path: string): boolean {
    return this.#mounts.some((mount) => path === mount.prefix || path.startsWith(`${mount.prefix}/`));
  }

  #load(path: string): { readonly raw: Uint8Array; readonly utf8: Uint8Array } | null {
    let entry = this.#contents.get(path);
    if (entry === undefined) {
      const [files, inner] = this.#owner(path);
      const raw = files.read(inner);
      entry = raw === undefined ? null : { raw, utf8: toUtf8(raw) };
      this.#contents.set(path, entry);
    }
    return entry;
  }

  #owner(path: string): readonly [FileAccess, string] {
    for (const mount of this.#mounts) {
      if (path === mount.prefix || path.startsWith(`${mount.prefix}/`)) {
        return [mount.files, path.slice(mount.prefix.length) || '/'];
      }
    }
    return [this.#project, fromToolPath(path)];
  }

  #resolve(path: string): Found | undefined {
    if (this.#folder(path) !== null) {
      return { kind: 'folder', path };
    }
    const slash = path.lastIndexOf('/');
    const parent = slash <= 0 ? undefined : this.find(path.slice(0, slash));
    if (parent?.kind !== 'folder') {
      return undefined;
    }
    const folder = this.#folder(parent.path);
    const name = path.slice(slash + 1);
    const entry = folder?.exact.get(name) ?? folder?.names.get(name.toLowerCase());
    if (entry === undefined) {
      return undefined;
    }
    const found = `${parent.path}/${entry.name}`;
    return entry.directory ? { kind: 'folder', path: found } : { kind: 'file', path: found };
  }

  #folder(path: string): Folder | null {
    let folder = this.#folders.get(path);
    if (folder === undefined) {
      const [files, inner] = this.#owner(path);
      const entries = path === '/' ? undefined : files.list(inner);
      folder =
        entries === undefined
          ? null
          : {
              names: new Map(entries.map((entry) => [entry.name.toLowerCase(), entry])),
              exact: new Map(entries.map((entry) => [entry.name, entry])),
            };
      this.#folders.set(path, folder);
    }
    return folder;
  }
}
