/**
 * `Cache` on disk, in the system's folder for such things; VSPLAB_CACHE names another one. Nothing here ever fails: a
 * cache is never needed.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Cache } from '../core/base/host.js';

const MAXIMUM_BYTES = 256 << 20;
/** After clearing out, this much stays: not every later store has to clear out again. */
const KEPT_SHARE = 0.75;
/** Share of the limit written before the folder's size is looked up again. */
const UNWATCHED_SHARE = 0.125;
const DIGEST_BYTES = 32;

export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const own = environment['VSPLAB_CACHE'];
  if (own !== undefined && own !== '') {
    return own;
  }
  switch (platform) {
    case 'win32':
      return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'vsp-lab', 'cache');
    case 'darwin':
      return join(homedir(), 'Library', 'Caches', 'vsp-lab');
    default:
      return join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'vsp-lab');
  }
}

/** Entries begin with the digest of what follows: a torn or edited file is a miss. The least recently used go first. */
export function diskCache(folder: string, maximumBytes = MAXIMUM_BYTES): Cache {
  let unwatched = Number.POSITIVE_INFINITY;
  return {
    get: async (key) => quietly(() => readEntry(join(folder, key))),
    put: async (key, value) => {
      quietly(() => {
        mkdirSync(folder, { recursive: true });
        writeEntry(folder, key, value);
        unwatched += value.length + DIGEST_BYTES;
        if (unwatched > maximumBytes * UNWATCHED_SHARE) {
          clearOut(folder, maximumBytes);
          unwatched = 0;
        }
      });
    },
  };
}

/** A missing file, a full or read-only disk: the next run compiles again. */
function quietly<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function readEntry(file: string): Uint8Array | undefined {
  const bytes = readFileSync(file);
  const value = bytes.subarray(DIGEST_BYTES);
  if (!bytes.subarray(0, DIGEST_BYTES).equals(digest(value))) {
    rmSync(file, { force: true });
    return undefined;
  }
  const now = new Date();
  quietly(() => utimesSync(file, now, now));
  return value;
}

/** Through a file of its own name: another process sees the whole entry or none. */
function writeEntry(folder: string, key: string, value: Uint8Array): void {
  const temporary = join(folder, `${key}.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, Buffer.concat([digest(value), value]));
    renameSync(temporary, join(folder, key));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function digest(value: Uint8Array): Buffer {
  return createHash('sha256').update(value).digest();
}

function clearOut(folder: string, maximumBytes: number): void {
  const files = readdirSync(folder)
    .flatMap((name) => {
      const file = join(folder, name);
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() === true ? [{ file, size: found.size, used: found.mtimeMs }] : [];
    })
    .sort((a, b) => a.used - b.used || (a.file < b.file ? -1 : 1));
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (total <= maximumBytes) {
    return;
  }
  for (const { file, size } of files) {
    if (total <= maximumBytes * KEPT_SHARE) {
      break;
    }
    rmSync(file, { force: true });
    total -= size;
  }
}
