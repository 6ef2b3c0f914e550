import { describe, expect, it } from 'vitest';
import { compileAndRun, transformSource } from '../../../../test/support/scratchCompiler.js';

/** As vsplab.h writes them. */
const MACROS = `
#ifdef __cplusplus
#define EXTERN extern "C"
#else
#define EXTERN extern
#endif
#define VSPLAB_TEST(Name) EXTERN void VspLabTest_##Name(void); __attribute__((used)) void VspLabTest_##Name(void)
#define VSPLAB_SETUP() EXTERN void VspLabSetup_(void); __attribute__((used)) void VspLabSetup_(void)
#define VSPLAB_CONTEXT(S) EXTERN S *VspLabContext_##S(void *c, unsigned i); __attribute__((used)) S *VspLabContext_##S(void *c, unsigned i)
#define VSPLAB_TRANSIENT(S, F) EXTERN const char VspLabTransient_##S##_##F[sizeof(#S "." #F)]; \\
  __attribute__((used)) const char VspLabTransient_##S##_##F[sizeof(#S "." #F)] = #S "." #F;
EXTERN void note(int);
`;
const FIXTURE = `${MACROS}
typedef struct { int a_b; } MY_CTX;
static MY_CTX g_context;
VSPLAB_SETUP() { note(1); }
VSPLAB_TEST(First) { note(2); } // test first
VSPLAB_TEST(Second) { VspLabTest_First(); }
VSPLAB_CONTEXT(MY_CTX) { g_context.a_b = (int)i; return &g_context; }
VSPLAB_TRANSIENT(MY_CTX, a_b)
`;
const lineOf = (source: string, text: string): number => source.slice(0, source.indexOf(text)).split('\n').length;

describe('fixtures', () => {
  it.each(['f.c', 'f.cpp'])('%s: entries are found, renamed per unit and exported', (name) => {
    const { fixtures, transients } = transformSource(name, { [name]: FIXTURE }, {}, 3);
    expect(fixtures.map((f) => [f.kind, f.name, f.symbol])).toEqual([
      ['setup', '', 'VspLabSetup_.3'],
      ['test', 'First', 'VspLabTest_First.3'],
      ['test', 'Second', 'VspLabTest_Second.3'],
      ['context', 'MY_CTX', 'VspLabContext_MY_CTX.3'],
    ]);
    expect(fixtures[1]).toMatchObject({ file: name, line: lineOf(FIXTURE, '// test first') });
    expect(transients).toEqual([{ record: 'MY_CTX', field: 'a_b' }]);
  });

  it.each([false, true])('two files may have a set-up and name the same field; both run (checked: %s)', (checked) => {
    const seen: number[] = [];
    const other = FIXTURE.replaceAll('note(1)', 'note(11)').replaceAll('note(2)', 'note(12)');
    const scratch = compileAndRun(
      { 'f.c': FIXTURE, 'g.c': other },
      { checked, imports: { note: (x: number) => seen.push(x) } },
    );
    expect(scratch.units[1]?.transients).toEqual([{ record: 'MY_CTX', field: 'a_b' }]);
    for (const symbol of ['VspLabSetup_.0', 'VspLabTest_Second.0', 'VspLabSetup_.1', 'VspLabTest_Second.1']) {
      scratch.call(symbol);
    }
    expect(seen).toEqual([1, 2, 11, 12]);
  });

  it.each([
    [0, false],
    [2, false],
    [0, true],
  ] as const)(
    'a fixture that defines a function or variable of the driver overrides it (optimize %i, checked: %s)',
    (optimize, checked) => {
      const driver = 'int limit = 3; int helper(int x) { return x + limit; } int go(int x) { return helper(x); }';
      const fixture = 'int limit = 50; int helper(int x) { return x * limit; }';
      const { call, units } = compileAndRun(
        { 'driver.c': driver, 'fixture.c': fixture },
        { optimize, checked, exports: ['go'], weakSymbols: { 'driver.c': new Set(['helper', 'limit']) } },
      );
      expect(call('go', 2)).toBe(100);
      expect(units[0]?.definedFunctions.filter((f) => f.linkage !== 'internal')).toEqual([
        { symbol: 'helper', linkage: 'weak' },
        { symbol: 'go', linkage: 'external' },
      ]);
    },
  );
});

describe('symbols', () => {
  const SOURCE = `extern int nobody; extern int unused; extern struct S { int a; } other;
int mine = 1; static int own;
void import_me(void); void unused_import(void); void only_stored(void);
int *table[] = {
  &nobody };
void (*stored)(void) = only_stored;
static int hidden(void) { return own; }
inline int never(void) { return 0; }
int f(void) {
  import_me();
  return nobody
    + other.a + hidden();
}
`;

  it('undefined ones have the first place that uses them; unused ones are none', () => {
    const { undefinedData, undefinedFunctions } = transformSource('s.c', { 's.c': SOURCE });
    expect(undefinedFunctions).toEqual([
      { name: 'import_me', file: 's.c', line: 10 },
      { name: 'only_stored', file: 's.c', line: 6 },
    ]);
    expect(undefinedData).toEqual([
      { name: 'nobody', file: 's.c', line: 11 },
      { name: 'other', file: 's.c', line: 12 },
    ]);
  });

  it('defined ones have their linkage', () => {
    const { definedFunctions, definedData } = transformSource('s.c', { 's.c': SOURCE });
    expect(definedFunctions).toEqual([
      { symbol: 'f', linkage: 'external' },
      { symbol: 'hidden', linkage: 'internal' },
    ]);
    expect(definedData).toEqual(
      ['table', 'stored', 'mine'].sort((a, b) => definedData.indexOf(a) - definedData.indexOf(b)),
    );
  });

  it('calls through pointers say which type they expect', () => {
    const source = 'int f(int (*p)(void *, long long), void *c) {\n  return p(c, 4);\n}';
    const { indirectCalls, locations } = transformSource('s.c', { 's.c': source });
    expect(indirectCalls.map((c) => [locations[c.location]?.line, c.type])).toEqual([[2, 'i32 (ptr, i64)']]);
  });
});
