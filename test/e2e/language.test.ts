/** Edges of the languages a driver may be written in: small drivers whose tests assert what MSVC on x64 would do. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { at, filesBelow, projectNode } from '../../scripts/lib/project.mjs';

const folder = 'test/drivers/language';

interface Run {
  name: string;
  file: string;
  outcome: string;
  message?: string;
  findings: { rule: string; severity: string; message: string }[];
}

/** Every test the sources name; UTF-16 ones are read without their zero bytes. */
const named = filesBelow(folder, (path) => /\.(c|cpp)$/.test(path)).flatMap((path) => {
  const text = readFileSync(at(path), 'latin1').replaceAll('\0', '');
  return [...text.matchAll(/^\n?VSPLAB_TEST\((\w+)\)/gm)].map(([, name]) => `${path} ${name}`);
});

function run(...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    projectNode,
    [at('dist/cli.js'), 'run', folder, '--format', 'json', ...options],
    { cwd: at(), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const { runs } = JSON.parse(stdout) as { runs: Run[] };
  return { status, stderr, runs: new Map(runs.map((each) => [`${each.file} ${each.name}`, each])) };
}

describe.each([
  { options: [] },
  { options: ['--checks', 'off', '--optimize', '0'] },
  { options: ['--checks', 'off', '--optimize', '2'] },
  { options: ['--arch', 'arm64'] },
])('languages with $options', ({ options }) => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    result = run(...options);
  });

  it('compiles every driver without an error and runs every test there is', () => {
    expect(result.stderr).toBe('');
    expect([...result.runs.keys()].sort()).toEqual([...named].sort());
    expect(named.length).toBeGreaterThan(50);
    expect(result.status).toBe(0);
  });

  it.each(named)('%s', (test) => {
    const { outcome, message, findings } = result.runs.get(test) ?? {};
    expect({ outcome, message, findings }).toEqual({ outcome: 'passed', message: undefined, findings: [] });
  });
});
