/** The edit: both files at once, to be previewed where asked, undone in one step. */
import { stat } from 'node:fs/promises';
import {
  FilePermission,
  Range,
  Selection,
  type TextDocument,
  TextEditorRevealType,
  type Uri,
  Uri as Uris,
  WorkspaceEdit,
  type WorkspaceEditEntryMetadata,
  window,
  workspace,
} from 'vscode';
import type { ScaffoldResult } from '../core/scaffold/request.js';

const ANYBODY_WRITES = 0o222;

export async function isWritable(uri: Uri): Promise<boolean> {
  if (workspace.fs.isWritableFileSystem(uri.scheme) === false) return false;
  const { permissions = 0 } = await workspace.fs.stat(uri);
  if ((permissions & FilePermission.Readonly) !== 0) return false;
  // Not every host tells of a file on its disk that it is read-only.
  return uri.scheme !== 'file' || ((await stat(uri.fsPath)).mode & ANYBODY_WRITES) !== 0;
}

/** Answers whether the edit was applied: a preview can be given up. */
export async function applyScaffold(
  document: TextDocument,
  result: ScaffoldResult & { readonly ok: true },
  preview: boolean,
): Promise<boolean> {
  const edit = new WorkspaceEdit();
  const metadata = (label: string): WorkspaceEditEntryMetadata => ({ label, needsConfirmation: preview });
  const callbacks = metadata(`${result.save} and ${result.restore}`);
  for (const { start, end, text } of result.edits) {
    const range = new Range(document.positionAt(start), document.positionAt(end));
    edit.replace(document.uri, range, text, callbacks);
  }
  const { fixture } = result;
  if (fixture !== undefined) {
    const uri = Uris.joinPath(document.uri, '..', fixture.name);
    const contents = new TextEncoder().encode(fixture.text);
    edit.createFile(uri, { contents, overwrite: false, ignoreIfExists: false }, metadata('Tests'));
  }
  const before = document.version;
  const isApplied = await workspace.applyEdit(edit, { isRefactoring: true });
  // Of a preview that is applied with nothing checked VS Code says the same as of one with everything.
  const isWritten = isApplied && document.version !== before;
  if (isWritten) await reveal(document, result.save);
  return isWritten;
}

/** Shows the save callback where it is defined. */
async function reveal(document: TextDocument, name: string): Promise<void> {
  const offset = document.getText().indexOf(`${name}(`);
  if (offset < 0) return;
  const position = document.positionAt(offset);
  const editor = await window.showTextDocument(document);
  editor.selection = new Selection(position, position);
  editor.revealRange(new Range(position, position), TextEditorRevealType.InCenterIfOutsideViewport);
}
