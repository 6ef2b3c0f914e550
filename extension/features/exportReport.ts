/** Export Report: JSON as `vsp-lab run` writes it, CSV for spreadsheets, or the view as one HTML file. */
import { commands, env, ProgressLocation, type QuickPickItem, Uri, window, workspace } from 'vscode';
import { combinedPack } from '../core/run/combine.js';
import { reportCsv } from '../core/run/csvWriter.js';
import { htmlReport } from '../core/run/htmlReport.js';
import { reportJson } from '../core/run/jsonWriter.js';
import { type ReportPack, unpackReport } from '../core/run/reportPack.js';
import { readReportPage } from '../worker/reportPage.js';
import type { Lab } from './lab.js';
import { registerCommand } from './register.js';
import { type DriverResult, isLost } from './results.js';
import { writePieces } from './writePieces.js';

export type ExportFormat = 'json' | 'csv' | 'html';

interface FormatRow extends QuickPickItem {
  readonly format: ExportFormat;
  readonly pieces: (pack: ReportPack, lab: Lab) => Promise<Iterable<string>>;
}

const FORMATS: readonly FormatRow[] = [
  {
    format: 'json',
    label: 'JSON',
    detail: 'Everything that was measured, as vsp-lab run --format json writes it',
    pieces: async (pack) => reportJson(unpackReport(pack)),
  },
  {
    format: 'csv',
    label: 'CSV',
    detail: 'One row per packet, for spreadsheets',
    pieces: async (pack) => reportCsv(unpackReport(pack)),
  },
  {
    format: 'html',
    label: 'HTML',
    detail: 'The Packet Buffers view as one file that any browser opens',
    pieces: async (pack, lab) => htmlReport(pack, await readReportPage(lab.context.extensionUri.fsPath)),
  },
];

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.exportReport', () => exportReport(lab)));
}

/** What one file can hold: the drivers of one folder, whose file names are relative to it. */
interface Choice extends QuickPickItem {
  readonly results: readonly DriverResult[];
}

function choicesOf(results: readonly DriverResult[]): readonly Choice[] {
  const homes = new Map<string, DriverResult[]>();
  for (const result of results) {
    const home = result.home.toString();
    homes.set(home, [...(homes.get(home) ?? []), result]);
  }
  const folders = [...homes.values()].filter(({ length }) => length > 1);
  return [
    ...folders.map((all) => ({
      label: 'All drivers',
      ...(folders.length > 1 ? { description: folderName(all[0]?.home) } : {}),
      results: all,
    })),
    ...results.map((result) => ({ label: result.name, results: [result] })),
  ];
}

function folderName(home: Uri | undefined): string {
  return home === undefined ? '' : (workspace.getWorkspaceFolder(home)?.name ?? home.path);
}

export async function exportReport(lab: Lab, wanted?: ExportFormat): Promise<void> {
  const choices = choicesOf(lab.results.all.filter((result) => !isLost(result)));
  if (choices.length === 0) {
    await window.showInformationMessage('There is no report yet: run a driver first.');
    return;
  }
  const title = 'Export Report';
  const row =
    FORMATS.find(({ format }) => format === wanted) ??
    (await window.showQuickPick(FORMATS, { title, placeHolder: 'Format' }));
  if (row === undefined) return;
  const choice =
    choices.length === 1 ? choices[0] : await window.showQuickPick(choices, { title, placeHolder: 'What to export' });
  if (choice === undefined) return;
  const to = await window.showSaveDialog({
    title,
    defaultUri: defaultPlace(choice, row.format),
    filters: { [row.label]: [row.format] },
  });
  if (to === undefined) return;
  await write(lab, row, choice, to);
}

function defaultPlace({ results }: Choice, format: ExportFormat): Uri {
  const [first] = results;
  const name = results.length === 1 && first !== undefined ? first.name.replace(/[\\/:*?"<>|]/g, '-') : 'vsp-lab';
  const file = `${name}-report.${format}`;
  return first === undefined ? Uri.file(file) : Uri.joinPath(first.home, file);
}

async function write(lab: Lab, row: FormatRow, { results }: Choice, to: Uri): Promise<void> {
  const pack = combinedPack(results.map(({ shown }) => shown.pack));
  if (pack === undefined) return;
  const name = to.path.slice(to.path.lastIndexOf('/') + 1);
  const options = { location: ProgressLocation.Window, title: `Writing ${name}`, cancellable: true };
  const abort = new AbortController();
  try {
    const bytes = await window.withProgress(options, async (_progress, token) => {
      token.onCancellationRequested(() => abort.abort());
      return writePieces(to, await row.pieces(pack, lab), abort.signal);
    });
    lab.log.info(`wrote ${to.toString(true)}, ${bytes} bytes`);
    const open = await window.showInformationMessage(`${name} has been written.`, 'Open');
    if (open === 'Open') await openExport(row.format, to);
  } catch (error) {
    if (abort.signal.aborted) return;
    lab.log.error(`${to.toString(true)} could not be written`, error);
    await window.showErrorMessage(`${name} could not be written: ${reasonOf(error)}`);
  }
}

/** In words, with the way out, for what happens most. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/EROFS|EACCES|EPERM|NoPermissions|read-?only/i.test(text)) {
    return 'the folder is read-only. Choose another one.';
  }
  if (/ENOSPC/.test(text)) return 'the disk is full.';
  return text;
}

async function openExport(format: ExportFormat, file: Uri): Promise<void> {
  if (format === 'html') await env.openExternal(file);
  else await commands.executeCommand('vscode.open', file);
}
