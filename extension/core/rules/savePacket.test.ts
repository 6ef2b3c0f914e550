import { describe, expect, it } from 'vitest';
import { PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from '../kmcl/layout.js';
import { NEEDED_PRESET, PacketRecords } from '../run/packetRecords.js';
import { restoreVerdict, saveVerdicts, type Verdict } from './savePacket.js';

const TOO_SMALL = 0xc0000023;
const { IN_FLIGHT, MEASURED, NEEDED_UNSET, RESTORED, WRITE_CALLED } = RECORD_FLAGS;

type Fields = Partial<Record<keyof typeof PACKET_RECORD, number>>;

function records(fields: Fields): PacketRecords {
  const bytes = new Uint8Array(PACKET_RECORD_SIZE);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(fields)) {
    view.setUint32(PACKET_RECORD[name as keyof typeof PACKET_RECORD], value, true);
  }
  return new PacketRecords(bytes);
}

function shown(verdict: Verdict): string {
  return `${verdict.rule} ${verdict.pass}${verdict.failed ? ' failed' : ''}`;
}

function verdicts(fields: Fields): readonly string[] {
  return saveVerdicts(records(fields), 0).map(shown);
}

const QUERY = { flags: IN_FLIGHT, query_status: TOO_SMALL, query_needed: 48 };
const WRITE = {
  ...QUERY,
  flags: IN_FLIGHT | WRITE_CALLED | MEASURED,
  write_size: 64,
  write_needed: 48,
  written: 48,
  state_bytes: 48,
};
const TRUNCATED = { ...WRITE, write_size: 40, write_needed: 48, written: 40, state_bytes: 40 };

describe('rows of the two-pass matrix (kmcl-facts 6.3)', () => {
  it.each([
    ['M1', { query_status: 0, query_needed: 0 }, []],
    ['M2', QUERY, []],
    ['M3', { query_status: 0, query_needed: 48 }, ['savepkt-query-must-fail query']],
    ['M5', { query_status: TOO_SMALL, query_needed: 0 }, ['savepkt-query-succeed-empty query']],
    ['M5, another failure', { query_status: 0xc0000001, query_needed: 0 }, ['savepkt-query-succeed-empty query']],
    [
      'M6, failing',
      { flags: NEEDED_UNSET, query_status: TOO_SMALL, query_needed: NEEDED_PRESET },
      ['savepkt-bytesneeded-written query'],
    ],
    [
      'M6, succeeding',
      { flags: NEEDED_UNSET, query_status: 0, query_needed: NEEDED_PRESET },
      ['savepkt-bytesneeded-written query'],
    ],
    ['M7, empty', { query_status: 0x103, query_needed: 0 }, ['savepkt-status-severity query']],
    [
      'M7, with state',
      { query_status: 0x103, query_needed: 48 },
      ['savepkt-status-severity query', 'savepkt-query-must-fail query'],
    ],
    ['M7, write pass', { ...WRITE, write_status: 0x103 }, ['savepkt-status-severity write']],
    ['S-09, a warning', { query_status: 0x80000005, query_needed: 48 }, ['savepkt-status-severity query']],
    ['M9', { ...WRITE, write_size: 48 }, []],
    ['M10', WRITE, []],
    ['M11', { ...WRITE, written: 40, uninitialised: 8 }, ['savepkt-full-init write', 'savepkt-size-exact write']],
    [
      'M11, the tail of a persisted buffer',
      { ...WRITE, uninitialised: 16, state_bytes: 64 },
      ['savepkt-full-init write'],
    ],
    [
      'M12',
      { ...WRITE, write_size: 40, write_status: TOO_SMALL, write_needed: 72, written: 0, state_bytes: 0 },
      ['savepkt-stable write'],
    ],
    ['M13', TRUNCATED, ['savepkt-no-truncate write']],
    ['M15', { ...WRITE, write_status: 0xc000009a, written: 0, state_bytes: 0 }, ['savepkt-stable write failed']],
    ['M16', { ...WRITE, write_needed: 40, written: 40, state_bytes: 40 }, []],
    ['M17', { query_status: 0, query_needed: 0 }, []],
    [
      'the write pass leaves BytesNeeded alone',
      { ...WRITE, write_needed: NEEDED_PRESET },
      ['savepkt-bytesneeded-written write'],
    ],
    ['reported more than written', { ...WRITE, written: 40 }, ['savepkt-size-exact write']],
    [
      'both passes',
      { ...WRITE, query_status: 0x80000005, written: 40 },
      ['savepkt-status-severity query', 'savepkt-size-exact write'],
    ],
    ['nothing measured', { ...WRITE, flags: WRITE_CALLED, written: 0 }, []],
  ] as const)('%s', (_row, fields, expected) => {
    expect(verdicts(fields)).toEqual(expected);
  });

  it('names the sizes', () => {
    const [verdict] = saveVerdicts(records(TRUNCATED), 0);
    expect(verdict?.message).toBe(
      'the write call succeeded although the record needs 48 bytes and SaveBufSize is 40: the saved record is cut off',
    );
  });
});

describe('the restore callback', () => {
  it.each([
    [0x103, ['savepkt-status-severity restore']],
    [0, []],
    [0xc000009a, []],
  ])('answers %i', (status, expected) => {
    expect(restoreVerdict(records({ flags: RESTORED, restore_status: status }), 0).map(shown)).toEqual(expected);
  });

  it('is not judged before it ran', () => {
    expect(restoreVerdict(records({ restore_status: 0x103 }), 0)).toEqual([]);
  });
});
