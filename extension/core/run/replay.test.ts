/** Replay files: what is written is read back, and nothing else gets in. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { bytesOf, hexOf, parseReplay, type Replay, replayText } from './replay.js';
import type { Injection } from './stressInjection.js';

const validate = new Ajv().compile(
  JSON.parse(readFileSync(new URL('replay.schema.json', import.meta.url), 'utf8')) as object,
);

const REPLAY: Replay = {
  vspLabReplay: 1,
  driver: 'nic',
  test: 'Migrates',
  paths: ['examples/nic'],
  settings: {
    seed: 7,
    optimize: 0,
    arch: 'x64',
    packets: 3,
    chunkBuffer: 64,
    modes: ['S-10=buffer'],
    defines: ['A=1'],
  },
  injection: { kind: 'record', at: 2, saved: 4, change: { size: 4, offset: 1, mask: 128 } },
  record: { saved: '01020304', given: '01820304' },
  finding: { rule: 'restorepkt-validate', file: 'nic.c', line: 12 },
};

const INJECTIONS: readonly Injection[] = [
  REPLAY.injection,
  { kind: 'chunk-buffer', bytes: 0 },
  { kind: 'write-buffer-larger', bytes: 64 },
  { kind: 'write-buffer-smaller', bytes: 1 },
  { kind: 'mode', id: 'S-05', value: 'guard' },
  { kind: 'failure', what: 'packet-allocate', at: 3 },
];

describe('a replay file', () => {
  it.each(INJECTIONS.map((injection) => [injection.kind, injection] as const))(
    'of a %s is read as it was written',
    (_, injection) => {
      const replay = { ...REPLAY, injection };
      expect(parseReplay(replayText(replay), 'a.json')).toEqual({ ok: true, replay });
      expect(validate(replay), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  it('holds bytes', () => {
    expect([...bytesOf(hexOf(Uint8Array.of(0, 15, 255)))]).toEqual([0, 15, 255]);
  });
});

/** The replay with one value replaced, by its path. */
function withValue(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(REPLAY)) as Record<string, unknown>;
  const keys = path.split('.');
  const owner = keys.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
  owner[keys.at(-1) ?? ''] = value;
  return copy;
}

describe('what is no replay file', () => {
  it.each([
    ['vspLabReplay', 3, 'a.json:2: vspLabReplay: is 3; this version reads replay files of version 1'],
    ['driver', '', 'a.json:3: driver: is ""; expected a text'],
    ['test', 'a\0b', 'a.json:4: test: is "a\\u0000b"; expected a text'],
    ['paths', 'x', 'a.json:5: paths: is "x"; expected a list of texts'],
    ['settings.seed', 1.5, 'a.json:9: settings.seed: is 1.5; expected a whole number from 0 to 4294967295'],
    ['settings.arch', 'mips', 'a.json:11: settings.arch: is "mips"; expected one of x64, arm64'],
    ['settings.modes', ['S-99=x'], /^a\.json:14: settings\.modes: S-99=x: there is no mode S-99/],
    [
      'settings.run',
      'rm',
      'a.json:20: settings.run: is nothing a replay file has; there are seed, optimize, arch, packets, chunkBuffer, modes, defines',
    ],
    ['injection.kind', 'all', /injection\.kind: is "all"; expected one of chunk-buffer/],
    ['injection.change.size', -1, /injection\.change\.size: is -1; expected a whole number from 0 to 262144/],
    ['injection.change.mask', 256, /injection\.change\.mask: is 256; expected a whole number from 0 to 255/],
    ['record.given', '0g', /record\.given: is "0g"; expected bytes as pairs of hex digits/],
    ['record.given', 'ab'.repeat(300_000), /record\.given: is "abab.*; expected bytes/],
    ['finding', null, /finding: is null; expected an object/],
    ['__proto__x', 1, /__proto__x: is nothing a replay file has/],
  ])('%s', (path, value, problem) => {
    const result = parseReplay(JSON.stringify(withValue(path, value), null, 2), 'a.json');
    expect(result.ok ? '' : result.problem).toMatch(problem);
    expect(validate(withValue(path, value))).toBe(path === 'test' || path === 'settings.modes');
  });

  it.each([
    ['', 'a.json:1: is not JSON: it ends too early'],
    ['{"vspLabReplay": 1,}', /^a\.json:1: is not JSON/],
    ['[]', 'a.json:1: is []; expected an object'],
    [' '.repeat(2 ** 20 + 1), 'a.json: is too large for a replay file'],
  ])('%j', (text, problem) => {
    const result = parseReplay(text, 'a.json');
    expect(result.ok ? '' : result.problem).toMatch(problem);
  });
});
