/**
 * The pages of the rules: a read-only file system made from the catalogue, so that links in problems open without any
 * network and a restored tab wakes the extension that fills it.
 */
import {
  Disposable,
  type Event,
  type FileChangeEvent,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  type QuickPickItem,
  Uri,
  window,
  workspace,
} from 'vscode';
import { findRule, RULES } from '../core/rules/catalogue.js';
import { rulePage as pageText } from '../core/rules/page/markdown.js';
import { RULE_SCHEME } from './ids.js';
import type { Lab } from './lab.js';
import { type Pages, showPage } from './pages.js';
import { registerCommand } from './register.js';

const FOLDER = '/rules/';
const PAGE = '.md';

export function activate(lab: Lab): void {
  lab.store.add(
    workspace.registerFileSystemProvider(RULE_SCHEME, new RulePages(lab.pages), {
      isReadonly: true,
      isCaseSensitive: true,
    }),
  );
  lab.store.add(registerCommand('vspLab.explainRule', async (rule) => explain(rule)));
}

/** Where the rule's page is; VS Code opens it like any file. */
export function rulePage(rule: string): Uri {
  return Uri.from({ scheme: RULE_SCHEME, path: `${FOLDER}${rule}${PAGE}` });
}

async function explain(asked: unknown): Promise<void> {
  const rule = typeof asked === 'string' && findRule(asked) !== undefined ? asked : await pickRule();
  if (rule === undefined) return;
  await showPage(rulePage(rule));
}

async function pickRule(): Promise<string | undefined> {
  const items: readonly QuickPickItem[] = RULES.map(({ id, severity, title }) => ({
    label: id,
    description: severity,
    detail: title,
  }));
  const options = { title: 'Explain Rule', placeHolder: 'Rule', matchOnDetail: true };
  return (await window.showQuickPick(items, options))?.label;
}

class RulePages implements FileSystemProvider {
  readonly #pages: Pages;
  readonly onDidChangeFile: Event<FileChangeEvent[]>;

  constructor(pages: Pages) {
    this.#pages = pages;
    this.onDidChangeFile = pages.onDidChange;
  }

  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  stat(uri: Uri): FileStat {
    if (uri.path === '/' || `${uri.path}/` === FOLDER) return { type: FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    const mtime = this.#pages.get(uri.path)?.changed ?? 0;
    return { type: FileType.File, ctime: 0, mtime, size: this.readFile(uri).length };
  }

  readDirectory(uri: Uri): [string, FileType][] {
    if (uri.path === '/') return [['rules', FileType.Directory]];
    return RULES.map(({ id }) => [`${id}${PAGE}`, FileType.File]);
  }

  readFile(uri: Uri): Uint8Array {
    const { path } = uri;
    const page = this.#pages.get(path);
    if (page !== undefined) return page.bytes;
    const id = path.startsWith(FOLDER) && path.endsWith(PAGE) ? path.slice(FOLDER.length, -PAGE.length) : '';
    const rule = findRule(id);
    if (rule === undefined) throw FileSystemError.FileNotFound(uri);
    return new TextEncoder().encode(pageText(rule));
  }

  createDirectory(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }
}
