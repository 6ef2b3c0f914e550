import { describe, expect, it } from 'vitest';
import { sampleFinding, samplePack, samplePlace, sampleRun } from '../run/tinyPack.testing.js';
import type { Diagnostic } from '../toolchain/module.js';
import { characterOf, compileProblems, findingProblems, underlined } from './problems.js';

const frame = (name: string, file: string, line: number) => ({ function: name, file, line });

describe('findings as problems', () => {
  it('stand where they are, with what is related to them and who called', () => {
    const finding = sampleFinding({
      severity: 'warning',
      location: { ...samplePlace('Save'), line: 12, column: 5 },
      callStack: [frame('Helper', 'Nic.c', 12), frame('Save', 'Nic.c', 40), frame('VmbSave', '<kmcl>', 1)],
      related: [
        { message: 'allocated here', location: { ...samplePlace('Alloc'), file: 'Nic.h', line: 3, column: 9 } },
        { message: 'and the ring was full', location: null },
      ],
    });
    expect(findingProblems(samplePack(sampleRun('A', { findings: [finding] })))).toEqual([
      {
        file: 'Nic.c',
        line: 12,
        column: 5,
        severity: 'warning',
        rule: 'savepkt-size-exact',
        callback: 'EvtVmbChannelSavePacket',
        message: 'wrong\nand the ring was full',
        related: [
          { file: 'Nic.h', line: 3, column: 9, message: 'allocated here' },
          { file: 'Nic.c', line: 40, column: 1, message: 'called in Save' },
        ],
      },
    ]);
  });

  it('stand in user code, or at their run', () => {
    const library = sampleFinding({
      location: { ...samplePlace('memcpy'), file: '<runtime>/string.c' },
      callStack: [frame('memcpy', '<runtime>/string.c', 1), frame('Save', 'Save.h', 7)],
    });
    const nowhere = sampleFinding({ rule: 'mem-leak' });
    const problems = findingProblems(samplePack(sampleRun('A', { findings: [library, nowhere] })));
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual(['Save.h:7', 'Nic.c:3']);
  });

  it('are said once however many runs find them, and not when suppressed', () => {
    const finding = sampleFinding({ location: samplePlace('Save') });
    const quiet = sampleFinding({ location: samplePlace('Other', { line: 9 }), suppressed: true });
    const runs = ['A', 'B', 'C'].map((name) => sampleRun(name, { findings: [finding, finding, quiet] }));
    expect(findingProblems(samplePack(...runs)).map(({ message }) => message)).toEqual([
      'wrong\nAlso found in B and C',
    ]);
    const many = ['A', 'B', 'C', 'D', 'E'].map((name) => sampleRun(name, { findings: [finding] }));
    expect(findingProblems(samplePack(...many))[0]?.message).toContain('Also found in 4 more runs');
  });
});

describe('compile errors as problems', () => {
  const diagnostic = (severity: Diagnostic['severity'], file: string, line: number, message: string): Diagnostic => ({
    severity,
    file,
    line,
    column: line === 0 ? 0 : 3,
    message,
  });

  it('carry their notes; warnings and lone remarks are left out', () => {
    const problems = compileProblems(
      [
        diagnostic('note', 'Nic.c', 1, 'a remark'),
        diagnostic('error', 'Nic.c', 4, 'unknown type'),
        diagnostic('note', 'Nic.h', 2, 'declared here'),
        diagnostic('note', '<wdk>/wdm.h', 2, 'and there'),
        diagnostic('warning', 'Nic.c', 5, 'unused'),
        diagnostic('error', '', 0, 'no such symbol'),
      ],
      'First.c',
    );
    expect(problems).toEqual([
      {
        file: 'Nic.c',
        line: 4,
        column: 3,
        severity: 'error',
        message: 'unknown type',
        related: [{ file: 'Nic.h', line: 2, column: 3, message: 'declared here' }],
      },
      { file: 'First.c', line: 1, column: 1, severity: 'error', message: 'no such symbol', related: [] },
    ]);
  });
});

describe('a place in a line', () => {
  it('is found through characters of several bytes', () => {
    expect(characterOf('int ä = x;', 9)).toBe(7);
    expect(characterOf('/* 😀 */ f();', 12)).toBe(9);
    expect(characterOf('short', 99)).toBe(5);
  });

  it('is the statement for a finding and the word for a compile error', () => {
    const line = '    return STATUS_SUCCESS; /* all is well */';
    expect(underlined(line, 5, true)).toEqual({ start: 4, end: 26 });
    expect(underlined(line, 12, false)).toEqual({ start: 11, end: 25 });
    expect(underlined('    x = 1; // why', 1, true)).toEqual({ start: 4, end: 10 });
  });

  it('is never outside the line', () => {
    expect(underlined('', 4, true)).toEqual({ start: 0, end: 0 });
    expect(underlined('ab', 40, true)).toEqual({ start: 2, end: 2 });
    expect(underlined('  )', 3, false)).toEqual({ start: 2, end: 3 });
  });
});
