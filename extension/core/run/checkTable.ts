/** The static findings for a terminal. */
import type { Report } from './report.js';
import { paint, type TableOptions } from './style.js';
import { findingPieces, wrap } from './tableFindings.js';

export function* checkTable(report: Report, options: TableOptions): Generator<string> {
  const style = paint(options.colour);
  for (const run of report.runs) {
    const open = run.findings.filter(({ suppressed }) => !suppressed);
    const words = run.outcome === 'error' ? 'not compiled' : open.length === 0 ? 'nothing found' : counted(open.length);
    yield `${style.strong(run.driver)} ${style.quiet(run.file)}: ${words}`;
    if (run.outcome === 'error' && run.message !== undefined) yield* wrap(run.message, 78).map((line) => `  ${line}`);
    for (const finding of run.findings) yield* findingPieces(finding, options, style);
    yield '';
  }
  const { error, warning, info } = report.summary.findings;
  yield `${report.runs.length === 1 ? '1 driver' : `${report.runs.length} drivers`} checked: ${error} errors, ${warning} warnings, ${info} remarks`;
}

function counted(count: number): string {
  return count === 1 ? '1 finding' : `${count} findings`;
}
