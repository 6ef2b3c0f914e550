/** Open texts and the files of the workspace, told to the thread that reads them; and the questions about them. */
import { type TextDocument, type Uri, workspace } from 'vscode';
import type { Questions } from '../core/language/service/protocol.js';
import { languageOf, type SourceLanguage } from '../core/language/tree/syntax.js';
import { LanguageClient } from '../worker/languageClient.js';
import type { IndexedFile } from '../worker/languageProtocol.js';
import { Disposables } from './disposables.js';
import type { Log } from './log.js';
import { isRunnableUri } from './paths.js';
import { isSourceDocument, type Presence } from './presence.js';

const FILES = '**/*.{c,cc,cpp,cxx,h,hh,hpp,hxx,inl}';
/** More sources than that no workspace of a driver has. */
const MOST = 5000;

export class Language {
  readonly #store = new Disposables();
  readonly #presence: Presence;
  readonly #client: LanguageClient;
  readonly #open = new Set<string>();

  constructor(root: string, presence: Presence, log: Log) {
    this.#presence = presence;
    this.#client = new LanguageClient({ root, log: (line) => log.info(line), restarted: () => this.#again() });
  }

  start(): void {
    this.#store.add(this.#presence.onDidChange(() => this.#openOurs()));
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const uri = document.uri.toString();
        if (contentChanges.length === 0 || !this.#open.has(uri)) return;
        this.#client.change(
          uri,
          contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
            offset: rangeOffset,
            length: rangeLength,
            text,
          })),
        );
      }),
    );
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#closed(document)));
    this.#openOurs();
    this.#indexAll();
    const watcher = this.#store.add(workspace.createFileSystemWatcher(FILES));
    for (const changed of [watcher.onDidCreate, watcher.onDidChange]) {
      this.#store.add(changed((uri) => void this.#index([uri])));
    }
    this.#store.add(watcher.onDidDelete((uri) => this.#client.forget(uri.toString())));
    this.#store.add(workspace.onDidChangeWorkspaceFolders(() => this.#indexAll()));
  }

  /** Undefined for files that are not ours, and when the thread has died. */
  async ask<Name extends keyof Questions>(
    document: TextDocument,
    name: Name,
    ask: Questions[Name]['ask'],
  ): Promise<Questions[Name]['answer'] | undefined> {
    if (!this.#presence.has(document)) return undefined;
    this.#tell(document);
    return this.#client.ask(name, ask);
  }

  /** When all files of the workspace that were found so far are in the index. */
  settled(): Promise<void> {
    return this.#client.settled();
  }

  async dispose(): Promise<void> {
    this.#store.dispose();
    await this.#client.dispose();
  }

  #openOurs(): void {
    for (const document of this.#presence.documents()) this.#tell(document);
  }

  #tell(document: TextDocument): void {
    const uri = document.uri.toString();
    if (this.#open.has(uri)) return;
    this.#open.add(uri);
    const text = document.getText();
    this.#client.open(uri, languageFor(document, text), text);
  }

  #again(): void {
    this.#open.clear();
    this.#openOurs();
    this.#indexAll();
  }

  #closed(document: TextDocument): void {
    const uri = document.uri.toString();
    if (!this.#open.delete(uri)) return;
    this.#client.close(uri);
    // What was typed and not saved is gone.
    if (isSourceDocument(document) && isInWorkspace(document.uri)) void this.#index([document.uri]);
    else this.#client.forget(uri);
  }

  #indexAll(): void {
    workspace.findFiles(FILES, '**/node_modules/**', MOST).then(
      (files) => void this.#index([...files].sort((a, b) => (a.toString() < b.toString() ? -1 : 1))),
      () => undefined,
    );
  }

  async #index(uris: readonly Uri[]): Promise<void> {
    const files = await Promise.all(uris.filter(isRunnableUri).map(fileFor));
    this.#client.index(files.filter((file) => file !== undefined));
  }
}

/** A header of VS Code's is C++ for some and C for others: its text decides. */
function languageFor(document: TextDocument, text: string): SourceLanguage {
  const { path } = document.uri;
  if (/\.h$/i.test(path)) return languageOf(path, text);
  return document.languageId === 'cpp' ? 'cpp' : 'c';
}

function isInWorkspace(uri: Uri): boolean {
  return workspace.getWorkspaceFolder(uri) !== undefined;
}

/** The thread reads what is on this disk by itself. */
async function fileFor(uri: Uri): Promise<IndexedFile | undefined> {
  if (uri.scheme === 'file') return { uri: uri.toString(), path: uri.fsPath };
  try {
    return { uri: uri.toString(), text: new TextDecoder().decode(await workspace.fs.readFile(uri)) };
  } catch {
    return undefined;
  }
}
