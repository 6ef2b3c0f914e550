import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../run/memoryFiles.js';
import { normalizePath, ToolFiles } from './toolFiles.js';

const project = {
  ...memoryFiles({
    '/p/Src/Main.c': 'main',
    '/p/Src/main.C': 'other',
    '/p/inc/Wdm.h': '\ufeffmine',
    'C:/d/x.c': 'drive',
  }),
  refuses: (path: string) => !path.startsWith('/p') && !path.startsWith('C:/d'),
};

function tree(): ToolFiles {
  return new ToolFiles(project, [{ prefix: '/<wdk>', files: memoryFiles({ '/Ntddk.h': 'ours' }) }]);
}

describe('ToolFiles', () => {
  it.each([
    ['/p/src/MAIN.h', undefined],
    ['/P/INC/wdm.H', undefined],
    ['/p/INC/wdm.H', '/p/inc/Wdm.h'],
    ['/p/Src/Main.c', '/p/Src/Main.c'],
    ['/p/Src/main.C', '/p/Src/main.C'],
    ['/p/src/../inc\\Wdm.h', '/p/inc/Wdm.h'],
    ['/<wdk>/ntddk.h', '/<wdk>/Ntddk.h'],
    ['/C:/d/X.C', '/C:/d/x.c'],
  ])('%s is %s', (path, found) => {
    expect(tree().find(path)?.path).toBe(found);
  });

  it('finds folders, whatever their case', () => {
    expect(tree().find('/p/SRC')).toEqual({ kind: 'folder', path: '/p/Src' });
  });

  it('records what was read and what was missing, and knows what is refused', () => {
    const files = tree();
    const found = files.find('/p/INC/wdm.h');
    expect(found && new TextDecoder().decode(files.content(found))).toBe('mine');
    files.find('/p/inc/none.h');
    const { read, missing } = files.takeLookups();
    expect([...read.keys()]).toEqual(['/p/inc/Wdm.h']);
    expect(missing).toContain('/p/inc/none.h');
    expect(['/etc/passwd', '/p/x.h', '/C:/d/x.h', '/<wdk>/x.h'].map((path) => files.refuses(path))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(files.takeLookups().missing.size).toBe(0);
  });

  it('records a look-up again in the next unit, although the answer is known', () => {
    const files = tree();
    files.find('/p/inc/none.h');
    files.takeLookups();
    files.find('/p/inc/none.h');
    expect(files.takeLookups().missing).toContain('/p/inc/none.h');
  });

  it('keeps outputs apart from the project', () => {
    const files = tree();
    files.createOutput('/<out>/a.o', Uint8Array.of(1, 2));
    expect(files.renameOutput('/<out>/a.o', '/<out>/b.o')).toBe(true);
    expect(files.find('/<out>/a.o')).toBeUndefined();
    expect(files.output('/<out>/b.o')?.content()).toEqual(Uint8Array.of(1, 2));
  });
});

describe('normalizePath', () => {
  it.each([
    ['/a/./b/../c', '/a/c'],
    ['\\a\\b', '/a/b'],
    ['/../..', '/'],
    ['C:/x', '/C:/x'],
  ])('%s is %s', (path, normal) => {
    expect(normalizePath(path)).toBe(normal);
  });
});
