/** What tests do to an editor, and what they wait for. Nothing here waits for a time: conditions are polled. */
import * as assert from 'node:assert/strict';
import {
  type CodeLens,
  commands,
  type Diagnostic,
  Disposable,
  extensions,
  languages,
  Position,
  Range,
  type TextDocument,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';

const POLL = 25;
/** For what a cold compiler has to do on a busy machine. */
const PATIENCE = 20_000;

/** Answers what `look` answers when that is neither undefined nor false; `what` names it when it never comes. */
export async function until<Value>(what: string, look: () => Value | Promise<Value>): Promise<NonNullable<Value>> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    assert.ok(performance.now() < end, `never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

export interface Api {
  readonly version: 1;
  readonly metrics: {
    readonly activation: number;
    readonly saveToReport: readonly number[];
    readonly saveToView: readonly number[];
  };
}

export async function api(): Promise<Api> {
  const extension = extensions.getExtension<Api>('vsp-lab.vsp-lab');
  assert.ok(extension, 'the extension is not there');
  return extension.activate();
}

export function folder(name: string): Uri {
  const found = workspace.workspaceFolders?.find((each) => each.name === name);
  assert.ok(found, `there is no folder ${name}`);
  return found.uri;
}

export const file = (name: string, path: string): Uri => Uri.joinPath(folder(name), path);

export async function open(uri: Uri): Promise<TextDocument> {
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document);
  return document;
}

export interface ShownLens {
  readonly line: number;
  readonly title: string;
  readonly lens: CodeLens;
}

/** Of this extension alone. */
export async function lenses(uri: Uri): Promise<readonly ShownLens[]> {
  const all = (await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', uri, 100)) ?? [];
  return all.flatMap((lens) =>
    lens.command === undefined ? [] : [{ line: lens.range.start.line, title: lens.command.title, lens }],
  );
}

/** `Run | 32 packets · 48 B` as a person reads it, one for each place. */
export async function lensLines(uri: Uri): Promise<readonly string[]> {
  const byLine = new Map<number, string[]>();
  for (const { line, title } of await lenses(uri)) byLine.set(line, [...(byLine.get(line) ?? []), title]);
  return [...byLine.values()].map((titles) => titles.join(' | '));
}

/** The lines above callbacks and tests, once one of them looks like this. */
export function lensLike(uri: Uri, expected: RegExp): Promise<readonly string[]> {
  return until(`a lens like ${expected} in ${uri.path}`, async () => {
    const lines = await lensLines(uri);
    return lines.some((line) => expected.test(line)) ? lines : undefined;
  });
}

export function ours(uri: Uri): readonly Diagnostic[] {
  return languages.getDiagnostics(uri).filter(({ source }) => source === 'vsp-lab');
}

export const lineOf = (document: TextDocument, text: string): number => {
  const offset = document.getText().indexOf(text);
  assert.notEqual(offset, -1, `${text} is not in ${document.fileName}`);
  return document.positionAt(offset).line;
};

export async function replace(document: TextDocument, from: string, to: string): Promise<void> {
  const offset = document.getText().indexOf(from);
  assert.notEqual(offset, -1, `${from} is not in ${document.fileName}`);
  const edit = new WorkspaceEdit();
  const range = new Range(document.positionAt(offset), document.positionAt(offset + from.length));
  edit.replace(document.uri, range, to);
  assert.ok(await workspace.applyEdit(edit));
}

export async function insertAt(document: TextDocument, line: number, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.insert(document.uri, new Position(line, 0), text);
  assert.ok(await workspace.applyEdit(edit));
}

export async function setText(document: TextDocument, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, new Range(0, 0, document.lineCount, 0), text);
  assert.ok(await workspace.applyEdit(edit));
}

/** Undoes what a test has typed and written. */
export async function restoring(document: TextDocument, work: () => Promise<void>): Promise<void> {
  const before = document.getText();
  try {
    await work();
  } finally {
    await setText(document, before);
    await document.save();
  }
}

/** Counts notifications, which nobody may see without having asked. */
export function countNotifications(): { readonly count: () => number } & Disposable {
  let count = 0;
  const names = ['showInformationMessage', 'showWarningMessage', 'showErrorMessage'] as const;
  const originals = names.map((name) => [name, window[name]] as const);
  for (const [name] of originals) {
    Object.defineProperty(window, name, {
      configurable: true,
      value: () => {
        count += 1;
        return Promise.resolve(undefined);
      },
    });
  }
  return Object.assign(
    new Disposable(() => {
      for (const [name, original] of originals)
        Object.defineProperty(window, name, { configurable: true, value: original });
    }),
    { count: () => count },
  );
}
