import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../run/memoryFiles.js';
import { CompileCommands, NO_FLAGS, parseFlags, splitCommand } from './compileCommands.js';

describe('splitCommand', () => {
  it.each([
    ['posix quoting', `cc -D'A="x y"' -DB=\\"z\\" "-I/a b/c" a.c`, ['cc', '-DA="x y"', '-DB="z"', '-I/a b/c', 'a.c']],
    [
      'windows quoting',
      'C:\\VS\\cl.exe /nologo /I"C:\\Program Files\\inc" /DA=\\"v\\" a.c',
      ['C:\\VS\\cl.exe', '/nologo', '/IC:\\Program Files\\inc', '/DA="v"', 'a.c'],
    ],
    ['clang-cl by name', 'clang-cl.exe /I..\\inc a.c', ['clang-cl.exe', '/I..\\inc', 'a.c']],
  ])('%s', (_, command, words) => {
    expect(splitCommand(command)).toEqual(words);
  });
});

describe('parseFlags', () => {
  it('takes both spellings of each flag, joined or apart', () => {
    const words = [
      'cl',
      '-Iinc',
      '-I',
      '/abs',
      '/Imsvc',
      '/DA',
      '-DB=2',
      '-D',
      'C',
      '/UD',
      '-include',
      'pre.h',
      '/FIforced.h',
    ];
    expect(parseFlags([...words, '/std:c++17', '-c', 'src/a.c'], '/p')).toEqual({
      includes: ['/p/inc', '/abs', '/p/msvc'],
      defines: ['A', 'B=2', 'C'],
      undefines: ['D'],
      forced: ['pre.h', 'forced.h'],
      standard: 'c++17',
    });
  });

  it('does not take an absolute POSIX path for a definition', () => {
    expect(parseFlags(['cc', '-c', '/Driver/a.c', '/Users/me/b.c'], '/p')).toEqual(NO_FLAGS);
  });
});

describe('CompileCommands', () => {
  const database = JSON.stringify([
    { directory: 'build', file: '../src/A.c', command: 'cc -I../inc -std=gnu11 -c ../src/A.c' },
    { directory: '/p', file: 'src/b.cpp', arguments: ['cl', '/DX', '/IC:\\sdk\\inc'] },
    'nonsense',
    { file: 7 },
  ]);

  it('takes the entry of the nearest database, whatever the case of the name', () => {
    const commands = new CompileCommands(memoryFiles({ '/p/compile_commands.json': database, '/p/src/a.c': '' }));
    expect(commands.flagsFor('/p/src/a.c')).toEqual({ ...NO_FLAGS, includes: ['/p/inc'], standard: 'gnu11' });
    expect(commands.flagsFor('/p/src/b.cpp')).toEqual({ ...NO_FLAGS, defines: ['X'], includes: ['C:/sdk/inc'] });
    expect(commands.flagsFor('/p/src/other.c')).toEqual(NO_FLAGS);
  });

  it('stops at a nearer database that does not list the file', () => {
    const files = memoryFiles({ '/p/compile_commands.json': database, '/p/src/compile_commands.json': '[]' });
    expect(new CompileCommands(files).flagsFor('/p/src/a.c')).toEqual(NO_FLAGS);
  });

  it('passes over a database that is none', () => {
    const files = memoryFiles({ '/p/compile_commands.json': '{ "not": ' });
    expect(new CompileCommands(files).flagsFor('/p/src/a.c')).toEqual(NO_FLAGS);
  });
});
