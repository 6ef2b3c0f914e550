/**
 * What may be read: the project around a path and the folders of --include (interfaces section 2, "What may be read").
 */
import type { FileAccess } from '../base/host.js';
import { folderOf, isInside } from './paths.js';

/** A folder that holds one of these is a project. */
function marksProject(name: string): boolean {
  return name === '.git' || name === 'compile_commands.json' || name.toLowerCase().endsWith('.vcxproj');
}

/**
 * The nearest folder around `path` that holds a project mark or is one of `workspaceRoots`, else the file's own folder.
 * `path` is absolute, symbolic links resolved; `files` must be able to list any folder above it.
 */
export function projectRoot(
  path: string,
  files: Pick<FileAccess, 'list'>,
  workspaceRoots: readonly string[] = [],
): string {
  const own = files.list(path) === undefined ? folderOf(path) : path;
  for (let folder = own; ; folder = folderOf(folder)) {
    if (workspaceRoots.includes(folder) || files.list(folder)?.some((entry) => marksProject(entry.name))) return folder;
    if (folder === folderOf(folder) || /^[A-Za-z]:$/.test(folder)) return own;
  }
}

/** True when `path` (links resolved) may be read. */
export function mayRead(roots: readonly string[], path: string): boolean {
  return roots.some((root) => isInside(root, path));
}
