/**
 * The report as JUnit XML: a suite per driver, a case per run. Attributes are those that every reader of the format
 * takes; places stand in the texts.
 */
import { aboutOf, isOurs, isUntold, oneLine, openFindings, placeOf, problemOf } from './findingLines.js';
import type { Finding, Report, Run } from './report.js';

export function* reportJunit(report: Report): Generator<string> {
  const suites = new Map<string, Run[]>();
  for (const run of report.runs) suites.set(run.driver, [...(suites.get(run.driver) ?? []), run]);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="vsp-lab" ${counts(report.runs)}>\n`;
  for (const [driver, runs] of suites) {
    yield `  <testsuite name="${attribute(driver)}" ${counts(runs)} skipped="0">\n`;
    for (const run of runs) yield testCase(run);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

function counts(runs: readonly Run[]): string {
  const failures = runs.filter(({ outcome }) => outcome === 'failed').length;
  const errors = runs.filter(({ outcome }) => outcome === 'error' || outcome === 'timeout').length;
  return `tests="${runs.length}" failures="${failures}" errors="${errors}"`;
}

function testCase(run: Run): string {
  const head = `    <testcase name="${attribute(run.name)}" classname="${attribute(run.driver)}"`;
  const parts = [...verdict(run), ...said(run)];
  return parts.length === 0 ? `${head}/>\n` : `${head}>\n${parts.join('')}    </testcase>\n`;
}

/** What a run that did not pass has to say. */
function verdict(run: Run): readonly string[] {
  if (run.outcome === 'passed') return [];
  const element = run.outcome === 'failed' ? 'failure' : 'error';
  const [first] = openFindings(run).filter(({ severity }) => severity === 'error');
  const type = isUntold(run) || first === undefined ? run.outcome : first.rule;
  const { place, text: problem } = problemOf(run);
  const told = isUntold(run) ? [`${place.file}:${place.line}: ${problem}`] : [];
  const lines = [...told, ...openFindings(run).flatMap((finding) => findingLines(finding, run))];
  const message = attribute(oneLine(run.message ?? run.outcome));
  return [`      <${element} message="${message}" type="${attribute(type)}">${text(lines.join('\n'))}</${element}>\n`];
}

/** Findings of a run that passed, and what the driver printed. */
function said(run: Run): readonly string[] {
  const findings = run.outcome === 'passed' ? openFindings(run).flatMap((finding) => findingLines(finding, run)) : [];
  const lines = [...findings, ...(run.output ?? []).map((line) => line.text)];
  return lines.length === 0 ? [] : [`      <system-out>${text(lines.join('\n'))}</system-out>\n`];
}

function findingLines(finding: Finding, run: Run): readonly string[] {
  const { file, line, column } = placeOf(finding, run);
  const place = [file, line, column].filter((part) => part !== 0).join(':');
  const about = aboutOf(finding);
  return [
    `${place}: ${finding.severity}: ${finding.rule}: ${finding.message}`,
    ...(about === '' ? [] : [`    ${about}`]),
    ...finding.callStack.map(
      (frame) => `    at ${frame.function}${isOurs(frame.file) ? '' : ` (${frame.file}:${frame.line})`}`,
    ),
  ];
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 has no place for, escaped or not, are shown as unknown. */
function text(value: string): string {
  return value
    .replace(/\r\n?/g, '\n')
    .toWellFormed()
    .replace(/[^\t\n\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/** Readers of XML would make spaces of what breaks lines. */
function attribute(value: string): string {
  return text(value).replace(/[\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
