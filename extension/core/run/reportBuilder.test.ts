import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { API } from '../kmcl/api.js';
import { FAULT, LIBRARY_FRAME, RECORD_FLAGS } from '../kmcl/layout.js';
import type { FaultRecord, SimulationResult } from '../kmcl/simulation.js';
import { Allows } from '../rules/allow.js';
import { reportJson } from './jsonWriter.js';
import type { PlannedRun } from './plan.js';
import type { Report } from './report.js';
import {
  type BuiltRun,
  buildReport,
  buildRun,
  exitStatus,
  failedRuns,
  type RunEnd,
  withUnusedAllows,
} from './reportBuilder.js';
import { goodPacket, packRecords, sampleDriver, sampleResult, sampleSave } from './sampleReport.testing.js';

const schema: object = JSON.parse(readFileSync(new URL('./report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

const TEST = { kind: 'test', name: 'Saves', symbol: 't', file: 'drivers/nic.test.c', line: 29 } as const;
const PLANNED: PlannedRun = { name: 'Saves', file: TEST.file, line: TEST.line, program: { kind: 'test', test: TEST } };
const SOURCES: Readonly<Record<string, string>> = { 'drivers/nic.c': '\n'.repeat(20) };

function allows(sources: Readonly<Record<string, string>> = SOURCES): Allows {
  return new Allows(Object.keys(sources), (file) => new TextEncoder().encode(sources[file] ?? ''));
}

function built(end: RunEnd, allow = allows()): BuiltRun {
  return buildRun(sampleDriver(), PLANNED, end, 'full', allow, new Map([[7, 'NicCompleted']]));
}

function result(over: Partial<SimulationResult> = {}): RunEnd {
  return { kind: 'result', result: sampleResult(over) };
}

function json(report: Report): string {
  return [...reportJson(report)].join('');
}

/** The report of these runs; whatever a test is about, its JSON form obeys the schema. */
function report(...runs: readonly BuiltRun[]): Report {
  const made = buildReport(runs, 'x64');
  const parsed: unknown = JSON.parse(json(made));
  expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
  return made;
}

function fault(kind: number, over: Partial<FaultRecord> = {}): FaultRecord {
  const context = { channel: 0, packet: 2, pass: 'write', callback: 'EvtVmbChannelSavePacket' } as const;
  return {
    kind,
    address: 0,
    size: 1,
    detail: 1,
    text: '',
    frames: [3, (LIBRARY_FRAME | API.VmbChannelSaveContinue) >>> 0, 1],
    context,
    ...over,
  };
}

const SAVED: Partial<SimulationResult> = {
  records: packRecords([goodPacket(48), goodPacket(40, { flags: RECORD_FLAGS.WRITE_CALLED, kind: 0 }), goodPacket(8)]),
  states: [new Uint8Array([0, 255])],
  channels: [{ index: 0, name: 'nic', saves: [sampleSave(704, 3), sampleSave(600, 3)] }],
};

describe('the report', () => {
  it('has the exact form of the contract', () => {
    const made = report(built(result(SAVED)));
    const [run] = JSON.parse(json(made)).runs;
    expect(run).toMatchObject({
      name: 'Saves',
      driver: 'nic',
      file: 'drivers/nic.test.c',
      line: 29,
      outcome: 'passed',
    });
    expect(run.message).toBeUndefined();
    expect(run.channels[0].packets[0]).toEqual({
      index: 0,
      kind: 'NicCompleted',
      state: 'inFlight',
      query: { saveBufSize: 0, status: '0xC0000023', bytesNeeded: 48 },
      write: { saveBufSize: 64, status: '0x00000000', bytesNeeded: 48, bytesWritten: 48, bytesUninitialised: 0 },
      stateBytes: 48,
      libraryBytes: 40,
      stateHex: '00ff',
      restore: { status: '0x00000000', bytesRead: 48 },
    });
    expect(run.channels[0].packets[1]).toMatchObject({
      kind: '(default)',
      state: 'queued',
      write: { bytesWritten: null, bytesUninitialised: null },
      restore: null,
    });
    expect(run.channels[0].saveStream).toEqual({
      bytes: 704,
      chunks: [{ bufferSize: 4096, bytesFilled: 704, bytesRequired: 0, status: '0x00000000' }],
    });
    expect(run.channels[0].laterSaves).toMatchObject([{ bytes: 600, packets: 3 }]);
    expect(made.summary).toEqual({
      runs: 1,
      passed: 1,
      packets: 3,
      stateBytes: { total: 96, min: 8, median: 40, p95: 48, max: 48 },
      findings: { error: 0, warning: 0, info: 0 },
    });
    expect(exitStatus(made)).toBe(0);
  });

  it('shows what was not measured or not written as null', () => {
    const flags = RECORD_FLAGS.NEEDED_UNSET | RECORD_FLAGS.WRITE_CALLED;
    const records = packRecords([goodPacket(8, { flags, write_needed: 0xcdcdcdcd })]);
    const made = report(built(result({ ...SAVED, records })));
    expect(made.runs[0]?.channels[0]?.packets.at(0)).toMatchObject({
      query: { bytesNeeded: null },
      write: { bytesNeeded: null },
    });
  });

  it('ends where a fault ended the save, and shows no answer of the call it happened in', () => {
    const reached = { flags: RECORD_FLAGS.IN_FLIGHT, restore_read: 0xffffffff };
    const records = packRecords([goodPacket(48), reached, {}, {}]);
    const context = { ...fault(1).context, packet: 1, pass: 'query' } as const;
    const made = report(built(result({ ...SAVED, records, ended: 'fault', fault: fault(FAULT.NULL, { context }) })));
    const packets = made.runs[0]?.channels[0]?.packets;
    expect(packets?.length).toBe(2);
    expect(packets?.at(1)).toMatchObject({ query: { bytesNeeded: null }, write: null, restore: null });
  });

  it('keeps channels apart whose saves were interleaved', () => {
    const records = packRecords([
      goodPacket(1),
      goodPacket(2, { channel: 1 }),
      goodPacket(3),
      goodPacket(4, { channel: 1 }),
    ]);
    const channels = [0, 1].map((index) => ({ index, name: '', saves: [sampleSave(1, 2)] }));
    const made = report(built(result({ records, channels })));
    const sizes = made.runs[0]?.channels.map(({ packets }) => [packets.at(0).stateBytes, packets.at(1).stateBytes]);
    expect(sizes).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(() => made.runs[0]?.channels[0]?.packets.at(2)).toThrow(RangeError);
  });

  it('holds what was printed, without line ends, and not without bound', () => {
    const line = { text: 'packet %d sent\n', frames: [3, 1] };
    const made = report(built(result({ output: Array.from({ length: 1200 }, () => line) })));
    expect(made.runs[0]?.output).toHaveLength(1000);
    expect(made.runs[0]?.output?.[0]).toMatchObject({ text: 'packet %d sent', location: { line: 12 } });
    expect(report(built(result())).runs[0]).not.toHaveProperty('output');
  });

  it('is the same bytes for the same run', () => {
    expect(json(report(built(result(SAVED))))).toBe(json(report(built(result(SAVED)))));
  });

  it('writes many packets in small pieces', () => {
    const records = packRecords(Array.from({ length: 5000 }, () => goodPacket(48)));
    const pieces = [...reportJson(report(built(result({ ...SAVED, records, states: [] }))))];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(200_000);
  });

  it('puts runs in path, then line order, and adds calls of stubs up', () => {
    const one = { run: { ...built(result()).run, file: 'b.c', line: 3 }, stubs: [{ name: 'F', calls: 1, line: 9 }] };
    const two = {
      run: { ...one.run, line: 2 },
      stubs: [
        { name: 'F', calls: 2, line: 9 },
        { name: 'A', calls: 1, line: 1 },
      ],
    };
    const three = { run: { ...one.run, file: 'a.c', line: 9 }, stubs: [] };
    const made = report(one, two, three);
    expect(made.runs.map(({ file, line }) => `${file}:${line}`)).toEqual(['a.c:9', 'b.c:2', 'b.c:3']);
    expect(made.stubs).toEqual([
      { name: 'A', calls: 1, line: 1 },
      { name: 'F', calls: 3, line: 9 },
    ]);
  });
});

describe('outcomes', () => {
  it.each([
    ['a memory fault', { ended: 'fault', fault: fault(FAULT.USE_AFTER_FREE) }, 'error', 'mem-use-after-free'],
    ['a bug check', { ended: 'fault', fault: fault(FAULT.BUGCHECK, { address: 0x139 }) }, 'error', 'run-bugcheck'],
    ['a budget used up', { ended: 'fault', fault: fault(FAULT.TIMEOUT) }, 'timeout', 'run-timeout'],
    ['NT_ASSERT', { ended: 'fault', fault: fault(FAULT.ASSERT, { text: 'NT_ASSERT(x)' }) }, 'failed', 'assert-failed'],
    [
      'a failed assertion',
      { ended: 'assertion', assertion: { message: 'expected 1, got 2', frames: [3] } },
      'failed',
      'assert-failed',
    ],
    [
      'a breach of severity error',
      { breaches: [{ rule: 'out-size-limit', object: 0, detail: 0, frames: [3], context: fault(1).context }] },
      'failed',
      'out-size-limit',
    ],
    [
      'a breach of severity warning',
      { breaches: [{ rule: 'save-quiesced', object: 0, detail: 0, frames: [3], context: fault(1).context }] },
      'passed',
      'save-quiesced',
    ],
  ] as const)('%s', (_what, over, outcome, rule) => {
    const made = report(built(result(over as Partial<SimulationResult>)));
    const [run] = made.runs;
    expect([run?.outcome, run?.findings.map((finding) => finding.rule)]).toEqual([outcome, [rule]]);
    expect(exitStatus(made)).toBe(outcome === 'passed' ? 0 : 1);
    expect(run?.message === undefined).toBe(outcome === 'passed');
  });

  it('say why a run was stopped, whatever else was wrong with it', () => {
    const breach = { rule: 'out-size-limit', object: 0, detail: 0, frames: [3], context: fault(1).context };
    const made = report(built(result({ ended: 'fault', fault: fault(FAULT.TIMEOUT), breaches: [breach] })));
    expect(made.runs[0]).toMatchObject({ outcome: 'timeout', message: expect.stringMatching(/^run-timeout: /) });
  });

  it('of a worker that was stopped or died', () => {
    const made = report(built({ kind: 'timeout', message: 'stopped' }), built({ kind: 'crash', message: 'died' }));
    expect(made.runs.map(({ outcome, message }) => [outcome, message])).toEqual([
      ['timeout', 'stopped'],
      ['error', 'died'],
    ]);
    expect(made.runs[0]?.findings[0]?.location).toMatchObject({ file: 'drivers/nic.test.c', line: 29 });
  });

  it('of a driver that did not compile: its tests, or one run named after the file', () => {
    const tests = [
      { name: 'A', file: 'n.c', line: 4 },
      { name: 'B', file: 'n.c', line: 9 },
    ];
    const made = report(...failedRuns('nic', tests, 'n.c', 'broken'), ...failedRuns('vsc', [], 'v.c', 'broken too'));
    expect(made.runs.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['A error', 'B error', 'v.c error']);
  });
});

describe('expected and allowed findings', () => {
  const records = packRecords([
    goodPacket(48, { written: 40, uninitialised: 8 }),
    goodPacket(48, { written: 40, uninitialised: 8 }),
  ]);
  const breaches = [0, 1].flatMap((packet) =>
    ['savepkt-full-init', 'savepkt-size-exact'].map((rule) => ({
      rule,
      object: 0,
      detail: 8,
      frames: [3, 1],
      context: { ...fault(1).context, packet },
    })),
  );
  const bad: Partial<SimulationResult> = { ...SAVED, records, breaches };

  it('make no failure when the test announced them', () => {
    const made = report(built(result({ ...bad, expected: [{ rule: 'savepkt - full - init', frames: [] }] })));
    expect(made.runs[0]?.findings).toMatchObject([
      { rule: 'savepkt-full-init', suppressed: true, packetIndex: 0, pass: 'write' },
    ]);
    expect([made.runs[0]?.outcome, exitStatus(made), made.summary.findings.error]).toEqual(['passed', 0, 0]);
  });

  it('hold for a fault too', () => {
    const made = report(
      built(
        result({ ended: 'fault', fault: fault(FAULT.NULL), expected: [{ rule: 'mem-null-dereference', frames: [] }] }),
      ),
    );
    expect(made.runs[0]?.outcome).toBe('passed');
  });

  it('fail the test when they do not come or do not exist', () => {
    const made = report(
      built(result({ expected: ['mem-leak', 'no-such-rule'].map((rule) => ({ rule, frames: [3] })) })),
    );
    expect(made.runs[0]?.findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      'assert-failed: VSPLAB_EXPECT_FINDING(mem-leak): the test did not produce it',
      'assert-failed: VSPLAB_EXPECT_FINDING(no-such-rule): there is no such rule',
    ]);
    expect(made.runs[0]?.findings.every(({ location }) => location !== null)).toBe(true);
    expect(made.runs[0]?.outcome).toBe('failed');
  });

  it('are allowed by a comment with a reason on the line or above it', () => {
    const over = { ended: 'fault', fault: fault(FAULT.NULL) } as const;
    for (const line of [11, 12]) {
      const text = `${'\n'.repeat(line - 1)}x; // vsp-lab: allow mem-null-dereference known, see the design\n`;
      const allow = allows({ 'drivers/nic.c': text });
      const made = report(built(result(over), allow));
      expect(made.runs[0]?.findings, String(line)).toMatchObject([{ rule: 'mem-null-dereference', suppressed: true }]);
    }
    for (const comment of ['// vsp-lab: allow mem-null-dereference', '// vsp-lab: allow mem-leak why']) {
      const allow = allows({ 'drivers/nic.c': `${'\n'.repeat(11)}${comment}\n` });
      expect(report(built(result(over), allow)).runs[0]?.findings[0]?.suppressed, comment).toBe(false);
    }
  });

  it('leave an info behind when a comment allowed nothing, except for rules that a run never reports', () => {
    const text =
      '// vsp-lab: allow mem-leak why\n// vsp-lab: allow iface-cpp-v5 static\n/* vsp-lab: allow nothing-real why */\n// vsp-lab: allow mem-double-free\n';
    const allow = allows({ 'drivers/nic.c': text });
    const made = report(...withUnusedAllows([built(result(), allow), built(result(), allow)], allow));
    expect(
      made.runs.map(({ findings }) =>
        findings.map(({ severity, message, location }) => `${severity} ${location?.line} ${message}`),
      ),
    ).toEqual([
      [
        'info 1 this comment allows mem-leak, but no run produced that finding here',
        'info 3 this comment allows nothing-real, but there is no such rule',
        'info 4 this comment allows mem-double-free, but it needs a reason behind the rule',
      ],
      [],
    ]);
    expect(exitStatus(made)).toBe(0);
  });
});
