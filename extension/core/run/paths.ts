/** Paths as core sees them: absolute, with `/`; a drive letter may stand in front. Nothing here touches a disk. */

export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `relative` seen from `folder`, with `.` and `..` taken away. */
export function joinPath(folder: string, relative: string): string {
  const absolute = relative.startsWith('/') || /^[A-Za-z]:\//.test(relative);
  const parts: string[] = [];
  for (const part of (absolute ? relative : `${folder}/${relative}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const joined = parts.join('/');
  return /^[A-Za-z]:(?:\/|$)/.test(joined) ? joined : `/${joined}`;
}

/** How a person in `cwd` would write the path: relative where it lies below, else with `..` or absolute. */
export function relativePath(cwd: string, path: string): string {
  const from = cwd.split('/').filter((part) => part !== '');
  const to = path.split('/').filter((part) => part !== '');
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same += 1;
  if (same === 0 && from.length > 0) return path;
  const up = from.length - same;
  return [...Array<string>(up).fill('..'), ...to.slice(same)].join('/') || '.';
}

/** True when `path` is `folder` or lies below it. */
export function isInside(folder: string, path: string): boolean {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  return path === folder || path.startsWith(prefix);
}

/** A stable order of paths that does not depend on the machine's language. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
