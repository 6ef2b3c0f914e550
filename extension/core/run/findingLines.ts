/** Findings as one line each, for the formats that build servers read. */
import type { Finding, Run } from './report.js';

export interface Place {
  readonly file: string;
  /** From 1; 0 where only the file is known. */
  readonly line: number;
  readonly column: number;
}

/** Where a finding belongs: its own place, else the run's. */
export function placeOf(finding: Finding, run: Run): Place {
  return finding.location ?? { file: run.file, line: run.line, column: 0 };
}

/** What a run that could not be run has to say, with the place it names if it names one. */
export function problemOf(run: Run): { readonly place: Place; readonly text: string } {
  const message = run.message ?? 'not run';
  const [, file, line, column, text] = /^([^:\n]+|[A-Za-z]:[^:\n]+):(\d+)(?::(\d+))?: (.*)$/s.exec(message) ?? [];
  return file === undefined || text === undefined
    ? { place: { file: run.file, line: run.line, column: 0 }, text: message }
    : { place: { file, line: Number(line), column: Number(column ?? 0) }, text };
}

/** Findings that count, in the report's order. */
export function openFindings(run: Run): readonly Finding[] {
  return run.findings.filter(({ suppressed }) => !suppressed);
}

/** True for a run that ended badly and has no finding that says why: it did not compile, or its worker died. */
export function isUntold(run: Run): boolean {
  return run.outcome !== 'passed' && !openFindings(run).some(({ severity }) => severity === 'error');
}

/** What of the channel a finding is about: `channel 0, packet 3, EvtSave (write)`; empty for nothing. */
export function aboutOf({ channel, packetIndex, callback, pass }: Finding): string {
  const parts = [
    ...(channel === null ? [] : [`channel ${channel}`]),
    ...(packetIndex === null ? [] : [`packet ${packetIndex}`]),
    ...(callback === null ? [] : [pass === null ? callback : `${callback} (${pass})`]),
  ];
  return parts.join(', ');
}

export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

/** A file of the library's or of our headers: nobody can open it. */
export function isOurs(file: string): boolean {
  return file.startsWith('<');
}
