import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliHost } from './host.js';
import { openOutput } from './output.js';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-output-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function host(stdout?: Writable): CliHost {
  return {
    cwd: folder,
    environment: {},
    stdout,
    stderr: stdout,
    signal: new AbortController().signal,
  } as unknown as CliHost;
}

describe('--out', () => {
  it('appears whole, and nothing else does', async () => {
    writeFileSync(join(folder, 'report.json'), 'old');
    const output = openOutput(host(), 'report.json');
    expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe('old');
    await output.write(['{"a":', '"ä"}', '\n']);
    output.abandon();
    expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe('{"a":"ä"}\n');
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  it('leaves the old file alone when the pieces end in an error', async () => {
    writeFileSync(join(folder, 'report.json'), 'old');
    const output = openOutput(host(), 'report.json');
    function* pieces(): Generator<string> {
      yield 'x'.repeat(100_000);
      throw new Error('half way');
    }
    await expect(output.write(pieces())).rejects.toThrow('--out report.json: cannot be written: half way');
    expect(readdirSync(folder)).toEqual(['report.json']);
    expect(readFileSync(join(folder, 'report.json'), 'utf8')).toBe('old');
  });

  it('leaves nothing behind when it is abandoned', () => {
    openOutput(host(), 'report.json').abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps a link a link', async () => {
    writeFileSync(join(folder, 'real.json'), 'old');
    symlinkSync(join(folder, 'real.json'), join(folder, 'link.json'));
    await openOutput(host(), 'link.json').write(['new']);
    expect(readFileSync(join(folder, 'real.json'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['link.json', 'real.json']);
  });

  it.each(process.platform === 'win32' ? [] : ['/dev/null'])(
    'writes to the device %s instead of replacing it',
    async (device) => {
      await openOutput(host(), device).write(['gone']);
      expect(statSync(device).isFile()).toBe(false);
    },
  );

  it.each([
    ['no/report.json', '--out no/report.json: cannot be written: its folder does not exist'],
    ['file/report.json', '--out file/report.json: cannot be written: its folder is a file'],
    ['folder', '--out folder: cannot be written: it is a folder'],
  ])('%s is refused before anything runs', (path, message) => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    expect(() => openOutput(host(), path)).toThrow(message);
    expect(readdirSync(folder)).toEqual(['file', 'folder']);
  });
});

describe('stdout', () => {
  it('is written in order and ends quietly when its reader has gone', async () => {
    const seen: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        seen.push(text);
        done(seen.length === 2 ? Object.assign(new Error('gone'), { code: 'EPIPE' }) : null);
      },
    });
    stream.on('error', () => {});
    const big = 'x'.repeat(1 << 16);
    await openOutput(host(stream), undefined).write([big, big, big]);
    expect(seen).toHaveLength(2);
  });
});
