import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBoth } from './writeBoth.js';

let folder = '';
const source = (): string => join(folder, 'Nic.c');
const fixture = (): string => join(folder, 'NicFixture.c');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const write = (before: string): void =>
  writeBoth(
    { path: source(), before: bytes(before), after: bytes('after') },
    { path: fixture(), text: 'tests' },
    (path) => basename(path),
  );

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vsp-lab-write-'));
  writeFileSync(source(), 'before');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a source and its tests', () => {
  it('are written both', () => {
    write('before');
    expect([source(), fixture()].map((path) => readFileSync(path, 'utf8'))).toEqual(['after', 'tests']);
  });

  it('stay as they are where the source was changed meanwhile', () => {
    expect(() => write('before that')).toThrow('Nic.c was changed meanwhile; nothing is written: try again');
    expect(readFileSync(source(), 'utf8')).toBe('before');
    expect(existsSync(fixture())).toBe(false);
  });

  it('stay as they are where the tests came to be meanwhile', () => {
    writeFileSync(fixture(), 'mine');
    expect(() => write('before')).toThrow('NicFixture.c cannot be written (EEXIST); nothing is written');
    expect([source(), fixture()].map((path) => readFileSync(path, 'utf8'))).toEqual(['before', 'mine']);
  });
});
