/**
 * Drivers that only differential runs can tell from good ones: each fault is one finding, at the statement that makes
 * it (interfaces 5); the mended twin has none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { vspLab } from '../support/cli.js';

const folder = 'test/drivers/differential';
const sources = new Map(
  readdirSync(at(folder)).map((name) => [`${folder}/${name}`, readFileSync(at(folder, name), 'utf8')]),
);
const tests = [...sources.values()].flatMap((text) =>
  [...text.matchAll(/^VSPLAB_TEST\((\w+)\)/gm)].map(([, name]) => name ?? ''),
);

interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly location: { readonly file: string; readonly line: number } | null;
}

function findingsWith(...options: readonly string[]): ReadonlyMap<string, readonly Finding[]> {
  const { stdout } = vspLab(at(), 'run', folder, '--format', 'json', ...options);
  const { runs } = JSON.parse(stdout) as { runs: { name: string; findings: Finding[] }[] };
  return new Map(runs.map((run) => [run.name, run.findings]));
}

/** What stands at the place of a finding. */
function marked({ location }: Finding): string {
  const lines = sources.get(location?.file ?? '')?.split('\n') ?? [];
  return /\/\/ (breaks [\w-]+)/.exec(lines[(location?.line ?? 0) - 1] ?? '')?.[1] ?? 'nothing';
}

describe('each fault', () => {
  let findings: ReadonlyMap<string, readonly Finding[]>;
  beforeAll(() => {
    findings = findingsWith();
  });

  it.each(tests.filter((name) => !name.startsWith('Fine')))('%s is one finding, at its place', (name) => {
    const rule = name.replace(/__.*/, '').replaceAll('_', '-');
    const found = findings.get(name) ?? [];
    expect(found.map((each) => [each.rule, marked(each)])).toEqual([[rule, `breaks ${rule}`]]);
  });

  it.each(tests.filter((name) => name.startsWith('Fine')))('%s is none', (name) => {
    expect(findings.get(name)).toEqual([]);
  });

  it('no twin, which may be the same test with REPAIRED defined, has any', () => {
    const repaired = findingsWith('--define', 'REPAIRED');
    const twins = tests.filter((name) => !tests.includes(`Fine_${name.replace(/^.*__/, '')}`));
    expect(twins.filter((name) => name.includes('__')).length).toBeGreaterThan(10);
    expect(twins.filter((name) => repaired.get(name)?.length !== 0)).toEqual([]);
  });

  it('tells of another order of packets as information only', () => {
    expect(findings.get('roundtrip_differs__order')).toMatchObject([
      {
        severity: 'info',
        message: expect.stringContaining('!OutOfOrder does not hold. The library promises no order'),
      },
    ]);
  });

  it('says which bytes and which field', () => {
    const message = (name: string): string | undefined => findings.get(name)?.[0]?.message;
    expect(message('savepkt_full_init__padding')).toContain('bytes 9-11 and 18-23');
    expect(message('savepkt_no_pointers__hashed')).toContain('bytes 40-47');
    expect(message('state_field_lost__not_saved')).toContain('REQUEST.Attempts');
    expect(message('mem_uninitialised__status')).toContain('STATUS_SUCCESS or 0x7F7F7F7F');
  });
});

it('--checks contract runs no variants', () => {
  const found = [...findingsWith('--checks', 'contract').values()].flat().map(({ rule }) => rule);
  expect(found).not.toContain('state-field-lost');
  expect(found).not.toContain('savepkt-no-pointers');
  expect(found).not.toContain('mem-uninitialised');
});

it('the same run gives the same bytes', () => {
  const bytes = (...options: readonly string[]): string =>
    vspLab(at(), 'run', folder, '--format', 'json', ...options).stdout;
  expect(bytes('--jobs', '1')).toBe(bytes());
});
