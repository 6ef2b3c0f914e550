import { expect, it } from 'vitest';
import { COMPILER_MEMORY, loadCompilerCore } from '../../worker/toolchainFiles.js';
import { memoryFiles } from '../run/memoryFiles.js';
import { linkRelocatable } from './link.js';
import { createLlvm } from './llvm.js';
import { undefinedSymbols } from './objectSymbols.js';
import { ToolFiles } from './toolFiles.js';
import { compileUnit } from './unit.js';

const SOURCES = {
  '/src/a.c': `
int Called(int), TakenAddress(int), Here(int), InOther(int), Unused(int);
int LaterHere(int x);
extern int Variable, VariableHere, VariableInOther;
extern char __heap_base;
int (*const table[])(int) = {TakenAddress, InOther};
int VariableHere = 3;
int LaterHere(int x) { return Called(x) + table[x & 1](x) + Variable + VariableHere + VariableInOther; }
int Here(int x) { return LaterHere(x) + (int)(unsigned long long)&__heap_base; }
`,
  '/src/b.c': 'int VariableInOther; int InOther(int x) { return x; }',
};

it('functions called or pointed to, and variables, that no object defines', () => {
  const llvm = createLlvm(loadCompilerCore());
  const files = new ToolFiles(memoryFiles(SOURCES), []);
  const options = { optimize: 0, checked: false, arch: 'x64', defines: [], includes: [] } as const;
  const objects = Object.keys(SOURCES).map((source, unit) => {
    const tools = { llvm, files, pathOf: (path: string) => path, cwd: '/src', memoryLimit: COMPILER_MEMORY };
    const result = compileUnit({ source, unit, options, instrument: false }, tools);
    if (!result.ok) {
      throw new Error(JSON.stringify(result.diagnostics));
    }
    return { name: source, bytes: result.output.object };
  });
  const [first, second] = objects.map(({ bytes }) => undefinedSymbols(bytes));
  expect([...(first ?? [])].sort()).toEqual(['Called', 'InOther', 'TakenAddress', 'Variable', 'VariableInOther']);
  expect(second).toEqual([]);
  const linked = undefinedSymbols(linkRelocatable(objects, llvm, files));
  expect([...linked].sort()).toEqual(['Called', 'TakenAddress', 'Variable']);
  expect(() => undefinedSymbols(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow('no symbol table');
});
