import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { API } from '../kmcl/api.js';
import { FAULT, LIBRARY_FRAME } from '../kmcl/layout.js';
import type { BreachRecord, CallbackContext, FaultRecord, SimulationResult } from '../kmcl/simulation.js';
import { SIMULATOR_RULES } from '../kmcl/simulator.js';
import type { Finding } from '../run/report.js';
import { goodPacket, packRecords, sampleDriver, sampleLocations, sampleResult } from '../run/sampleReport.testing.js';
import { Allows } from './allow.js';
import { breachMessages } from './breachMessages.js';
import { RULES, type Rule } from './catalogue.js';
import { findingsOf } from './findings.js';

const SAVE_CONTINUE = (LIBRARY_FRAME | API.VmbChannelSaveContinue) >>> 0;
/** The test calls the library, which calls the save callback, which inlines a function of ours. */
const FRAMES = [3, SAVE_CONTINUE, 2];

function context(over: Partial<CallbackContext> = {}): CallbackContext {
  return { channel: 0, packet: 1, pass: 'write', callback: 'EvtVmbChannelSavePacket', ...over };
}

function breach(rule: string, over: Partial<BreachRecord> = {}): BreachRecord {
  return { rule, object: 0, detail: 0, frames: FRAMES, context: context(), ...over };
}

function fault(kind: number, over: Partial<FaultRecord> = {}): FaultRecord {
  return { kind, address: 0x20000, size: 4, detail: 1, text: '', frames: FRAMES, context: context(), ...over };
}

function findings(over: Partial<SimulationResult>): readonly Finding[] {
  return findingsOf(
    { driver: sampleDriver(), result: sampleResult(over), checks: 'full' },
    new Allows([], () => undefined),
  );
}

function fromFault(record: FaultRecord): Finding {
  const [finding] = findings({ ended: 'fault', fault: record });
  if (finding === undefined) throw new Error('a fault without a finding');
  return finding;
}

function shown(found: readonly Finding[]): readonly string[] {
  return found.map(({ rule, severity, message }) => `${severity} ${rule}: ${message}`);
}

describe('where a finding is', () => {
  it('is the innermost user line, never our header, with the whole stack innermost first', () => {
    const finding = fromFault(fault(FAULT.USE_AFTER_FREE));
    expect(finding.location).toEqual({ file: 'drivers/nic.c', line: 12, column: 5, function: 'NicSave' });
    expect(finding.callStack).toEqual([
      { function: 'RtlCopyMemory', file: '<wdk>/wdm.h', line: 40 },
      { function: 'NicSave', file: 'drivers/nic.c', line: 12 },
      { function: 'VmbChannelSaveContinue', file: '<kmcl>', line: 0 },
      { function: 'Saves', file: 'drivers/nic.test.c', line: 30 },
    ]);
    expect([finding.channel, finding.packetIndex, finding.pass, finding.callback]).toEqual([
      0,
      1,
      'write',
      'EvtVmbChannelSavePacket',
    ]);
  });

  it('is the recursing call when the stack is exhausted, and the stack shows both its ends', () => {
    const driver = sampleDriver({
      locations: [
        [...sampleLocations(), ...[20, 21].map((line) => ({ file: 'd.c', line, column: 1, function: 'Recurse' }))],
      ],
    });
    const frames = [3, ...Array.from({ length: 5000 }, () => 5), 4];
    const result = sampleResult({ ended: 'fault', fault: fault(FAULT.STACK_OVERFLOW, { frames }) });
    const [finding] = findingsOf({ driver, result, checks: 'full' }, new Allows([], () => undefined));
    expect(finding?.location?.line).toBe(21);
    expect(finding?.callStack).toHaveLength(32 + 1 + 8);
    expect(finding?.callStack[32]).toEqual({ function: '… 4,962 more frames', file: '', line: 0 });
    expect(finding?.callStack.at(-1)?.function).toBe('Saves');
  });

  it.each([
    ['VspLabTest_WritesThroughNull', 'WritesThroughNull'],
    ['VspLabSetup_', 'VSPLAB_SETUP'],
    ['VspLabTeardown_', 'VSPLAB_TEARDOWN'],
    ['VspLabContext_REQUEST', 'VSPLAB_CONTEXT(REQUEST)'],
    ['MyVspLabTest_', 'MyVspLabTest_'],
  ])('calls %s by the name its author gave it', (name, shown) => {
    const driver = sampleDriver({
      locations: [[...sampleLocations(), { file: 'd.c', line: 20, column: 1, function: name }]],
    });
    const result = sampleResult({ ended: 'fault', fault: fault(FAULT.NULL, { frames: [4] }) });
    const [finding] = findingsOf({ driver, result, checks: 'full' }, new Allows([], () => undefined));
    expect(finding?.location?.function).toBe(shown);
    expect(finding?.callStack[0]?.function).toBe(shown);
  });

  it('is nowhere when no frame is known', () => {
    expect(fromFault(fault(FAULT.TRAP, { frames: [SAVE_CONTINUE, 9999] })).location).toBeNull();
  });
});

