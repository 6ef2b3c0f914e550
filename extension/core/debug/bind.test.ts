import { describe, expect, it } from 'vitest';
import { Binder } from './bind.js';
import type { DebugFunction, DebugSite, DebugTables } from './tables.js';

function fn(name: string, line: number, endLine: number, file = 'src/a.c'): DebugFunction {
  return { name, symbol: name, file, line, endLine, returns: 'void', returnType: null, variables: [] };
}

function site(own: number, line: number, rest: Partial<DebugSite> = {}): DebugSite {
  const plain = { location: 1, file: 'src/a.c', line, column: 5, endLine: line, function: own, scope: 0, inlined: 0 };
  return { ...plain, kind: 'statement', ...rest };
}

const tables: DebugTables = [
  {
    functions: [fn('First', 10, 20), fn('ns::Second', 30, 40), fn('InHeader', 3, 5, 'src/a.h')],
    sites: [
      site(0, 11, { kind: 'entry' }),
      site(0, 11, { column: 20 }),
      site(0, 12, { kind: 'resume' }),
      site(0, 14, { endLine: 17 }),
      site(0, 20, { column: 1 }),
      site(1, 31, { kind: 'entry' }),
      site(2, 4, { file: 'src/a.h', inlined: 1 }),
      site(2, 4, { file: 'src/a.h', inlined: 1 }),
    ],
    scopes: [],
    globals: [],
    places: [],
  },
];
const binder = new Binder({ name: 'drv', files: ['src/a.c', 'src/a.h', 'src/only.h'] }, tables, '/work');

describe('a line is bound', () => {
  it.each([
    ['to its first statement', 11, undefined, [11, 5, [0]]],
    ['to the statement of its column', 11, 22, [11, 20, [1]]],
    ['to the statement that goes over it', 16, undefined, [14, 5, [3]]],
    ['to the next line of its function', 12, undefined, [14, 5, [3]]],
    ['to the function it heads', 30, undefined, [31, 5, [5]]],
  ] as const)('%s', (_what, line, column, [at, where, sites]) => {
    expect(binder.line('/work/src/a.c', line, column)).toMatchObject({ ok: true, line: at, column: where, sites });
  });

  it('to every copy of what was inlined, by a path in any spelling', () => {
    for (const file of ['src/a.h', '/work/src/A.H', '\\work\\src\\a.h']) {
      expect(binder.line(file, 4)).toMatchObject({ ok: true, sites: [6, 7] });
    }
  });

  it.each([
    ['src/a.c', 25, 'line 25 is in no function that was compiled'],
    ['src/a.c', 35, 'no code follows line 35 in ns::Second'],
    ['src/only.h', 1, 'nothing in only.h became code of drv: declarations and macros have none of their own'],
    ['/work/src/b.c', 1, 'b.c is not part of drv'],
    ['/other/b.c', 1, 'b.c is not part of drv and lies outside the folder that is run'],
  ])('%s:%i is refused with the reason', (file, line, message) => {
    expect(binder.line(file, line)).toEqual({ ok: false, message });
  });
});

describe('a function is bound', () => {
  it('by its name, qualified or not, to where its runs begin', () => {
    expect(binder.function('First')).toMatchObject({ ok: true, sites: [0], line: 11 });
    expect(binder.function('Second')).toMatchObject({ ok: true, sites: [5] });
    expect(binder.function('InHeader')).toMatchObject({ ok: true, sites: [6, 7] });
  });

  it('or refused', () => {
    expect(binder.function('Third')).toEqual({ ok: false, message: 'drv has no function Third' });
    expect(binder.function('VmbPacketSend')).toMatchObject({
      message: 'VmbPacketSend is a function of the library: it has no code of drv to stop in',
    });
  });
});

it('tells where breakpoints can be', () => {
  expect(binder.places('src/a.c', 10, 14)).toEqual([
    { line: 11, column: 5 },
    { line: 11, column: 20 },
    { line: 14, column: 5 },
  ]);
});
