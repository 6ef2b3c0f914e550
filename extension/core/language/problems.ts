/** From what a run found to what an editor shows as problems: findings and compile errors, each at one place. */
import type { Finding, Severity } from '../run/report.js';
import type { PackedRun, ReportPack } from '../run/reportPack.js';
import type { Diagnostic } from '../toolchain/module.js';

export interface ProblemPlace {
  /** As the report names it. */
  readonly file: string;
  /** From 1; columns count bytes of UTF-8. */
  readonly line: number;
  readonly column: number;
}

export interface Problem extends ProblemPlace {
  readonly severity: Severity;
  readonly message: string;
  /** Of a finding; a compile error has none. */
  readonly rule?: string;
  /** The callback a finding was met in, as reports name it. */
  readonly callback?: string;
  readonly related: readonly (ProblemPlace & { readonly message: string })[];
}

const inUserCode = (file: string): boolean => file !== '' && !file.startsWith('<');

/** Where a finding is shown: its own place, else the innermost user line of its stack, else the run it came from. */
function placeOf(finding: Finding, run: PackedRun): ProblemPlace {
  const { location, callStack } = finding;
  if (location !== null && inUserCode(location.file)) {
    return { file: location.file, line: location.line, column: location.column };
  }
  const frame = callStack.find(({ file }) => inUserCode(file));
  return frame === undefined ? { file: run.file, line: run.line, column: 1 } : { ...placeOnly(frame), column: 1 };
}

function placeOnly({ file, line }: { readonly file: string; readonly line: number }) {
  return { file, line };
}

const sameLine = (a: Omit<ProblemPlace, 'column'>, b: Omit<ProblemPlace, 'column'>): boolean =>
  a.file === b.file && a.line === b.line;

function relatedOf(finding: Finding, place: ProblemPlace): Problem['related'] {
  const told = finding.related.flatMap(({ message, location }) =>
    location === null || !inUserCode(location.file)
      ? []
      : [{ file: location.file, line: location.line, column: location.column, message }],
  );
  const callers = finding.callStack
    .filter((frame) => inUserCode(frame.file) && !sameLine(frame, place))
    .map((frame) => ({ ...placeOnly(frame), column: 1, message: `called in ${frame.function}` }));
  return [...told, ...callers];
}

/** What stands under `related` without a place has to be said in the message. */
function messageOf(finding: Finding): string {
  const loose = finding.related.filter(({ location }) => location === null || !inUserCode(location.file));
  return [finding.message, ...loose.map(({ message }) => message)].join('\n');
}

/** Findings not suppressed, those of several runs that say the same of the same place once. */
export function findingProblems(pack: ReportPack): readonly Problem[] {
  const byPlace = new Map<string, { readonly problem: Problem; readonly runs: Set<string> }>();
  for (const run of pack.runs) {
    for (const finding of run.findings) {
      if (finding.suppressed) continue;
      const place = placeOf(finding, run);
      const key = JSON.stringify([finding.rule, place.file, place.line, place.column]);
      const known = byPlace.get(key);
      if (known !== undefined) {
        known.runs.add(run.name);
        continue;
      }
      const problem: Problem = {
        ...place,
        severity: finding.severity,
        message: messageOf(finding),
        rule: finding.rule,
        ...(finding.callback ? { callback: finding.callback } : {}),
        related: relatedOf(finding, place),
      };
      byPlace.set(key, { problem, runs: new Set([run.name]) });
    }
  }
  return [...byPlace.values()].map(({ problem, runs }) =>
    runs.size === 1
      ? problem
      : { ...problem, message: `${problem.message}\nAlso found in ${listed([...runs].slice(1))}` },
  );
}

/** Few names are said, many are counted. */
function listed(names: readonly string[]): string {
  if (names.length > 3) return `${names.length} more runs`;
  return names.length === 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Compile errors with the notes that follow them; warnings and our own remarks are no problems. */
export function compileProblems(diagnostics: readonly Diagnostic[], fallback: string): readonly Problem[] {
  const problems: (Problem & { related: Problem['related'][number][] })[] = [];
  for (const { severity, file, line, column, message } of diagnostics) {
    const place = { file: inUserCode(file) ? file : fallback, line: Math.max(1, line), column: Math.max(1, column) };
    const last = problems.at(-1);
    if (severity === 'error') problems.push({ ...place, severity, message, related: [] });
    else if (severity === 'note' && last !== undefined && inUserCode(file)) last.related.push({ ...place, message });
  }
  return problems;
}

/** UTF-16 units before a column that counts bytes of UTF-8 from 1, as compilers do. */
export function characterOf(lineText: string, column: number): number {
  let bytes = column - 1;
  let at = 0;
  for (const char of lineText) {
    if (bytes <= 0) break;
    const code = char.codePointAt(0) ?? 0;
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += char.length;
  }
  return at;
}

/**
 * What of the line is underlined: for a finding the statement from its column on, without the comment behind it; for
 * a compile error the word there. At least one character, where the line has one.
 */
export function underlined(lineText: string, column: number, whole: boolean): { start: number; end: number } {
  const indent = lineText.length - lineText.trimStart().length;
  const start = Math.min(Math.max(characterOf(lineText, column), indent), lineText.length);
  const rest = lineText.slice(start);
  const word = /^\w+/.exec(rest)?.[0].length ?? 1;
  const code = rest.replace(/\s*(?:\/\/.*|\/\*(?:(?!\*\/).)*(?:\*\/)?)\s*$/, '').trimEnd().length;
  const length = whole ? Math.max(code, word) : word;
  return { start, end: Math.min(lineText.length, start + length) };
}
