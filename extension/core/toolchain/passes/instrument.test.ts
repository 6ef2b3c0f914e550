import { describe, expect, it } from 'vitest';
import { compileAndRun, type Scratch, Stopped, transformSource } from '../../../../test/support/scratchCompiler.js';

/** Line (from 1) of the first place a text stands at. */
const lineOf = (source: string, text: string): number => source.slice(0, source.indexOf(text)).split('\n').length;

/** Runs and says where the outermost frame returned. */
function returnedAt(scratch: Scratch, name: string, ...args: number[]): number | undefined {
  scratch.call(name, ...args);
  expect(scratch.depth()).toBe(0);
  return scratch.position(1)?.line;
}

const RETURNS = `
void *Probe(int x);
int two(int x) {
  if (x == 1) {
    Probe(1);
    return 10;
  }
  Probe(2);
  return
    Probe(3) != 0;
}
int single(int x) {
  Probe(x);
  return x + 1;
}
void nothing(int x) {
  if (x)
    return;
  Probe(9);
}
void early(int x) {
  for (int i = 0; i < 3; i++) {
    if (i == x)
      return; /* early */
    Probe(8);
  }
} /* early's end */
int tail(int x) { /* head */
  Probe(1);
  return two(x); /* here */
}
`;

describe('positions', () => {
  const probes: (string | undefined)[] = [];
  const scratch: Scratch = compileAndRun(
    { 'r.c': RETURNS },
    {
      exports: ['two', 'single', 'nothing', 'early', 'tail'],
      imports: {
        Probe: () => {
          const frames = Array.from({ length: scratch.depth() }, (_, i) => scratch.position(i + 1));
          probes.push(frames.map((f) => `${f?.function}:${f?.line}`).join(' '));
          return 1n;
        },
      },
    },
  );

  it('a return keeps the position of the statement taken, not of the closing brace', () => {
    expect(returnedAt(scratch, 'two', 1)).toBe(lineOf(RETURNS, 'return 10;'));
    expect(returnedAt(scratch, 'two', 2)).toBe(lineOf(RETURNS, 'return\n    Probe'));
    expect(returnedAt(scratch, 'single', 2)).toBe(lineOf(RETURNS, 'return x + 1'));
    expect(returnedAt(scratch, 'early', 1)).toBe(lineOf(RETURNS, 'return; /* early'));
    expect(returnedAt(scratch, 'early', 9)).toBe(lineOf(RETURNS, '} /* early'));
    expect(returnedAt(scratch, 'tail', 1)).toBe(lineOf(RETURNS, 'return two(x)'));
    expect(returnedAt(scratch, 'nothing', 1)).toBe(lineOf(RETURNS, 'return;'));
    expect(returnedAt(scratch, 'nothing', 0)).toBe(lineOf(RETURNS, 'Probe(9)') + 1);
  });

  it('a call stack names each frame with the line it stands at', () => {
    probes.length = 0;
    scratch.call('tail', 2);
    expect(probes).toEqual([
      `tail:${lineOf(RETURNS, '/* head */') + 1}`,
      `tail:${lineOf(RETURNS, '/* here */')} two:${lineOf(RETURNS, 'Probe(2)')}`,
      `tail:${lineOf(RETURNS, '/* here */')} two:${lineOf(RETURNS, 'Probe(3)')}`,
    ]);
  });

  it('a position has column, file and unit', () => {
    scratch.call('single', 1);
    expect(scratch.position(1)).toEqual({
      file: 'r.c',
      line: lineOf(RETURNS, 'return x + 1'),
      column: 3,
      function: 'single',
    });
    const other = transformSource('r.c', { 'r.c': RETURNS }, {}, 5);
    const ids = [...other.ir.matchAll(/store i32 (\d+), ptr %vsp\.slot/g)].map((m) => Number(m[1]));
    expect(ids.length).toBeGreaterThan(5);
    expect(ids.every((id) => id >>> 20 === 5 && other.locations[id & 0xfffff] !== undefined)).toBe(true);
  });

  const CPP = `
extern "C" void *Probe(int);
struct Guard { int v; Guard(int a) : v(a) {} ~Guard() { Probe(v); } };
extern "C" int many(int x) {
  Guard d(1);
  if (x == 1) {
    return 5;
  }
  Probe(3);
  if (x == 2) {
    Guard e(2);
    return Probe(9) ? 1 : 2; // second
  }
  return 7;
}
extern "C" void none(int x) {
  Guard d(1);
  if (x == 1)
    return; // first
  for (int i = 0; i < 4; i++) {
    Guard e(2);
    if (i == x)
      break;
    if (i == 3)
      return; // in the loop
  }
  Probe(1);
}
extern "C" int one(int x) {
  Guard d(1);
  return Probe(x) != nullptr;
}
namespace ns { template <class T> struct Box { T v; int get() { auto f = [this](int y) { Probe(y); return y + v; }; return f(1); } }; }
extern "C" int names(int x) { ns::Box<int> b{x}; return b.get(); }
`;

  it.each([false, true])(
    'C++: destructors that run after a return statement do not hide it (checked: %s)',
    (checked) => {
      const stacks: string[] = [];
      const cpp: Scratch = compileAndRun(
        { 'r.cpp': CPP },
        {
          checked,
          exports: ['many', 'none', 'one', 'names'],
          imports: {
            Probe: () => {
              stacks.push(Array.from({ length: cpp.depth() }, (_, i) => cpp.position(i + 1)?.function).join(' > '));
              return 1n;
            },
          },
        },
      );
      expect(returnedAt(cpp, 'many', 1)).toBe(lineOf(CPP, 'return 5;'));
      expect(returnedAt(cpp, 'many', 2)).toBe(lineOf(CPP, '// second'));
      expect(returnedAt(cpp, 'many', 3)).toBe(lineOf(CPP, 'return 7;'));
      expect(returnedAt(cpp, 'none', 1)).toBe(lineOf(CPP, '// first'));
      expect(returnedAt(cpp, 'none', 9)).toBe(lineOf(CPP, '// in the loop'));
      expect(returnedAt(cpp, 'none', 2)).toBe(lineOf(CPP, '  Probe(1);\n}\nextern "C" int one') + 1);
      expect(returnedAt(cpp, 'one', 1)).toBe(lineOf(CPP, 'return Probe(x) !='));
      cpp.call('names', 1);
      expect(stacks.at(-1)).toBe('names > ns::Box<int>::get > ns::Box<int>::get::<lambda>');
    },
  );

  it('inlined code has the position it was inlined at', () => {
    const source = 'int g;\nstatic __forceinline void set(int *p) {\n  *p = 1;\n}\nvoid go(void) {\n  set(&g);\n}\n';
    const { locations } = transformSource('i.c', { 'i.c': source });
    const inner = locations.find((l) => l.line === 3);
    expect(inner).toMatchObject({ function: 'set', inlinedAt: { function: 'go', line: 6 } });
  });

  it('the runtime is not touched', () => {
    expect(transformSource('r.c', { 'r.c': RETURNS }).ir).toContain('@vsp.enter');
    expect(transformSource('r.c', { 'r.c': RETURNS }, { instrument: false }).ir).not.toContain('vsp');
  });
});

