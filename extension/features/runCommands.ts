/** Commands that start and stop runs, and what they say of long ones. */
import { type CancellationToken, commands, ProgressLocation, type Uri, window } from 'vscode';
import type { Lab } from './lab.js';
import { registerCommand } from './register.js';
import type { RunEnd, RunOrder } from './runs.js';

/** A run somebody asked for that takes longer offers to be cancelled. */
const OFFER_CANCEL = 1000;

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.runFile', (file) => runFile(lab, file)));
  lab.store.add(
    registerCommand('vspLab.runWorkspace', () => runAndTell(lab, { scope: { kind: 'workspace' }, asked: 'command' })),
  );
  lab.store.add(registerCommand('vspLab.cancelRun', () => lab.runs.cancel()));
}

function runFile(lab: Lab, file: Uri | undefined): Promise<void> | undefined {
  const uri = file ?? window.activeTextEditor?.document.uri;
  if (uri === undefined) {
    void window.showInformationMessage('Open a C or C++ file with save and restore callbacks or tests, then run it.');
    return undefined;
  }
  return runAndTell(lab, { scope: { kind: 'file', uri }, asked: 'command' });
}

/** Runs, offers to cancel what takes long, and tells what kept it from running: it was asked for. */
export async function runAndTell(lab: Lab, order: RunOrder): Promise<void> {
  lab.presence.wake();
  const abort = new AbortController();
  const running = lab.runs.run(order, abort.signal);
  const timer = setTimeout(() => offerCancel(lab, running, abort), OFFER_CANCEL);
  const end = await running;
  clearTimeout(timer);
  // Whoever waits for the run does not wait for somebody to read why there was none.
  if (end.kind === 'failed') void tell(lab, end.message);
}

function offerCancel(lab: Lab, running: Promise<RunEnd>, abort: AbortController): void {
  const options = { location: ProgressLocation.Notification, title: 'VSP Lab', cancellable: true };
  void window.withProgress(options, async (progress, token: CancellationToken) => {
    const cancelled = token.onCancellationRequested(() => abort.abort());
    const report = (): void => progress.report({ message: lab.runs.progress });
    report();
    const changed = lab.runs.onDidChange(report);
    await running;
    cancelled.dispose();
    changed.dispose();
  });
}

async function tell(lab: Lab, message: string): Promise<void> {
  const settings = /\bnodePath\b|Node\.js/.test(message) ? ['Open Settings'] : [];
  const chosen = await window.showErrorMessage(message, ...settings, 'Show Log');
  if (chosen === 'Show Log') lab.log.show();
  if (chosen === 'Open Settings') await commands.executeCommand('workbench.action.openSettings', 'vspLab.nodePath');
}
