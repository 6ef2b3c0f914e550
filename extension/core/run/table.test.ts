import { describe, expect, it } from 'vitest';
import type { Finding, Packet, Report, Run } from './report.js';
import { reportTable } from './table.js';
import { wrap } from './tableFindings.js';

function packet(index: number, over: Partial<Packet> = {}): Packet {
  return {
    index,
    kind: 'NicReceiveIndicationCompleted',
    state: 'inFlight',
    query: { saveBufSize: 0, status: '0xC0000023', bytesNeeded: 48 },
    write: { saveBufSize: 64, status: '0x00000000', bytesNeeded: 48, bytesWritten: 48, bytesUninitialised: 0 },
    stateBytes: 48,
    libraryBytes: 40,
    restore: { status: '0x00000000', bytesRead: 48 },
    ...over,
  };
}

function report(packets: readonly Packet[], over: Partial<Run> = {}): Report {
  const run: Run = {
    name: 'SavesInFlight',
    driver: 'nic',
    file: 'examples/nic/nic.test.c',
    line: 30,
    contextSource: 'fixture',
    outcome: 'passed',
    channels: [
      {
        index: 0,
        name: 'network',
        packets: {
          length: packets.length,
          at: (index) => packets[index] ?? packet(index),
          totals: () => ({
            stateBytes: packets.reduce((sum, { stateBytes }) => sum + stateBytes, 0),
            libraryBytes: packets.reduce((sum, { libraryBytes }) => sum + libraryBytes, 0),
          }),
        },
        saveStream: {
          bytes: 704,
          chunks: [{ bufferSize: 4096, bytesFilled: 704, bytesRequired: 0, status: '0x00000000' }],
        },
        laterSaves: [],
      },
    ],
    findings: [],
    ...over,
  };
  const passed = run.outcome === 'passed' ? 1 : 0;
  return {
    schemaVersion: 1,
    target: { abi: 'x86_64-pc-windows-msvc', pointerBytes: 8 },
    runs: [run],
    stubs: [],
    summary: {
      runs: 1,
      passed,
      packets: packets.length,
      stateBytes: { total: 96, min: 48, median: 48, p95: 48, max: 48 },
      findings: { error: 0, warning: 0, info: 0 },
    },
  };
}

const FINDING: Finding = {
  rule: 'savepkt-full-init',
  severity: 'error',
  message:
    '8 of the 48 bytes that are persisted were never written: they hold what was in memory before (and so for 7 more packets)',
  location: { file: 'examples/nic/nic.c', line: 120, column: 5, function: 'NicSavePacket' },
  channel: 0,
  packetIndex: 0,
  callback: 'EvtVmbChannelSavePacket',
  pass: 'write',
  callStack: [
    { function: 'NicSavePacket', file: 'examples/nic/nic.c', line: 120 },
    { function: 'VmbChannelSaveContinue', file: '<kmcl>', line: 0 },
    { function: 'SavesInFlight', file: 'examples/nic/nic.test.c', line: 33 },
  ],
  related: [
    { message: 'savepkt-size-exact: 40 of the 48 bytes reported in *BytesNeeded were written', location: null },
  ],
  suppressed: false,
};

function lines(made: Report, colour = false): readonly string[] {
  return [...reportTable(made, { colour, sourceLine: () => '\treturn STATUS_SUCCESS;' })];
}

