/** The extension: what there is, in the order in which it is set up. */
import type { ExtensionContext } from 'vscode';
import * as codeLens from './features/codeLens.js';
import * as completion from './features/completion.js';
import * as contractView from './features/contractView.js';
import * as debug from './features/debug.js';
import * as debugFinding from './features/debugFinding.js';
import * as debugInlineValues from './features/debugInlineValues.js';
import * as debugStopAt from './features/debugStopAt.js';
import * as debugTrees from './features/debugTrees.js';
import * as exportReport from './features/exportReport.js';
import * as freshness from './features/freshness.js';
import * as hovers from './features/hovers.js';
import * as inlayHints from './features/inlayHints.js';
import { type Lab, openLab } from './features/lab.js';
import type { VspLabApi } from './features/metrics.js';
import * as newDriver from './features/newDriver.js';
import * as packetBuffers from './features/packetBuffers.js';
import * as pairedCallback from './features/pairedCallback.js';
import * as problems from './features/problems.js';
import * as rulePages from './features/rulePages.js';
import * as runCommands from './features/runCommands.js';
import * as runOnSave from './features/runOnSave.js';
import * as runProgress from './features/runProgress.js';
import * as savedResults from './features/savedResults.js';
import * as scaffold from './features/scaffold.js';
import * as scaffoldActions from './features/scaffoldActions.js';
import * as signatureHelp from './features/signatureHelp.js';
import * as staticProblems from './features/staticProblems.js';
import * as suppress from './features/suppress.js';
import * as trouble from './features/trouble.js';

const features = [
  ...[runCommands, runOnSave, runProgress, freshness, savedResults, trouble],
  ...[codeLens, inlayHints, problems, staticProblems],
  ...[hovers, signatureHelp, completion, pairedCallback, contractView, suppress],
  ...[packetBuffers, exportReport, rulePages],
  ...[scaffold, scaffoldActions, newDriver],
  ...[debug, debugFinding, debugInlineValues, debugStopAt, debugTrees],
];

let lab: Lab | undefined;

export function activate(context: ExtensionContext): VspLabApi {
  const started = performance.now();
  lab = openLab(context);
  for (const feature of features) feature.activate(lab);
  lab.presence.start();
  lab.stopwatch.activated(performance.now() - started);
  return lab.stopwatch.api();
}

export async function deactivate(): Promise<void> {
  const ends = lab?.beforeEnd.map((end) => end()) ?? [];
  await Promise.all([...ends, lab?.engine.dispose(), lab?.language.dispose()]);
}
