/** What is said when the run is over: the table of `vsp-lab run`. */
import type { Report } from '../core/run/report.js';
import { reportTable } from '../core/run/table.js';

/** Ends in a line end. `text` gives a file as the report names it. */
export function finalReport(report: Report, colour: boolean, text: (file: string) => string | undefined): string {
  const files = new Map<string, readonly string[]>();
  const sourceLine = (file: string, line: number): string | undefined => {
    const known = files.get(file) ?? (text(file) ?? '').split(/\r\n|\r|\n/);
    files.set(file, known);
    return known[line - 1];
  };
  return [...reportTable(report, { colour, sourceLine })].map((line) => `${line}\n`).join('');
}
