import { describe, expect, it } from 'vitest';
import { compileToIr } from '../../../../test/support/scratchCompiler.js';
import { parseCall, parseOperand, printCall } from './calls.js';
import {
  closingBracket,
  decodeString,
  encodeString,
  nameOf,
  nameTokenAt,
  outsideStrings,
  splitList,
  symbolsIn,
  tokenOf,
} from './lexer.js';
import { opcodeOf, parseModule, printModule, targetsOf } from './module.js';

describe('lexer', () => {
  it.each([
    ['@f(i32)', '@f', 'f'],
    ['@"??0G@@QEAA@H@Z"(ptr)', '@"??0G@@QEAA@H@Z"', '??0G@@QEAA@H@Z'],
    ['@"\\01vc@@16"(i32)', '@"\\01vc@@16"', 'vc@@16'],
    ['%struct.X, ptr', '%struct.X', 'struct.X'],
    ['@"a\\22b\\5Cc" x', '@"a\\22b\\5Cc"', 'a"b\\c'],
  ])('name token of %s', (text, token, name) => {
    expect(nameTokenAt(text, 0)).toBe(token);
    expect(nameOf(token)).toBe(name);
  });

  it('names go back to tokens, quoted where they must be', () => {
    expect(tokenOf('@', 'plain.1')).toBe('@plain.1');
    expect(tokenOf('@', '??_C@')).toBe('@"??_C@"');
    expect(nameOf(tokenOf('@', 'quote " and \\ and ä'))).toBe('quote " and \\ and ä');
    expect(decodeString(encodeString('\u0000ä"'))).toBe('\u0000ä"');
  });

  it('replaces outside strings only', () => {
    const strip = outsideStrings(/dso_local /, () => '');
    expect(strip('@"dso_local x" = dso_local global [9 x i8] c"dso_local \\22dso_local ", align 1')).toBe(
      '@"dso_local x" = global [9 x i8] c"dso_local \\22dso_local ", align 1',
    );
  });

  it('splits lists at top-level commas', () => {
    expect(splitList('i32 %a, ptr @"x,y", { i32, ptr } { i32 1, ptr null }, <4 x i32> %v, [2 x i8] c"a,b"')).toEqual([
      'i32 %a',
      'ptr @"x,y"',
      '{ i32, ptr } { i32 1, ptr null }',
      '<4 x i32> %v',
      '[2 x i8] c"a,b"',
    ]);
    expect(splitList('')).toEqual([]);
    expect(closingBracket('(a ")" [b] )c', 0)).toBe(11);
  });

  it('finds symbols, not text that looks like one', () => {
    expect(symbolsIn('call @f(ptr @"g@@h", ptr %x) ; c"@no"')).toEqual(['@f', '@"g@@h"']);
    expect(symbolsIn('[9 x i8] c"mail@host"')).toEqual([]);
  });
});

describe('calls', () => {
  it.each([
    'call void @f()',
    '%r = call i32 (ptr, ...) @DbgPrint(ptr noundef @"??_C@_0BA@,)", i32 noundef %5) #8, !dbg !174',
    '%call = tail call noundef nonnull align 8 dereferenceable(24) ptr @g(i64 noundef range(i32 0, 5) %x) #1',
    '%1 = call { i32, i1 } @llvm.uadd.with.overflow.i32(i32 %a, i32 -1)',
    'call void asm sideeffect "int $$0x29", "{cx}"(i32 5) #6, !dbg !27',
    'call void inttoptr (i64 5 to ptr)(i32 1)',
    'invoke void @"?fin$0@0@seh@@"(i8 noundef %6, ptr noundef %4) #9\n          to label %a unwind label %b, !dbg !211',
    '%v = call <4 x i32> %fp(<4 x i32> splat (i32 1), ptr byval(%struct.S) align 8 %s)',
  ])('%s is taken apart and put together', (text) => {
    const call = parseCall(text);
    expect(call).toBeDefined();
    expect(call === undefined ? '' : printCall(call)).toBe(text);
  });

  it('operands have type, attributes and value', () => {
    expect(parseOperand('i32 noundef signext %x')).toEqual({ type: 'i32', attributes: 'noundef signext', value: '%x' });
    expect(parseOperand('ptr align 8 dereferenceable(4) @g')).toEqual({
      type: 'ptr',
      attributes: 'align 8 dereferenceable(4)',
      value: '@g',
    });
    expect(parseOperand('i32 noundef -3').value).toBe('-3');
    expect(parseOperand('i1 true').value).toBe('true');
    expect(parseOperand('i32 ptrtoint (ptr @x to i32)').value).toBe('ptrtoint (ptr @x to i32)');
  });

  it('knows opcodes and targets', () => {
    expect(opcodeOf('%"a b" = musttail call i32 @f()')).toBe('call');
    expect(opcodeOf('#dbg_declare(ptr %x, !1, !DIExpression(), !2)')).toBe('');
    expect(targetsOf('switch i32 %0, label %a [\n    i32 1, label %"b c"\n    i32 2, label %a\n  ], !dbg !3')).toEqual([
      'a',
      '"b c"',
      'a',
    ]);
  });
});

describe('module', () => {
  const source = `const char *text = "use dllimport here, target-cpu= \\"x\\" ; define i32 @f( \\\\ \\n!dbg !7";
    typedef struct { int a; } S; S s; int f(int x) { switch (x) { case 1: return 2; case 3: return s.a; } return x ? f(x - 1) : 0; }`;

  it('parsing and printing keeps every line that means something', () => {
    const ir = compileToIr('a.c', { 'a.c': source });
    const meaning = (text: string): string[] =>
      text
        .split('\n')
        .map((line) => line.replace(/\s*; preds = .*/, '').trim())
        .filter((line) => line !== '' && !line.startsWith(';'))
        .sort();
    expect(meaning(printModule(parseModule(ir)))).toEqual(meaning(ir));
  });

  it('reads functions as blocks of instructions', () => {
    const module = parseModule(compileToIr('a.c', { 'a.c': source }));
    const f = module.functions.find((fn) => fn.name === '@f');
    expect(f?.blocks[0]?.label).toBe('entry');
    expect(f?.blocks.flatMap((b) => b.instructions).filter((i) => opcodeOf(i) === 'switch')).toHaveLength(1);
    expect(module.metadata.length).toBeGreaterThan(10);
  });
});
