/** `Stop at Packet…`: the pass of a packet's callback where the run shall stand, in a session or in a new one. */
import { type Uri, window } from 'vscode';
import { OWN_REQUESTS } from '../debug/ownRequests.js';
import { startDebugging } from './debug.js';
import type { Lab } from './lab.js';
import { registerCommand } from './register.js';

interface Choice {
  readonly label: string;
  readonly description: string;
  readonly pass: 'query' | 'write' | 'restore';
}

const PASSES: readonly Choice[] = [
  { label: 'Query pass', description: 'the save callback is asked how many bytes it needs', pass: 'query' },
  { label: 'Write pass', description: 'the save callback writes SaveBuf', pass: 'write' },
  { label: 'Restore', description: 'the restore callback is given what was saved', pass: 'restore' },
];

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.stopAtPacket', () => stopAtPacket(lab)));
}

async function stopAtPacket(lab: Lab): Promise<void> {
  const choice = await window.showQuickPick(PASSES, { title: 'Stop at Packet', placeHolder: 'Which pass?' });
  if (choice === undefined) return;
  const text = await window.showInputBox({
    title: `Stop at Packet: ${choice.label}`,
    prompt: 'Number of the packet, from 0; empty: the first that comes',
    value: '',
    validateInput: (value) => (/^\d{0,8}$/.test(value.trim()) ? undefined : 'A whole number from 0, or nothing'),
  });
  if (text === undefined) return;
  const at = { pass: choice.pass, ...(text.trim() === '' ? {} : { packet: Number(text) }) };
  const standing = lab.debugSessions.standing;
  if (standing !== undefined) {
    await standing.session.customRequest(OWN_REQUESTS.stopAt, at);
    return;
  }
  const uri: Uri | undefined = window.activeTextEditor?.document.uri;
  if (uri === undefined) {
    void window.showInformationMessage('Open a C or C++ file with save and restore callbacks or tests, then debug it.');
    return;
  }
  await startDebugging(uri, { stopAt: at }, `Debug to ${choice.label}`);
}
