import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { replaceFiles, replaceFolder } from '../scripts/lib/replace.mjs';

const root = mkdtempSync(join(tmpdir(), 'vsp-lab-replace-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const read = (path: string) => readFileSync(path, 'utf8');
const beside = (name: string) => readdirSync(root).filter((entry) => entry.startsWith(name));

describe('replaceFolder', () => {
  it('leaves the old one whole while the new one is written, and nothing of it afterwards', async () => {
    const path = folder('whole', { a: 'old', gone: 'old' });
    await replaceFolder(path, (next) => {
      writeFileSync(join(next, 'a'), 'new');
      expect([read(join(path, 'a')), read(join(path, 'gone'))]).toEqual(['old', 'old']);
    });
    expect(readdirSync(path)).toEqual(['a']);
    expect(read(join(path, 'a'))).toBe('new');
    expect(beside('whole')).toEqual(['whole']);
  });

  it('keeps the old one when writing fails', async () => {
    const path = folder('failing', { a: 'old' });
    const write = (next: string) => {
      writeFileSync(join(next, 'a'), 'half');
      throw new Error('no space');
    };
    await expect(replaceFolder(path, write)).rejects.toThrow('no space');
    expect(read(join(path, 'a'))).toBe('old');
    expect(beside('failing')).toEqual(['failing']);
  });

  it('makes one that was not there, over what a killed build left', async () => {
    folder('fresh.next', { left: 'over' });
    const path = join(root, 'fresh');
    await replaceFolder(path, (next) => writeFileSync(join(next, 'a'), 'new'));
    expect(readdirSync(path)).toEqual(['a']);
  });
});

describe('replaceFiles', () => {
  it('replaces its own files and leaves the others', async () => {
    const path = folder('shared', { a: 'old', other: 'stays' });
    const names = await replaceFiles(path, (next) => {
      mkdirSync(join(next, 'deep'));
      writeFileSync(join(next, 'a'), 'new');
      writeFileSync(join(next, 'deep/b'), 'new');
      expect(read(join(path, 'a'))).toBe('old');
    });
    expect(names.map((name) => name.replaceAll('\\', '/')).sort()).toEqual(['a', 'deep/b']);
    expect([read(join(path, 'a')), read(join(path, 'deep/b')), read(join(path, 'other'))]).toEqual([
      'new',
      'new',
      'stays',
    ]);
    expect(existsSync(`${path}.next`)).toBe(false);
  });
});
