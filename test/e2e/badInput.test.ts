/** Bad input always ends in a clear message and the right exit status, without a stack trace or a file left behind. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, ScratchProject, vspLab } from '../support/cli.js';

const project = new ScratchProject();

const HEADERS = '#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n';
const SAVE_PARAMETERS =
  '(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)';
const RESTORE_PARAMETERS = '(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)';

function save(name: string): string {
  return `EVT_VMB_CHANNEL_SAVE_PACKET ${name};\nNTSTATUS ${name}${SAVE_PARAMETERS} { *BytesNeeded = 0; return STATUS_SUCCESS; }\n`;
}

function restore(name: string): string {
  return (
    `EVT_VMB_CHANNEL_RESTORE_PACKET ${name};\nNTSTATUS ${name}${RESTORE_PARAMETERS} {\n` +
    '    VMBPACKET packet = VmbPacketAllocate(Channel);\n' +
    '    if (packet == NULL) return STATUS_INSUFFICIENT_RESOURCES;\n' +
    '    return VmbPacketRestore(packet, LibBuf, LibBufSize);\n}\n'
  );
}

beforeAll(() => {
  project.write('good.c', HEADERS + save('Save') + restore('Restore'));
  project.write('empty/readme.txt', 'nothing here\n');
  project.write('binary.c', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]));
  project.write('syntax.c', `${HEADERS}EVT_VMB_CHANNEL_SAVE_PACKET Save;\nint x = ;\n`);
  project.write('nothing.c', `${HEADERS}NTSTATUS Add(int a) { return a; }\n`);
  project.write('onlySave.c', HEADERS + save('Save'));
  project.write('onlyRestore.c', HEADERS + restore('Restore'));
  project.write('two.c', HEADERS + save('FirstSave') + save('SecondSave') + restore('Restore'));
  project.write('notes.txt', 'not a source\n');
  project.write('outside.c', '#include "../elsewhere.h"\n#include "/etc/hostname"\n');
  project.write('many/a.c', HEADERS + save('Save') + restore('Restore'));
  project.write('many/sub/b.c', `${HEADERS}EVT_VMB_CHANNEL_SAVE_PACKET Save;\nint x = ;\n`);
});
afterAll(() => project.remove());

/** What every answer to bad input has in common. */
function expectClear(result: CliResult, status = 2): void {
  expect(result.stderr).not.toMatch(/\n\s+at |\.js:\d+/);
  expect(result.stderr).not.toBe('');
  expect(result.stderr.length).toBeLessThan(10_000);
  expect(result.status).toBe(status);
}

describe('nothing runs, exit status 2', () => {
  it.each([
    ['a missing file', ['no.c'], 'vsp-lab: no.c: no such file or folder\n'],
    [
      'a folder without sources',
      ['empty'],
      'vsp-lab: empty: no C or C++ sources (looked for .c, .cc, .cpp and .cxx here and in its folders)\n',
    ],
    ['a binary file', ['binary.c'], 'vsp-lab: binary.c: is a binary file, not C or C++ source\n'],
    ['another kind of file', ['notes.txt'], 'vsp-lab: notes.txt: not a C or C++ source (.c, .cc, .cpp or .cxx)\n'],
    [
      'an unknown option',
      ['good.c', '--pakets', '3'],
      'vsp-lab: there is no option --pakets (did you mean --packets?)\n',
    ],
    [
      'a number that is none',
      ['good.c', '--packets', 'eight'],
      "vsp-lab: --packets needs a whole number from 1 to 10000000, not 'eight'\n",
    ],
    ['a missing value', ['good.c', '--seed'], 'vsp-lab: --seed needs a value (N)\n'],
    [
      'an unknown mode',
      ['good.c', '--mode', 'S-99=x'],
      /^vsp-lab: --mode S-99=x: there is no mode S-99; modes are A-05, /,
    ],
    ['a bad stub value', ['good.c', '--stub', 'F=x'], 'vsp-lab: --stub F=x: expected NAME=VALUE with a whole number\n'],
    ['a bad macro', ['good.c', '-D', '1x'], 'vsp-lab: --define 1x: expected NAME or NAME=VALUE\n'],
    ['a missing include folder', ['good.c', '-I', 'nowhere'], 'vsp-lab: --include nowhere: no such folder\n'],
    ['a driver option without sources', ['--driver', 'd=x/*.c'], 'vsp-lab: --driver d=x/*.c: no source matches\n'],
    [
      'a format nobody knows',
      ['good.c', '--format', 'yaml'],
      "vsp-lab: --format is one of table, json, junit, sarif, html, csv, msbuild, not 'yaml'\n",
    ],
    ['an option of later', ['good.c', '--watch'], 'vsp-lab: --watch is not there yet: it comes in a later version\n'],
    [
      'a test that does not exist',
      ['good.c', '--test', 'Nope'],
      'vsp-lab: --test Nope: no test matches; there is none\n',
    ],
    [
      'an output in no folder',
      ['good.c', '--out', 'no/report.json'],
      'vsp-lab: --out no/report.json: cannot be written: its folder does not exist\n',
    ],
    [
      'an output that is a folder',
      ['good.c', '--out', 'empty'],
      'vsp-lab: --out empty: cannot be written: it is a folder\n',
    ],
  ] as const)('%s', (_what, words, message) => {
    const before = readdirSync(project.folder).sort();
    const result = project.run(...words);
    expectClear(result);
    if (typeof message === 'string') expect(result.stderr).toBe(message);
    else expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
    expect(readdirSync(project.folder).sort()).toEqual(before);
  });

  it.each([
    ['an unknown command', ['rum'], 'vsp-lab: there is no command rum (did you mean run?)\n'],
    ['a command of later', ['layout'], 'vsp-lab: layout is not there yet: it comes in a later version\n'],
    ['an option without command', ['--seed', '3'], 'vsp-lab: the command is missing before --seed (vsp-lab --help)\n'],
    ['an unknown rule', ['explain', 'mem-leek'], 'vsp-lab: there is no rule mem-leek (did you mean mem-leak?)\n'],
  ] as const)('%s', (_what, words, message) => {
    const result = vspLab(project.folder, ...words);
    expectClear(result);
    expect(result.stderr).toBe(message);
    expect(result.stdout).toBe('');
  });
});

