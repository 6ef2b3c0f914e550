/**
 * Nothing found is lost (issue-level promise): what was found before a module was destroyed is reported, with the fault
 * that ended it, and a finding in one test never hides those of the next.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, vspLab } from '../support/cli.js';

const FILE = 'test/drivers/survival/Survival.c';
const MARK = /finds: state-start-pause-window/;
const line =
  readFileSync(at(FILE), 'utf8')
    .split('\n')
    .findIndex((text) => MARK.test(text)) + 1;

interface Run {
  readonly name: string;
  readonly outcome: string;
  readonly findings: readonly {
    readonly rule: string;
    readonly message: string;
    readonly location: { readonly line: number } | null;
    readonly callStack: readonly { readonly function: string }[];
  }[];
}

describe.each([
  ['contract', '0'],
  ['off', '0'],
  ['off', '2'],
  ['full', '0'],
] as const)('--checks %s --optimize %s', (checks, optimize) => {
  let runs: ReadonlyMap<string, Run>;
  beforeAll(() => {
    const options = ['--format', 'json', '--checks', checks, '--optimize', optimize, ...PATIENCE];
    const { stdout, stderr } = vspLab(at(), 'run', FILE, ...options);
    expect(stderr).not.toMatch(/\n\s+at /);
    const report = JSON.parse(stdout) as { runs: readonly Run[] };
    runs = new Map(report.runs.map((run) => [run.name, run]));
  });

  it.each(['OverwritesWithOnes', 'OverwritesWithZeroes', 'OverwritesItsChannel'])('%s', (name) => {
    const [first, fault, ...others] = runs.get(name)?.findings ?? [];
    expect([first?.rule, first?.location?.line]).toEqual(['state-start-pause-window', line]);
    expect(fault?.rule).toMatch(/^(?:mem|run)-/);
    if (checks !== 'off') {
      expect(fault?.rule).toMatch(/^mem-/);
      expect(fault?.callStack.map((frame) => frame.function)).toEqual(['Overwrite', name]);
    }
    expect(others).toEqual([]);
  });

  it('the next test finds the same again', () => {
    const { findings = [] } = runs.get('BreaksTheSameRuleNext') ?? {};
    expect(findings.map(({ rule, location }) => [rule, location?.line])).toEqual([['state-start-pause-window', line]]);
  });

  it('the last test passes', () => {
    expect(runs.get('BehavesWell')).toMatchObject({ outcome: 'passed', findings: [] });
  });
});
