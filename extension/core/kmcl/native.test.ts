import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NATIVE_EXPORTS } from './native.js';

const FOLDERS = ['./', '../wdk/runtime/'];

/** Our C, comments gone. */
const C = FOLDERS.flatMap((folder) => {
  const url = new URL(folder, import.meta.url);
  return readdirSync(url)
    .filter((name) => name.endsWith('.c'))
    .map((name) => readFileSync(new URL(name, url), 'utf8').replace(/\/\*.*?\*\//gs, ''));
}).join('\n');

describe('exports the simulator asks for', () => {
  it.each(NATIVE_EXPORTS.map((name) => [name]))('%s is defined in C', (name) => {
    expect(C).toMatch(new RegExp(`^[\\w *]+\\b${name}\\([^;]*?\\)\\s*\\{`, 'ms'));
  });
});
