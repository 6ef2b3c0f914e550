/**
 * Findings in the form that MSBuild and Visual Studio take for messages of a compiler:
 * `file(line,column): error rule: text`. Nothing for a report without findings.
 */
import { aboutOf, isUntold, oneLine, openFindings, type Place, placeOf, problemOf } from './findingLines.js';
import type { Finding, Report, Run, Severity } from './report.js';

/** MSBuild knows errors and warnings; everything else it passes on as text. */
const CATEGORIES: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'message' };
/** Stands where a rule's name would, for a run that none speaks for. */
const NOT_RUN = 'not-run';

export function* reportMsbuild(report: Report): Generator<string> {
  for (const run of report.runs) {
    if (isUntold(run)) {
      const { place, text } = problemOf(run);
      yield line(place, 'error', NOT_RUN, `${run.name}: ${text}`);
    }
    for (const finding of openFindings(run)) yield findingLine(finding, run);
  }
}

function findingLine(finding: Finding, run: Run): string {
  const about = aboutOf(finding);
  const text = `${finding.message} (${run.name}${about === '' ? '' : `, ${about}`})`;
  return line(placeOf(finding, run), CATEGORIES[finding.severity], finding.rule, text);
}

function line({ file, line: row, column }: Place, category: string, code: string, text: string): string {
  const origin = row === 0 ? file : `${file}(${column === 0 ? row : `${row},${column}`})`;
  return `${origin}: ${category} ${code}: ${oneLine(text)}\n`;
}
