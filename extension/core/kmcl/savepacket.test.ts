/** The two-pass SavePacket call: every row of the decision matrix of kmcl-facts 6.3, and the modes S-05 to S-14. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { PACKET_RECORD, RECORD_FLAGS } from './layout.js';

/** A callback per row; `Calls` counts, `Write` tells the write pass, record bytes are 1, 2, 3 ... */
const CALLBACKS = {
  M1: '*BytesNeeded = 0; return STATUS_SUCCESS;',
  M2: '*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 48); return STATUS_SUCCESS;',
  M3: '*BytesNeeded = 48; return STATUS_SUCCESS;',
  M4: '*BytesNeeded = 0; return STATUS_SUCCESS;',
  M5: '*BytesNeeded = 0; return STATUS_UNSUCCESSFUL;',
  M6: 'return STATUS_BUFFER_TOO_SMALL;',
  M6success: 'return STATUS_SUCCESS;',
  M7: '*BytesNeeded = 48; return STATUS_PENDING;',
  M7warning:
    '*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_OVERFLOW; Put(SaveBuf, 48); return STATUS_SUCCESS;',
  M8: '*BytesNeeded = 48; Put(SaveBuf, 48); return SaveBufSize < 48 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;',
  M10: '*BytesNeeded = 41; if (SaveBufSize < 41) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 41); return STATUS_SUCCESS;',
  M11: '*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 40); return STATUS_SUCCESS;',
  M11hole: `*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_TOO_SMALL;
            Put(SaveBuf, 12); Put((PUCHAR)SaveBuf + 16, 32); return STATUS_SUCCESS;`,
  M11bits: `{ struct BITS { UINT32 Low : 3; UINT32 Rest : 29; } *bits = (struct BITS *)SaveBuf; *BytesNeeded = 4;
              if (SaveBufSize < 4) return STATUS_BUFFER_TOO_SMALL; bits->Low = 5; return STATUS_SUCCESS; }`,
  M11sum: `*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 40);
           RtlZeroMemory((PUCHAR)SaveBuf + 41, 7); ((PUCHAR)SaveBuf)[0] = ((PUCHAR)SaveBuf)[40] + 1; ((PUCHAR)SaveBuf)[40] = 1; return STATUS_SUCCESS;`,
  counted: `*BytesNeeded = 48; if (SaveBufSize < 48) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 48); ((PUCHAR)SaveBuf)[7] = (UCHAR)Calls;
            return STATUS_SUCCESS;`,
  M12: `{ UINT32 need = Write ? 400 : 48; *BytesNeeded = need; if (SaveBufSize < need) return STATUS_BUFFER_TOO_SMALL;
        Put(SaveBuf, need); return STATUS_SUCCESS; }`,
  M12again: `*BytesNeeded = SaveBufSize + 100; return STATUS_BUFFER_TOO_SMALL;`,
  M13: `*BytesNeeded = Write ? 400 : 48; if (!Write) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 48); return STATUS_SUCCESS;`,
  M14: `*BytesNeeded = 48; if (!Write) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 49); return STATUS_SUCCESS;`,
  M15: '*BytesNeeded = 48; return Write ? STATUS_DATA_ERROR : STATUS_BUFFER_TOO_SMALL;',
  M16: `{ UINT32 need = Write ? 16 : 48; *BytesNeeded = need; if (!Write) return STATUS_BUFFER_TOO_SMALL;
        RtlZeroMemory(SaveBuf, SaveBufSize); Put(SaveBuf, need); return STATUS_SUCCESS; }`,
  M17: `if (VmbPacketGetPointer(Packet) == NULL) { *BytesNeeded = 0; return STATUS_SUCCESS; } return STATUS_UNSUCCESSFUL;`,
  tail: `*BytesNeeded = 40; if (SaveBufSize < 40) return STATUS_BUFFER_TOO_SMALL;
         RtlZeroMemory(SaveBuf, SaveBufSize); Put(SaveBuf, 40); return STATUS_SUCCESS;`,
  beyond: `*BytesNeeded = 40; if (SaveBufSize < 40) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 48); return STATUS_SUCCESS;`,
  unsetWrite: `if (!Write) { *BytesNeeded = 48; return STATUS_BUFFER_TOO_SMALL; } Put(SaveBuf, 48); return STATUS_SUCCESS;`,
  changing: `*BytesNeeded = 40 + Calls; if (SaveBufSize < 40 + Calls) return STATUS_BUFFER_TOO_SMALL; Put(SaveBuf, 40 + Calls);
             return STATUS_SUCCESS;`,
  irql: `{ KIRQL old; *BytesNeeded = 48; KeRaiseIrql(DISPATCH_LEVEL, &old); return STATUS_BUFFER_TOO_SMALL; }`,
  lock: `{ static KSPIN_LOCK lock; KIRQL old; *BytesNeeded = 48;
           if (SaveBufSize < 48) { KeAcquireSpinLock(&lock, &old); return STATUS_BUFFER_TOO_SMALL; } Put(SaveBuf, 48); return STATUS_SUCCESS; }`,
  operations: `VmbPacketSetPointer(Packet, NULL); VmbPacketFree(Packet); *BytesNeeded = 0; return STATUS_SUCCESS;`,
} as const;
type Row = keyof typeof CALLBACKS;