const ENDLESS = `
volatile int g;
int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
void down(int n) { g = n; down(n + 1); g = n; }
void spin_while(void) {
  g = 1;
  while (1) { /* while head */
    g++;
    if (g == 5) continue;
  }
}
void spin_for(int n) {
  for (int i = 0; /* for head */
       i >= 0;
       i = (i + 1) & 0xff) {
    g = i + n;
  }
}
void spin_do(void) {
  do { /* do head */
    g++;
  } while (g != 0x7fffffff || 1);
}
void spin_goto(void) {
again:
  g++; /* goto head */
  goto again;
}
void spin_empty(void) { for (;;) { } }
int count(int n) { int s = 0; for (int i = 0; i < n; i++) s += i & g; return s; }
`;

describe.each([0, 2] as const)('budget at optimize %i', (optimize) => {
  const scratch = compileAndRun(
    { 'e.c': ENDLESS },
    { optimize, exports: ['fib', 'down', 'spin_while', 'spin_for', 'spin_do', 'spin_goto', 'spin_empty', 'count'] },
  );
  const stop = (name: string, budget: bigint, ...args: number[]): string => {
    scratch.setBudget(budget);
    try {
      scratch.call(name, ...args);
      return 'returned';
    } catch (error) {
      if (error instanceof Stopped) {
        return error.message;
      }
      throw error;
    } finally {
      scratch.memory().setUint32(Number((scratch.exports['vsp_depth'] as WebAssembly.Global).value), 0, true);
    }
  };

  it.each([
    ['spin_while', '/* while head */'],
    ['spin_for', '/* for head */'],
    ['spin_do', '/* do head */'],
    ['spin_goto', '/* goto head */'],
    ['spin_empty', 'spin_empty'],
  ])("%s ends at the loop's head", (name, head) => {
    expect(stop(name, 5_000n, 1)).toBe('budget');
    expect(scratch.position(1)).toMatchObject({ function: name, line: lineOf(ENDLESS, head) });
  });

  it('is deterministic: the same program stops after the same number of rounds', () => {
    const rounds = [0, 1].map(() => {
      scratch.memory().setInt32(0, 0, true);
      stop('spin_goto', 100_000n);
      const before = stop('count', 1_000_000n, 10);
      return [before, stop('fib', 2_000n, 20)];
    });
    expect(rounds[0]).toEqual(['returned', 'budget']);
    expect(rounds[1]).toEqual(rounds[0]);
  });

  it('calls that recurse spend it too', () => {
    expect(stop('fib', 10_000n, 60)).toBe('budget');
    expect(stop('fib', 10_000n, 10)).toBe('returned');
  });

  it('endless recursion runs out of frames at VSP_MAX_FRAMES', () => {
    // The stack of the test's own thread ends before 16,384 frames are on it: begin near the end.
    scratch.memory().setUint32(Number((scratch.exports['vsp_depth'] as WebAssembly.Global).value), 16_000, true);
    expect(stop('down', 1_000_000n, 0)).toBe('frames');
    expect(scratch.position(16_383)).toMatchObject({ function: 'down', line: lineOf(ENDLESS, 'void down') });
  });
});

