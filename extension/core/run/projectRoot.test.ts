import { describe, expect, it } from 'vitest';
import { memoryFiles } from './memoryFiles.js';
import { joinPath, relativePath } from './paths.js';
import { mayRead, projectRoot } from './projectRoot.js';

describe('projectRoot', () => {
  it.each([
    ['.git', { '/p/.git/HEAD': '' }],
    ['compile_commands.json', { '/p/compile_commands.json': '' }],
    ['a .vcxproj', { '/p/Nic.VCXPROJ': '' }],
  ])('is the nearest folder with %s', (_mark, contents) => {
    const files = memoryFiles({ ...contents, '/p/src/deep/a.c': '' } as Record<string, string>);
    expect(projectRoot('/p/src/deep/a.c', files)).toBe('/p');
    expect(projectRoot('/p/src/deep', files)).toBe('/p');
  });

  it("is the file's own folder without a mark, and a workspace root where one is given", () => {
    const files = memoryFiles({ '/p/src/deep/a.c': '' });
    expect(projectRoot('/p/src/deep/a.c', files)).toBe('/p/src/deep');
    expect(projectRoot('/p/src/deep/a.c', files, ['/p'])).toBe('/p');
  });

  it('keeps neighbours with a common beginning out', () => {
    expect([mayRead(['/p'], '/p/a.c'), mayRead(['/p'], '/p2/a.c'), mayRead([], '/a')]).toEqual([true, false, false]);
  });
});

describe('paths', () => {
  it.each([
    ['/w', '/w/a/b.c', 'a/b.c'],
    ['/w/x', '/w/a.c', '../a.c'],
    ['/w', '/v/a.c', '/v/a.c'],
    ['/w', '/w', '.'],
    ['C:/w', 'C:/w/a.c', 'a.c'],
    ['C:/w', 'D:/w/a.c', 'D:/w/a.c'],
  ])('from %s to %s is %s', (cwd, path, expected) => {
    expect(relativePath(cwd, path)).toBe(expected);
  });

  it.each([
    ['/w', '../v/./a.c', '/v/a.c'],
    ['/w', '/x', '/x'],
    ['C:/w', 'a.c', 'C:/w/a.c'],
    ['/w', 'C:/x', 'C:/x'],
  ])('%s joined with %s is %s', (folder, relative, expected) => {
    expect(joinPath(folder, relative)).toBe(expected);
  });
});
