/** Findings as SARIF 2.1.0 (OASIS): one run, `ruleId` is the rule's slug. */
import { findRule, RULES } from '../rules/catalogue.js';
import { isOurs, isUntold, problemOf } from './findingLines.js';
import type { Finding, Report, Run, Severity } from './report.js';

/** Of the product. */
export interface SarifTool {
  readonly version: string;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** What relative names are relative to: the folder the command was started in. */
const BASE = 'WORKINGDIRECTORY';
const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** Piece by piece: a report may have many findings. */
export function* reportSarif(report: Report, tool: SarifTool): Generator<string> {
  const named = new Set(report.runs.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const rules = RULES.map(({ id }) => id as string).filter((id) => named.has(id));
  yield `{\n  "$schema": ${text(SCHEMA)},\n  "version": "2.1.0",\n  "runs": [{\n`;
  yield `    "tool": ${text(toolOf(rules, tool))},\n`;
  yield `    "columnKind": "utf16CodeUnits",\n`;
  yield `    "invocations": [${text(invocationOf(report))}],\n`;
  yield '    "results": [';
  let separator = '\n';
  for (const run of report.runs) {
    for (const finding of run.findings) {
      yield `${separator}      ${text(resultOf(finding, run, rules))}`;
      separator = ',\n';
    }
  }
  yield '\n    ]\n  }]\n}\n';
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

function toolOf(rules: readonly string[], { version }: SarifTool): object {
  return { driver: { name: 'VSP Lab', semanticVersion: version, rules: rules.map(descriptorOf) } };
}

function descriptorOf(id: string): object {
  const rule = findRule(id);
  return rule === undefined
    ? { id }
    : {
        id,
        shortDescription: { text: rule.title },
        fullDescription: { text: rule.consequence },
        help: { text: rule.mend },
        defaultConfiguration: { level: LEVELS[rule.severity] },
        properties: { group: rule.group },
      };
}

/** What could not be run is no finding of the driver: it stands with the invocation. */
function invocationOf(report: Report): object {
  const untold = report.runs.filter(isUntold);
  return {
    executionSuccessful: untold.length === 0,
    ...(untold.length === 0 ? {} : { toolExecutionNotifications: untold.map(notificationOf) }),
  };
}

function notificationOf(run: Run): object {
  const { place, text: message } = problemOf(run);
  return {
    level: 'error',
    message: { text: `${run.name}: ${message}` },
    locations: [{ physicalLocation: physical(place.file, place.line, place.column) }],
  };
}

function resultOf(finding: Finding, run: Run, rules: readonly string[]): object {
  const { channel, packetIndex, callback, pass, suppressed } = finding;
  const ruleIndex = rules.indexOf(finding.rule);
  const place = finding.location ?? { file: run.file, line: run.line, column: 0, function: '' };
  return {
    ruleId: finding.rule,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVELS[finding.severity],
    message: { text: finding.message },
    locations: [locationOf(place)],
    ...(finding.related.length === 0 ? {} : { relatedLocations: relatedOf(finding) }),
    ...(finding.callStack.length === 0 ? {} : { stacks: [stackOf(finding)] }),
    ...(suppressed ? { suppressions: [{ kind: 'inSource' }] } : {}),
    properties: { driver: run.driver, run: run.name, channel, packetIndex, callback, pass },
  };
}

type Placed = { readonly file: string; readonly line: number; readonly column: number; readonly function: string };

function locationOf(place: Placed): object {
  return {
    ...(isOurs(place.file) ? {} : { physicalLocation: physical(place.file, place.line, place.column) }),
    ...(place.function === '' ? {} : { logicalLocations: [{ name: place.function, kind: 'function' }] }),
  };
}

function relatedOf({ related }: Finding): readonly object[] {
  return related.map(({ message, location }, id) => ({
    id,
    message: { text: message },
    ...(location === null ? {} : locationOf(location)),
  }));
}

function stackOf({ callStack }: Finding): object {
  return {
    message: { text: 'Call stack' },
    frames: callStack.map((frame) => ({ location: locationOf({ ...frame, column: 0 }) })),
  };
}

function physical(file: string, line: number, column: number): object {
  const region = line === 0 ? {} : { region: { startLine: line, ...(column === 0 ? {} : { startColumn: column }) } };
  return { artifactLocation: artifact(file), ...region };
}

/** Relative to the working directory where the report is; a name with a drive letter is a whole URI. */
function artifact(file: string): object {
  const path = file.split('/').map(encodeURIComponent).join('/');
  if (/^[A-Za-z]:\//.test(file)) return { uri: `file:///${path.replace('%3A', ':')}` };
  return file.startsWith('/') ? { uri: `file://${path}` } : { uri: path, uriBaseId: BASE };
}
