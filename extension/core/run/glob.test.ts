import { describe, expect, it } from 'vitest';
import { globMatcher, isGlob } from './glob.js';

describe('globMatcher', () => {
  it.each([
    ['Save*', 'SaveTwice', true],
    ['Save*', 'DoSave', false],
    ['*Save*', 'DoSaveTwice', true],
    ['Save?', 'Save1', true],
    ['Save?', 'Save', false],
    ['src/*.c', 'src/a.c', true],
    ['src/*.c', 'src/deep/a.c', false],
    ['src/**/*.c', 'src/deep/er/a.c', true],
    ['src/**/*.c', 'src/a.c', true],
    ['src/**', 'src/deep/a.c', true],
    ['a.c', 'abc', false],
    ['a+b(1)[x]', 'a+b(1)[x]', true],
    ['', '', true],
  ] as const)('%s against %s is %s', (pattern, name, expected) => {
    expect(globMatcher(pattern)(name)).toBe(expected);
  });

  it('takes no time over a row of stars', () => {
    expect(globMatcher(`${'*a'.repeat(10)}***b`)('a'.repeat(40))).toBe(false);
  });

  it('knows a pattern from a name', () => {
    expect([isGlob('a*'), isGlob('a?'), isGlob('a.c')]).toEqual([true, true, false]);
  });
});
