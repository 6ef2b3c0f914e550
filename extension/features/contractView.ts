/** The contract of the callback at the cursor, as a page beside the code that follows runs and edits. */
import { basename } from 'node:path/posix';
import { languages, type Range, type TextDocument, Uri, window, workspace } from 'vscode';
import { type Breach, contractPage } from '../core/language/service/contract.js';
import type { CallbackPlace } from '../core/language/service/protocol.js';
import { figuresText } from '../core/run/figures.js';
import { Disposables } from './disposables.js';
import { rangeOf } from './edits.js';
import type { Lab } from './lab.js';
import { showPage } from './pages.js';
import { cursorOf } from './pairedCallback.js';
import { registerCommand } from './register.js';
import { figuresOf } from './results.js';
import { ruleOf } from './suppress.js';

/** From a page of a contract to the folders of pages. */
const TO_ROOT = '../../../';

/** Problems and results come in bursts. */
const BURST = 200;

export function activate(lab: Lab): void {
  const contracts = lab.store.add(new Contracts(lab));
  lab.store.add(registerCommand('vspLab.showContract', () => contracts.show()));
}

/** A page that was opened, for the callback of that name. */
interface Shown {
  readonly document: TextDocument;
  readonly name: string;
}

class Contracts {
  readonly #store = new Disposables();
  readonly #lab: Lab;
  /** By the page's path. */
  readonly #shown = new Map<string, Shown>();
  readonly #files = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#store.add(lab.results.onDidChange(() => this.#soon()));
    this.#store.add(lab.checked.onDidChange(() => this.#soon()));
    this.#store.add(languages.onDidChangeDiagnostics(() => this.#soon()));
  }

  async show(): Promise<void> {
    const editor = window.activeTextEditor;
    const callback = editor && (await this.#lab.language.ask(editor.document, 'callbackAt', cursorOf(editor)));
    if (editor === undefined || callback === undefined) {
      void window.showInformationMessage('Put the cursor into a callback of a channel first.');
      return;
    }
    const document = await workspace.openTextDocument(Uri.parse(callback.uri, true));
    const path = this.#pathOf(document.uri, callback.name);
    this.#shown.set(path, { document, name: callback.name });
    const page = this.#put(path, document, callback);
    await showPage(page, true);
  }

  /** Files of the same name in several folders have pages of their own. */
  #pathOf(uri: Uri, name: string): string {
    const key = uri.toString();
    const number = this.#files.get(key) ?? this.#files.size + 1;
    this.#files.set(key, number);
    return `/contracts/${number}/${basename(uri.path)}/${name}.md`;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#store.dispose();
  }

  #soon(): void {
    if (this.#shown.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#refresh();
    }, BURST);
  }

  async #refresh(): Promise<void> {
    for (const [path, { document, name }] of this.#shown) {
      if (document.isClosed) {
        this.#shown.delete(path);
        continue;
      }
      const uri = document.uri.toString();
      const callback = await this.#lab.language.ask(document, 'callbackNamed', { uri, name });
      if (callback !== undefined) this.#put(path, document, callback);
    }
  }

  #put(path: string, document: TextDocument, callback: CallbackPlace): Uri {
    const { name, role, ex, nameAt } = callback;
    const { uri } = document;
    const kind = role === 'save' || role === 'restore' ? role : undefined;
    const found = kind && figuresOf(this.#lab.results.of(uri), { uri, kind, name });
    const stale = found?.result.stale ?? false;
    const page = contractPage({
      name,
      role,
      ex,
      file: basename(uri.path),
      line: nameAt.start.line + 1,
      page: (rule) => `${TO_ROOT}rules/${rule}.md`,
      breaches: breachesIn(uri, rangeOf(callback.range)),
      run: found && !stale ? { packets: found.figures.packets, figures: figuresText(found.figures) } : undefined,
      stale,
      checked: this.#lab.checked.has(document),
    });
    const bytes = this.#lab.pages.get(path)?.bytes;
    if (bytes !== undefined && new TextDecoder().decode(bytes) === page) return uriOfPage(path);
    return this.#lab.pages.put(path, page);
  }
}

function uriOfPage(path: string): Uri {
  return Uri.from({ scheme: 'vsp-lab', path });
}

/** Findings of runs and of the source alike: what is underlined in the callback. */
function breachesIn(uri: Uri, range: Range): readonly Breach[] {
  return languages.getDiagnostics(uri).flatMap((diagnostic) => {
    const rule = ruleOf(diagnostic);
    const inside = range.contains(diagnostic.range.start);
    return rule === undefined || !inside
      ? []
      : [{ rule, line: diagnostic.range.start.line + 1, message: diagnostic.message }];
  });
}
