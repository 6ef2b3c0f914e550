import { describe, expect, it } from 'vitest';
import { compileAndRun, type Scratch } from '../../../../test/support/scratchCompiler.js';

const BYTE = 0x5a;
const INT = 0x5a5a5a5a;

/** Value of a function's answer as an unsigned 32-bit number. */
function answer(scratch: Scratch, name: string, ...args: number[]): number {
  return Number(scratch.call(name, ...args)) >>> 0;
}

const C = `
typedef struct { unsigned char kind; unsigned value; } PAIR;
void Touch(void *);
unsigned scalar(int n) { unsigned x; if (n) x = 1; return x; }
unsigned initialised(void) { unsigned x = 7; unsigned y[3] = { 1, 2, 3 }; return x + y[2]; }
unsigned parameter(unsigned n) { return n; }
unsigned again(int n) {
    unsigned last = 0;
    for (int i = 0; i < n; i++) {
        unsigned x;
        if (i == 0) x = 3;
        last = x;
    }
    return last;
}
unsigned array(int i) { unsigned a[4]; Touch(a); return a[i]; }
unsigned padding(void) { PAIR p; p.kind = 1; p.value = 2; Touch(&p); return ((unsigned char *)&p)[2]; }
unsigned addressed(void) { unsigned x; Touch(&x); return x; }
PAIR made(void) { PAIR p; p.kind = 1; return p; }
unsigned returned(void) { PAIR p = made(); return p.value; }
unsigned variable(unsigned n) { unsigned v[n]; Touch(v); return v[n - 1]; }
unsigned skipped(int n) { switch (n) { unsigned x; case 1: x = 5; return x; default: return x; } }
unsigned jumped(int n) {
    unsigned last = 0;
again:;
    unsigned x;
    last = x;
    x = 9;
    if (n-- > 0) goto again;
    return last;
}
unsigned nothing(int n) { if (n) return 4; }
`;
const CPP = `
struct Pair { unsigned char kind; unsigned value; Pair(unsigned char k) : kind(k) {} };
extern "C" void Touch(void *);
extern "C" unsigned member() { Pair p(3); Touch(&p); return p.value; }
extern "C" unsigned temporary() { unsigned last = 0; for (int i = 0; i < 2; i++) { const Pair &p = Pair(1); Touch((void *)&p); last = p.value; } return last; }
extern "C" unsigned bound(unsigned n) { struct { unsigned a, b; } s = { n, 2 }; auto [a, b] = s; return a + b; }
extern "C" unsigned captured(unsigned n) { unsigned k = n; auto f = [k](unsigned m) { unsigned x; if (m) x = k; return x; }; return f(n); }
static Pair Make() { Pair p(1); return p; }
extern "C" unsigned made() { Pair p = Make(); return p.value; }
`;
const C_NAMES = [...C.matchAll(/^unsigned (\w+)\(/gm)].map(([, name]) => name ?? '');
const CPP_NAMES = [...CPP.matchAll(/^extern "C" unsigned (\w+)\(/gm)].map(([, name]) => name ?? '');

describe.each([
  { optimize: 0, checked: false },
  { optimize: 0, checked: true },
  { optimize: 2, checked: false },
  { optimize: 2, checked: true },
] as const)('optimize $optimize, checked $checked', (options) => {
  const imports = { Touch: () => undefined };
  const c = compileAndRun({ 'a.c': C }, { ...options, differential: true, exports: C_NAMES, imports });
  const cpp = compileAndRun({ 'a.cpp': CPP }, { ...options, differential: true, exports: CPP_NAMES, imports });
  c.setFresh(BYTE);
  cpp.setFresh(BYTE);

  it.each([
    ['scalar', [0], INT],
    ['scalar', [1], 1],
    ['initialised', [], 10],
    ['parameter', [6], 6],
    ['again', [1], 3],
    ['again', [2], INT],
    ['array', [3], INT],
    ['padding', [], BYTE],
    ['addressed', [], INT],
    ['returned', [], INT],
    ['variable', [5], INT],
    ['skipped', [1], 5],
    ['skipped', [2], INT],
    ['jumped', [2], INT],
    ['nothing', [0], INT],
  ] as const)('%s(%j) is %i', (name, args, expected) => {
    expect(answer(c, name, ...args)).toBe(expected);
  });

  it.each([
    ['member', [], INT],
    ['temporary', [], INT],
    ['bound', [5], 7],
    ['captured', [0], INT],
    ['captured', [4], 4],
    ['made', [], INT],
  ] as const)('C++: %s(%j) is %i', (name, args, expected) => {
    expect(answer(cpp, name, ...args)).toBe(expected);
  });

  it('follows the run: another byte, another answer', () => {
    c.setFresh(0);
    expect(answer(c, 'array', 0)).toBe(0);
    c.setFresh(BYTE);
  });
});
