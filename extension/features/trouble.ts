/**
 * What keeps runs that nobody asked for from running, said where the file is: in the language status, as long as it
 * lasts. Runs that were asked for say it themselves.
 */
import { type LanguageStatusItem, LanguageStatusSeverity, languages } from 'vscode';
import { NOTHING_TO_RUN } from '../core/run/discover.js';
import { LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';

export function activate(lab: Lab): void {
  let item: LanguageStatusItem | undefined;
  lab.store.add({ dispose: () => item?.dispose() });
  lab.store.add(
    lab.runs.onDidEnd(({ order, end }) => {
      if (end.kind === 'finished') {
        item?.dispose();
        item = undefined;
      } else if (end.kind === 'failed' && order.asked === 'save' && !end.message.includes(NOTHING_TO_RUN)) {
        item ??= languages.createLanguageStatusItem('vspLab.trouble', [...LANGUAGES]);
        item.name = 'VSP Lab';
        item.severity = LanguageStatusSeverity.Error;
        item.text = 'VSP Lab cannot run';
        item.detail = end.message;
        item.command = { command: 'vspLab.runFile', title: 'Try Again' };
      }
    }),
  );
}
