import { describe, expect, it } from 'vitest';
import { Statements } from './statements.js';

/** Positions of `^` under a text's lines, and what of the statement at each is told. */
function begins(text: string, cpp = false): readonly string[] {
  const statements = new Statements(text, cpp);
  const seen = new Set<string>();
  const lines = text.split('\n');
  lines.forEach((line, row) => {
    for (let column = 1; column <= line.length; column++) {
      const found = statements.at(row + 1, column);
      if (found !== undefined) seen.add(`${found.line}:${found.column}-${found.endLine} ${found.first}`);
    }
  });
  return [...seen];
}

describe('where statements begin', () => {
  it('after semicolons and braces, in headers of loops, behind conditions', () => {
    expect(begins('int f(int x) {\n  int a = 1; a++;\n  for (int i = 0; i < x; i++) a += i;\n  return a;\n}')).toEqual([
      '1:1-1 int',
      '2:3-2 int',
      '2:14-2 a',
      '3:3-3 for',
      '3:19-3 i',
      '3:26-3 i',
      '3:31-3 a',
      '4:3-4 return',
      '5:1-5 }',
    ]);
  });

  it('once for a statement over several lines', () => {
    expect(begins('void f(void) {\n  g(1,\n    h(2),\n    3);\n  if (a &&\n      b)\n    c();\n}')).toEqual([
      '1:1-1 void',
      '2:3-4 g',
      '5:3-6 if',
      '7:5-7 c',
      '8:1-8 }',
    ]);
  });

  it('behind labels, else and do', () => {
    expect(begins('void f(int x) {\n  switch (x) { case 1: a(); break; default: b(); }\nend: c();\n}')).toEqual([
      '1:1-1 void',
      '2:3-2 switch',
      '2:16-2 case',
      '2:24-2 a',
      '2:29-2 break',
      '2:36-2 default',
      '2:45-2 b',
      '2:50-2 }',
      '3:1-3 end',
      '3:6-3 c',
      '4:1-4 }',
    ]);
    expect(begins('void f(int x) {\n  if (x) a(); else b();\n  do c(); while (x);\n}')).toContain('2:20-2 b');
  });

  it('not in values in braces, strings, comments and lines of the preprocessor', () => {
    const text =
      'void f(void) {\n  S s = { 1, { 2 }, ";" }; /* x; */\n#define M(x) { x; } \\\n  y;\n  g((S){ 1 }); // z;\n}';
    expect(begins(text)).toEqual(['1:1-1 void', '2:3-2 S', '5:3-5 g', '6:1-6 }']);
  });

  it('the same in each branch of a condition of the preprocessor', () => {
    const text = 'void f(int x) {\n#if A\n  if (x) {\n#else\n  while (x) {\n#endif\n    g();\n  }\n  h();\n}';
    expect(begins(text)).toEqual([
      '1:1-1 void',
      '3:3-3 if',
      '5:3-5 while',
      '7:5-7 g',
      '8:3-8 }',
      '9:3-9 h',
      '10:1-10 }',
    ]);
  });

  it('in the bodies of lambdas and classes of C++', () => {
    expect(begins('struct S { int m() { return 1; } };\nvoid f() {\n  g([](int x) { h(x); }, 2);\n}', true)).toEqual([
      '1:1-1 struct',
      '1:12-1 int',
      '1:22-1 return',
      '1:32-1 }',
      '1:34-1 }',
      '1:35-1 ;',
      '2:1-2 void',
      '3:3-3 g',
      '3:17-3 h',
      '3:23-3 }',
      '4:1-4 }',
    ]);
  });

  it('never fails on text that is no program', () => {
    for (const text of ['', '}', '}}}(', '"', "'", '/*', '#', '#if\n#else\n', 'R"x(', '(((', '{{{', '\\\n']) {
      expect(() => begins(text)).not.toThrow();
    }
  });
});
