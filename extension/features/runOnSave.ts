/** Runs again what was saved. The save itself never waits: the run begins after it. */
import { type TextDocument, workspace } from 'vscode';
import type { Lab } from './lab.js';
import { readSetting } from './register.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(workspace.onDidSaveTextDocument((document) => saved(lab, document)));
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
