import { describe, expect, it } from 'vitest';
import { compileAndRun, transformSource } from '../../../../test/support/scratchCompiler.js';

describe('retarget', () => {
  const WORDS =
    'use dllimport here, dso_local target-cpu thread_local section \\"PAGE\\" x86_fastcallcc comdat any !dbg !7';
  const SOURCE = `
__declspec(dllimport) void import_me(int);
__declspec(dllexport) const char *text(void) { return "${WORDS}"; }
static void paged(void);
#pragma alloc_text(PAGE, paged)
static void paged(void) { import_me(1); }
#pragma code_seg("INIT")
void init(void) { paged(); }
#pragma code_seg()
#pragma data_seg("PAGEDATA")
int paged_data = 3;
#pragma data_seg()
#pragma section(".mine", read, write)
__declspec(allocate(".mine")) int mine = 4;
__declspec(thread) int local = 5;
__declspec(selectany) int any = 6;
int __fastcall fast(int a, int b) { return a * 10 + b; }
int __vectorcall vector(int a, int b) { return fast(a, b); }
int __stdcall std(int a) { return vector(a, 2); }
int all(void) { init(); local++; return paged_data + mine + local + any + std(1); }
`;

  it('strings of the user are never edited', () => {
    const scratch = compileAndRun({ 'a.c': SOURCE }, { exports: ['text'] });
    expect(scratch.text(scratch.call('text') ?? 0)).toBe(WORDS.replaceAll('\\"', '"'));
  });

  it.each([0, 2] as const)('sections, conventions, dllimport and thread variables run (optimize %i)', (optimize) => {
    const seen: number[] = [];
    const { call } = compileAndRun(
      { 'a.c': SOURCE },
      { optimize, exports: ['all'], imports: { import_me: (x: number) => seen.push(x) } },
    );
    expect(call('all')).toBe(3 + 4 + 6 + 6 + 12);
    expect(seen).toEqual([1]);
  });

  it.each(['x64', 'arm64'] as const)('nothing of Windows is left (%s)', (arch) => {
    const { ir } = transformSource('a.c', { 'a.c': SOURCE }, { arch });
    const code = ir.replace(/c?"[^"]*"/g, '""');
    expect(code).not.toMatch(/dllimport|dllexport|dso_local|x86_|thread_local|section|largest|nodeduplicate|!dbg/);
    expect(ir).toContain('target triple = "wasm64-unknown-unknown"');
    expect(ir).not.toMatch(/"target-(?:cpu|features)"|"tune-cpu"/);
  });

  const CPP = `
extern "C" void log(int);
struct Base { virtual ~Base() { log(90); } virtual int f(int x) { return x; } int v = 4; };
template <class T> struct Derived : Base { T t; Derived(T q) : t(q) {} int f(int x) override { auto l = [&](int y) { return y + t; }; return l(x) + v; } };
struct Loud { int z; Loud(int a) : z(a) { log(a); } ~Loud() { log(-z); } };
Loud global{4};
inline Loud shared{5};
template <class T> struct Holder { static Loud made; };
template <class T> Loud Holder<T>::made{6};
int use() { static int n; return ++n + Holder<int>::made.z + shared.z; }
static Derived<int> derived(3);
extern "C" int go(int x) { Base &b = derived; Loud scoped(1); return b.f(x) + use(); }
`;
  const OTHER = `
extern "C" void log(int);
struct Loud { int z; Loud(int a) : z(a) { log(a); } ~Loud() { log(-z); } };
inline Loud shared{5};
extern "C" int other() { return shared.z; }
static void early() { log(77); }
#pragma section(".CRT$XCU", read)
__declspec(allocate(".CRT$XCU")) void (*entry)() = early;
`;

  it.each([0, 2] as const)(
    'C++: virtual functions, templates, lambdas, static construction (optimize %i)',
    (optimize) => {
      const seen: number[] = [];
      const { call } = compileAndRun(
        { 'a.cpp': CPP, 'b.cpp': OTHER },
        { optimize, exports: ['go', 'other'], imports: { log: (x: number) => seen.push(x) } },
      );
      call('__wasm_call_ctors');
      // An inline variable is constructed once in the driver, not once per unit.
      expect(seen.filter((x) => x === 5)).toEqual([5]);
      expect([...seen].sort((a, b) => a - b)).toEqual([4, 5, 6, 77]);
      seen.length = 0;
      expect(call('go', 10)).toBe(10 + 3 + 4 + 1 + 6 + 5);
      expect(seen).toEqual([1, -1]);
      expect(call('other')).toBe(5);
    },
  );
});
