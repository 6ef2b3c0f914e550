/** Runs again what was saved. The save itself never waits: the run begins after it. */
import { ProgressLocation, type TextDocument, window, workspace } from 'vscode';
import type { Lab } from './lab.js';
import { readSetting } from './register.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(workspace.onDidSaveTextDocument((document) => saved(lab, document)));
    lab.store.add(lab.runs.onDidChange(() => showProgress(lab)));
  });
}

function saved(lab: Lab, document: TextDocument): void {
  if (!workspace.isTrusted) return;
  const { uri } = document;
  const setting = readSetting('runOnSave', uri);
  const hasRun = lab.results.of(uri).length > 0;
  if (setting === 'never' || !(hasRun || (setting === 'always' && lab.presence.has(document)))) return;
  void lab.runs.run({ scope: { kind: 'file', uri }, asked: 'save', saved: performance.now() });
}

let shown = false;

/** Quietly, at the foot of the window, and for long runs only. */
function showProgress(lab: Lab): void {
  if (shown || lab.runs.progress === '') return;
  shown = true;
  const options = { location: ProgressLocation.Window, title: 'VSP Lab' };
  void window.withProgress(options, async (progress) => {
    await new Promise<void>((resolve) => {
      const report = (): void => {
        const text = lab.runs.progress;
        if (text !== '') {
          progress.report({ message: text });
          return;
        }
        changed.dispose();
        resolve();
      };
      const changed = lab.runs.onDidChange(report);
      report();
    });
    shown = false;
  });
}