describe('faults', () => {
  const saveBuffer = { address: 0x20000, size: 48 };

  it.each([
    [FAULT.OUT_OF_BOUNDS, 'mem-out-of-bounds'],
    [FAULT.USE_AFTER_FREE, 'mem-use-after-free'],
    [FAULT.DOUBLE_FREE, 'mem-double-free'],
    [FAULT.NULL, 'mem-null-dereference'],
    [FAULT.WILD, 'mem-out-of-bounds'],
    [FAULT.STACK_OVERFLOW, 'run-stack-overflow'],
    [FAULT.OUT_OF_MEMORY, 'run-out-of-memory'],
    [FAULT.TIMEOUT, 'run-timeout'],
    [FAULT.BUGCHECK, 'run-bugcheck'],
    [FAULT.DEADLOCK, 'run-deadlock'],
    [FAULT.UNSUPPORTED, 'run-unsupported'],
    [FAULT.BAD_FREE, 'mem-free-once'],
    [FAULT.DIVIDE, 'run-trap'],
    [FAULT.TRAP, 'run-trap'],
    [FAULT.ASSERT, 'assert-failed'],
    [FAULT.STUB, 'run-stub'],
  ])('of kind %i are %s', (kind, rule) => {
    const finding = fromFault(fault(kind));
    expect(finding.rule).toBe(rule);
    expect(finding.message.length).toBeGreaterThan(10);
  });

  it.each([
    [
      'M14, behind the end',
      { address: 0x20000 + 48, size: 8 },
      'savepkt-no-overrun',
      /^a store of 8 bytes in the write call goes beyond SaveBuf: SaveBufSize is 48$/,
    ],
    [
      'M14, a copy that is too long',
      { address: 0x20000, size: 56 },
      'savepkt-no-overrun',
      /^a store of 56 bytes in the write call/,
    ],
    ['a write elsewhere', { address: 0x10000, size: 8 }, 'mem-out-of-bounds', /write of 8 bytes at 0x10000/],
    ['a read behind the end', { address: 0x20000 + 48, size: 1, detail: 0 }, 'mem-out-of-bounds', /read of 1 byte/],
    [
      'an overread of the record on restore',
      { address: 0x20000 + 44, size: 8, detail: 0, context: context({ pass: 'restore' }) },
      'restorepkt-validate',
      /^a read of 8 bytes goes beyond SaveBuf, whose SaveBufSize is 48/,
    ],
  ] as const)('%s', (_row, over, rule, message) => {
    const finding = fromFault(fault(FAULT.OUT_OF_BOUNDS, { saveBuffer, ...over }));
    expect(finding.rule).toBe(rule);
    expect(finding.message).toMatch(message);
    const related = rule.startsWith('mem-') ? [] : [expect.stringMatching(/^mem-out-of-bounds: /)];
    expect(finding.related.map((each) => each.message)).toEqual(related);
  });

  it.each([
    [
      'M8, a guard address',
      { kind: FAULT.WILD, address: 0x20008, saveBuffer: { address: 0x20000, size: 0 } },
      'savepkt-zero-size-no-write',
    ],
    [
      'M8, a read of it',
      { kind: FAULT.WILD, address: 0x20000, detail: 0, saveBuffer: { address: 0x20000, size: 0 } },
      'savepkt-zero-size-no-write',
    ],
    ['M8, NULL', { kind: FAULT.NULL, address: 16, saveBuffer: { address: 0, size: 0 } }, 'savepkt-zero-size-no-write'],
    ['a NULL context', { kind: FAULT.NULL, address: 16 }, 'mem-null-dereference'],
    [
      'a NULL context beside a SaveBuf',
      { kind: FAULT.NULL, address: 16, saveBuffer: { address: 0x20000, size: 0 } },
      'mem-null-dereference',
    ],
  ])('%s', (_row, over, rule) => {
    expect(fromFault(fault(over.kind, { ...over, context: context({ pass: 'query' }) })).rule).toBe(rule);
  });

  it.each([
    ['Two', [], ': it is Two, which is NTSTATUS (PVOID, ULONG)'],
    [
      'Two',
      [{ location: 3, type: 'i64 (i32, ptr)' }],
      ': the call is 64-bit integer (32-bit integer, pointer), the function is Two, which is NTSTATUS (PVOID, ULONG)',
    ],
    ['VspLabTest_X', [], ': it is X'],
    [17, [], ''],
  ])('tell which function was called as if it had another type: %s', (called, indirectCalls, rest) => {
    const two = {
      name: 'Two',
      symbol: 'Two',
      file: 'd.c',
      line: 1,
      parameters: ['PVOID', 'ULONG'],
      returns: 'NTSTATUS',
    };
    const driver = sampleDriver({ functions: [two], indirectCalls, wasm: new Uint8Array(8) });
    const result = sampleResult({ ended: 'fault', fault: fault(FAULT.TRAP, { text: 'a call', called, frames: [3] }) });
    const [finding] = findingsOf({ driver, result, checks: 'full' }, new Allows([], () => undefined));
    expect(finding?.message).toBe(`a call${rest}`);
  });

  it("keep the simulator's words and name a bug check", () => {
    expect(fromFault(fault(FAULT.NULL, { text: 'read through Context->Next, which is NULL' })).message).toBe(
      'read through Context->Next, which is NULL',
    );
    expect(fromFault(fault(FAULT.BUGCHECK, { address: 0x139 })).message).toBe(
      'KeBugCheckEx with code 0x139 KERNEL_SECURITY_CHECK_FAILURE',
    );
  });

  it('are warnings when a stub or an invented value stands behind them', () => {
    expect(fromFault(fault(FAULT.NULL, { afterStub: true })).severity).toBe('warning');
    const invented = fromFault(fault(FAULT.NULL, { text: 'NULL', inventedField: 'RX.Length' }));
    expect([invented.severity, invented.message]).toEqual([
      'warning',
      'NULL (rests on the invented value of RX.Length)',
    ]);
  });
});

