/** `vsp-lab scaffold` as a person calls it: files, exit statuses, and what stays as it was. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { type CliResult, ScratchProject, vspLab } from '../support/cli.js';

const SOURCE = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

/* Kontext eines Pakets: Größe zählt. */
typedef struct _NIC_RX_CONTEXT {
    LIST_ENTRY Link;
    UINT64 RequestId;
    UINT32 Length;
    PVOID Buffer;
} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;
`;

const project = new ScratchProject();
const scaffold = (...words: readonly string[]): CliResult => vspLab(project.folder, 'scaffold', ...words);
const read = (name: string): Buffer => readFileSync(join(project.folder, name));
const there = (name: string): boolean => existsSync(join(project.folder, name));

let number = 0;
let file = '';
let fixture = '';

beforeEach(() => {
  number += 1;
  file = `d${number}/Driver.c`;
  fixture = `d${number}/NicRxFixture.c`;
  project.write(file, SOURCE);
});
afterAll(() => project.remove());

describe('vsp-lab scaffold', () => {
  it('writes into the file and beside it, and what it writes runs', () => {
    const { status, stdout, stderr } = scaffold('--file', file, '--context', 'NIC_RX_CONTEXT');
    expect(stdout).toBe(
      `${file}: NIC_RX_SAVED: 32 bytes, NicRxSavePacket, NicRxRestorePacket, NicRxPacketComplete\n${fixture}: tests\n`,
    );
    expect(stderr).toBe(
      'vsp-lab: NicRxRegisterSaveRestore is to be called between VmbChannelAllocate and VmbChannelEnable\n',
    );
    expect(status).toBe(0);
    const run = project.run(`d${number}`);
    expect(run.stdout).toMatch(/^3 of 3 runs passed, 24 packets$/m);
    expect(run.status).toBe(0);
  });

  it('is reached as the README says', () => {
    const words = ['run', '-s', 'vsp-lab', '--', 'scaffold', '--file', join(project.folder, file)];
    const { status } = spawnSync('npm', [...words, '--context', 'NIC_RX_CONTEXT'], {
      cwd: at(),
      shell: process.platform === 'win32',
    });
    expect(status).toBe(0);
    expect(there(fixture)).toBe(true);
  });

  it('takes options and names', () => {
    const words = [
      '--style',
      'interface',
      '--layout',
      'packed',
      '--save',
      'RxSave',
      '--restore',
      'RxRestore',
      '--record',
      'RX',
    ];
    const { status } = scaffold(
      '--file',
      file,
      '--context',
      '_NIC_RX_CONTEXT',
      '--fields',
      'RequestId, Length',
      ...words,
    );
    expect(status).toBe(0);
    const text = read(file).toString('utf8');
    for (const each of [
      'NTSTATUS RxSave(',
      'NTSTATUS RxRestore(',
      '} RX, *PRX;',
      'pack(push, 1)',
      'NicRxKmcl.VmbPacketRestore',
    ]) {
      expect(text).toContain(each);
    }
  });

  it.each([
    ['a mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(SOURCE)])],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SOURCE, 'utf16le')])],
    ['code page 1252', Buffer.from(SOURCE, 'latin1')],
    ['carriage returns', Buffer.from(SOURCE.replaceAll('\n', '\r\n'))],
  ])('keeps a file with %s as it is saved', (_name, bytes) => {
    project.write(file, bytes);
    expect(scaffold('--file', file, '--context', 'NIC_RX_CONTEXT').status).toBe(0);
    const written = read(file);
    expect(written.length).toBeGreaterThan(bytes.length);
    const same = bytes.findIndex((byte, index) => written[index] !== byte);
    // All of the source stands at the beginning, but for its last line's end.
    expect(same === -1 ? bytes.length : same).toBeGreaterThanOrEqual(bytes.length - 4);
  });

  it('says why nothing is written, with status 2, and changes nothing', () => {
    const before = read(file);
    const refused = (...words: readonly string[]): string => {
      const { status, stdout, stderr } = scaffold(...words);
      expect([status, stdout]).toEqual([2, '']);
      expect(read(file)).toEqual(before);
      expect(there(fixture)).toBe(false);
      return stderr;
    };
    expect(refused('--file', file)).toBe(
      "vsp-lab: scaffold needs --context STRUCT (the structure that is a packet's context)\n",
    );
    expect(refused('--context', 'A')).toBe('vsp-lab: scaffold needs --file F (the source to write into)\n');
    expect(refused('--file', 'none.c', '--context', 'A')).toBe('vsp-lab: --file none.c: no such file\n');
    expect(refused('--file', `d${number}`, '--context', 'A')).toBe(`vsp-lab: --file d${number}: not a file\n`);
    expect(refused('--file', file, '--context', 'NOTHING')).toMatch(
      /: no structure NOTHING in .*there is NIC_RX_CONTEXT\n$/,
    );
    expect(refused('--file', file, '--context', 'NIC_RX_CONTEXT', '--fields', 'Link')).toBe(
      'vsp-lab: Link cannot be saved: list entry: linked anew\n',
    );
    expect(refused('--file', file, '--context', 'NIC_RX_CONTEXT', '--language', 'cpp')).toMatch(/is a C source/);
    expect(refused('--file', file, '--context', 'NIC_RX_CONTEXT', '--style', 'other')).toMatch(
      /--style is one of direct, interface/,
    );
    expect(refused('--file', file, '--context', 'NIC_RX_CONTEXT', '--save', '1x')).toBe(
      'vsp-lab: --save 1x: not a name in C\n',
    );
    chmodSync(join(project.folder, file), 0o444);
    expect(refused('--file', file, '--context', 'NIC_RX_CONTEXT')).toBe(
      `vsp-lab: --file ${file}: the file is read-only; nothing is written\n`,
    );
  });

  it.each([
    ['is only declared', 'struct NIC_RX_CONTEXT;', /^vsp-lab: NIC_RX_CONTEXT is only declared in .*Driver\.c: /],
    [
      'has nothing left to save',
      'typedef struct { LIST_ENTRY Link; PVOID Buffer; } NIC_RX_CONTEXT;',
      /^vsp-lab: nothing of NIC_RX_CONTEXT is left to save: Link \(list entry: linked anew\), Buffer \(pointer/,
    ],
    [
      'wants a name that is taken',
      'typedef struct { UINT32 Id; } NIC_RX_CONTEXT;\nint NicRxSavePacket;',
      /^vsp-lab: the name NicRxSavePacket is taken in Driver\.c:4: /,
    ],
  ])('leaves a file alone whose structure %s', (_what, declared, message) => {
    const text = `#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n${declared}\n`;
    project.write(file, text);
    const { status, stdout, stderr } = scaffold('--file', file, '--context', 'NIC_RX_CONTEXT');
    expect(stderr).toMatch(message);
    expect([status, stdout, read(file).toString()]).toEqual([2, '', text]);
    expect(there(fixture)).toBe(false);
  });

  it('does nothing a second time', () => {
    project.write(
      file,
      `${SOURCE}\nNTSTATUS NicConfigure(VMBCHANNEL Channel, HANDLE Handle)\n{\n    NTSTATUS Status;\n\n    Status = VmbServerChannelInitSetVmbusHandle(Channel, Handle);\n    if (!NT_SUCCESS(Status)) {\n        return Status;\n    }\n    return STATUS_SUCCESS;\n}\n`,
    );
    expect(scaffold('--file', file, '--context', 'NIC_RX_CONTEXT').status).toBe(0);
    const [source, tests] = [read(file), read(fixture)];
    const again = scaffold('--file', file, '--context', 'NIC_RX_CONTEXT');
    expect(again.stderr).toMatch(
      /NIC_RX_CONTEXT has its callbacks: NicRxSavePacket \(Driver\.c:\d+\) and .*; nothing is written\n$/,
    );
    expect(again.status).toBe(2);
    expect([read(file), read(fixture)]).toEqual([source, tests]);
  });

  it('leaves tests that are there', () => {
    project.write(fixture, '/* mine */\n');
    const { status, stderr } = scaffold('--file', file, '--context', 'NIC_RX_CONTEXT');
    expect(stderr).toContain('NicRxFixture.c is there already and was left alone');
    expect(status).toBe(0);
    expect(read(fixture).toString()).toBe('/* mine */\n');
  });
});
