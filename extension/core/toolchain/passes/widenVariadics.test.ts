import { describe, expect, it } from 'vitest';
import { compileAndRun } from '../../../../test/support/scratchCompiler.js';

const LIST = `
typedef __builtin_va_list va_list;
#define va_start(ap, x) __builtin_va_start(ap, x)
#define va_arg(ap, t) __builtin_va_arg(ap, t)
#define va_copy(d, s) __builtin_va_copy(d, s)
#define va_end(ap) __builtin_va_end(ap)
`;

const SUM = `${LIST}
static int sum(int n, ...) { va_list ap; va_start(ap, n); int t = 0; while (n--) t += va_arg(ap, int); va_end(ap); return t; }
int test_sum(void) { return sum(3, 1, 2, 3); }
int test_negative(void) { return sum(2, -7, (short)-5); }
int (*pointer)(int, ...) = sum;
int test_pointer(int x) { return pointer(3, x, x, x); }
`;

describe.each([0, 2] as const)('variadic calls at optimize %i', (optimize) => {
  it('walks 8-byte slots: sum(3, 1, 2, 3) is 6 (toolchain-facts 1, variadic calls)', () => {
    const { call } = compileAndRun(
      { 'a.c': SUM },
      { optimize, exports: ['test_sum', 'test_negative', 'test_pointer'] },
    );
    expect(call('test_sum')).toBe(6);
    expect(call('test_negative')).toBe(-12);
    expect(call('test_pointer', 7)).toBe(21);
  });

  it('hands imports a pointer to 8-byte slots', () => {
    const seen: (number | bigint)[] = [];
    const scratch = compileAndRun(
      {
        'a.c':
          'unsigned long DbgPrint(const char *f, ...);\nvoid go(int x, char c) { DbgPrint("dso_local %d", x, c, 1.5f, 1ull << 40, "s"); }',
      },
      {
        optimize,
        exports: ['go'],
        imports: {
          DbgPrint: (format: bigint, list: bigint) => {
            const view = scratch.memory();
            const at = (i: number): number => Number(list) + 8 * i;
            seen.push(view.getInt32(at(0), true), view.getInt32(at(1), true), view.getFloat64(at(2), true));
            seen.push(view.getBigUint64(at(3), true));
            expect(scratch.text(view.getBigUint64(at(4), true))).toBe('s');
            expect(scratch.text(format)).toBe('dso_local %d');
            return 0;
          },
        },
      },
    );
    scratch.call('go', -3, 65);
    expect(seen).toEqual([-3, 65, 1.5, 1n << 40n]);
  });

  it('widens by zeros, as a 32-bit register move does: %lld of an int is its unsigned value', () => {
    const source = `${LIST}
long long read(int n, ...) { va_list ap; va_start(ap, n); long long v = va_arg(ap, long long); va_end(ap); return v; }
long long constant(void) { return read(1, -1); }
long long variable(int x) { return read(1, x); }`;
    const { call } = compileAndRun({ 'a.c': source }, { optimize, exports: ['constant', 'variable'] });
    expect(call('constant')).toBe(0xffffffffn);
    expect(call('variable', -2)).toBe(0xfffffffen);
  });

  it('passes structures by value as Win64 does: up to 8 bytes in the slot, others by pointer', () => {
    const source = `${LIST}
typedef struct { char a; } ONE; typedef struct { short a, b; } FOUR; typedef struct { short a, b, c; } SIX;
typedef struct { long a, b; } EIGHT; typedef struct { long long a, b, c; } BIG;
static int read(int n, ...) {
  va_list ap, aq; va_start(ap, n); va_copy(aq, ap);
  ONE o = va_arg(ap, ONE); FOUR f = va_arg(ap, FOUR); SIX s = va_arg(ap, SIX); EIGHT e = va_arg(ap, EIGHT); BIG b = va_arg(ap, BIG);
  double d = va_arg(ap, double); int last = va_arg(ap, int); ONE again = va_arg(aq, ONE);
  return o.a + f.b * 10 + s.c * 100 + e.b * 1000 + (int)b.c * 10000 + (int)d * 100000 + last * 1000000 + again.a * 10000000;
}
int go(void) {
  ONE o = { 1 }; FOUR f = { 9, 2 }; SIX s = { 9, 9, 3 }; EIGHT e = { 9, 4 }; BIG b = { 9, 9, 5 };
  return read(7, o, f, s, e, b, 6.0, 7);
}`;
    const { call } = compileAndRun({ 'a.c': source }, { optimize, exports: ['go'] });
    expect(call('go')).toBe(17_654_321);
  });

  it('calls functions declared without a prototype', () => {
    const source = 'int f();\nint go(int x) { return f(x, 2); }\nint f(int a, int b) { return a * 10 + b; }';
    const { call } = compileAndRun({ 'a.c': source }, { optimize, exports: ['go'] });
    expect(call('go', 4)).toBe(42);
  });
});
