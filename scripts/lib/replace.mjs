/**
 * Replaces what the build wrote before in one step, so that whatever runs meanwhile sees the old or the new and never a
 * half of either.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A folder: `write` fills a new one beside it, which takes its place.
 * @param {string} folder
 * @param {(next: string) => void | Promise<void>} write
 */
export async function replaceFolder(folder, write) {
  const next = `${folder}.next`;
  const old = `${folder}.old`;
  for (const left of [next, old]) rmSync(left, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    await write(next);
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(next, folder);
  } finally {
    rmSync(next, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * Files of a folder that others share: `write` puts them into a new folder beside it, from where each takes its place.
 * Gives their paths below the folder.
 * @param {string} folder
 * @param {(next: string) => void | Promise<void>} write
 * @returns {Promise<string[]>}
 */
export async function replaceFiles(folder, write) {
  const next = `${folder}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    await write(next);
    const names = readdirSync(next, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(next, name)).isFile(),
    );
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      renameSync(join(next, name), join(folder, name));
    }
    return names;
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}