describe('a driver that cannot be run, exit status 2, and the report says so', () => {
  it.each([
    ['a syntax error', 'syntax.c', /^syntax\.c:4:9: expected expression\n {4}int x = ;\n/],
    [
      'no callbacks',
      'nothing.c',
      /^nothing\.c: found nothing to run in the source: .*EVT_VMB_CHANNEL_SAVE_PACKET.*VSPLAB_TEST\n$/,
    ],
    [
      'only the save callback',
      'onlySave.c',
      /^onlySave\.c: found the save callback Save but no restore callback .*--restore NAME\n$/,
    ],
    [
      'only the restore callback',
      'onlyRestore.c',
      /^onlyRestore\.c: found the restore callback Restore but no save callback .*--save NAME\n$/,
    ],
    [
      'two candidates',
      'two.c',
      /^two\.c: 2 save callbacks fit: FirstSave and SecondSave; choose one with --save NAME\n$/,
    ],
    ['a header outside the project', 'outside.c', /^outside\.c:1:10: .*\.\.\/elsewhere\.h.*\n/],
  ])('%s', (_what, file, message) => {
    const result = project.run(file, '--format', 'json');
    expectClear(result);
    expect(result.stderr).toMatch(message);
    const { runs } = JSON.parse(result.stdout) as { runs: { name: string; outcome: string; message: string }[] };
    expect(runs).toMatchObject([{ name: file, outcome: 'error' }]);
    expect(result.stderr.startsWith(runs[0]?.message ?? '?')).toBe(true);
    expect(runs[0]?.message).not.toContain('\n');
  });

  it('the other candidate runs when it is chosen', () => {
    const result = project.run('two.c', '--save', 'SecondSave');
    expect([result.stderr, result.status]).toEqual(['', 0]);
  });

  it('the other drivers still run and are reported', () => {
    const result = project.run('many', '--format', 'json');
    expectClear(result);
    const { runs } = JSON.parse(result.stdout) as { runs: { driver: string; outcome: string }[] };
    expect(runs.map(({ driver, outcome }) => `${driver} ${outcome}`)).toEqual(['many passed', 'sub error']);
  });

  it('a 10 MB source that is none ends within its limits', () => {
    project.write('huge.c', `${HEADERS}${'int a(int b) { return b + 1; }\n'.repeat(330_000)}`);
    const result = project.run('huge.c', '--compile-timeout', '5000');
    expectClear(result);
    expect(result.stderr).toMatch(/^huge\.c/);
  });

  it('a 10 MB source that is mostly comment runs', () => {
    project.write(
      'long.c',
      `${HEADERS}${'/* nothing to see on this line, and so on */\n'.repeat(230_000)}${save('Save')}${restore('Restore')}`,
    );
    const result = project.run('long.c');
    expect([result.stderr, result.status]).toEqual(['', 0]);
  });
});

describe('help and version', () => {
  it.each([
    [['--help'], /^VSP Lab runs/],
    [['run', '--help'], /^Usage: vsp-lab run/],
    [['explain', '--help'], /^Usage: vsp-lab explain/],
    [['dap', '-h'], /^Usage: vsp-lab dap/],
    [['layout', '-h'], /comes later/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['run', '--version'], /^\d+\.\d+\.\d+\n$/],
  ])('%j', (words, text) => {
    const result = vspLab(project.folder, ...words);
    expect([result.stderr, result.status]).toEqual(['', 0]);
    expect(result.stdout).toMatch(text);
  });

  it('says how it is used when nothing is asked', () => {
    const result = vspLab(project.folder);
    expect([result.stdout, result.status]).toEqual(['', 2]);
    expect(result.stderr).toMatch(/Usage: vsp-lab COMMAND/);
  });
});