describe('what remains at optimize 2 without checks', () => {
  it.each([
    ['few rounds', false, 'void f(int n) { for (int i = 0; i < 4; i++) g[i] = n; }'],
    ['few rounds that call', false, 'void f(int n) { for (int i = 0; i <= 3; i++) Probe(n); }'],
    [
      'many rounds that neither call nor loop',
      false,
      'void f(unsigned n) { for (unsigned i = 0; i < n; i++) g[i & 7] = 1; }',
    ],
    ['many rounds that call', true, 'void f(int n) { for (int i = 0; i < n; i++) Probe(i); }'],
    [
      'many rounds of another loop',
      true,
      'void f(int n) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) g[j & 7] = i; }',
    ],
    [
      'i <= n, endless for the largest n',
      true,
      'void f(unsigned n) { for (unsigned i = 0; i <= n; i++) g[i & 7] = 1; }',
    ],
    ['64 bits', true, 'void f(unsigned long long n) { for (unsigned long long i = 0; i < n; i++) g[i & 7] = 1; }'],
    [
      'a 16-bit variable against an int, endless for large n',
      true,
      'void f(int n) { for (unsigned short i = 0; i < n; i++) g[i & 7] = 1; }',
    ],
    ['a step back', true, 'void f(int n) { for (int i = 0; i < n; i++) { if (g[i & 7]) i--; } }'],
    ['an address taken', true, 'void f(int n) { for (int i = 0; i < n; i++) { int *p = &i; *p -= g[i & 7]; } }'],
    ['a volatile variable', true, 'void f(int n) { for (volatile int i = 0; i < n; i++) g[0] = 1; }'],
    ['another step', true, 'void f(int n) { for (int i = 0; i < n; i += g[0]) g[1] = 1; }'],
    ['while', true, 'void f(int n) { while (g[n & 7]) n++; }'],
    ['goto', true, 'void f(int n) { again: if (g[n & 7]) { n++; goto again; } }'],
  ])('%s: counted = %s', (_name, counted, text) => {
    const { ir } = transformSource('l.c', { 'l.c': `int g[8]; void Probe(int); ${text}` }, { optimize: 2 });
    const from = ir.indexOf('define void @f(');
    expect(from).toBeGreaterThan(0);
    expect(ir.slice(from, ir.indexOf('\n}', from)).includes('@vsp.count')).toBe(counted);
  });

  it('calls still know their line, and frames come and go', () => {
    const lines: (number | undefined)[] = [];
    const scratch: Scratch = compileAndRun(
      { 'r.c': RETURNS },
      {
        optimize: 2,
        exports: ['tail'],
        imports: {
          Probe: () => {
            lines.push(scratch.position(1)?.line, scratch.position(2)?.line);
            return 1n;
          },
        },
      },
    );
    scratch.call('tail', 1);
    expect(lines.slice(2)).toEqual([lineOf(RETURNS, '/* here */'), lineOf(RETURNS, 'Probe(1)')]);
    expect(scratch.depth()).toBe(0);
  });
});
