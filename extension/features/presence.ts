/**
 * Whether there is anything here for this extension. C and C++ files wake it up, most of them for nothing: it looks at
 * their text, and until one names KMCL or a test no feature does anything and nothing is seen of it.
 */
import { EventEmitter, type TextDocument, type Uri, workspace } from 'vscode';
import { namesKmcl } from '../core/language/anchors.js';
import { Disposables } from './disposables.js';
import { LANGUAGES } from './ids.js';
import { isRunnableUri } from './paths.js';
import { setContext } from './register.js';

/** Typing stops for that long before a file that was not ours is looked at again. */
const PAUSE = 500;

const languages = new Set<string>(LANGUAGES);

export function isSourceDocument(document: TextDocument): boolean {
  return languages.has(document.languageId) && isRunnableUri(document.uri);
}

export class Presence {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #ours = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #sleepers: (() => void)[] = [];
  #awake = false;

  /** The set of open files that are ours has changed. */
  readonly onDidChange = this.#changed.event;

  start(): void {
    const { add } = { add: this.#store.add.bind(this.#store) };
    add(workspace.onDidOpenTextDocument((document) => this.#look(document)));
    add(workspace.onDidSaveTextDocument((document) => this.#look(document)));
    add(workspace.onDidCloseTextDocument((document) => this.#close(document)));
    add(workspace.onDidChangeTextDocument(({ document }) => this.#lookLater(document)));
    for (const document of workspace.textDocuments) this.#look(document);
  }

  /** True for an open document that names KMCL or a test. */
  has(document: TextDocument): boolean {
    return this.#ours.has(document.uri.toString());
  }

  documents(): readonly TextDocument[] {
    return workspace.textDocuments.filter((document) => this.has(document));
  }

  /** Does it now or when the first file of ours is seen. */
  whenAwake(work: () => void): void {
    if (this.#awake) work();
    else this.#sleepers.push(work);
  }

  /** Somebody has asked for something. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    void setContext('vspLab.present', true);
    for (const work of this.#sleepers.splice(0)) work();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #look(document: TextDocument): void {
    if (!isSourceDocument(document) || this.has(document) || !namesKmcl(document.getText())) return;
    this.#ours.add(document.uri.toString());
    this.wake();
    this.#tell();
  }

  /** A file of ours stays one while it is open, whatever is deleted from it. */
  #lookLater(document: TextDocument): void {
    if (!isSourceDocument(document) || this.has(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        if (!document.isClosed) this.#look(document);
      }, PAUSE),
    );
  }

  #close(document: TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (this.#ours.delete(key)) this.#tell();
  }

  #tell(): void {
    const paths = this.documents().flatMap(({ uri }) => spellings(uri));
    void setContext('vspLab.files', Object.fromEntries(paths.map((path) => [path, true as const])));
    this.#changed.fire();
  }
}

/** `resourcePath` is the path as the window's own system spells it, which need not be that of this host. */
function spellings({ path, fsPath }: Uri): readonly string[] {
  return [path, fsPath, path.replaceAll('/', '\\')];
}
