/**
 * The static corpus under other names, in another order, through helpers and macros: what is to be found is found at
 * its statements, and nothing else is, so no rule knows a case by what it looks like.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { at } from '../../scripts/lib/project.mjs';
import { Dice, headerNames, type Mutation, mutateSource } from '../support/mutate.js';
import { StaticChecker } from '../support/staticChecker.js';

const CORPUS = 'test/static';
/** Changed with VSPLAB_CORPUS_SEED to try others than those of every run. */
const SEED = Number(process.env['VSPLAB_CORPUS_SEED'] ?? 1);
const SAMPLES: readonly (readonly Mutation[])[] = [
  ['rename', 'reorder'],
  ['helpers', 'macros'],
  ['rename', 'helpers'],
  ['reorder', 'macros'],
];

const header = readFileSync(at(CORPUS, 'Static.h'), 'utf8');
const names = new Set([...headerNames(at(), `${CORPUS}/Static.h`), 'UNUSED']);
const checker = new StaticChecker();

/** Of each file its own, whatever other files there are. */
function diceOf(name: string): Dice {
  return new Dice([...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 0x7fffffff, SEED));
}

const mutants = readdirSync(at(CORPUS))
  .filter((name) => /\.(?:c|cpp)$/.test(name))
  .map((name) => {
    const text = readFileSync(at(CORPUS, name), 'utf8');
    const dice = diceOf(name);
    const mutations = SAMPLES[dice.below(SAMPLES.length)] ?? [];
    const made = mutateSource({ path: name, text }, mutations, names, dice);
    return { name, label: mutations.join(' and '), original: text, ...made };
  });

/** `RULE` and the lines it may be found at, of each marker of the text as it was. */
function expectations(original: string, linesOf: (line: number) => readonly number[]) {
  return original.split('\n').flatMap((line, index) => {
    const rules = /\/\/ finds: ([a-z0-9-]+(?:, [a-z0-9-]+)*)/.exec(line)?.[1]?.split(', ') ?? [];
    return rules.map((rule) => ({ rule, line: index + 1, places: linesOf(index + 1).map((at) => `${rule} ${at}`) }));
  });
}

describe(`mutants of the static corpus, seed ${SEED}`, () => {
  let found = 0;
  afterAll(() => {
    process.stdout.write(`static mutants of seed ${SEED}: ${found} found in ${mutants.length} files\n`);
  });

  it.each(mutants)('$name by $label: the same is found', ({ name, text, original, linesOf }) => {
    const files = { 'Static.h': `${header}\n#define UNUSED __attribute__((unused))\n`, [name]: text };
    const { diagnostics, findings: all } = checker.check(files, [name]);
    const findings = all.filter(({ suppressed }) => !suppressed);
    expect(diagnostics.map(formatDiagnostic)).toEqual([]);
    const wanted = expectations(original, linesOf);
    const seen = new Set(findings.map(({ rule, location }) => `${rule} ${location?.line}`));
    const missed = wanted.filter(({ places }) => !places.some((place) => seen.has(place)));
    const allowed = new Set(wanted.flatMap(({ places }) => places));
    const wrong = findings.filter(({ rule, location }) => !allowed.has(`${rule} ${location?.line}`));
    found += wanted.length - missed.length;
    expect({
      missed: missed.map(({ rule, line }) => `${rule} of line ${line}`),
      wrong: wrong.map(({ rule, location, message }) => `${rule} in line ${location?.line}: ${message}`),
    }).toEqual({ missed: [], wrong: [] });
  });
});