describe('one fault, one finding', () => {
  it('M11: bytes never written are also a size that is not exact', () => {
    const records = packRecords([goodPacket(48), goodPacket(48, { written: 40, uninitialised: 8 })]);
    const found = findings({
      records,
      breaches: [breach('savepkt-size-exact'), breach('savepkt-full-init', { detail: 8 })],
    });
    expect(shown(found)).toEqual([
      'error savepkt-full-init: 8 of the 48 bytes that are persisted were never written: they hold what was in memory before',
    ]);
    expect(found[0]?.related.map(({ message }) => message)).toEqual([
      'savepkt-size-exact: 40 of the 48 bytes reported in *BytesNeeded were written',
    ]);
  });

  it('names the callback rule before the object rule at the same statement', () => {
    const found = findings({
      breaches: [breach('out-no-reuse-in-use', { detail: 3 }), breach('savepkt-no-packet-ops')],
    });
    expect(found.map(({ rule }) => rule)).toEqual(['savepkt-no-packet-ops']);
    expect(found[0]?.related[0]?.message).toMatch(/^out-no-reuse-in-use: the packet is in flight/);
  });

  it('names the breach before the memory fault at the same statement, and that before the run fault', () => {
    const breaches = [breach('in-length-check')];
    const found = findings({ breaches, ended: 'fault', fault: fault(FAULT.OUT_OF_BOUNDS) });
    expect(found.map(({ rule, related }) => [rule, related.length])).toEqual([['in-length-check', 1]]);
  });

  it('keeps faults of other packets, passes and places apart', () => {
    const found = findings({
      breaches: [
        breach('savepkt-no-packet-ops'),
        breach('out-no-reuse-in-use', { context: context({ packet: 2 }) }),
        breach('out-no-reuse-in-use', { frames: [3] }),
        breach('savepkt-status-severity', { context: context({ pass: 'query' }) }),
      ],
    });
    expect(found).toHaveLength(4);
  });

  it('says how often instead of repeating itself', () => {
    const breaches = [1, 2, 3].map((packet) => breach('savepkt-no-packet-ops', { context: context({ packet }) }));
    const leaks = [1, 2].map(() =>
      breach('mem-leak', { message: '16 bytes', context: context({ packet: null, pass: null }) }),
    );
    expect(shown(findings({ breaches: [...breaches, ...leaks] }))).toEqual([
      'error savepkt-no-packet-ops: inside EvtVmbChannelSavePacket a packet is sent, freed or changed: ' +
        'the callback may only read it, and the call has no effect (and so for 2 more packets)',
      'error mem-leak: 16 bytes (2 times)',
    ]);
  });
});

