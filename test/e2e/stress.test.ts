/**
 * Stress through the command line: cases that only stress finds, each at its line with a file that repeats it, and their
 * repaired twins; examples that stand it; damaged replay files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, type EngineRun } from '../../extension/worker/engine.js';
import { simulationOptions } from '../../extension/worker/engineSettings.js';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, ScratchProject, vspLab } from '../support/cli.js';
import { type CorpusCase, casesOf, judge, type Reported } from '../support/corpus.js';
import { Dice, headerNames, mutate } from '../support/mutate.js';

const FOLDER = 'test/stress';
const files = readdirSync(at(FOLDER)).flatMap((driver) =>
  readdirSync(at(FOLDER, driver)).map((name) => ({
    path: `${driver}/${name}`,
    text: readFileSync(at(FOLDER, driver, name), 'utf8'),
  })),
);
const cases = files.flatMap(casesOf);

interface Finding extends Reported {
  readonly severity: string;
  readonly stress?: { readonly inputs: number; readonly replay: { readonly injection: { readonly kind: string } } };
  readonly related: readonly { readonly message: string }[];
}
interface Run {
  readonly name: string;
  readonly file: string;
  readonly outcome: string;
  readonly findings: readonly Finding[];
  readonly stress?: { readonly level: string; readonly tried: readonly { kind: string; inputs: number }[] };
}

const project = new ScratchProject();
project.write('corpus/Corpus.h', readFileSync(at('test/corpus/Corpus.h'), 'utf8'));
for (const { path, text } of files) project.write(`stress/${path}`, text);
afterAll(() => project.remove());

function engineRun(example: string, stress: 'none' | 'full'): EngineRun {
  const cwd = at().replaceAll('\\', '/');
  return {
    cwd,
    paths: [`${cwd}/examples/${example}`],
    drivers: [],
    workspaceRoots: [],
    overlays: [],
    compile: { optimize: 0, checked: true, differential: false, arch: 'x64', defines: [], includes: [] },
    compileTimeout: 300_000,
    plan: { tests: [] },
    simulation: simulationOptions({ checks: 'contract' }),
    timeout: 300_000,
    stress,
  };
}

const OPTIONS = ['--checks', 'contract', '--format', 'json', ...PATIENCE] as const;

function runs(...options: readonly string[]): readonly Run[] {
  const { stdout, stderr } = project.run(...options, ...OPTIONS);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { runs: Run[] }).runs;
}

function inFolder(file: string): string {
  return file.slice('stress/'.length);
}

function verdictOf(each: CorpusCase, all: readonly Run[]): ReturnType<typeof judge> {
  const run = all.find(({ name, file }) => name === each.name && inFolder(file) === each.file);
  if (run === undefined) throw new Error(`${each.file} ${each.name} did not run`);
  return judge(each, run.findings, inFolder);
}

describe('cases that only stress finds', () => {
  let broken: readonly Run[];
  let repaired: readonly Run[];
  let plain: readonly Run[];
  beforeAll(() => {
    plain = runs('stress');
    repaired = runs('stress', '--stress', 'full', '--define', 'REPAIRED');
    broken = runs('stress', '--stress', 'full');
    const sum = (kind: 'found' | 'missed' | 'false'): number =>
      cases.reduce((count, each) => count + verdictOf(each, broken)[kind].length, 0);
    process.stdout.write(`stress: ${sum('found')} found, ${sum('missed')} missed, ${sum('false')} false\n`);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s reports its rule at its line', (_name, each) => {
    const { missed, false: wrong } = verdictOf(each, broken);
    expect({ missed, wrong }).toEqual({ missed: [], wrong: [] });
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s reports nothing once repaired', (_name, each) => {
    expect(verdictOf({ ...each, expected: [] }, repaired).false).toEqual([]);
  });

  it('and nothing without stress', () => {
    expect(plain.flatMap(({ findings }) => findings)).toEqual([]);
    expect(plain.filter(({ stress }) => stress !== undefined)).toEqual([]);
  });

  it('are two of each kind at least, in C and in C++', () => {
    const kinds = new Map<string, Set<string>>();
    for (const { file, findings } of broken) {
      for (const { stress, rule } of findings) {
        const kind = stress?.replay.injection.kind ?? '';
        const key = kind === 'failure' ? rule : kind;
        kinds.set(key, new Set([...(kinds.get(key) ?? []), file]));
      }
    }
    expect(Object.fromEntries([...kinds].map(([kind, from]) => [kind, from.size > 1]))).toEqual({
      record: true,
      'restorepkt-free-on-failure': true,
      'mem-null-dereference': true,
      'mem-use-after-free': false,
      'chunk-buffer': true,
      'write-buffer-larger': true,
      'write-buffer-smaller': true,
      mode: false,
    });
  });

  it('come with a file that repeats each of them', () => {
    const schema = JSON.parse(readFileSync(at('extension/core/run/replay.schema.json'), 'utf8')) as object;
    const validate = new Ajv().compile(schema);
    const repeated = new Set<string>();
    for (const { name, findings } of broken) {
      for (const finding of findings) {
        const file = finding.related.map(({ message }) => /--replay (\S+)$/.exec(message)?.[1]).find(Boolean) ?? '';
        const text = readFileSync(join(project.folder, file), 'utf8');
        expect(validate(JSON.parse(text)), `${file}: ${JSON.stringify(validate.errors)}`).toBe(true);
        const kind = `${finding.stress?.replay.injection.kind} ${finding.rule} ${finding.severity}`;
        if (repeated.has(kind)) continue;
        repeated.add(kind);
        const again = runs('--replay', file);
        expect(again, file).toMatchObject([
          { name, findings: [{ rule: finding.rule, location: finding.location, severity: finding.severity }] },
        ]);
      }
    }
    expect(repeated.size).toBeGreaterThan(8);
  }, 300_000);

  it('are found alike each time, however many work on it', () => {
    const [one, two] = ['1', '2'].map(
      (jobs) => project.run('stress/restore', '--stress', 'quick', '--jobs', jobs, ...OPTIONS).stdout,
    );
    expect(one).toBe(two);
    expect(one).toContain('"stress"');
  });
});

describe('mutated cases', () => {
  it('are found alike, whatever their names and order', { timeout: 240_000 }, () => {
    const dice = new Dice(Number(process.env['VSPLAB_CORPUS_SEED'] ?? 1));
    const names = headerNames(at());
    const mutants = files.map((file) =>
      mutate(file, file.path.split('/')[0] ?? '', ['rename', 'reorder'], names, dice),
    );
    for (const { path, text } of mutants) project.write(`mutants/${path}`, text);
    const found = runs('mutants', '--stress', 'full');
    const wrong = mutants
      .flatMap((mutant) => mutant.cases)
      .flatMap((each) => {
        const run = found.find(({ name, file }) => name === each.name && file === `mutants/${each.file}`);
        if (run === undefined) return [`${each.file} ${each.name} did not run`];
        const verdict = judge(each, run.findings, (file) => file.slice('mutants/'.length));
        return [...verdict.missed, ...verdict.false];
      });
    expect(wrong).toEqual([]);
  });
});

describe('a cancelled run', () => {
  it('ends while it is stressed, and the next one runs', async () => {
    const engine = new Engine({});
    const abort = new AbortController();
    const texts: string[] = [];
    const progress = (text: string): void => {
      texts.push(text);
      if (/^stressing synthetic-video: [1-9]/.test(text)) abort.abort();
    };
    try {
      const end = await engine.run(engineRun('synthetic-video', 'full'), { progress }, abort.signal);
      expect(end.kind).toBe('cancelled');
      expect(texts.at(-1)).toMatch(/^stressing synthetic-video: \d+ of \d+$/);
      const next = await engine.run(engineRun('synthetic-video', 'none'), {}, new AbortController().signal);
      expect(next).toMatchObject({ kind: 'finished', drivers: [{ unable: false }] });
    } finally {
      await engine.dispose();
    }
  });
});

describe('examples', () => {
  it.each([
    ['synthetic-nic', ['--stress', 'full']],
    ['storage-bus', ['--stress', 'full']],
    ['synthetic-video', ['--stress', 'full']],
    ['synthetic-video', ['--stress', 'quick', '--packets', '12']],
    ['synthetic-nic', ['--stress', 'quick', '--seed', '3']],
  ] as const)('%s stands all of it: %j', (example, options) => {
    const { stdout } = vspLab(at(), 'run', `examples/${example}`, '--format', 'json', ...PATIENCE, ...options);
    const all = (JSON.parse(stdout) as { runs: Run[] }).runs;
    expect(all.flatMap(({ findings }) => findings)).toEqual([]);
    const tried = new Set(all.flatMap(({ stress }) => stress?.tried.map(({ kind }) => kind) ?? []));
    expect([...tried]).toEqual(expect.arrayContaining(['chunk-buffer', 'query-buffer', 'record-truncated']));
    expect(all.every(({ stress }) => stress?.level === options[1])).toBe(true);
  });
});

describe('replay files that are none', () => {
  const good = {
    vspLabReplay: 1,
    driver: 'restore',
    test: 'NoBatchToFill',
    paths: ['stress/restore'],
    settings: { seed: 1, optimize: 0, arch: 'x64' },
    injection: { kind: 'failure', what: 'allocation', at: 0 },
    finding: { rule: 'mem-null-dereference' },
  };
  it.each([
    ['nothing', '', 'bad.json:1: is not JSON: it ends too early'],
    [
      'a version to come',
      { ...good, vspLabReplay: 2 },
      'vspLabReplay: is 2; this version reads replay files of version 1',
    ],
    ['another driver', { ...good, driver: 'other' }, 'the replay is of driver other; there are restore'],
    [
      'another test',
      { ...good, test: 'Missing' },
      '--replay: test Missing is none of driver restore: it has CopiesToNull',
    ],
    [
      'a call that never was',
      { ...good, injection: { kind: 'failure', what: 'allocation', at: -1 } },
      'injection.at: is -1',
    ],
    [
      'a huge record',
      { ...good, injection: { kind: 'record', at: 0, saved: 4, change: { size: 2 ** 40 } } },
      'injection.change.size: is 1099511627776; expected a whole number from 0 to 262144',
    ],
    ['paths elsewhere', { ...good, paths: ['../../../../etc'] }, 'etc'],
  ])('%s', (_name, content, message) => {
    project.write('bad.json', typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    const { status, stderr, stdout } = project.run('--replay', 'bad.json');
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, '']);
  });

  it.each([
    [['--replay', 'missing.json'], '--replay missing.json: no such file'],
    [['--replay', 'x', '--stress', 'full'], '--replay and --stress full cannot be given together'],
    [['--stress', 'quick', '--checks', 'off', 'stress'], '--stress quick needs --checks contract or full'],
  ])('%j', (words, message) => {
    const { status, stderr } = project.run(...words);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
