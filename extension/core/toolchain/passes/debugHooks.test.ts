/** The hooks in the IR of small functions, through the real front end. */
import { describe, expect, it } from 'vitest';
import { compileToIr } from '../../../../test/support/scratchCompiler.js';
import type { DebugSite, DebugUnit } from '../../debug/tables.js';
import { type TransformResult, transform } from './index.js';

function hooked(
  text: string,
  rest: { checked?: boolean; differential?: boolean; name?: string } = {},
): TransformResult {
  const { checked = false, differential = false, name = 'a.c' } = rest;
  const ir = compileToIr(name, { [name]: text }, { checked });
  return transform(ir, {
    unit: 2,
    instrument: true,
    checked,
    optimize: 0,
    differential,
    debug: true,
    textOf: () => text,
    pathOf: (path) => path.replace(/^\/src\//, ''),
  });
}

function tablesOf(result: TransformResult): DebugUnit {
  if (result.debug === undefined) throw new Error('no tables');
  return result.debug;
}

const told = ({ kind, line, column }: DebugSite): string => `${kind} ${line}:${column}`;

describe('sites', () => {
  it('are where statements begin and where calls come back', () => {
    const text = 'int g(int);\nint f(int x) {\n  int a = 1;\n  while (x > 0 && a)\n    x = g(x) + a;\n  return x;\n}\n';
    expect(tablesOf(hooked(text)).sites.map(told)).toEqual([
      'entry 3:3',
      'statement 4:3',
      'statement 5:5',
      'resume 5:5',
      'statement 6:3',
    ]);
  });

  it('are in loops that have no statement', () => {
    const { ir, debug } = hooked('void f(void) { for (;;); }\n');
    expect(debug?.sites.map(told)).toEqual(['entry 1:16', 'statement 1:16']);
    expect(ir.match(/call void @vsp_debug_event/g)).toHaveLength(2);
  });

  it('come back into a statement that has code inlined', () => {
    const text =
      '__forceinline int two(int x) {\n  int y = x;\n  return y * 2;\n}\nint f(int x) {\n  x = two(x);\n  return x;\n}\n';
    expect(tablesOf(hooked(text)).sites.map((each) => `${told(each)} ${each.inlined}`)).toEqual([
      'entry 6:3 0',
      'statement 2:3 1',
      'statement 3:3 1',
      'resume 6:3 0',
      'statement 7:3 0',
    ]);
  });

  it('are told with their unit, calls that come back with their bit', () => {
    const { ir } = hooked('void g(void);\nvoid f(void) {\n  g();\n}\n');
    const ids = [...ir.matchAll(/@vsp_debug_event\(i32 (-?\d+)\)/g)].map((found) => Number(found[1]) >>> 0);
    expect(ids).toEqual([0x200000, 0x80200001, 0x200002]);
  });
});

describe('variables', () => {
  it.each([false, true])('are told where their function first runs (checked %s)', (checked) => {
    const text =
      'struct S { int a[4]; };\nint g(int *);\nint f(int x, struct S s) {\n  int y[2] = { x, s.a[1] };\n  { int x = 3; g(&x); }\n  return g(y);\n}\n';
    const result = hooked(text, { checked });
    const [fn] = tablesOf(result).functions;
    const shown = fn?.variables.map(({ name, parameter, indirect }) => [name, parameter, indirect]);
    expect(shown?.toSorted()).toEqual([
      ['s', 2, true],
      ['x', 0, false],
      ['x', 1, false],
      ['y', 0, false],
    ]);
    expect(result.ir.match(/call void @vsp_debug_variable\(i32 2097152, i32 \d, ptr %/g)).toHaveLength(4);
    const scopes = fn?.variables.filter(({ name }) => name === 'x').map(({ scope }) => scope) ?? [];
    expect(new Set(scopes).size).toBe(2);
  });

  it('of files and static ones are told by a function of their own', () => {
    const { ir, debug } = hooked(
      'static int own = 3;\nint all;\nint f(void) { static int kept; return own + all + kept++; }\n',
    );
    expect(debug?.globals.map(({ name, internal, scope }) => [name, internal, scope >= 0]).toSorted()).toEqual([
      ['all', false, false],
      ['kept', true, true],
      ['own', true, false],
    ]);
    expect(ir.match(/call void @vsp_debug_global\(i32 2, i32 \d, ptr @/g)).toHaveLength(3);
  });
});

describe('a normal compilation', () => {
  it('has neither hooks nor tables', () => {
    const ir = compileToIr('a.c', { 'a.c': 'int f(int x) { return x; }\n' });
    const result = transform(ir, { unit: 0, instrument: true, checked: false, optimize: 0, pathOf: (path) => path });
    expect([result.ir.includes('vsp_debug'), result.debug]).toEqual([false, undefined]);
  });
});
