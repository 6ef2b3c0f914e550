import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { codePoints } from './icons.js';

describe('icons', () => {
  const csv = createRequire(import.meta.url).resolve('@vscode/codicons/dist/codicon.csv');
  const published = new Map(
    readFileSync(csv, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(','))
      .map(([name, , code]) => [name, Number.parseInt(code ?? '', 16)] as const),
  );

  it.each(Object.entries(codePoints))('%s has the code point of the font', (name, code) => {
    expect(published.get(name)).toBe(code);
  });
});
