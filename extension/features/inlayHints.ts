/** Sizes behind the names of callbacks, for those who switch the lenses off. Off by default: sizes are shown once. */
import {
  EventEmitter,
  InlayHint,
  type InlayHintsProvider,
  languages,
  type Range,
  type TextDocument,
  workspace,
} from 'vscode';
import { sizesText } from '../core/run/figures.js';
import { Disposables } from './disposables.js';
import { rangeOf } from './edits.js';
import { LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { readSetting, settingName } from './register.js';
import { figuresOf } from './results.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    const provider = lab.store.add(new SizeHints(lab));
    lab.store.add(languages.registerInlayHintsProvider([...LANGUAGES], provider));
  });
}

class SizeHints implements InlayHintsProvider {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #lab: Lab;

  readonly onDidChangeInlayHints = this.#changed.event;

  constructor(lab: Lab) {
    this.#lab = lab;
    const fire = (): void => this.#changed.fire();
    this.#store.add(lab.results.onDidChange(fire));
    this.#store.add(lab.results.onDidRemove(fire));
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settingName('inlayHints'))) fire();
      }),
    );
  }

  async provideInlayHints(document: TextDocument, range: Range): Promise<InlayHint[]> {
    if (!readSetting('inlayHints', document.uri)) return [];
    const drivers = this.#lab.results.of(document.uri);
    return (await this.#lab.anchors.of(document)).flatMap(({ kind, name, range: place }) => {
      const { end } = rangeOf(place);
      if (kind === 'test' || !range.contains(end)) return [];
      const figures = figuresOf(drivers, { uri: document.uri, kind, name })?.figures;
      if (figures === undefined || figures.packets === 0) return [];
      const hint = new InlayHint(end, sizesText(figures));
      hint.paddingLeft = true;
      hint.paddingRight = true;
      hint.tooltip = 'Bytes of VSP state per packet, as the last run measured them';
      return [hint];
    });
  }

  dispose(): void {
    this.#store.dispose();
  }
}
