/** What features share: made once, given back with the extension. */
import type { ExtensionContext } from 'vscode';
import { EngineClient } from '../worker/engineClient.js';
import { Anchors } from './anchors.js';
import { CheckedTexts } from './checkedTexts.js';
import { DebugSessions } from './debugSessions.js';
import { Disposables } from './disposables.js';
import { Edits } from './edits.js';
import { Language } from './language.js';
import { Log } from './log.js';
import { Stopwatch } from './metrics.js';
import { Pages } from './pages.js';
import { Presence } from './presence.js';
import { readSetting } from './register.js';
import { Results } from './results.js';
import { RunService } from './runs.js';

export interface Lab {
  readonly context: ExtensionContext;
  readonly store: Disposables;
  readonly log: Log;
  readonly stopwatch: Stopwatch;
  readonly presence: Presence;
  readonly edits: Edits;
  readonly results: Results;
  readonly language: Language;
  readonly pages: Pages;
  readonly anchors: Anchors;
  readonly engine: EngineClient;
  readonly runs: RunService;
  readonly debugSessions: DebugSessions;
  readonly checked: CheckedTexts;
  /** Finished before the extension ends: VS Code waits for it, a few seconds at most. */
  readonly beforeEnd: (() => Promise<void>)[];
}

/** Starts nothing but listeners: compiler and simulator are loaded by the first run. */
export function openLab(context: ExtensionContext): Lab {
  const store = new Disposables();
  const log = store.add(new Log());
  const stopwatch = new Stopwatch();
  const presence = store.add(new Presence());
  const edits = store.add(new Edits());
  const results = store.add(new Results(edits));
  const language = new Language(context.extensionUri.fsPath, presence, log);
  const pages = store.add(new Pages());
  const anchors = store.add(new Anchors(presence, results, language));
  const engine = new EngineClient({
    root: context.extensionUri.fsPath,
    cacheFolder: context.globalStorageUri.fsPath,
    nodePath: () => readSetting('nodePath'),
    log: (line) => log.info(line),
  });
  const runs = store.add(new RunService({ edits, engine, log, results, stopwatch }));
  const debugSessions = store.add(new DebugSessions());
  const checked = store.add(new CheckedTexts());
  presence.whenAwake(() => {
    edits.start();
    language.start();
    anchors.start();
  });
  context.subscriptions.push(store);
  return {
    context,
    store,
    log,
    stopwatch,
    presence,
    edits,
    results,
    language,
    pages,
    anchors,
    engine,
    runs,
    debugSessions,
    checked,
    beforeEnd: [],
  };
}
