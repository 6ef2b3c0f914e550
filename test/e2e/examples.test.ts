/** The bundled examples are what people start from: no finding, whatever the seed, with tests and without. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { at, projectNode } from '../../scripts/lib/project.mjs';

interface Run {
  name: string;
  outcome: string;
  contextSource: string;
  findings: unknown[];
  channels: { packets: { kind: string; stateBytes: number; restore: { status: string } | null }[] }[];
}

function run(example: string, ...options: string[]) {
  const { status, stdout } = spawnSync(
    projectNode,
    [at('dist/cli.js'), 'run', `examples/${example}`, '--format', 'json', ...options],
    { cwd: at(), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  return { status, runs: (JSON.parse(stdout) as { runs: Run[] }).runs };
}

const examples = ['synthetic-nic', 'storage-bus', 'synthetic-video'] as const;
const ways = [
  [],
  ...['2', '3', '4', '5'].map((seed) => ['--seed', seed]),
  ['--checks', 'contract'],
  ['--checks', 'off'],
  ['--checks', 'off', '--optimize', '2'],
  ['--arch', 'arm64'],
];

/** Each way with the name of its test. */
function named(options: readonly (readonly string[])[]) {
  return options.map((way): [string, readonly string[]] => [way.join(' '), way]);
}

describe.each(examples)('examples/%s', (example) => {
  it.each(named(ways))('passes its tests without a finding: run %s', (_, way) => {
    const { status, runs } = run(example, ...way);
    expect(runs.map(({ name, outcome, findings }) => ({ name, outcome, findings }))).toEqual(
      runs.map(({ name }) => ({ name, outcome: 'passed', findings: [] })),
    );
    expect(runs.length).toBeGreaterThanOrEqual(4);
    expect(status).toBe(0);
  });

  it.each(named([[], ['--seed', '7'], ['--checks', 'off']]))('carries 32 packets over: run %s', (_, way) => {
    const { status, runs } = run(example, '--packets', '32', ...way);
    expect(status).toBe(0);
    expect(runs).toMatchObject([{ outcome: 'passed', contextSource: 'hook', findings: [] }]);
    const packets = runs[0]?.channels[0]?.packets ?? [];
    expect(packets).toHaveLength(32);
    expect(packets.filter(({ kind }) => !kind.endsWith('Complete'))).toEqual([]);
    expect(packets.filter(({ stateBytes, restore }) => stateBytes === 0 || restore?.status !== '0x00000000')).toEqual(
      [],
    );
  });
});
