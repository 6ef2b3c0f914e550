/** From one callback to the other of its pair, and to where both are registered. */
import { commands, Location, type TextEditor, Uri, window, workspace } from 'vscode';
import { rangeOf } from './edits.js';
import type { Lab } from './lab.js';
import { registerCommand } from './register.js';

const NO_EDITOR = 'Put the cursor into a save or restore callback first.';

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.goToPairedCallback', () => goToPair(lab)));
  lab.store.add(registerCommand('vspLab.peekRegistration', () => peekRegistration(lab)));
}

async function goToPair(lab: Lab): Promise<void> {
  const editor = window.activeTextEditor;
  const callback = editor && (await lab.language.ask(editor.document, 'callbackAt', cursorOf(editor)));
  if (editor === undefined || (callback?.role !== 'save' && callback?.role !== 'restore')) return say(NO_EDITOR);
  await lab.language.settled();
  const paired = await lab.language.ask(editor.document, 'paired', cursorOf(editor));
  const other = callback.role === 'save' ? 'restore' : 'save';
  if (paired === undefined) return say(`No ${other} callback is registered with ${callback.name} in this workspace.`);
  const document = await workspace.openTextDocument(Uri.parse(paired.uri, true));
  await window.showTextDocument(document, { selection: rangeOf(paired.nameAt) });
}

async function peekRegistration(lab: Lab): Promise<void> {
  const editor = window.activeTextEditor;
  const callback = editor && (await lab.language.ask(editor.document, 'callbackAt', cursorOf(editor)));
  if (editor === undefined || callback === undefined) return say('Put the cursor into a callback of a channel first.');
  await lab.language.settled();
  const registrations = (await lab.language.ask(editor.document, 'registrations', cursorOf(editor))) ?? [];
  if (registrations.length === 0) return say(`Nothing in this workspace registers ${callback.name}.`);
  await commands.executeCommand(
    'editor.action.peekLocations',
    editor.document.uri,
    editor.selection.active,
    registrations.map(({ uri, range }) => new Location(Uri.parse(uri, true), rangeOf(range))),
    'peek',
  );
}

export function cursorOf({ document, selection }: TextEditor) {
  const { line, character } = selection.active;
  return { uri: document.uri.toString(), position: { line, character } };
}

function say(message: string): void {
  void window.showInformationMessage(message);
}
