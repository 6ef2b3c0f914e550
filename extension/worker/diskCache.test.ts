import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, diskCache } from './diskCache.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vsp-lab-cache-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

describe('diskCache', () => {
  it('gives back what was put, also to another process', async () => {
    await diskCache(folder).put('key', bytes(100));
    expect(await diskCache(folder).get('key')).toEqual(Buffer.from(bytes(100)));
    expect(await diskCache(folder).get('other')).toBeUndefined();
  });

  it.each([
    ['cut off', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 40))],
    ['edited', (file: string) => writeFileSync(file, readFileSync(file).fill(9, 50, 51))],
    ['emptied', (file: string) => writeFileSync(file, '')],
  ])('ignores and removes an entry that was %s', async (_, damage) => {
    const cache = diskCache(folder);
    await cache.put('key', bytes(100));
    damage(join(folder, 'key'));
    expect(await cache.get('key')).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('drops the least recently used when it grows too large, and leaves no half-written file', async () => {
    const cache = diskCache(folder, 1000);
    for (const [index, key] of ['a', 'b', 'c'].entries()) {
      await cache.put(key, bytes(300));
      utimesSync(join(folder, key), 1000 + index, 1000 + index);
    }
    await cache.get('a');
    await cache.put('d', bytes(300));
    expect(readdirSync(folder).sort()).toEqual(['a', 'd']);
  });

  it('keeps quiet where nothing can be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const cache = diskCache(join(folder, 'file', 'below'));
    await cache.put('key', bytes(1));
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('cacheFolder', () => {
  it.each([
    ['VSPLAB_CACHE before all', { VSPLAB_CACHE: '/own', XDG_CACHE_HOME: '/x' }, 'linux', /^\/own$/],
    ['Linux', { XDG_CACHE_HOME: '/x' }, 'linux', /^\/x.vsp-lab$/],
    ['Windows', { LOCALAPPDATA: '/local' }, 'win32', /^.local.vsp-lab.cache$/],
    ['macOS', {}, 'darwin', /Library.Caches.vsp-lab$/],
  ] as const)('%s', (_, environment, platform, expected) => {
    expect(cacheFolder(environment, platform)).toMatch(expected);
  });
});
