import { describe, expect, it } from 'vitest';
import type { ContextField, Differential, FlowDifference, RecordDifference } from '../kmcl/differences.js';
import type { BreachRecord, SimulationResult } from '../kmcl/simulation.js';
import { sampleDriver, sampleResult } from '../run/sampleReport.testing.js';
import { Allows } from './allow.js';
import { findingsOf } from './findings.js';

const NOWHERE = { channel: null, packet: null, pass: null, callback: null } as const;
const RECORD: RecordDifference = {
  on: 'fill',
  channel: 0,
  packet: 0,
  save: 0,
  location: 1,
  size: 16,
  runs: [
    { offset: 3, length: 1 },
    { offset: 8, length: 4 },
  ],
};
const FLOW: FlowDifference = { what: 'branch', frames: [1], context: NOWHERE };

function field(outcome: ContextField['outcome'], saved: ContextField['saved'] = []): ContextField {
  const lost = { channel: 0, packet: 0, pass: 'restore', location: 1 } as const;
  return {
    name: 'Id',
    type: 'ULONG',
    offset: 0,
    size: 4,
    outcome,
    saved,
    restored: [],
    ...(outcome === 'lost' ? { lost } : {}),
  };
}

function breach(rule: string, detail: number): BreachRecord {
  return {
    rule,
    object: 0,
    detail,
    frames: [1],
    context: { channel: 0, packet: 0, pass: 'write', callback: 'EvtVmbChannelSavePacket' },
  };
}

function found(
  told: Partial<Differential>,
  over: Partial<SimulationResult> = {},
  checks: 'full' | 'contract' = 'full',
) {
  const differential: Differential = { records: [], breaches: [], contexts: [], ...told };
  const result = sampleResult({ differential, ...over });
  const allows = new Allows([], () => undefined);
  return findingsOf({ driver: sampleDriver(), result, checks, describe: () => 'RECORD: Kind' }, allows);
}

const rules = (...parameters: Parameters<typeof found>): readonly string[] =>
  found(...parameters).map(({ rule }) => rule);

describe('differential findings', () => {
  it('say which bytes, and what they are', () => {
    const [fill] = found({ records: [RECORD] });
    expect([fill?.rule, fill?.pass, fill?.packetIndex]).toEqual(['savepkt-full-init', 'write', 0]);
    expect(fill?.message).toContain('5 of the 16 bytes');
    expect(fill?.message).toContain('bytes 3 and 8-11 (RECORD: Kind)');
    const [address] = found({ records: [{ ...RECORD, on: 'address', runs: [{ offset: 8, length: 8 }] }] });
    expect([address?.rule, address?.message]).toEqual(['savepkt-no-pointers', expect.stringContaining('bytes 8-15')]);
  });

  it('one record can break both rules', () => {
    const address = { ...RECORD, on: 'address', runs: [{ offset: 0, length: 1 }] } as const;
    expect(rules({ records: [RECORD, address] })).toEqual(['savepkt-full-init', 'savepkt-no-pointers']);
  });

  it('a decision on memory nobody wrote is an error of its own', () => {
    expect(found({ flow: FLOW }).map(({ rule, severity }) => [rule, severity])).toEqual([
      ['mem-uninitialised', 'error'],
    ]);
  });

  it('unless it happened in the callback whose record tells it', () => {
    const [finding, ...more] = found({ records: [RECORD], flow: { ...FLOW, explains: RECORD } });
    expect([finding?.rule, more]).toEqual(['savepkt-full-init', []]);
    expect(finding?.related.map(({ message }) => message)).toEqual([expect.stringMatching(/^mem-uninitialised: /)]);
  });

  it('names a lost field and how to say that it need not survive', () => {
    const contexts = [{ record: 'REQUEST', callbacks: [1, 1] as const, fields: [field('lost'), field('kept')] }];
    const [finding, ...more] = found({ contexts });
    expect([finding?.rule, finding?.severity, more]).toEqual(['state-field-lost', 'warning', []]);
    expect(finding?.message).toContain('REQUEST.Id');
    expect(finding?.message).toContain('VSPLAB_TRANSIENT(REQUEST, Id)');
  });

  it('a lost field explains why the record differs the next time', () => {
    const breaches = [breach('roundtrip-differs', 5)];
    const lost = (saved: ContextField['saved']) => [
      { record: 'R', callbacks: [1, 1] as const, fields: [field('lost', saved)] },
    ];
    expect(rules({ breaches, contexts: lost([{ offset: 4, length: 4 }]) })).toEqual(['state-field-lost']);
    expect(rules({ breaches, contexts: lost([{ offset: 8, length: 4 }]) })).toEqual([
      'roundtrip-differs',
      'state-field-lost',
    ]);
  });

  it('bytes that depend on memory are no side effect of saving', () => {
    expect(rules({ records: [RECORD], breaches: [breach('savepkt-idempotent', 1)] })).toEqual(['savepkt-full-init']);
    expect(rules({ records: [RECORD], breaches: [breach('roundtrip-differs', 9)] })).toEqual(['savepkt-full-init']);
    expect(rules({ breaches: [breach('savepkt-idempotent', 1)] })).toEqual(['savepkt-idempotent']);
  });

  it('a repetition that shows what the run has shown is not told again', () => {
    const once = breach('savepkt-idempotent', 0);
    expect(rules({ breaches: [breach('savepkt-idempotent', 1)] }, { breaches: [once] })).toEqual([
      'savepkt-idempotent',
    ]);
  });

  it('belong to --checks full', () => {
    expect(rules({ records: [RECORD], flow: FLOW }, {}, 'contract')).toEqual([]);
  });
});
