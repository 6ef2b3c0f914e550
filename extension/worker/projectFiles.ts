/**
 * The disk as core may see it: the projects around the given paths and the folders of --include, links resolved first
 * (interfaces 2).
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileAccess } from '../core/base/host.js';
import { mayRead, projectRoot } from '../core/run/projectRoot.js';
import { type Overlay, overlaidFiles } from './overlayFiles.js';

export interface ProjectFiles extends FileAccess {
  readonly refuses: (path: string) => boolean;
  /** Root of the project around a path. */
  readonly rootOf: (path: string) => string;
}

const DISK: FileAccess = { read: readBytes, list };

/** Windows and macOS take `A.c` and `a.c` for one file. */
const CASELESS = process.platform === 'win32' || process.platform === 'darwin';

/**
 * `paths` are absolute files or folders, `includes` folders that may be read as well; `overlays` hide what the disk
 * has, and may be read where a file of the disk could be.
 */
export function projectFiles(
  paths: readonly string[],
  includes: readonly string[],
  workspaceRoots: readonly string[] = [],
  overlays: readonly Overlay[] = [],
): ProjectFiles {
  const keyOf = CASELESS ? (path: string) => path.toLowerCase() : (path: string) => path;
  // By real paths: a document may have been opened by another name than the one that a driver includes it by.
  const files = overlaidFiles(
    overlays.map(({ path, bytes }) => ({ path: realPath(path), bytes })),
    DISK,
    keyOf,
  );
  const rootOf = (path: string): string => projectRoot(realPath(path), files, workspaceRoots.map(realPath));
  const roots = [...new Set([...paths.map(rootOf), ...includes.map(realPath)])];
  const allowed = (path: string): string | undefined => {
    const real = realPath(path);
    return mayRead(roots, real) ? real : undefined;
  };
  return {
    rootOf,
    read: (path) => {
      const real = allowed(path);
      return real === undefined ? undefined : files.read(real);
    },
    list: (path) => {
      const real = allowed(path);
      return real === undefined ? undefined : files.list(real);
    },
    refuses: (path) => allowed(path) === undefined,
  };
}

/** A folder read without restriction: our own headers. Paths start with `/`. */
export function folderFiles(folder: string): FileAccess {
  return { read: (path) => readBytes(folder + path), list: (path) => list(folder + path) };
}

/** The same, each file and folder read once and kept: for what does not change while the process lives. */
export function fixedFolderFiles(folder: string): FileAccess {
  const disk = folderFiles(folder);
  return { read: kept(disk.read), list: kept(disk.list) };
}

function kept<Value>(read: (path: string) => Value): (path: string) => Value {
  const values = new Map<string, Value>();
  return (path) => {
    const known = values.get(path);
    if (known !== undefined || values.has(path)) return known as Value;
    const value = read(path);
    values.set(path, value);
    return value;
  };
}

/** With `/` whatever the system. */
export function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}

/** Of a path that does not exist, the part that does is resolved. */
function realPath(path: string): string {
  try {
    return slashed(realpathSync(path));
  } catch {
    const parent = dirname(path);
    return parent === path
      ? path
      : `${realPath(slashed(parent)).replace(/\/$/, '')}/${path.slice(path.lastIndexOf('/') + 1)}`;
  }
}

function readBytes(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function list(path: string): readonly { readonly name: string; readonly directory: boolean }[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const directory = entry.isSymbolicLink() ? isFolder(`${path}/${entry.name}`) : entry.isDirectory();
      return directory === undefined ? [] : [{ name: entry.name, directory }];
    });
  } catch {
    return undefined;
  }
}

/** Undefined for a link to nowhere. */
function isFolder(path: string): boolean | undefined {
  try {
    return statSync(path).isDirectory();
  } catch {
    return undefined;
  }
}
