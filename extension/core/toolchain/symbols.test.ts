import { describe, expect, it } from 'vitest';
import { checkSymbols, overriddenSymbols } from './symbols.js';
import type { UnitFacts } from './unit.js';

interface Sketch {
  readonly file: string;
  readonly defines?: readonly string[];
  readonly weak?: readonly string[];
  readonly data?: readonly string[];
  readonly test?: boolean;
  readonly needsData?: readonly string[];
}

function facts({ file, defines = [], weak = [], data = [], test = false, needsData = [] }: Sketch): UnitFacts {
  return {
    locations: [
      { file: '', line: 0, column: 0, function: '' },
      { file, line: 1, column: 1, function: '' },
    ],
    functions: defines.map((name, index) => ({
      name,
      symbol: name,
      file,
      line: index + 1,
      parameters: [],
      returns: 'int',
    })),
    fixtures: test ? [{ kind: 'test', name: 'T', symbol: 'T', file, line: 1 }] : [],
    definedFunctions: [
      ...defines.map((symbol) => ({ symbol, linkage: 'external' as const })),
      ...weak.map((symbol) => ({ symbol, linkage: 'weak' as const })),
    ],
    definedData: data,
    strongData: data,
    undefinedData: needsData.map((name) => ({ name, file, line: 7 })),
  } as unknown as UnitFacts;
}

describe('overriddenSymbols', () => {
  it('lets the unit with the test win', () => {
    const { weak, diagnostics } = overriddenSymbols([
      facts({ file: 'driver.c', defines: ['A', 'B'], data: ['G'] }),
      facts({ file: 'test.c', defines: ['B'], data: ['G'], test: true }),
    ]);
    expect(diagnostics).toEqual([]);
    expect(weak.map((names) => [...names])).toEqual([['B', 'G'], []]);
  });

  it('refuses two definitions, naming both places', () => {
    const { diagnostics } = overriddenSymbols([
      facts({ file: 'a.c', defines: ['X', 'F'] }),
      facts({ file: 'b.c', defines: ['F'] }),
    ]);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ file: 'b.c', line: 1 });
    expect(diagnostics[0]?.message).toMatch(/^'F' is defined twice: in a\.c:2 and in b\.c:1/);
  });

  it('refuses two fixtures that define the same', () => {
    const two = ['a.c', 'b.c'].map((file) => facts({ file, defines: ['F'], test: true }));
    expect(overriddenSymbols(two).diagnostics).toHaveLength(1);
  });

  it('merges what C++ merges', () => {
    const two = ['a.cpp', 'b.cpp'].map((file) => facts({ file, weak: ['Inline'] }));
    expect(overriddenSymbols(two)).toEqual({ weak: [new Set(), new Set()], diagnostics: [] });
  });
});

describe('checkSymbols', () => {
  const show = (path: string): string => path.replace('/p/', '');

  it('refuses a variable that nobody defines, once', () => {
    const units = [
      facts({ file: 'a.c', needsData: ['G', 'H', 'R'] }),
      facts({ file: 'b.c', needsData: ['G'], data: ['H'] }),
    ];
    expect(checkSymbols(units, new Set(['R']), [], new Map(), show)).toMatchObject([
      { file: 'a.c', line: 7, message: expect.stringMatching(/^external variable 'G' is defined nowhere/) },
    ]);
  });

  it('names the file that was meant to be linked', () => {
    const missing = [
      { name: 'Helper', file: 'a.c', line: 3 },
      { name: 'Stub', file: 'a.c', line: 4 },
    ];
    expect(checkSymbols([], new Set(), missing, new Map([['Helper', '/p/lib/h.c']]), show)).toMatchObject([
      {
        file: 'a.c',
        line: 3,
        message: expect.stringMatching(/^'Helper' is defined in lib\/h\.c, which is not part of this driver/),
      },
    ]);
  });

  it('refuses processor intrinsics that became calls', () => {
    const missing = [{ name: '__readmsr', file: 'a.c', line: 3 }];
    expect(checkSymbols([], new Set(), missing, new Map(), show)[0]?.message).toMatch(
      /^processor intrinsic '__readmsr'/,
    );
  });
});
