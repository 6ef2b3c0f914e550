/** `Debug to This Finding`: a quick fix on each finding; the run stops where it is made, with its past before it. */
import {
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CodeActionProvider,
  type Diagnostic,
  languages,
  type Range,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Finding, Run } from '../core/run/report.js';
import { unpackReport } from '../core/run/reportPack.js';
import { startDebugging } from './debug.js';
import { rangeOf } from './edits.js';
import { DIAGNOSTIC_SOURCE, type FindingLink, LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { uriOf } from './paths.js';
import { registerCommand } from './register.js';
import { type DriverResult, fileOf } from './results.js';

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.debugToFinding', (link) => debugToFinding(lab, link)));
  lab.presence.whenAwake(() =>
    lab.store.add(
      languages.registerCodeActionsProvider([...LANGUAGES], new FindingActions(), {
        providedCodeActionKinds: [CodeActionKind.QuickFix],
      }),
    ),
  );
}

class FindingActions implements CodeActionProvider {
  provideCodeActions(document: TextDocument, _range: Range, context: CodeActionContext): CodeAction[] {
    if (!workspace.isTrusted) return [];
    return context.diagnostics.flatMap((diagnostic) => {
      const rule = ruleOf(diagnostic);
      if (rule === undefined) return [];
      const action = new CodeAction(`Debug to this finding (${rule})`, CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      const link: FindingLink = { uri: document.uri.toString(), line: diagnostic.range.start.line, rule };
      action.command = { command: 'vspLab.debugToFinding', title: 'Debug to This Finding', arguments: [link] };
      return [action];
    });
  }
}

function ruleOf({ source, code }: Diagnostic): string | undefined {
  if (source !== DIAGNOSTIC_SOURCE || typeof code !== 'object') return undefined;
  return typeof code.value === 'string' ? code.value : undefined;
}

function isLink(value: unknown): value is FindingLink {
  return typeof value === 'object' && value !== null && 'uri' in value && 'rule' in value && 'line' in value;
}

async function debugToFinding(lab: Lab, link: unknown): Promise<void> {
  const wanted = isLink(link) ? link : firstHere();
  if (wanted === undefined) {
    void window.showInformationMessage('There is no finding in this line: run the driver, then put the cursor on one.');
    return;
  }
  const uri = Uri.parse(wanted.uri);
  const found = findingAt(lab, uri, wanted);
  if (found === undefined) {
    void window.showInformationMessage(`No run has made the finding ${wanted.rule} here: run the driver first.`);
    return;
  }
  await start(found.result, found.run, found.finding);
}

/** From the Packet Buffers view: a finding of a report by its run and number. Throws what the page is to show. */
export async function debugToReported(result: DriverResult, run: number, finding: number): Promise<void> {
  const reported = unpackReport(result.shown.pack).runs[run];
  const found = reported?.findings[finding];
  if (reported === undefined || found === undefined) throw new Error('This finding is gone: run the driver again.');
  await start(result, reported, found);
}

async function start(result: DriverResult, run: Run, finding: Finding): Promise<void> {
  const { rule, location, channel, packetIndex: packet, pass } = finding;
  const place = location === null ? {} : { file: location.file, line: location.line };
  const test = run.contextSource === 'fixture' ? { test: run.name } : {};
  const more = { ...test, __finding: { rule, ...place, channel, packet, pass } };
  await startDebugging(uriOf(result.newest.folder), more, `Debug to ${rule}`);
}

interface Found {
  readonly result: DriverResult;
  readonly run: Run;
  readonly finding: Finding;
}

/** The first run that made it, where its text is now. */
function findingAt(lab: Lab, uri: Uri, { rule, line }: FindingLink): Found | undefined {
  for (const result of lab.results.of(uri)) {
    for (const run of unpackReport(result.shown.pack).runs) {
      for (const finding of run.findings) {
        const { rule: made, location } = finding;
        if (made !== rule || location === null) continue;
        const file = fileOf(result, location.file);
        if (file?.toString() !== uri.toString()) continue;
        const place = { line: location.line - 1, character: 0 };
        const moved = lab.edits.move(uri, { start: place, end: place }, result.shown.stamps);
        if (moved === undefined || rangeOf(moved).start.line !== line) continue;
        return { result, run, finding };
      }
    }
  }
  return undefined;
}

/** From the palette: the finding in the cursor's line. */
function firstHere(): FindingLink | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) return undefined;
  const { uri } = editor.document;
  const { line } = editor.selection.active;
  for (const diagnostic of languages.getDiagnostics(uri)) {
    const rule = ruleOf(diagnostic);
    if (rule !== undefined && diagnostic.range.start.line === line) return { uri: uri.toString(), line, rule };
  }
  return undefined;
}
