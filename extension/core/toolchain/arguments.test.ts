import { describe, expect, it } from 'vitest';
import { frontEndArguments, languageOf } from './arguments.js';
import { NO_FLAGS } from './compileCommands.js';
import type { CompileOptions } from './module.js';

const OPTIONS: CompileOptions = { optimize: 0, checked: false, arch: 'x64', defines: [], includes: [] };

function line(
  over: Partial<CompileOptions> = {},
  flags = NO_FLAGS,
  source = '/p/a.c',
  language: 'c' | 'c++' = 'c',
): string {
  return frontEndArguments({
    source,
    language,
    output: '/<out>/a.ll',
    options: { ...OPTIONS, ...over },
    flags,
    cwd: '/p',
  }).join(' ');
}

describe('frontEndArguments', () => {
  it.each([
    ['x64', /-triple x86_64-pc-windows-msvc\S* .*-D_AMD64_=1/],
    ['arm64', /-triple aarch64-pc-windows-msvc\S* .*-D_ARM64_=1/],
  ] as const)('%s has its triple and its macro', (arch, expected) => {
    expect(line({ arch })).toMatch(expected);
  });

  it.each([
    ['C is C17', NO_FLAGS, 'c', '-std=c17'],
    ['C++ is C++20', NO_FLAGS, 'c++', '-std=c++20 -fno-rtti'],
    ['a project may ask for another C', { ...NO_FLAGS, standard: 'gnu11' }, 'c', '-std=gnu11'],
    ['a standard of the other language does not count', { ...NO_FLAGS, standard: 'c++17' }, 'c', '-std=c17'],
  ] as const)('%s', (_, flags, language, expected) => {
    expect(line({}, flags, '/p/a.c', language)).toContain(expected);
  });

  it('looks beside the source first, then in --include, then where the project says, then in our headers', () => {
    const text = line({ includes: ['/i'] }, { ...NO_FLAGS, includes: ['C:/sdk'] });
    expect(text).toContain('-I /p -I /i -I /C:/sdk -internal-isystem /<wdk> -internal-isystem /<clang>');
  });

  it('lets the user define what we predefine', () => {
    const text = line({ defines: ['NTDDI_VERSION=0x06000000'] });
    expect(text.match(/-DNTDDI_VERSION/g)).toHaveLength(1);
    expect(text).toContain('-DNTDDI_VERSION=0x06000000');
  });

  it.each([
    ['as written', { optimize: 0, checked: false }, / -O0 /, /fsanitize|disable-llvm-passes/],
    ['checked', { optimize: 0, checked: true }, /-fsanitize=kernel-address .* -O0 /, /disable-llvm-passes/],
    ['optimised', { optimize: 2, checked: false }, /-O2 -disable-llvm-passes/, /fsanitize/],
    [
      'optimised and checked: the checks are a pass',
      { optimize: 2, checked: true },
      /-fsanitize=kernel-address .*-O0 -disable-O0-optnone/,
      /disable-llvm-passes/,
    ],
  ] as const)('%s', (_, over, expected, absent) => {
    expect(line(over)).toMatch(expected);
    expect(line(over)).not.toMatch(absent);
  });
});

describe('languageOf', () => {
  it.each([
    ['a.c', 'c'],
    ['A.C', 'c'],
    ['a.cpp', 'c++'],
    ['a.cc', 'c++'],
    ['a.cxx', 'c++'],
    ['a.h', undefined],
    ['Makefile', undefined],
  ])('%s is %s', (name, language) => {
    expect(languageOf(name)).toBe(language);
  });
});