const SOURCE = `${CHANNEL_DRIVER}
static ULONG Calls;
static VOID Put(PVOID To, ULONG Count) { ULONG i; for (i = 0; i < Count; i++) ((PUCHAR)To)[i] = (UCHAR)(i + 1); }
static EVT_VMB_CHANNEL_SAVE_PACKET *Row;
static NTSTATUS SaveRow(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    Calls++;
    return Row(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}

static VOID Run(EVT_VMB_CHANNEL_SAVE_PACKET *Callback, BOOLEAN WithContext)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    PVSPLAB_STATE state = NULL;
    VMBPACKET packet;
    NTSTATUS status;
    UCHAR bytes[16] = {0};
    Row = Callback;
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SaveRow, RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    packet = VmbPacketAllocate(channel);
    VmbPacketSetPointer(packet, WithContext ? (PVOID)&Calls : NULL);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, bytes, sizeof(bytes), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    status = VspLabSave(channel, 0, &state);
    VSPLAB_LOG("%08x %u", status, Calls);
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(channel));
    if (state != NULL) VspLabFreeState(state);
    EndChannel(channel);
}

${Object.entries(CALLBACKS)
  .map(
    ([row, body]) => `
static NTSTATUS Save_${row}(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    const BOOLEAN Write = SaveBufSize != 0;
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(BytesNeeded); UNREFERENCED_PARAMETER(Write);
    ${body}
}
VSPLAB_TEST(${row}) { Run(Save_${row}, ${row === 'M17' ? 'FALSE' : 'TRUE'}); }`,
  )
  .join('\n')}
`;

const EXACT = ['S-05=null', 'S-10=exact', 'S-14=once'];
const NO_SIZE = 0xcdcdcdcd;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

/** What the one packet's record says. */
function record(run: TestRun) {
  const view = new DataView(run.result.records.buffer, run.result.records.byteOffset);
  const word = (field: keyof typeof PACKET_RECORD) => view.getUint32(PACKET_RECORD[field], true);
  const flags = word('flags');
  const write = (flags & RECORD_FLAGS.WRITE_CALLED) !== 0;
  return {
    query: [word('query_status'), word('query_needed')],
    write: write ? [word('write_size'), word('write_status'), word('write_needed')] : null,
    measured: (flags & RECORD_FLAGS.MEASURED) !== 0 ? [word('written'), word('uninitialised')] : null,
    state: word('state_bytes'),
    inFlight: (flags & RECORD_FLAGS.IN_FLIGHT) !== 0,
    unset: (flags & RECORD_FLAGS.NEEDED_UNSET) !== 0,
  };
}

const SMALL = 0xc0000023;
const FAILED = 0xc0000001;

