/**
 * What people are shown for a path: relative to the working directory, with `/` (interfaces 3); our own folders by
 * their names.
 */
import { relativePath } from '../run/paths.js';
import { fromToolPath } from './toolFiles.js';

/** Maps paths of the tool's tree: `/home/me/a.c` → `a.c`, `/<wdk>/wdm.h` → `<wdk>/wdm.h`. `cwd` is a host path. */
export function displayPaths(cwd: string): (path: string) => string {
  return (path) => (path.startsWith('/<') ? path.slice(1) : path === '' ? '' : relativePath(cwd, fromToolPath(path)));
}
