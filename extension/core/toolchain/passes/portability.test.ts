import { describe, expect, it } from 'vitest';
import { compileAndRun, Stopped, transformSource } from '../../../../test/support/scratchCompiler.js';

const errorsOf = (source: string, extra: readonly string[] = [], arch: 'x64' | 'arm64' = 'x64'): readonly string[] =>
  transformSource('a.c', { 'a.c': source }, { extra, arch }).errors.map((e) => `${e.file}:${e.line} ${e.message}`);

describe('portability', () => {
  it.each([
    ['inline assembly', 'int x;\nvoid f(void) {\n  __asm__ volatile("cli");\n}', 'a.c:3 inline assembly cannot run'],
    ['file-level assembly', '__asm__(".globl x");\nint x;', ':0 inline assembly cannot run'],
    [
      'rdtsc',
      'unsigned long long __rdtsc(void);\n#pragma intrinsic(__rdtsc)\nunsigned long long f(void) {\n  return __rdtsc();\n}',
      "a.c:4 processor intrinsic 'x86.rdtsc'",
    ],
    ['gs', 'unsigned f(void) {\n  return *(unsigned __seg_gs *)0x30;\n}', 'a.c:2 a segment register (fs, gs)'],
    ['__ptr32', 'void *f(void *__ptr32 p) {\n  return p;\n}', 'a.c:1 a 32-bit pointer (__ptr32)'],
  ])('%s is an error that names it and its line', (_name, source, start) => {
    const errors = errorsOf(source);
    expect(errors[0]?.slice(0, start.length)).toBe(start);
    expect(errors[0]).toContain('#ifndef VSPLAB');
  });

  it('a pointer to a virtual member function is an error at its line', () => {
    const source = `namespace n { struct R { virtual ~R(); virtual unsigned Read(int); }; }
unsigned g(n::R *r) {
  auto m = &n::R::Read;
  return (r->*m)(3);
}
unsigned (n::R::*kept)(int) = &n::R::Read;
struct S { int Plain(); };
int h(S *s) { auto m = &S::Plain; return (s->*m)(); }`;
    const { errors } = transformSource('a.cpp', { 'a.cpp': source });
    expect(errors.map(({ line }) => line)).toEqual([3]);
    expect(errors[0]?.message).toMatch(/^a pointer to a virtual member function of n::R cannot be called/);
  });

  it('one error per place: x86 intrinsics of a whole line', () => {
    expect(
      errorsOf('unsigned f(unsigned x) { return __builtin_ia32_crc32si(x, 3) + __builtin_ia32_crc32qi(x, 3); }', [
        '-target-feature',
        '+crc32',
      ]),
    ).toHaveLength(2);
    expect(errorsOf('void g(void); void f(void) { g(); }')).toEqual([]);
  });

  it.each([0, 2] as const)('hints, barriers and return addresses have a plain meaning (optimize %i)', (optimize) => {
    const source = `
void _mm_pause(void); void _mm_mfence(void); void *_ReturnAddress(void); void _ReadWriteBarrier(void); void __nop(void);
#pragma intrinsic(_ReturnAddress)
long _InterlockedIncrement(long volatile *); unsigned char _BitScanReverse(unsigned long *, unsigned long);
unsigned char _InterlockedCompareExchange128(long long volatile *, long long, long long, long long *);
#pragma intrinsic(_InterlockedIncrement, _BitScanReverse, _InterlockedCompareExchange128)
static long n = 4; static __declspec(align(16)) long long wide[2] = { 1, 2 };
int go(void) {
  unsigned long i; long long c[2] = { 1, 2 };
  _mm_pause(); _mm_mfence(); _ReadWriteBarrier(); __asm__ volatile("" ::: "memory"); __asm__ volatile("nop");
  _BitScanReverse(&i, 0x500);
  return _InterlockedIncrement(&n) * 100 + (int)i * 10 + _InterlockedCompareExchange128(wide, 5, 6, c) + (_ReturnAddress() != 0);
}`;
    const { call } = compileAndRun({ 'a.c': source }, { optimize, exports: ['go'] });
    expect(call('go')).toBe(601);
  });

  it('__debugbreak and __fastfail end the test, naming themselves', () => {
    const source = `void __debugbreak(void); void __fastfail(unsigned);
#pragma intrinsic(__debugbreak, __fastfail)
void stop(void) { __debugbreak(); }
void fail(int x) { __fastfail(x + 5); }
void constant(void) { __fastfail(7); }`;
    const { call } = compileAndRun({ 'a.c': source }, { exports: ['stop', 'fail', 'constant'] });
    expect(() => call('stop')).toThrow(new Stopped('fault 14 __debugbreak 0'));
    expect(() => call('fail', 1)).toThrow(new Stopped('fault 14 __fastfail 6'));
    expect(() => call('constant')).toThrow(new Stopped('fault 14 __fastfail 7'));
  });
});
