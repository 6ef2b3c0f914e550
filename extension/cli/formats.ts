/** The formats of `vsp-lab run --format`: one row each, all piece by piece. */
import { reportCsv } from '../core/run/csvWriter.js';
import { htmlReport } from '../core/run/htmlReport.js';
import { reportJson } from '../core/run/jsonWriter.js';
import { reportJunit } from '../core/run/junit.js';
import { reportMsbuild } from '../core/run/msbuild.js';
import type { Report } from '../core/run/report.js';
import { packReport } from '../core/run/reportPack.js';
import { reportSarif } from '../core/run/sarif.js';
import type { TableOptions } from '../core/run/style.js';
import { reportTable } from '../core/run/table.js';
import { readReportPage } from '../worker/reportPage.js';
import { productFolder } from '../worker/toolchainFiles.js';
import { productVersion } from './version.js';

/** What only the table needs: how it is shown, and the sources it quotes. */
export type FormatContext = TableOptions;

export interface FormatRow {
  /** Whether it shows the bytes packets saved: else none are kept. */
  readonly showsBytes: boolean;
  readonly pieces: (report: Report, context: FormatContext) => Iterable<string> | Promise<Iterable<string>>;
}

export const FORMATS = {
  table: { showsBytes: false, pieces: (report, context) => withLineEnds(reportTable(report, context)) },
  json: { showsBytes: true, pieces: (report) => reportJson(report) },
  junit: { showsBytes: false, pieces: (report) => reportJunit(report) },
  sarif: { showsBytes: false, pieces: (report) => reportSarif(report, { version: productVersion() }) },
  html: {
    showsBytes: true,
    pieces: async (report) => htmlReport(packReport(report), await readReportPage(productFolder())),
  },
  csv: { showsBytes: true, pieces: (report) => reportCsv(report) },
  msbuild: { showsBytes: false, pieces: (report) => reportMsbuild(report) },
} as const satisfies Readonly<Record<string, FormatRow>>;

export type Format = keyof typeof FORMATS;

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
