/** Issue-level promise: whatever a test does, it ends with a finding that names the place; the others run; the process lives on. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { at, projectNode } from '../../scripts/lib/project.mjs';

const file = 'test/drivers/isolation/Isolation.c';
const source = readFileSync(at(file), 'utf8').split('\n');

interface Finding {
  rule: string;
  severity: string;
  message: string;
  packetIndex: number | null;
  pass: string | null;
  callback: string | null;
  location: { file: string; line: number; function: string } | null;
  callStack: { function: string }[];
}
interface Run {
  name: string;
  outcome: string;
  message?: string;
  findings: Finding[];
}

/** The line that carries the comment `fault: <mark>`. */
function marked(mark: string): number {
  return source.findIndex((line) => line.includes(`fault: ${mark} `)) + 1;
}

function runAll(...options: string[]): { status: number | null; stderr: string; runs: Map<string, Run> } {
  const { status, stdout, stderr } = spawnSync(
    projectNode,
    [at('dist/cli.js'), 'run', file, '--format', 'json', '--memory', String(1 << 30), ...options],
    { cwd: at(), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const { runs } = JSON.parse(stdout) as { runs: Run[] };
  return { status, stderr, runs: new Map(runs.map((run) => [run.name, run])) };
}

/** Test → outcome, rule, marked line, function, packet. */
const faults = [
  ['LoopsInSave', 'timeout', 'run-timeout', 'endless', 'Spin', 2],
  ['ReadsNullInSave', 'error', 'mem-null-dereference', 'null', 'IsolationSavePacket', 2],
  ['DividesByZeroInSave', 'error', 'run-trap', 'divide', 'IsolationSavePacket', 2],
  ['WritesWildInSave', 'error', 'mem-out-of-bounds', 'save wild', 'IsolationSavePacket', 2],
  ['RecursesInSave', 'error', 'run-stack-overflow', 'recursion', 'Recurse', 2],
  ['AllocatesTooMuchInSave', 'error', 'run-out-of-memory', 'save memory', 'IsolationSavePacket', 2],
  ['BugChecksInSave', 'error', 'run-bugcheck', 'save bugcheck', 'IsolationSavePacket', 2],
  ['LoopsInTest', 'timeout', 'run-timeout', 'endless', 'Spin', null],
  ['RecursesEndlessly', 'error', 'run-stack-overflow', 'recursion', 'Recurse', null],
  ['WritesThroughNull', 'error', 'mem-null-dereference', 'write null', 'WritesThroughNull', null],
  ['WritesThroughWildPointer', 'error', 'mem-out-of-bounds', 'wild', 'WritesThroughWildPointer', null],
  ['CallsThroughNull', 'error', 'run-trap', 'call null', 'CallsThroughNull', null],
  ['CallsThroughWrongType', 'error', 'run-trap', 'call type', 'CallsThroughWrongType', null],
  ['AllocatesTooMuch', 'error', 'run-out-of-memory', 'memory', 'AllocatesTooMuch', null],
  ['AllocatesAllAddresses', 'error', 'run-out-of-memory', 'addresses', 'AllocatesAllAddresses', null],
  ['BugChecks', 'error', 'run-bugcheck', 'bugcheck', 'BugChecks', null],
  ['WaitsForNobody', 'error', 'run-deadlock', 'deadlock', 'WaitsForNobody', null],
] as const;

describe('isolation, checks on', () => {
  let result: ReturnType<typeof runAll>;
  beforeAll(() => {
    result = runAll();
  });

  it('exits with 1 and runs every test', () => {
    expect(result.status).toBe(1);
    expect(result.runs.size).toBe(faults.length + 3);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it.each(['BehavesWell', 'StillRuns'])('%s passes beside them', (name) => {
    expect(result.runs.get(name)).toMatchObject({ outcome: 'passed', findings: [] });
  });

  it.each(faults)('%s ends as %s with %s at its line', (name, outcome, rule, mark, where, packet) => {
    const run = result.runs.get(name);
    expect(run).toMatchObject({ outcome, message: expect.any(String) });
    expect(run?.findings).toHaveLength(1);
    expect(run?.findings[0]).toMatchObject({
      rule,
      severity: 'error',
      location: { file, line: marked(mark), function: where },
      packetIndex: packet,
      ...(packet === null ? {} : { callback: 'EvtVmbChannelSavePacket', pass: 'write' }),
    });
  });

  it('LoopsInSave shows the way in: library call, callback, helper', () => {
    const names = result.runs.get('LoopsInSave')?.findings[0]?.callStack.map((frame) => frame.function);
    expect(names).toEqual([
      'Spin',
      'IsolationSavePacket',
      'VmbChannelSaveContinue',
      'VspLabSave',
      'SaveWith',
      'LoopsInSave',
    ]);
  });

  it.each(['RecursesEndlessly', 'RecursesInSave'])('%s keeps both ends of its stack', (name) => {
    const stack = result.runs.get(name)?.findings[0]?.callStack ?? [];
    expect(stack).toHaveLength(32 + 1 + 8);
    expect(stack[32]).toEqual({ function: expect.stringMatching(/^… \d+,\d{3} more frames$/), file: '', line: 0 });
    expect(stack.at(-1)?.function).toBe(name);
  });

  it.each([
    ['WritesThroughWildPointer', 'writes 4 bytes at 0xFFFF800012345678, outside everything that was handed out'],
    ['CallsThroughNull', 'a call through a NULL function pointer'],
    [
      'CallsThroughWrongType',
      'a call of a function as if it had another type: the call is 64-bit integer (64-bit integer), the function is TwoParameters, which is NTSTATUS (PVOID, ULONG)',
    ],
    ['AllocatesTooMuch', 'the memory limit of 1073741824 bytes (--memory) is reached: 268435456 more are asked for'],
    ['BugChecks', 'KeBugCheckEx(0xDEAD, 0x1, 0x2, 0x3, 0x4)'],
  ])('%s is told in words: %s', (name, text) => {
    expect(result.runs.get(name)?.findings[0]?.message).toBe(text);
  });

  it('FailsAnAssertion names both values and its line', () => {
    const run = result.runs.get('FailsAnAssertion');
    expect(run?.outcome).toBe('failed');
    expect(run?.message).toBe('assert-failed: 2 + 3 is 5, expected 4');
    expect(run?.findings[0]).toMatchObject({ rule: 'assert-failed', location: { file, line: marked('assert') } });
  });
});

/** What goes unnoticed without checks, or is another fault then. */
const unchecked: Readonly<Record<string, { readonly outcome: string; readonly rule?: string }>> = {
  ReadsNullInSave: { outcome: 'passed' },
  WritesThroughNull: { outcome: 'passed' },
};

describe.each(['0', '2'])('isolation, checks off, --optimize %s', (optimize) => {
  let result: ReturnType<typeof runAll>;
  beforeAll(() => {
    result = runAll('--checks', 'off', '--optimize', optimize);
  });

  it('exits with 1 and runs every test', () => {
    expect(result.status).toBe(1);
    expect(result.runs.size).toBe(faults.length + 3);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it.each(['BehavesWell', 'StillRuns'])('%s passes beside them', (name) => {
    expect(result.runs.get(name)).toMatchObject({ outcome: 'passed', findings: [] });
  });

  it.each(faults)('%s ends as %s with %s in its function', (name, outcome, rule, _mark, where, packet) => {
    const run = result.runs.get(name);
    const expected = { outcome, rule, ...unchecked[name] };
    expect(run?.outcome).toBe(expected.outcome);
    if (expected.outcome === 'passed') return;
    expect(run?.findings).toMatchObject([{ rule: expected.rule, location: { file }, packetIndex: packet }]);
    // Optimised code may have inlined the function: its callers are named then.
    expect(run?.findings[0]?.callStack.map((frame) => frame.function)).toContain(where);
  });
});
