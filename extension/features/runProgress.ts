/**
 * Long runs show what they do: those of a command in a notification with a button to cancel them, those that follow a
 * save, or that the view shows itself, quietly at the foot of the window.
 */
import { ProgressLocation, window } from 'vscode';
import type { Lab } from './lab.js';
import type { LongRun } from './runs.js';

export function activate(lab: Lab): void {
  lab.store.add(lab.runs.onDidTakeLong((run) => show(lab, run)));
}

function show(lab: Lab, { order, text, ended, cancel }: LongRun): void {
  const asked = order.asked === 'command';
  const location = asked ? ProgressLocation.Notification : ProgressLocation.Window;
  void window.withProgress({ location, title: 'VSP Lab', cancellable: asked }, async (progress, token) => {
    const report = (): void => progress.report({ message: text() });
    report();
    const owned = [lab.runs.onDidChange(report), token.onCancellationRequested(cancel)];
    await ended;
    for (const each of owned) each.dispose();
  });
}
