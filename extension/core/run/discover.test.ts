import { describe, expect, it } from 'vitest';
import { type Discovery, discover, parseDriverOption } from './discover.js';
import { memoryFiles } from './memoryFiles.js';

const SAVE = 'EVT_VMB_CHANNEL_SAVE_PACKET DrvSave;\n';
const TEST = '#include <vsplab.h>\nVSPLAB_TEST(Saves) { }\n';

function find(
  contents: Record<string, string | Uint8Array>,
  paths: readonly string[],
  drivers: readonly { name: string; glob: string }[] = [],
): Discovery {
  return discover({ cwd: '/w', paths, drivers }, memoryFiles(contents));
}

function shape(discovery: Discovery): readonly string[] {
  return discovery.ok
    ? discovery.drivers.map(({ name, sources }) => `${name}: ${sources.join(' ')}`)
    : discovery.problems;
}

describe('discover', () => {
  it('makes all sources of one folder one driver, helpers included', () => {
    const found = find({ '/w/d/a.c': SAVE, '/w/d/helper.cpp': 'int h;', '/w/d/a.h': '', '/w/d/t.C': TEST }, ['/w/d']);
    expect(shape(found)).toEqual(['d: /w/d/a.c /w/d/helper.cpp /w/d/t.C']);
    expect(found.ok && found.drivers[0]?.tests).toEqual([{ name: 'Saves', line: 2, file: '/w/d/t.C' }]);
  });

  it('makes each subfolder that names a callback or a test its own driver', () => {
    const contents = {
      '/w/d/one/a.c': SAVE,
      '/w/d/two/deep/b.c': TEST,
      '/w/d/common/c.c': 'int common;',
      '/w/d/.hidden/x.c': SAVE,
      '/w/d/node_modules/x.c': SAVE,
    };
    expect(shape(find(contents, ['/w/d']))).toEqual(['one: /w/d/one/a.c', 'two/deep: /w/d/two/deep/b.c']);
    expect(shape(find({ ...contents, '/w/d/a.c': 'int own;' }, ['/w/d']))).toHaveLength(2);
    expect(shape(find({ ...contents, '/w/d/a.c': SAVE }, ['/w/d']))[0]).toBe('d: /w/d/a.c');
  });

  it('makes files given by name one driver per folder', () => {
    const contents = { '/w/d/a.c': SAVE, '/w/d/b.c': '', '/w/d/c.c': '', '/w/e/a.c': SAVE };
    expect(shape(find(contents, ['/w/d/c.c', '/w/e/a.c', '/w/d/a.c', '/w/d/a.c']))).toEqual([
      'd: /w/d/a.c /w/d/c.c',
      'a: /w/e/a.c',
    ]);
  });

  it('does not compile alone what another of the set includes', () => {
    const contents = {
      '/w/d/nic.c': SAVE,
      '/w/d/test.c': `${TEST}  #  include "sub\\..\\NIC.c"\n// #include "other.c"\n`,
      '/w/d/other.c': 'int x;',
    };
    expect(shape(find(contents, ['/w/d']))).toEqual(['d: /w/d/other.c /w/d/test.c']);
  });

  it('keeps one of two files that include each other', () => {
    const contents = { '/w/d/a.c': `#include "b.c"\n${SAVE}`, '/w/d/b.c': '#include "a.c"\n' };
    expect(shape(find(contents, ['/w/d']))).toEqual(['d: /w/d/a.c']);
  });

  it('links what --driver matches', () => {
    const contents = { '/w/src/a.c': SAVE, '/w/src/x/b.c': '', '/w/src/x/b.h': '', '/w/src/y/c.c': '' };
    expect(shape(find(contents, [], [{ name: 'nic', glob: 'src/{a.c' }]))).toEqual([
      '--driver nic=src/{a.c: no source matches',
    ]);
    expect(shape(find(contents, [], [{ name: 'nic', glob: 'src/**/*.c' }]))).toEqual([
      'nic: /w/src/a.c /w/src/x/b.c /w/src/y/c.c',
    ]);
    expect(shape(find(contents, [], [{ name: 'one', glob: 'src/a.c' }]))).toEqual(['one: /w/src/a.c']);
  });

  it.each([
    ['a missing file', {}, '/w/no.c', 'no.c: no such file or folder'],
    ['a missing file elsewhere', {}, '/v/no.c', '/v/no.c: no such file or folder'],
    [
      'a folder without sources',
      { '/w/d/readme.md': '' },
      '/w/d',
      'd: no C or C++ sources (looked for .c, .cc, .cpp and .cxx here and in its folders)',
    ],
    ['another kind of file', { '/w/a.h': '' }, '/w/a.h', 'a.h: not a C or C++ source (.c, .cc, .cpp or .cxx)'],
    [
      'a binary file',
      { '/w/a.c': new Uint8Array([1, 2, 0, 3]) },
      '/w/a.c',
      'a.c: is a binary file, not C or C++ source',
    ],
  ])('refuses %s', (_what, contents, path, problem) => {
    expect(shape(find(contents as Record<string, string>, [path]))).toEqual([problem]);
  });

  it('says what it looked for when only subfolders have sources and none names anything', () => {
    const [problem] = shape(find({ '/w/d/x/a.c': 'int a;', '/w/d/y/b.c': 'int b;' }, ['/w/d']));
    expect(problem).toMatch(/^d: found nothing to run in 2 sources: .*EVT_VMB_CHANNEL_SAVE_PACKET.*VSPLAB_TEST$/);
  });

  it('gives up on folders without end', () => {
    const endless = { read: () => undefined, list: () => ['a', 'b', 'c'].map((name) => ({ name, directory: true })) };
    const found = discover({ cwd: '/w', paths: ['/w'], drivers: [] }, endless);
    expect(found.ok ? [] : found.problems[0]).toMatch(/: more than 5000 folders to search; name those of the drivers$/);
  });

  it('leaves a lone driver that names nothing to the compiler', () => {
    expect(shape(find({ '/w/d/a.c': 'int main;' }, ['/w/d']))).toEqual(['d: /w/d/a.c']);
  });
});

describe('parseDriverOption', () => {
  it.each([
    ['nic=src/*.c', { name: 'nic', glob: 'src/*.c' }],
    ['nic=src\\*.c', { name: 'nic', glob: 'src/*.c' }],
    ['nic', undefined],
    ['=x', undefined],
    ['nic=', undefined],
  ])('%s', (text, expected) => {
    expect(parseDriverOption(text)).toEqual(expected);
  });
});