describe('the table', () => {
  it('shows each packet aligned, marks what is simulated, and totals', () => {
    const made = report([packet(0), packet(1, { kind: 'Rx', state: 'queued', write: null, restore: null })]);
    expect(lines(made)).toEqual([
      'SavesInFlight  passed',
      '  nic  examples/nic/nic.test.c:30',
      '  channel 0 network',
      '                                      Bytes  buffer    bytes    library  restore',
      '  #  kind                  state     Needed   given  written  simulated   status',
      '  0  NicReceive…Completed  inFlight      48      64       48         40  success',
      '  1  Rx                    queued        48       -        -         40        -',
      '  2 packets, 96 bytes of state',
      '  simulated: 80 library bytes, save stream of 704 bytes in 1 SaveContinue call',
      '',
      '1 of 1 run passed, 2 packets',
      'state: 96 bytes (min 48, median 48, p95 48, max 48)',
    ]);
  });

  it('shows the first and last of many packets and says so', () => {
    const shown = lines(report(Array.from({ length: 1000 }, (_, index) => packet(index))));
    const rows = shown.filter((line) => /^ +\d+ {2}Nic/.test(line)).map((line) => Number.parseInt(line, 10));
    expect(rows).toEqual([...Array.from({ length: 30 }, (_, index) => index), 995, 996, 997, 998, 999]);
    expect(shown).toContain('  … 965 more (--format json has all of them)');
    expect(lines(report(Array.from({ length: 40 }, (_, index) => packet(index)))).join()).not.toContain('more');
  });

  it('puts findings below with place, source line and stack', () => {
    const shown = lines(
      report([packet(0)], { outcome: 'failed', message: `${FINDING.rule}: ${FINDING.message}`, findings: [FINDING] }),
    );
    const from = shown.indexOf('  error savepkt-full-init');
    expect(shown.slice(from, from + 9)).toEqual([
      '  error savepkt-full-init',
      '    8 of the 48 bytes that are persisted were never written: they hold what was',
      '    in memory before (and so for 7 more packets)',
      '    EvtVmbChannelSavePacket, write pass, packet 0, channel 0',
      '    examples/nic/nic.c:120:5 in NicSavePacket',
      '       120 | return STATUS_SUCCESS;',
      '    NicSavePacket < VmbChannelSaveContinue < SavesInFlight',
      '    also savepkt-size-exact: 40 of the 48 bytes reported in *BytesNeeded were',
      '      written',
    ]);
  });

  it('stays within 80 columns whatever the sizes', () => {
    const huge = packet(999, {
      query: { saveBufSize: 0, status: '0xC0000023', bytesNeeded: 999_999 },
      write: {
        saveBufSize: 999_999,
        status: '0x00000000',
        bytesNeeded: 999_999,
        bytesWritten: 999_999,
        bytesUninitialised: 0,
      },
      restore: { status: '0xC000003E', bytesRead: 8 },
    });
    const made = report(
      Array.from({ length: 1000 }, () => huge),
      { findings: [FINDING], outcome: 'failed', message: 'x '.repeat(90) },
    );
    expect(Math.max(...lines(made).map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has colour only when told', () => {
    const made = report([packet(0)], { findings: [FINDING] });
    expect(lines(made).join('\n')).not.toContain('\u001b');
    const [first = '', ...coloured] = lines(made, true).join('\n').split('\u001b[');
    const plain = first + coloured.map((part) => part.slice(part.indexOf('m') + 1)).join('');
    expect(plain).toBe(lines(made).join('\n'));
  });

  it('shows what was printed', () => {
    const output = [{ text: 'hello\nworld', location: null }];
    expect(lines(report([], { channels: [], output })).slice(2, 4)).toEqual(['  | hello', '  | world']);
  });

  it('counts the channels of which some saved nothing instead of showing them', () => {
    const [saved] = report([packet(0)]).runs[0]?.channels ?? [];
    const empty = report([]).runs[0]?.channels[0];
    if (saved === undefined || empty === undefined) throw new Error('no channel');
    const many = [empty, empty, { ...saved, index: 2 }];
    expect(lines(report([], { channels: many })).slice(2, 4)).toEqual([
      '  3 channels, 1 of them saved packets',
      '  channel 2 network',
    ]);
    expect(lines(report([], { channels: [empty, empty] })).slice(2, 4)).toEqual(['  2 channels, no packets saved', '']);
    expect(lines(report([], { channels: [empty] })).slice(2, 4)).toEqual(['  no packets saved', '']);
    expect(lines(report([], { channels: [] }))[2]).toBe('');
  });

  it('marks packets for which a stub was called', () => {
    const shown = lines(report([packet(0), packet(1, { stubbed: true })])).map((line) => line.trim());
    expect(shown.filter((line) => /^[01]/.test(line)).map((line) => line.slice(0, 2))).toEqual(['0 ', '1*', '1 ']);
    expect(shown).toContain('* a stub answered in its callbacks');
    expect(lines(report([packet(0)])).join()).not.toContain('stub');
  });

  it('shows a dozen names of a deep stack', () => {
    const names = Array.from({ length: 20 }, (_, index) => ['Ping', 'Pong'][index % 2] ?? '');
    const entries = [...names, '… 16,344 more frames', 'DriverEntry', 'Test'];
    const callStack = entries.map((name) => ({ function: name, file: 'd.c', line: 1 }));
    const shown = lines(report([packet(0)], { findings: [{ ...FINDING, callStack }] })).join(' ');
    const way = /Ping < .*?Test/.exec(shown.replaceAll(/\s+/g, ' '))?.[0].split(' < ');
    expect(way).toHaveLength(13);
    expect(way?.slice(-3)).toEqual(['Ping', '…', 'Test']);
  });

  it('says why a run could not be run', () => {
    const shown = lines(report([], { outcome: 'error', message: 'nic.c:3:1: unknown type name', channels: [] }));
    expect(shown.slice(0, 3)).toEqual([
      'SavesInFlight  error',
      '  nic  examples/nic/nic.test.c:30',
      '  nic.c:3:1: unknown type name',
    ]);
  });
});

describe('wrap', () => {
  it.each([
    ['aa bb cc', 5, 0, ['aa bb', 'cc']],
    ['aa bb cc dd', 6, 2, ['aa bb', '  cc', '  dd']],
    ['toolongaword x', 4, 0, ['toolongaword', 'x']],
    ['', 4, 0, ['']],
  ])('%s at %i', (text, width, hang, expected) => {
    expect(wrap(text, width, hang)).toEqual(expected);
  });
});
