import { describe, expect, it } from 'vitest';
import type { Finding, Packet, Pass, Severity } from '../../extension/core/run/report.js';
import { type Exchange, exchanges, worst } from './passes.js';

const SUCCESS = '0x00000000';
const TOO_SMALL = '0xC0000023';

const packet = (over: Partial<Packet> = {}): Packet => ({
  index: 3,
  kind: 'NicIndicationComplete',
  state: 'inFlight',
  query: { saveBufSize: 0, status: TOO_SMALL, bytesNeeded: 24 },
  write: { saveBufSize: 42, status: SUCCESS, bytesNeeded: 24, bytesWritten: 24, bytesUninitialised: 0 },
  stateBytes: 24,
  libraryBytes: 32,
  restore: { status: SUCCESS, bytesRead: 24 },
  ...over,
});

const finding = (pass: Pass, severity: Severity, suppressed = false): Finding => ({
  rule: 'savepkt-full-init',
  severity,
  message: '',
  location: null,
  channel: 0,
  packetIndex: 3,
  callback: null,
  pass,
  callStack: [],
  related: [],
  suppressed,
});

const made = (over: Partial<Packet>, findings: readonly Finding[] = []): readonly Exchange[] =>
  exchanges(packet(over), findings).filter((each) => 'tone' in each);

describe('a packet saved and restored as it should be', () => {
  it('is calm in every pass', () => {
    const all = made({});
    expect(
      all.map(({ title, given, status, facts }) => [title, given, status.name, facts.map(({ text }) => text)]),
    ).toEqual([
      ['Query', 'SaveBufSize 0', 'STATUS_BUFFER_TOO_SMALL', ['BytesNeeded 24']],
      ['Write', 'SaveBufSize 42', 'STATUS_SUCCESS', ['BytesNeeded 24', '24 bytes written']],
      ['Restore', '24 saved bytes', 'STATUS_SUCCESS', ['24 bytes read']],
    ]);
    expect(all.map(({ tone }) => tone)).toEqual(['good', 'good', 'good']);
  });

  it('is calm without a write pass when there was nothing to save', () => {
    const over = { query: { saveBufSize: 0, status: SUCCESS, bytesNeeded: 0 }, write: null, stateBytes: 0 } as const;
    const [query, write] = exchanges(packet(over), []);
    expect(query).toMatchObject({ tone: 'good' });
    expect(write).toMatchObject({ why: 'Not called: the query succeeded with 0 bytes, there is nothing to save.' });
  });

  it('is calm where nothing could be measured', () => {
    const write = { saveBufSize: 42, status: SUCCESS, bytesNeeded: 24, bytesWritten: null, bytesUninitialised: null };
    expect(made({ write, restore: { status: SUCCESS, bytesRead: null } }).map(({ tone }) => tone)).toEqual([
      'good',
      'good',
      'good',
    ]);
  });
});

describe('a packet that went wrong', () => {
  it('marks a query that succeeds with bytes to save', () => {
    const over = { query: { saveBufSize: 0, status: SUCCESS, bytesNeeded: 24 }, write: null, restore: null } as const;
    const [query, write] = exchanges(packet(over), [finding('query', 'error')]);
    expect(query).toMatchObject({ statusTone: 'error', tone: 'error' });
    expect(write).toMatchObject({ why: expect.stringContaining('lost') });
  });

  it('marks BytesNeeded that nobody set, and not the status beside it', () => {
    const query = { saveBufSize: 0, status: TOO_SMALL, bytesNeeded: null } as const;
    const [first] = made({ query }, [finding('query', 'error')]);
    expect(first).toMatchObject({ statusTone: 'good', facts: [{ text: 'BytesNeeded not set', tone: 'error' }] });
  });

  it('marks the figures that do not agree', () => {
    const write = { saveBufSize: 42, status: SUCCESS, bytesNeeded: 24, bytesWritten: 20, bytesUninitialised: 4 };
    const second = made({ write }, [finding('write', 'warning')])[1];
    expect(second?.facts).toEqual([
      { text: 'BytesNeeded 24', tone: 'good' },
      { text: '20 of 24 bytes written', tone: 'warning' },
      { text: '4 bytes uninitialised', tone: 'warning' },
    ]);
    expect(second?.statusTone).toBe('good');
    expect(second?.tone).toBe('warning');
  });

  it('marks a restore that read only a part', () => {
    const third = made({ restore: { status: SUCCESS, bytesRead: 20 } })[2];
    expect(third?.facts).toEqual([{ text: '20 of 24 bytes read', tone: 'info' }]);
  });

  it('remarks a failure that broke no rule: a test caused it', () => {
    const third = made({ restore: { status: '0xC000003E', bytesRead: 8 } })[2];
    expect(third).toMatchObject({ statusTone: 'info', tone: 'info', status: { name: 'STATUS_DATA_ERROR' } });
  });

  it('takes a finding to its pass even where the figures look right, an allowed one as a remark', () => {
    expect(made({}, [finding('write', 'error')]).map(({ tone }) => tone)).toEqual(['good', 'error', 'good']);
    expect(made({}, [finding('write', 'error', true)]).map(({ tone }) => tone)).toEqual(['good', 'info', 'good']);
  });

  it('orders tones', () => {
    expect(worst([])).toBe('good');
    expect(worst(['info', 'error', 'warning'])).toBe('error');
  });
});