describe('failures a test caused (S-08)', () => {
  const failing = goodPacket(48, { write_status: 0xc000009a });
  const breaches = [
    breach('savepkt-query-succeed-empty', { detail: 0xc000009a, context: context({ pass: 'query', packet: 0 }) }),
    breach('savepkt-stable', { detail: 48, context: context({ packet: 0 }) }),
  ];

  it('are no breach in a test, and one without a fixture', () => {
    const records = packRecords([failing]);
    expect(findings({ records, breaches })).toEqual([]);
    expect(findings({ records, breaches, contextSource: 'invented' })).toHaveLength(2);
  });

  it('are told from a size query that reports no size', () => {
    const asked = { ...breaches[0], detail: 0xc0000023 } as BreachRecord;
    expect(findings({ breaches: [asked] })).toHaveLength(1);
  });
});

describe('stubs', () => {
  it('leave one warning each, where they were called first', () => {
    const found = findings({
      stubs: [
        { name: 'VendorCall', calls: 2, location: 1 },
        { name: 'Never', calls: 0, location: 0 },
      ],
    });
    expect(shown(found)).toEqual(['warning run-stub: VendorCall is defined nowhere: a stub answered for it 2 times']);
    expect(found[0]?.location?.line).toBe(12);
  });

  it('make a failed assertion a warning, and a denied one is said once', () => {
    const stubs = [{ name: 'F', calls: 1, location: 1 }];
    const failed = findings({ stubs, ended: 'assertion', assertion: { message: 'no', frames: [3] } });
    expect(failed.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
      'assert-failed warning',
      'run-stub warning',
    ]);
    expect(findings({ stubs, ended: 'fault', fault: fault(FAULT.STUB, { text: 'F' }) })).toHaveLength(1);
  });
});

describe('rules that the simulator reports', () => {
  const used = new Set<string>(SIMULATOR_RULES);
  for (const folder of ['../kmcl/', '../wdk/runtime/']) {
    const url = new URL(folder, import.meta.url);
    for (const name of readdirSync(url).filter((each) => each.endsWith('.c'))) {
      for (const [, rule] of readFileSync(new URL(name, url), 'utf8').matchAll(/\bVSP_RULE_([A-Z0-9_]+)/g)) {
        used.add((rule ?? '').toLowerCase().replaceAll('_', '-'));
      }
    }
  }
  const byId = new Map<string, Rule>(RULES.map((rule) => [rule.id, rule]));

  it('are in the catalogue and none of them is static only', () => {
    expect([...used].filter((id) => byId.get(id) === undefined)).toEqual([]);
    expect([...used].filter((id) => byId.get(id)?.check === 'static')).toEqual([]);
  });

  it('have words only where they are used', () => {
    const silent = Object.keys(breachMessages).filter((id) => !used.has(id));
    expect(silent).toEqual([]);
  });
});
