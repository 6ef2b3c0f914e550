/** `Run | Debug | 32 packets · 48–1,560 B · 2 findings` over each save and restore callback and each test. */
import {
  CodeLens,
  type CodeLensProvider,
  type Command,
  EventEmitter,
  languages,
  type TextDocument,
  workspace,
} from 'vscode';
import type { Anchor } from '../core/language/anchors.js';
import { type Lens, type LensState, lensesFor } from '../core/language/lensTexts.js';
import { Disposables } from './disposables.js';
import { rangeOf } from './edits.js';
import { type AnchorLink, type CommandId, LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { readSetting, settingName } from './register.js';
import { figuresOf, isLost } from './results.js';

/** Results come in bursts: lenses are asked for once for all of them. */
const BURST = 50;

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    const provider = lab.store.add(new DriverLenses(lab));
    lab.store.add(languages.registerCodeLensProvider([...LANGUAGES], provider));
  });
}

class DriverLenses implements CodeLensProvider {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #lab: Lab;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(lab: Lab) {
    this.#lab = lab;
    const soon = (): void => this.#soon();
    for (const event of [lab.results.onDidChange, lab.results.onDidRemove]) this.#store.add(event(soon));
    for (const event of [lab.runs.onDidChange, lab.anchors.onDidChange, lab.presence.onDidChange]) {
      this.#store.add(event(soon));
    }
    this.#store.add(workspace.onDidGrantWorkspaceTrust(soon));
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settingName('codeLens'))) soon();
      }),
    );
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    if (!workspace.isTrusted || !readSetting('codeLens', document.uri)) return [];
    return (await this.#lab.anchors.of(document)).flatMap((anchor) => {
      const { start } = rangeOf(anchor.range);
      const line = document.lineAt(Math.min(start.line, document.lineCount - 1)).range;
      return lensesFor(this.#state(document, anchor), anchor.kind).map(
        (lens) => new CodeLens(line, commandOf(lens, document, anchor)),
      );
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#store.dispose();
  }

  #state(document: TextDocument, anchor: Anchor): LensState {
    const { results, runs } = this.#lab;
    if (runs.isBusy(document.uri)) return { kind: 'running' };
    const drivers = results.of(document.uri);
    const [first] = drivers;
    if (first === undefined || drivers.every(isLost)) return { kind: 'unknown' };
    if (drivers.every(({ newest }) => !newest.compiled)) return { kind: 'broken' };
    const found = figuresOf(drivers, { uri: document.uri, kind: anchor.kind, name: anchor.name });
    if (found === undefined) return { kind: 'unreached', stale: first.stale };
    return { kind: 'measured', figures: found.figures, stale: found.result.stale };
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
    }, BURST);
  }
}

function commandOf({ title, tooltip, action }: Lens, document: TextDocument, anchor: Anchor): Command {
  const link: AnchorLink = { uri: document.uri.toString(), kind: anchor.kind, name: anchor.name };
  const call = (command: CommandId, ...parameters: readonly unknown[]): Command => ({
    title,
    tooltip,
    command,
    arguments: [...parameters],
  });
  switch (action) {
    case 'run':
      return call('vspLab.runFile', document.uri);
    case 'debug':
      return call('vspLab.debugFile', document.uri, { kind: anchor.kind, name: anchor.name });
    case 'cancel':
      return call('vspLab.cancelRun');
    case 'view':
      return call('vspLab.showPacketBuffers', link);
    case 'problems':
      return { title, tooltip, command: 'workbench.actions.view.problems' };
  }
}
