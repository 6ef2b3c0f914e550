/** What tests inside the extension host share: small drivers in folders of their own, and waiting for what shows. */
import * as assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';

/** A driver of one file whose saved record has 16 bytes; without `writesTries` four of them are never written. */
export function pingDriver({ writesTries = true }: { readonly writesTries?: boolean } = {}): string {
  return `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

typedef struct _PING {
    UINT32 Signature;
    UINT32 Tries;
    UINT64 Sequence;
} PING, *PPING;

EVT_VMB_CHANNEL_SAVE_PACKET PingSave;
EVT_VMB_CHANNEL_RESTORE_PACKET PingRestore;
EVT_VMB_PACKET_COMPLETION_ROUTINE PingComplete;

_Use_decl_annotations_
NTSTATUS PingSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PPING Record = SaveBuf;

    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(PING);
    if (SaveBufSize < sizeof(PING)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Record->Signature = 'gniP';
${writesTries ? '    Record->Tries = 1;\n' : ''}    Record->Sequence = 7;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS PingRestore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    PPING Record = SaveBuf;
    VMBPACKET Packet;

    if (SaveBufSize < sizeof(PING) || Record->Signature != 'gniP') {
        return STATUS_INVALID_PARAMETER;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetCompletionRoutine(Packet, PingComplete);
    return VmbPacketRestore(Packet, LibBuf, LibBufSize);
}

_Use_decl_annotations_
VOID PingComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
}
`;
}

let folders = 0;

/** A driver in a folder of its own below the first workspace folder. */
export class ScratchDriver {
  readonly folder: string;

  constructor(files: Readonly<Record<string, string>>) {
    const [first] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(first, 'a folder is open');
    this.folder = join(first.uri.fsPath, `scratch-${++folders}`);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** On the disk, behind the editor's back. */
  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  uri(name: string): vscode.Uri {
    return vscode.Uri.file(join(this.folder, name));
  }

  async open(name: string): Promise<vscode.TextDocument> {
    const document = await vscode.workspace.openTextDocument(this.uri(name));
    await vscode.window.showTextDocument(document);
    return document;
  }

  /** Closes its editors without saving and deletes it. */
  async remove(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      if (!document.isClosed && document.uri.fsPath.startsWith(`${this.folder}/`)) {
        await vscode.window.showTextDocument(document);
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Replaces the one place where `text` stands in the document. */
export async function replace(document: vscode.TextDocument, text: string, by: string): Promise<void> {
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `${text} is in the document`);
  const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + text.length));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, range, by);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** Line of the one place where `text` stands, from 0. */
export function lineOf(document: vscode.TextDocument, text: string): number {
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `${text} is in the document`);
  return document.positionAt(offset).line;
}

export interface ShownLens {
  readonly line: number;
  readonly title: string;
  readonly command: string;
  readonly arguments: readonly unknown[];
}

/** Our lenses of a document, from top to bottom and left to right. */
export async function lensesOf(document: vscode.TextDocument): Promise<ShownLens[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    document.uri,
    100,
  );
  return lenses.map(({ range, command }) => ({
    line: range.start.line,
    title: command?.title ?? '',
    command: command?.command ?? '',
    arguments: command?.arguments ?? [],
  }));
}

/** Our diagnostics of a file. */
export function problemsOf(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'vsp-lab');
}

/** The id of the rule a diagnostic is about; empty for a compile error. */
export function ruleOf({ code }: vscode.Diagnostic): string {
  return typeof code === 'object' ? String(code.value) : String(code ?? '');
}

/** Polls until `look` finds something; what it saw last is in the message when it never does. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until a lens of the document has that title; gives it. */
export function lensTitled(document: vscode.TextDocument, title: string | RegExp): Promise<ShownLens> {
  let seen: string[] = [];
  return until(`a lens ${title}`, async () => {
    const lenses = await lensesOf(document);
    seen = lenses.map((lens) => lens.title);
    return lenses.find((lens) => (typeof title === 'string' ? lens.title === title : title.test(lens.title)));
  }).catch((error: Error) => {
    throw new Error(`${error.message}; there are: ${seen.join(' | ')}`);
  });
}

/** The driver's file, run to its end by the command. */
export async function runFile(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vspLab.runFile', uri);
}
