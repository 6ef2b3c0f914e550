/** Commands that start and stop runs. */
import { commands, type Uri, window } from 'vscode';
import type { Lab } from './lab.js';
import { enginePath } from './paths.js';
import { registerCommand } from './register.js';
import type { DriverResult } from './results.js';
import type { RunOrder } from './runs.js';

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

/** Runs, and tells what kept it from running: it was asked for. */
export async function runAndTell(lab: Lab, order: RunOrder): Promise<void> {
  lab.presence.wake();
  const end = await lab.runs.run(order);
  // Whoever waits for the run does not wait for somebody to read why there was none.
  if (end.kind === 'failed') void tell(lab, end.message);
  else if (end.kind === 'finished') void tellUnseen(end.results.filter(({ newest }) => !newest.compiled));
}

/** Drivers that do not compile say so in their files: who looks at none of them is told. */
async function tellUnseen(broken: readonly DriverResult[]): Promise<void> {
  const seen = new Set(window.visibleTextEditors.map(({ document }) => enginePath(document.uri)));
  const unseen = broken.filter(({ newest }) => !newest.files.some((file) => seen.has(file)));
  const [first] = unseen;
  if (first === undefined || unseen.length < broken.length) return;
  const what = unseen.length === 1 ? `${first.name} does not compile.` : `${unseen.length} drivers do not compile.`;
  const chosen = await window.showErrorMessage(what, 'Show Problems');
  if (chosen !== undefined) await commands.executeCommand('workbench.actions.view.problems');
}

async function tell(lab: Lab, message: string): Promise<void> {
  const settings = /\bnodePath\b|Node\.js/.test(message) ? ['Open Settings'] : [];
  const chosen = await window.showErrorMessage(message, ...settings, 'Show Log');
  if (chosen === 'Show Log') lab.log.show();
  if (chosen === 'Open Settings') await commands.executeCommand('workbench.action.openSettings', 'vspLab.nodePath');
}
