import { describe, expect, it } from 'vitest';
import { joinPath } from '../run/paths.js';
import type { Diagnostic } from './module.js';
import { backEndError, clarifyAll, isProcessorIntrinsic, nameIntrinsic, outsideTest } from './unsupported.js';

function error(message: string): Diagnostic {
  return { severity: 'error', file: 'a.c', line: 1, column: 1, message };
}

const nowhere = outsideTest(
  [],
  () => '/p',
  () => false,
);

describe('clarifyAll', () => {
  it.each([
    [
      'MS inline assembly',
      'MS-style inline assembly is not available: No available targets are compatible with triple "x"',
      /^inline assembly cannot run in the simulator: put it behind #ifndef VSPLAB/,
    ],
    [
      'an intrinsic in C',
      "call to undeclared library function '__cpuid' with type 'void (int *, int)'; ISO C99",
      /^processor intrinsic '__cpuid' cannot run/,
    ],
    ['an intrinsic in C++', "use of undeclared identifier '_mm_set1_epi32'", /^processor intrinsic '_mm_set1_epi32'/],
    ['an intrinsics header', "'immintrin.h' file not found", /^'immintrin.h' not found: processor intrinsics/],
    [
      'a missing header',
      "'nope.h' file not found",
      /^'nope.h' file not found; folders to search are given by --include$/,
    ],
    ['a header that includes itself', '#include nested too deeply', /include guard or #pragma once is missing$/],
    ['anything else', "unknown type name 'foo'", /^unknown type name 'foo'$/],
  ])('%s', (_, message, expected) => {
    expect(clarifyAll([error(message)], nowhere)[0]?.message).toMatch(expected);
  });

  it("drops clang's advice to a message we replaced, and keeps it otherwise", () => {
    const advice: Diagnostic = { ...error('include the header <intrin.h>'), severity: 'note' };
    expect(clarifyAll([error("call to undeclared function '__rdtsc'"), advice], nowhere)).toHaveLength(1);
    expect(clarifyAll([error("call to undeclared function 'Mine'"), advice], nowhere)).toHaveLength(2);
  });

  it.each([
    ['by a path that leads out', '../../secret/x.h', true],
    ['by backslashes', '..\\..\\x.h', true],
    ['absolute', '/etc/passwd', true],
    ['from a folder of --include only', '../../../x.h', true],
    ['not at all', 'sub/../x.h', false],
  ])('says that a header lies outside the project: %s', (_, name, outside) => {
    const refuses = (path: string): boolean => !joinPath('/', path).startsWith('/p/');
    const isOutside = outsideTest(
      ['/p/inc/deep'],
      () => '/p/src',
      (path) => refuses(path),
    );
    const [diagnostic] = clarifyAll([error(`'${name}' file not found`)], isOutside);
    expect(diagnostic?.message === `'${name}' not found (outside the project; use --include)`).toBe(outside);
  });
});

describe('processor intrinsics', () => {
  it.each(['_mm_add_epi32', '_mm256_load_ps', '__rdtsc', '__readmsr', '__writecr3', '__halt', '__inbyte', '_xgetbv'])(
    '%s is one',
    (name) => {
      expect(isProcessorIntrinsic(name)).toBe(true);
    },
  );
  it.each([
    '_InterlockedIncrement',
    '_BitScanForward',
    '_byteswap_ulong',
    'memcpy',
    'KeReadStateEvent',
    '__debugbreak',
  ])('%s is none', (name) => {
    expect(isProcessorIntrinsic(name)).toBe(false);
  });

  it('is named by the source line when the IR does not tell', () => {
    const inline = { ...error('inline assembly cannot run'), column: 5, sourceLine: '    __cpuid(x, 0);' };
    expect(nameIntrinsic(inline).message).toMatch(/^processor intrinsic '__cpuid'/);
    expect(nameIntrinsic({ ...inline, sourceLine: '    __asm { nop }' }).message).toBe('inline assembly cannot run');
  });
});

describe('backEndError', () => {
  const placeOf = (symbol: string) => (symbol === 'Save' ? { file: 'a.c', line: 9, name: 'Save' } : undefined);

  it('names function and feature, never what the back end printed', () => {
    const output = 'fatal error: error in backend: Cannot select: intrinsic %llvm.x86.rdtsc\nIn function: Save\n';
    const diagnostic = backEndError(output, 'a.c', placeOf);
    expect(diagnostic).toMatchObject({ file: 'a.c', line: 9 });
    expect(diagnostic.message).toMatch(/^function 'Save' uses the processor intrinsic 'x86.rdtsc': put it behind/);
  });

  it('names the file when the back end told nothing', () => {
    const diagnostic = backEndError('LLVM ERROR: something', 'a.c', placeOf);
    expect(diagnostic).toMatchObject({ file: 'a.c', line: 0 });
    expect(diagnostic.message).not.toMatch(/LLVM|something:/);
  });
});
