/** The corpus of test/corpus: its cases, what each must report and where. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CORPUS = 'test/corpus';

/** One file of a driver of the corpus. */
export interface CorpusFile {
  /** Relative to the corpus, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What a marker says: this rule, broken at this line. */
export interface Expectation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** One test of a driver: broken as it stands, whole with REPAIRED defined. */
export interface CorpusCase {
  readonly driver: string;
  readonly name: string;
  readonly file: string;
  /** More than one line where a mutation has moved the statement into a helper of its own. */
  readonly expected: readonly Expectation[];
}

const TEST = /^VSPLAB_TEST\((\w+)\)/;
const MARKER = /\/\/ finds: (.*)$/;
const EXPECTED = /^([a-z]+-[\w-]+)(?: in (\w+))?$/;

/** Folders of the corpus, each one driver. */
export function corpusDrivers(root: string): readonly string[] {
  return readdirSync(join(root, CORPUS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export function driverFiles(root: string, driver: string): readonly CorpusFile[] {
  return readdirSync(join(root, CORPUS, driver))
    .filter((name) => /\.(?:c|cpp)$/.test(name))
    .sort()
    .map((name) => ({ path: `${driver}/${name}`, text: readFileSync(join(root, CORPUS, driver, name), 'utf8') }));
}

/** Tests of a file with the lines of their bodies, 1-based. */
function testsOf(lines: readonly string[]): { readonly name: string; readonly start: number; readonly end: number }[] {
  return lines.flatMap((line, index) => {
    const name = TEST.exec(line)?.[1];
    if (name === undefined) return [];
    const end = lines.findIndex((each, at) => at > index && each.startsWith('}'));
    return [{ name, start: index + 1, end: end + 1 }];
  });
}

/** The cases of a file. A marker without a test's name belongs to the test around it, else to the next one. */
export function casesOf({ path, text }: CorpusFile): readonly CorpusCase[] {
  const lines = text.split('\n');
  const tests = testsOf(lines);
  const expected = new Map<string, Expectation[]>(tests.map(({ name }) => [name, []]));
  lines.forEach((line, index) => {
    for (const each of MARKER.exec(line)?.[1]?.split(', ') ?? []) {
      const [, rule, named] = EXPECTED.exec(each) ?? [];
      const owner = named ?? tests.find(({ end }) => end > index)?.name;
      const list = owner === undefined ? undefined : expected.get(owner);
      if (list === undefined || rule === undefined) throw new Error(`${path}:${index + 1}: a marker without a test`);
      list.push({ file: path, line: index + 1, rule });
    }
  });
  const driver = path.split('/')[0] ?? '';
  return tests.map(({ name }) => ({ driver, name, file: path, expected: expected.get(name) ?? [] }));
}

/** A finding of the report, as far as the corpus looks at it. */
export interface Reported {
  readonly rule: string;
  readonly message: string;
  readonly location: { readonly file: string; readonly line: number } | null;
}

export interface Verdict {
  readonly found: readonly string[];
  readonly missed: readonly string[];
  readonly false: readonly string[];
}

function placeOf({ location }: Reported): string {
  return location === null ? 'nowhere' : `${location.file}:${location.line}`;
}

function shown(reported: Reported): string {
  return `${reported.rule} at ${placeOf(reported)} (${reported.message})`;
}

/** Findings of one test against its expectation; `file` maps the report's names to those of the expectation. */
export function judge(
  each: CorpusCase,
  reported: readonly Reported[],
  file: (name: string) => string = (name) => name,
): Verdict {
  const hits = reported.filter((finding) =>
    each.expected.some(
      ({ rule, file: at, line }) =>
        finding.rule === rule && finding.location?.line === line && file(finding.location.file) === at,
    ),
  );
  const rules = new Set(each.expected.map(({ rule }) => rule));
  const label = `${each.file} ${each.name}`;
  const others = reported.filter((finding) => !hits.includes(finding));
  return {
    found: hits.length === 1 ? [label] : [],
    missed:
      hits.length === 0 && each.expected.length > 0
        ? [`${label}: ${[...rules].join(' or ')} at line ${each.expected.map(({ line }) => line).join(' or ')}`]
        : [],
    false: [...others, ...hits.slice(1)].map((finding) => `${label}: ${shown(finding)}`),
  };
}
