/**
 * The corpus: every broken case reports exactly its rule at its line and nothing else, every repaired twin nothing.
 * Prints found, missed and false.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, vspLab } from '../support/cli.js';
import {
  CORPUS,
  type CorpusCase,
  casesOf,
  corpusDrivers,
  driverFiles,
  judge,
  type Reported,
} from '../support/corpus.js';

const drivers = corpusDrivers(at());
const cases = drivers.flatMap((driver) => driverFiles(at(), driver).flatMap(casesOf));

type Reports = ReadonlyMap<string, readonly Reported[]>;

/** Findings of each test, by driver and name. */
function run(...options: readonly string[]): Reports {
  const { stdout, stderr } = vspLab(at(), 'run', CORPUS, '--format', 'json', ...PATIENCE, ...options);
  if (stdout === '') throw new Error(stderr);
  const { runs } = JSON.parse(stdout) as { runs: { name: string; file: string; findings: Reported[] }[] };
  return new Map(runs.map(({ name, file, findings }) => [`${inCorpus(file)} ${name}`, findings]));
}

function inCorpus(file: string): string {
  return file.slice(CORPUS.length + 1);
}

function verdictOf(each: CorpusCase, reports: Reports): ReturnType<typeof judge> {
  const findings = reports.get(`${each.file} ${each.name}`);
  if (findings === undefined) throw new Error(`${each.file} ${each.name} did not run`);
  return judge(each, findings, inCorpus);
}

function summary(verdicts: readonly ReturnType<typeof judge>[]): string {
  const count = (kind: 'found' | 'missed' | 'false'): number =>
    verdicts.reduce((sum, verdict) => sum + verdict[kind].length, 0);
  return `${count('found')} found, ${count('missed')} missed, ${count('false')} false`;
}

let broken: Reports;
let repaired: Reports;
beforeAll(() => {
  broken = run();
  repaired = run('--define', 'REPAIRED');
  const twins = cases.map((each) => verdictOf({ ...each, expected: [] }, repaired));
  process.stdout.write(`corpus: ${summary(cases.map((each) => verdictOf(each, broken)))} in ${cases.length} cases\n`);
  process.stdout.write(`twins: ${summary(twins)}\n`);
}, 120_000);

describe('each broken case', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s reports its rule at its line', (_name, each) => {
    const verdict = verdictOf(each, broken);
    expect({ missed: verdict.missed, false: verdict.false }).toEqual({ missed: [], false: [] });
  });
});

describe('each repaired twin', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s reports nothing', (_name, each) => {
    expect(verdictOf({ ...each, expected: [] }, repaired).false).toEqual([]);
  });
});