describe('decision matrix (6.3)', () => {
  const nothing = { write: null, measured: null, state: 0, inFlight: true, unset: false };
  const plain = { query: [SMALL, 48], write: [48, 0, 48], measured: [48, 0], state: 48, inFlight: true, unset: false };
  it.each<[Row, string, readonly string[], object]>([
    ['M1', '00000000 1', [], { ...nothing, query: [0, 0] }],
    ['M2', '00000000 3', [], plain],
    ['M3', '00000000 1', ['savepkt-query-must-fail'], { ...nothing, query: [0, 48] }],
    ['M4', '00000000 1', [], { ...nothing, query: [0, 0] }],
    ['M5', 'c0000001 1', ['savepkt-query-succeed-empty'], { ...nothing, query: [FAILED, 0] }],
    ['M6', 'c0000023 1', ['savepkt-bytesneeded-written'], { ...nothing, query: [SMALL, NO_SIZE], unset: true }],
    ['M6success', 'c0000001 1', ['savepkt-bytesneeded-written'], { ...nothing, query: [0, NO_SIZE], unset: true }],
    ['M7', '00000000 1', ['savepkt-status-severity', 'savepkt-query-must-fail'], { ...nothing, query: [0x103, 48] }],
    ['M7warning', '00000000 3', ['savepkt-status-severity'], { ...plain, query: [0x80000005, 48] }],
    ['M10', '00000000 3', [], { ...plain, query: [SMALL, 41], write: [41, 0, 41], measured: [41, 0], state: 41 }],
    ['M11', '00000000 3', ['savepkt-full-init', 'savepkt-size-exact'], { ...plain, measured: [40, 8] }],
    [
      'M11bits',
      '00000000 4',
      ['savepkt-full-init', 'savepkt-size-exact'],
      { ...plain, query: [SMALL, 4], write: [4, 0, 4], measured: [1, 4], state: 4 },
    ],
    ['M11sum', '00000000 4', ['savepkt-full-init'], { ...plain, measured: [48, 1] }],
    ['counted', '00000000 4', ['savepkt-idempotent'], { ...plain, measured: [48, 0] }],
    ['M11hole', '00000000 3', ['savepkt-full-init', 'savepkt-size-exact'], { ...plain, measured: [44, 4] }],
    ['M12', '00000000 4', ['savepkt-stable'], { ...plain, write: [400, 0, 400], measured: [400, 0], state: 400 }],
    [
      'M12again',
      'c0000023 3',
      ['savepkt-stable', 'savepkt-stable'],
      { ...nothing, query: [SMALL, 100], write: [200, SMALL, 300] },
    ],
    ['M13', '00000000 2', ['savepkt-no-truncate'], { ...plain, write: [48, 0, 400], measured: null }],
    ['M15', 'c000003e 2', ['savepkt-stable'], { ...plain, write: [48, 0xc000003e, 48], measured: null, state: 0 }],
    ['M16', '00000000 3', [], { ...plain, write: [48, 0, 16], measured: [16, 0], state: 16 }],
    ['M17', '00000000 1', [], { ...nothing, query: [0, 0] }],
  ])('%s', (row, answer, breaches, expected) => {
    const run = driver.test(row, { modes: EXACT });
    expect(run.end).toBe('completed');
    expect(run.output).toEqual([answer]);
    expect(run.breaches).toEqual(breaches);
    expect(record(run)).toEqual(expected);
  });

  it('M9: exactly N bytes, and they are what is persisted', () => {
    const run = driver.test('M2', { modes: EXACT });
    expect([...(run.result.states[0] ?? [])]).toEqual(Array.from({ length: 48 }, (_, index) => index + 1));
  });

  it('M8: bytes through SaveBuf on the query are seen where SaveBuf can be written', () => {
    const run = driver.test('M8', { modes: ['S-05=valid', 'S-10=exact', 'S-14=once'] });
    expect(run.breaches).toEqual(['savepkt-zero-size-no-write']);
    expect(run.result.breaches[0]?.context).toMatchObject({
      pass: 'query',
      packet: 0,
      callback: 'EvtVmbChannelSavePacket',
    });
  });

  it.each(['null', 'guard'])('M8: a write through %s ends the test', (value) => {
    const run = driver.test('M8', { modes: [`S-05=${value}`, 'S-10=exact', 'S-14=once'] });
    expect(run.result.ended).toBe('fault');
    expect(run.result.fault?.context).toMatchObject({ pass: 'query', packet: 0 });
  });

  it('M14: an overrun faults where checks are on and breaks its rule where they are off', async () => {
    const checked = driver.test('M14', { modes: EXACT });
    expect(checked.result.ended).toBe('fault');
    expect(checked.result.fault?.context.pass).toBe('write');
    const unchecked = await compileText(SOURCE, { checked: false });
    expect(unchecked.test('M14', { modes: EXACT, checks: 'off' }).breaches).toEqual(['savepkt-no-overrun']);
  });

  it('reports what a callback answered at its return statement, below SaveContinue', () => {
    const run = driver.test('M3', { modes: EXACT });
    expect(run.stack(run.result.breaches[0]?.frames ?? []).slice(0, 4)).toEqual([
      expect.stringMatching(/^SaveRow:/),
      'VmbChannelSaveContinue',
      'VspLabSave',
      expect.stringMatching(/^Run:/),
    ]);
  });
});

