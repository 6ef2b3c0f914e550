/**
 * Files as the host has them laid over another view: unsaved text hides what lies on the disk, and files of a virtual
 * file system lie in folders that no disk has.
 */
import type { FileAccess } from '../core/base/host.js';
import { baseName, folderOf } from '../core/run/paths.js';

/** A file as the host has it: unsaved text, or a file of a file system the engine cannot read. */
export interface Overlay {
  /** Absolute, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

type Entry = { readonly name: string; readonly directory: boolean };

/** Some systems take `C:/Driver.c` and `c:/driver.c` for one file. */
export type PathKey = (path: string) => string;

/** `keyOf` says which spellings of a path are the same file. */
export function overlaidFiles(overlays: readonly Overlay[], under: FileAccess, keyOf: PathKey): FileAccess {
  if (overlays.length === 0) return under;
  const files = new Map<string, Uint8Array>();
  const folders = new Map<string, Map<string, Entry>>();
  for (const { path, bytes } of overlays) {
    files.set(keyOf(path), bytes);
    addEntries(folders, path, keyOf);
  }
  return {
    ...under,
    read: (path) => files.get(keyOf(path)) ?? under.read(path),
    list: (path) => {
      const own = folders.get(keyOf(path));
      const disk = under.list(path);
      if (own === undefined) return disk;
      const known = new Set(disk?.map(({ name }) => keyOf(name)));
      return [...(disk ?? []), ...[...own.values()].filter(({ name }) => !known.has(keyOf(name)))];
    },
  };
}

/** The file in its folder, that folder in the one above it, and so on. */
function addEntries(folders: Map<string, Map<string, Entry>>, path: string, keyOf: PathKey): void {
  for (let at = path, directory = false; ; directory = true) {
    const folder = folderOf(at);
    if (folder === at || baseName(at) === '') return;
    const entries = folders.get(keyOf(folder)) ?? new Map<string, Entry>();
    folders.set(keyOf(folder), entries);
    const name = keyOf(baseName(at));
    if (entries.has(name)) return;
    entries.set(name, { name: baseName(at), directory });
    at = folder;
  }
}
