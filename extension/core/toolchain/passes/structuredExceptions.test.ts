import { describe, expect, it } from 'vitest';
import { compileAndRun, transformSource } from '../../../../test/support/scratchCompiler.js';

const SOURCE = `#define AbnormalTermination _abnormal_termination
#define GetExceptionCode _exception_code
static int g_trace;
static int t(int x) { g_trace = g_trace * 10 + x; return x; }
static int order(int flag) {
  int r = 0;
  __try {
    t(1);
    __try { t(2); if (flag) __leave; t(3); } __finally { t(4); r += AbnormalTermination() ? 100 : 1; }
    t(5);
  } __finally { t(6); r += 10; }
  return r;
}
int go_order(int f) { g_trace = 0; int r = order(f); return g_trace * 1000 + r; }
static int early(int x, int *seen) {
  int local = x;
  __try { local += 5; if (x == 1) return local; local *= 2; }
  __finally { local += 1000; *seen = AbnormalTermination() * 100 + local; }
  return local;
}
int go_early(int x) { int seen = 0; int r = early(x, &seen); return r * 10000 + seen; }
int go_loop(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) { __try { if (i == 2) continue; if (i == 5) break; s += i; } __finally { s += 100; } }
  return s;
}
int go_recursive(int n) { int r = 1; __try { if (n > 1) r = n * go_recursive(n - 1); } __finally { r += 0; n = n * 2; } return r + (n & 1); }
int go_except(int n) {
  int r = 0;
  __try { t(n); r = 5; if (n == 3) return 33; }
  __except (GetExceptionCode() == 5 ? 1 : 0) { r = -1; }
  return r;
}
typedef struct { int a[4]; } AGG;
static AGG aggregate(int n) {
  AGG z = { { 1, 1, 1, 1 } }; AGG a = { { n, n, n, n } };
  __try { a.a[0] = 7; if (n == 2) return n == 5 ? z : a; a.a[1] = 8; } __finally { a.a[2] = 9; }
  return n == 5 ? z : a;
}
int go_aggregate(int n) { AGG a = aggregate(n); return a.a[0] * 1000 + a.a[1] * 100 + a.a[2] * 10 + a.a[3]; }
int go_nested(int n) {
  int r = 0;
  __try { r = n; } __finally { __try { r *= 2; t(1); if (n == 4) __leave; r += 1; } __finally { r += 100; } }
  return r;
}
int go_goto(int n) { int r = 0; __try { if (n) goto out; r = 1; } __finally { r += 10; } r += 100; out: return r; }
static void leave(int *p) { __try { if (*p == 1) return; *p = 5; } __finally { *p += 10; } *p += 100; }
int go_void(int x) { int q = x; leave(&q); return q; }
int go_phi(int a, int b) {
  int r;
  __try { r = (a && b) ? t(1) : (b || t(0)) ? 4 : 7; } __except (1) { r = (a || b) ? 1 : 2; }
  return r;
}
`;
const EXPORTS = [...SOURCE.matchAll(/\b(go_\w+)\(int/g)].map((m) => m[1] ?? '');

/** Function, arguments, what MSVC's semantics give when nothing is raised. */
const EXPECTED: readonly (readonly [string, readonly number[], number, string])[] = [
  ['go_order', [0], 123456 * 1000 + 11, 'inner __finally, then outer'],
  ['go_order', [1], 12456 * 1000 + 11, '__leave is no abnormal termination'],
  [
    'go_early',
    [1],
    6 * 10000 + 1106,
    'return inside __try: __finally runs, termination is abnormal, the value is kept',
  ],
  ['go_early', [2], 1014 * 10000 + 1014, '__finally modifies a local of its function'],
  ['go_loop', [4], 404, 'continue runs __finally'],
  ['go_loop', [9], 608, 'break runs __finally'],
  ['go_recursive', [6], 720, 'every frame has its own captured variables'],
  ['go_except', [1], 5, 'the handler is never entered'],
  ['go_except', [3], 33, 'return out of a __try with __except'],
  ['go_aggregate', [1], 7891, 'a structure is changed in __finally'],
  ['go_aggregate', [2], 7222, 'a structure is returned before __finally changes it'],
  ['go_nested', [3], 107, '__try inside __finally'],
  ['go_nested', [4], 108, '__leave inside __finally'],
  ['go_goto', [0], 111, 'past __finally'],
  ['go_goto', [1], 10, 'goto out of __try'],
  ['go_void', [1], 11, 'return from a void function'],
  ['go_void', [2], 115, 'falling out of a void function'],
  ['go_phi', [1, 1], 1, 'conditions inside __try'],
  ['go_phi', [0, 0], 7, 'conditions inside __try, none holds'],
];

describe.each([
  { optimize: 0, checked: false },
  { optimize: 2, checked: false },
  { optimize: 0, checked: true },
] as const)('__try at %o', (options) => {
  const scratch = compileAndRun({ 'seh.c': SOURCE }, { ...options, exports: EXPORTS });

  it.each(EXPECTED)('%s(%o) is %i: %s', (name, args, value) => {
    expect(scratch.call(name, ...args)).toBe(value);
    expect(scratch.depth()).toBe(0);
  });
});

describe('__try', () => {
  it('leaves one note per function with an __except, where its __try block ends', () => {
    const { notes } = transformSource('seh.c', { 'seh.c': SOURCE });
    const line = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length;
    expect(notes.map((n) => [n.severity, n.file, n.line])).toEqual([
      ['note', 'seh.c', line('return 33; }')],
      ['note', 'seh.c', line('__except (1) { r = (a')],
    ]);
    expect(notes[0]?.message).toContain('go_except');
  });

  it('names __finally blocks after their function in positions', () => {
    const { locations } = transformSource('seh.c', { 'seh.c': SOURCE });
    const line = SOURCE.slice(0, SOURCE.indexOf('__finally { t(4)')).split('\n').length;
    const names = locations.filter((l) => l.line === line && l.column > 60).map((l) => l.function);
    expect(new Set(names)).toEqual(new Set(['order']));
  });

  it('leaves nothing the back end cannot lower', () => {
    const { ir } = transformSource('seh.c', { 'seh.c': SOURCE });
    expect(ir).not.toMatch(/invoke |catchswitch|cleanuppad|@llvm\.(?:local|eh\.|seh\.)|personality/);
  });
});
