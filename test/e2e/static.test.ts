/**
 * The static rules over test/static: every `finds: RULE` is found at its line and nothing else is; over the examples
 * nothing is; and every quick fix leaves code that compiles and has the finding no more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../extension/core/rules/catalogue.js';
import type { OfferedFix } from '../../extension/core/rules/static/fixes/offer.js';
import { offsetAt } from '../../extension/core/rules/static/fixes/statement.js';
import { FIXES } from '../../extension/core/rules/static/fixes/table.js';
import { UNDECIDED } from '../../extension/core/rules/static/undecided.js';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { at } from '../../scripts/lib/project.mjs';
import { StaticChecker } from '../support/staticChecker.js';

const CORPUS = 'test/static';
const header = readFileSync(at(CORPUS, 'Static.h'), 'utf8');
const sources = readdirSync(at(CORPUS)).filter((name) => /\.(?:c|cpp)$/.test(name));
const texts = new Map(sources.map((name) => [name, readFileSync(at(CORPUS, name), 'utf8')]));
const checker = new StaticChecker();

/** `RULE line` of each marker of that kind. */
function marked(text: string, kind: 'finds' | 'keeps'): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const rules = new RegExp(`// ${kind}: ([a-z0-9-]+(?:, [a-z0-9-]+)*)`).exec(line)?.[1];
    return rules === undefined ? [] : rules.split(', ').map((rule) => `${rule} ${index + 1}`);
  });
}

function check(name: string, text: string) {
  const result = checker.check({ 'Static.h': header, [name]: text }, [name]);
  expect(result.diagnostics.map(formatDiagnostic)).toEqual([]);
  return result;
}

function numbers(list: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of list) {
    const [rule = ''] = item.split(' ');
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  return counts;
}

describe('the static corpus', () => {
  it('is found at its lines, and nothing else is', () => {
    const missed: string[] = [];
    const wrong: string[] = [];
    let found = 0;
    for (const [name, text] of texts) {
      const wanted = new Set(marked(text, 'finds'));
      const seen = new Set(
        check(name, text)
          .findings.filter(({ suppressed }) => !suppressed)
          .map(({ rule, location }) => `${rule} ${location?.line}`),
      );
      found += [...wanted].filter((each) => seen.has(each)).length;
      missed.push(...[...wanted].filter((each) => !seen.has(each)).map((each) => `${name}: ${each}`));
      wrong.push(...[...seen].filter((each) => !wanted.has(each)).map((each) => `${name}: ${each}`));
    }
    const rules = new Set([...texts.values()].flatMap((text) => [...numbers(marked(text, 'finds')).keys()]));
    process.stdout.write(
      `static rules: ${found} found, ${missed.length} missed, ${wrong.length} false alarms; ${rules.size} rules\n`,
    );
    expect({ missed, wrong }).toEqual({ missed: [], wrong: [] });
  });

  it('has two that break and two that keep each of its rules', () => {
    const broken = numbers([...texts.values()].flatMap((text) => marked(text, 'finds')));
    const kept = numbers([...texts.values()].flatMap((text) => marked(text, 'keeps')));
    for (const [rule, count] of broken) {
      expect(count, rule).toBeGreaterThanOrEqual(2);
      expect(kept.get(rule) ?? 0, `keeps: ${rule}`).toBeGreaterThanOrEqual(2);
    }
  });

  it.each([
    ['synthetic-nic', /\.c$/],
    ['synthetic-video', /\.c$/],
    ['storage-bus', /\.cpp$/],
  ])('leaves examples/%s alone', (example, isSource) => {
    const names = readdirSync(at('examples', example)).filter((name) => /\.(?:c|cpp|h)$/.test(name));
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(at('examples', example, name), 'utf8')]));
    const result = checker.check(
      files,
      names.filter((name) => isSource.test(name)),
    );
    expect(result.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(result.findings).toEqual([]);
  });
});

/** The text after all fixes. */
function applied(text: string, fixes: readonly OfferedFix[]): string {
  const offset = ({ line, character }: { line: number; character: number }): number =>
    offsetAt(text, line + 1, character + 1);
  const edits = fixes.flatMap((fix) => fix.edits.map((edit) => ({ ...edit, from: offset(edit.start) })));
  let result = text;
  for (const edit of edits.sort((a, b) => b.from - a.from)) {
    result = result.slice(0, edit.from) + edit.text + result.slice(offset(edit.end));
  }
  return result;
}

/** Of the rules in the corpus so many have a quick fix at least. */
const FOUR_IN_FIVE = 0.8;

interface Tried {
  /** `RULE in FUNCTION`. */
  readonly key: string;
  readonly fix: OfferedFix;
}

/** Fixes apart from each other: one of each function at a time, since two would meet. */
function rounds(fixes: readonly OfferedFix[]): readonly (readonly Tried[])[] {
  const made: Tried[][] = [];
  const seen = new Map<string, number>();
  for (const fix of fixes) {
    const name = fix.at.function;
    const round = seen.get(name) ?? 0;
    seen.set(name, round + 1);
    made[round] = [...(made[round] ?? []), { key: `${fix.rule} in ${name}`, fix }];
  }
  return made;
}

function counted(list: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const each of list) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

describe('quick fixes', () => {
  const tried = new Set<string>();
  let offered = 0;

  it.each(sources)('of %s leave code that compiles, has the finding no more and no other one', (name) => {
    const text = texts.get(name) ?? '';
    const { fixes, findings } = check(name, text);
    const before = counted(findings.map(({ rule, location }) => `${rule} in ${location?.function}`));
    offered += fixes.length;
    for (const round of rounds(fixes)) {
      for (const { fix } of round) tried.add(fix.rule);
      const mended = applied(
        text,
        round.map(({ fix }) => fix),
      );
      const after = check(name, mended).findings.map(({ rule, location }) => `${rule} in ${location?.function}`);
      const left = counted(after);
      const stayed = round.filter(({ key }) => (left.get(key) ?? 0) >= (before.get(key) ?? 0)).map(({ key }) => key);
      const made = [...left].filter(([key, count]) => count > (before.get(key) ?? 0)).map(([key]) => key);
      expect({ stayed, made }).toEqual({ stayed: [], made: [] });
    }
  });

  it('were tried for four in five of the rules in the corpus', () => {
    const markers = [...texts.values()].flatMap((text) => marked(text, 'finds'));
    const rules = new Set(numbers(markers).keys());
    const without = [...rules].filter((rule) => !tried.has(rule)).sort();
    process.stdout.write(
      `quick fixes: ${tried.size} of ${rules.size} rules have a fix; offered for ${offered} of ${markers.length} findings\n`,
    );
    process.stdout.write(`quick fixes: none tried for ${without.join(', ')}\n`);
    expect(Object.keys(FIXES).filter((rule) => rules.has(rule) && !tried.has(rule))).toEqual([]);
    expect(tried.size / rules.size).toBeGreaterThanOrEqual(FOUR_IN_FIVE);
  });
});

describe('the catalogue', () => {
  it('has a static check or a reason for each rule that is not dynamic', () => {
    const folder = 'extension/core/rules/static';
    const code = readdirSync(at(folder))
      .filter((name) => name.endsWith('.ts') && name !== 'undecided.ts')
      .map((name) => readFileSync(at(folder, name), 'utf8'))
      .join('\n');
    const decided = (id: string): boolean => code.includes(`'${id}'`);
    const wrong = RULES.filter(({ id, check: kind }) => decided(id) === (kind === 'dynamic' || id in UNDECIDED));
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });
});
