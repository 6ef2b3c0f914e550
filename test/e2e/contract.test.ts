/** Drivers that break one rule each: exactly that rule is reported, at the statement that breaks it (interfaces 5). */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, vspLab } from '../support/cli.js';

const folder = 'test/drivers/contract';
const sources = new Map(
  readdirSync(at(folder))
    .filter((name) => name.endsWith('.c'))
    .map((name) => [`${folder}/${name}`, readFileSync(at(folder, name), 'utf8')]),
);
const tests = [...sources.values()].flatMap((text) =>
  [...text.matchAll(/^VSPLAB_TEST\((\w+)\)/gm)].map(([, name]) => name ?? ''),
);

interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly location: { readonly file: string; readonly line: number } | null;
}

let findings: ReadonlyMap<string, readonly Finding[]>;
let text: string;
beforeAll(() => {
  text = vspLab(at(), 'run', folder, '--format', 'json', ...PATIENCE).stdout;
  const { runs } = JSON.parse(text) as { runs: { name: string; findings: Finding[] }[] };
  findings = new Map(runs.map((run) => [run.name, run.findings]));
});

/** What stands at the place of a finding. */
function marked({ location }: Finding): string {
  const lines = sources.get(location?.file ?? '')?.split('\n') ?? [];
  return /\/\/ (breaks [\w-]+)/.exec(lines[(location?.line ?? 0) - 1] ?? '')?.[1] ?? 'nothing';
}

describe('each breach', () => {
  it.each(tests.filter((name) => !name.startsWith('Fine')))('%s is one finding, at its place', (name) => {
    const rule = name.replace(/__.*/, '').replaceAll('_', '-');
    const found = findings.get(name) ?? [];
    expect(found.map((each) => [each.rule, marked(each)])).toEqual([[rule, `breaks ${rule}`]]);
  });

  it.each(tests.filter((name) => name.startsWith('Fine')))('%s is none', (name) => {
    expect(findings.get(name)).toEqual([]);
  });

  it('has a sentence of its own, without names of ours', () => {
    const all = [...findings.values()].flat();
    expect(
      all.filter(({ message }) => /broken here|\bvsp_|\bIRQL \d|0xC0000|'(?:VmBS|VmBK|Gest|VMdl)'/.test(message)),
    ).toEqual([]);
  });
});

it('the same run gives the same bytes', () => {
  expect(vspLab(at(), 'run', folder, '--format', 'json', '--jobs', '1', ...PATIENCE).stdout).toBe(text);
});
