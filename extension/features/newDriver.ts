/** *New File...*: a driver source with a context to start from. */
import { FileType, Selection, type Uri, Uri as Uris, window, workspace } from 'vscode';
import { newContextName, newDriverText } from '../core/scaffold/newDriver.js';
import { languageOfSource } from '../core/scaffold/scaffold.js';
import type { Lab } from './lab.js';
import { registerCommand } from './register.js';

const PROPOSED = 'Driver.c';

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.newDriver', (folder) => create(lab, folder)));
}

async function create(lab: Lab, target: Uri | undefined): Promise<void> {
  const folder = target ?? (await chooseFolder());
  if (folder === undefined) return;
  const taken = new Set((await workspace.fs.readDirectory(folder)).map(([name]) => name.toLowerCase()));
  const name = await window.showInputBox({
    title: 'New VSP Driver File',
    prompt: 'A .c file for C, a .cpp file for C++',
    value: free(taken),
    valueSelection: [0, free(taken).lastIndexOf('.')],
    validateInput: (text) => problem(text, taken),
    ignoreFocusOut: true,
  });
  const language = name === undefined ? undefined : languageOfSource(name);
  if (name === undefined || language === undefined) return;
  const uri = Uris.joinPath(folder, name);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(newDriverText(name, language)));
  lab.presence.wake();
  const document = await workspace.openTextDocument(uri);
  const editor = await window.showTextDocument(document);
  const at = document.positionAt(document.getText().indexOf(`_${newContextName(name)}`));
  editor.selection = new Selection(at, at);
}

/** The folder of the file in the editor where there are several, else the only one. */
async function chooseFolder(): Promise<Uri | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  const active = window.activeTextEditor?.document.uri;
  const own = active === undefined ? undefined : workspace.getWorkspaceFolder(active);
  if (own !== undefined && active !== undefined) return Uris.joinPath(active, '..');
  if (folders.length > 1) return (await window.showWorkspaceFolderPick())?.uri;
  if (folders[0] !== undefined) return folders[0].uri;
  const chosen = await window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: 'Create Here',
  });
  const folder = chosen?.[0];
  return folder === undefined || ((await workspace.fs.stat(folder)).type & FileType.Directory) === 0
    ? undefined
    : folder;
}

function free(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? PROPOSED : PROPOSED.replace('.', `${number}.`);
    if (!taken.has(name.toLowerCase())) return name;
  }
}

function problem(name: string, taken: ReadonlySet<string>): string | undefined {
  if (/[\\/:*?"<>|]/.test(name)) return `${name} is not a file name.`;
  if (languageOfSource(name) === undefined) return 'The name ends in .c or .cpp.';
  return taken.has(name.toLowerCase()) ? `${name} is there already.` : undefined;
}
