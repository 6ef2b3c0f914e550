import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../run/memoryFiles.js';
import { formatDiagnostic, parseDiagnostics, withoutRepeats } from './diagnostics.js';
import { displayPaths } from './displayPath.js';
import type { Diagnostic } from './module.js';
import { ToolFiles } from './toolFiles.js';

const files = new ToolFiles(
  memoryFiles({ '/p/src/a.c': '#include "a.h"\nint \u00e9 = x;\n', '/p/src/a.h': 'int y\n', '/q/z.c': 'int z\n' }),
  [],
);
const context = { files, pathOf: displayPaths('/p') };

describe('parseDiagnostics', () => {
  it('gives place, text and the source line; columns count characters, not bytes', () => {
    expect(
      parseDiagnostics("/p/src/a.c:2:10: error: use of undeclared identifier 'x'\n1 error generated.\n", context),
    ).toEqual([
      {
        severity: 'error',
        file: 'src/a.c',
        line: 2,
        column: 9,
        message: "use of undeclared identifier 'x'",
        sourceLine: 'int \u00e9 = x;',
      },
    ]);
  });

  it('turns the include chain into notes behind the error, innermost first', () => {
    const output = [
      'In file included from /p/src/top.c:9:',
      'In file included from /p/src/a.c:1:',
      "/p/src/a.h:1:6: error: expected ';' after top level declarator",
      '/p/src/a.h:1:1: note: see here',
      '',
    ].join('\n');
    expect(parseDiagnostics(output, context).map(({ severity, file, line }) => [severity, file, line])).toEqual([
      ['error', 'src/a.h', 1],
      ['note', 'src/a.c', 1],
      ['note', 'src/top.c', 9],
      ['note', 'src/a.h', 1],
    ]);
  });

  it('keeps messages of several lines together, and messages without a place', () => {
    const output =
      '/q/z.c:1:1: warning: first\nsecond [-W#pragma-messages]\nfatal error: too many errors emitted, stopping now\n';
    expect(parseDiagnostics(output, context)).toMatchObject([
      { severity: 'warning', file: '/q/z.c', message: 'first\nsecond [-W#pragma-messages]' },
      { severity: 'error', file: '', line: 0, message: 'too many errors emitted, stopping now' },
    ]);
  });

  it('drops the name of the warning option, and clips what no reader wants whole', () => {
    const [warning] = parseDiagnostics(`/p/src/a.c:1:1: warning: ${'x'.repeat(5000)} [-Wunused]\n`, context);
    expect(warning?.message).toBe(`${'x'.repeat(500)}...`);
  });

  it('gives no source line for a file that is not there', () => {
    expect(parseDiagnostics('/p/gone.y:7:3: error: e\n', context)).toEqual([
      { severity: 'error', file: 'gone.y', line: 7, column: 3, message: 'e' },
    ]);
  });
});

const error: Diagnostic = { severity: 'error', file: 'a.c', line: 3, column: 5, message: 'm', sourceLine: '\tint x' };

describe('formatDiagnostic', () => {
  it.each([
    ['a compile error', error, 'a.c:3:5: m\n    int x'],
    ['a whole file', { severity: 'error', file: 'a.c', line: 0, column: 0, message: 'm' } as const, 'a.c: m'],
    ['a warning', { ...error, severity: 'warning' } as const, 'a.c:3:5: warning: m\n    int x'],
    ['nowhere', { severity: 'error', file: '', line: 0, column: 0, message: 'm' } as const, 'm'],
  ])('%s', (_, diagnostic, text) => {
    expect(formatDiagnostic(diagnostic)).toBe(text);
  });
});

describe('withoutRepeats', () => {
  it('keeps the first of equal errors, with its notes', () => {
    const note: Diagnostic = { severity: 'note', file: 'b.c', line: 1, column: 1, message: 'included from here' };
    expect(withoutRepeats([error, note, error, { ...note, file: 'c.c' }])).toEqual([error, note]);
  });
});