describe('around the matrix', () => {
  it('takes a zeroed tail and not another one (S-10)', () => {
    expect(driver.test('tail', { modes: ['S-10=alternate', 'S-14=once'] }).breaches).toEqual([]);
    const run = driver.test('beyond', { modes: ['S-14=once', 'S-05=null'], seed: 3 });
    const size = record(run).write?.[0] ?? 0;
    expect(run.result.ended === 'fault' || run.breaches.includes('savepkt-size-exact')).toBe(true);
    expect(run.result.ended === 'fault').toBe(size < 48);
  });

  it('wants *BytesNeeded on the write pass too, and then takes the size of the query', () => {
    const run = driver.test('unsetWrite', { modes: EXACT });
    expect(run.breaches).toEqual(['savepkt-bytesneeded-written']);
    expect(record(run)).toMatchObject({ write: [48, 0, NO_SIZE], state: 48 });
  });

  it('sees a query that answers differently each time (S-14)', () => {
    const run = driver.test('changing', { modes: ['S-05=null', 'S-10=exact', 'S-14=thrice'] });
    expect(run.breaches).toContain('savepkt-idempotent');
  });

  it('S-08: a failing query without a size aborts, or is called again with size 0', () => {
    expect(driver.test('M5', { modes: [...EXACT, 'S-08=abort'] }).output).toEqual(['c0000001 1']);
    expect(driver.test('M5', { modes: [...EXACT, 'S-08=call-again'] }).output).toEqual(['c0000001 2']);
  });

  it('S-12: no retry where the mode says so', () => {
    const run = driver.test('M12', { modes: [...EXACT, 'S-12=abort'] });
    expect(run.output).toEqual(['c0000023 2']);
    expect(run.breaches).toEqual(['savepkt-stable']);
  });

  it('S-10=buffer persists the whole buffer', () => {
    const run = driver.test('tail', { modes: ['S-05=null', 'S-10=buffer', 'S-14=once'] });
    const { state, write } = record(run);
    expect(state).toBe(write?.[0]);
    expect(run.breaches).toEqual([]);
  });

  it('puts IRQL right again and says so (lock-irql, irql-call)', () => {
    const run = driver.test('irql', { modes: EXACT });
    expect(run.breaches).toContain('irql-call');
  });

  it('takes a lock that was left held from the callback: one breach per call, no deadlock', () => {
    const run = driver.test('lock', { modes: ['S-05=null', 'S-10=exact', 'S-14=thrice'] });
    expect([run.end, run.breaches.length > 1, new Set(run.breaches)]).toEqual([
      'completed',
      true,
      new Set(['lock-irql']),
    ]);
  });

  it('S-16: no packet operations', () => {
    const run = driver.test('operations', { modes: EXACT });
    expect(run.breaches).toEqual(['savepkt-no-packet-ops', 'savepkt-no-packet-ops']);
    expect(run.end).toBe('completed');
  });

  it('gives the same bytes and answers for one seed', () => {
    const runs = [1, 1, 2].map((seed) => driver.test('M10', { seed }));
    expect(runs[0]?.result.records).toEqual(runs[1]?.result.records);
    expect(runs[0]?.result.states).toEqual(runs[2]?.result.states);
  });
});
