import * as assert from 'node:assert/strict';
import {
  type CodeAction,
  CodeActionKind,
  CompletionItemKind,
  type CompletionList,
  ConfigurationTarget,
  commands,
  DiagnosticTag,
  type Hover,
  type MarkdownString,
  Position,
  Range,
  Selection,
  type SignatureHelp,
  type TextDocument,
  type Uri,
  window,
  workspace,
} from 'vscode';
import { api, file, insertAt, lensLike, lineOf, open, ours, replace, restoring, until } from './support/acts.js';

const callbacks = () => file('synthetic-nic', 'NicIndication.c');
const MEASURED = /^Run \| Debug \| \d[\d,]* packets? · [\d,]+(?:–[\d,]+)? B/;

/** Behind the first character of the text after `from`. */
function placeOf(document: TextDocument, text: string, from = ''): Position {
  const start = document.getText().indexOf(from);
  const offset = document.getText().indexOf(text, start);
  assert.ok(start >= 0 && offset >= 0, `${text} is not behind ${from} in ${document.fileName}`);
  return document.positionAt(offset + 1);
}

async function hoverTexts(uri: Uri, position: Position): Promise<string> {
  const hovers = (await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', uri, position)) ?? [];
  return hovers.flatMap(({ contents }) => contents.map((content) => (content as MarkdownString).value)).join('\n');
}

/** What VS Code offers by itself: words of the text, and snippets, which have no condition. */
const OTHERS: readonly CompletionItemKind[] = [CompletionItemKind.Text, CompletionItemKind.Snippet];

async function completions(uri: Uri, position: Position): Promise<readonly string[]> {
  const list = await commands.executeCommand<CompletionList>('vscode.executeCompletionItemProvider', uri, position);
  const items = list.items.filter(({ kind }) => kind !== undefined && !OTHERS.includes(kind));
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

async function put(position: Position): Promise<void> {
  const editor = window.activeTextEditor;
  assert.ok(editor);
  editor.selection = new Selection(position, position);
}

/** The code actions of ours for what is at the line. */
async function fixes(uri: Uri, line: number): Promise<readonly CodeAction[]> {
  const range = new Range(line, 0, line, 1000);
  const found = await commands.executeCommand<CodeAction[]>(
    'vscode.executeCodeActionProvider',
    uri,
    range,
    CodeActionKind.QuickFix.value,
  );
  return found ?? [];
}

describe('what an editor knows of KMCL', () => {
  before(api);

  it('is told by hovers on functions, types, statuses, callbacks and their parameters', async () => {
    const document = await open(callbacks());
    const text = (what: string, from?: string) => hoverTexts(callbacks(), placeOf(document, what, from));
    assert.match(await text('VmbPacketRestore'), /Fills a new packet[\s\S]*restorepkt-libbuf/);
    assert.match(await text('STATUS_BUFFER_TOO_SMALL'), /\*\*Severity\*\* error/);
    assert.match(await text('VMBPACKET '), /DECLARE_HANDLE/);
    assert.match(await text('NicSavePacket('), /EVT_VMB_CHANNEL_SAVE_PACKET/);
    assert.match(await text('BytesNeeded', 'NicSavePacket('), /exact size of the record/);
    assert.equal(await text('RtlCopyMemory'), '');
  });

  it('is told with what the last run measured', async () => {
    const document = await open(callbacks());
    await commands.executeCommand('vspLab.runFile', callbacks());
    await lensLike(callbacks(), MEASURED);
    await until('figures in the hover', async () =>
      /\*\*Last run\*\* \d+ packets?/.test(await hoverTexts(callbacks(), placeOf(document, 'NicSavePacket('))),
    );
    const record = await hoverTexts(callbacks(), placeOf(document, 'NIC_SAVED_INDICATION Record'));
    assert.match(record, /\*\*Saved record\*\* `NIC_SAVED_INDICATION`, \d+ bytes on x64/);
    const field = await hoverTexts(callbacks(), placeOf(document, 'Version', 'Record->Version'));
    assert.match(field, /as bytes 4–5 of `NIC_SAVED_INDICATION`/);
  });

  it('is quiet in files without KMCL, and where the settings say so', async () => {
    const document = await open(callbacks());
    const settings = () => workspace.getConfiguration('vspLab');
    await settings().update('hover', 'off', ConfigurationTarget.Global);
    await settings().update('completion', 'off', ConfigurationTarget.Global);
    await settings().update('signatureHelp', 'off', ConfigurationTarget.Global);
    try {
      const place = placeOf(document, 'VmbPacketRestore');
      await until('no hover', async () => (await hoverTexts(callbacks(), place)) === '');
      assert.ok(!(await completions(callbacks(), place.translate(0, 4))).includes('VmbPacketSend'));
    } finally {
      for (const name of ['hover', 'completion', 'signatureHelp']) {
        await settings().update(name, undefined, ConfigurationTarget.Global);
      }
    }
  });

  it('is kept from files that have nothing to do with it', async () => {
    const plain = file('synthetic-nic', 'Plain.c');
    const text = 'int VmbPacketRestore(int Packet);\nint F(void)\n{\n    return VmbPacketRestore(1);\n}\n';
    await workspace.fs.writeFile(plain, new TextEncoder().encode(text.replaceAll('VmbPacketRestore', 'Restore')));
    try {
      const document = await open(plain);
      await replace(document, 'return Restore(1)', 'return STATUS_');
      const place = placeOf(document, 'STATUS_').translate(0, 'TATUS_'.length);
      assert.deepEqual(await completions(plain, place), []);
      await replace(document, 'return STATUS_', 'return Vmb');
      assert.deepEqual(await completions(plain, placeOf(document, 'Vmb').translate(0, 2)), []);
      await replace(document, 'return Vmb', 'return VmbPacketRestore(');
      const call = placeOf(document, 'VmbPacketRestore(');
      assert.equal(await hoverTexts(plain, call), '');
      const help = await commands.executeCommand<SignatureHelp | undefined>(
        'vscode.executeSignatureHelpProvider',
        plain,
        call.translate(0, 'mbPacketRestore('.length),
      );
      assert.equal(help?.signatures.length ?? 0, 0);
    } finally {
      await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await workspace.fs.delete(plain);
    }
  });

  it('covers lambdas that are passed as callbacks', async () => {
    const uri = file('synthetic-nic', 'Lambda.cpp');
    const text = `#include <vmbuskernelmodeclientlibapi.h>
NTSTATUS Register(VMBCHANNEL Channel)
{
    return VmbServerChannelInitSetSaveRestorePacketCallbacks(
        Channel,
        [](VMBCHANNEL, VMBPACKET, PVOID, UINT32, PUINT32 Wanted) -> NTSTATUS { *Wanted = 0; return STATUS_SUCCESS; },
        [](VMBCHANNEL, PVOID, UINT32, PVOID, UINT32) -> NTSTATUS { return STATUS_UNSUCCESSFUL; });
}
`;
    await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    try {
      const document = await open(uri);
      await lensLike(uri, /^Run \| Debug/);
      assert.match(await hoverTexts(uri, placeOf(document, 'Wanted = 0')), /exact size of the record/);
    } finally {
      await commands.executeCommand('workbench.action.closeActiveEditor');
      await workspace.fs.delete(uri);
    }
  });

  it('helps with calls: parameters, flags, statuses and fields', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      const line = lineOf(document, 'return STATUS_BUFFER_TOO_SMALL');
      await insertAt(document, line, '    VmbPacketSend(Packet, NULL, 0, NULL, );\n');
      const inside = new Position(line, '    VmbPacketSend(Packet, NULL, 0, NULL, '.length);
      const help = await until('signature help', async () => {
        const found = await commands.executeCommand<SignatureHelp | undefined>(
          'vscode.executeSignatureHelpProvider',
          callbacks(),
          inside,
        );
        return found?.signatures.length ? found : undefined;
      });
      assert.equal(help.activeParameter, 4);
      assert.match(help.signatures[0]?.label ?? '', /^NTSTATUS VmbPacketSend\(VMBPACKET PacketObject, /);
      assert.ok((await completions(callbacks(), inside)).includes('VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION'));
      await insertAt(document, line, '    return S;\n');
      const returned = await completions(callbacks(), new Position(line, '    return S'.length));
      assert.ok(returned.includes('STATUS_BUFFER_TOO_SMALL'), returned.slice(0, 10).join());
    });
  });
});

describe('commands around a callback', () => {
  before(api);

  it('go to the paired one and back', async () => {
    const document = await open(callbacks());
    await put(placeOf(document, '{', 'NicSavePacket('));
    await commands.executeCommand('vspLab.goToPairedCallback');
    const word = () => {
      const editor = window.activeTextEditor;
      return editor?.document.getText(editor.selection);
    };
    await until('the restore callback', () => word() === 'NicRestorePacket');
    await commands.executeCommand('vspLab.goToPairedCallback');
    await until('the save callback', () => word() === 'NicSavePacket');
  });

  it('peek where it is registered, in another file', async () => {
    const document = await open(callbacks());
    await put(placeOf(document, 'NicSavePacket('));
    await commands.executeCommand('vspLab.peekRegistration');
    await until('the peeked file', () =>
      workspace.textDocuments.some(({ fileName }) => fileName.endsWith('NicChannel.c')),
    );
    await commands.executeCommand('closeReferenceSearch');
  });

  it('show its contract beside it', async () => {
    const document = await open(callbacks());
    await put(placeOf(document, 'NicSavePacket('));
    await commands.executeCommand('vspLab.showContract');
    await until('the page', () =>
      window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => label.includes('NicSavePacket')),
    );
    const page = await until('its text', async () =>
      workspace.textDocuments.find(({ uri }) => uri.scheme === 'vsp-lab' && uri.path.endsWith('/NicSavePacket.md')),
    );
    assert.match(page.getText(), /^# NicSavePacket\n[\s\S]*## Kept in \d+ packets of the last run/);
    await commands.executeCommand('workbench.action.closeEditorsInOtherGroups');
  });
});

describe('suppressions', () => {
  before(api);

  it('are written above the finding, with a reason to fill in, and then nothing is found', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await replace(document, 'RtlZeroMemory(SaveBuf, SaveBufSize);', '*BytesNeeded = Length + 1;');
      await commands.executeCommand('vspLab.runFile', callbacks());
      const [problem] = await until('a finding', () => (ours(callbacks()).length > 0 ? ours(callbacks()) : undefined));
      assert.ok(problem && typeof problem.code === 'object');
      const { line } = problem.range.start;
      const rule = String(problem.code.value);
      const [fix] = (await fixes(callbacks(), line)).filter(({ title }) => title.startsWith(`Suppress ${rule} `));
      assert.ok(fix?.edit, `no fix suppresses ${rule}`);
      assert.ok(await workspace.applyEdit(fix.edit));
      assert.match(document.lineAt(line).text, new RegExp(`^ +// vsp-lab: allow ${rule} \\w`));
      await commands.executeCommand('vspLab.runFile', callbacks());
      await until('the finding gone', () =>
        ours(callbacks()).every(({ code }) => typeof code !== 'object' || code.value !== rule),
      );
    });
    await commands.executeCommand('vspLab.runFile', callbacks());
    await until('no problem after the mended run', () => ours(callbacks()).length === 0);
  });

  it('are written with a reason by a quick fix, and unused ones fade and can be taken away', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await insertAt(document, 0, '// vsp-lab: allow mem-leak nothing leaks here\n');
      await commands.executeCommand('vspLab.runFile', callbacks());
      const unused = await until('the unused suppression', () =>
        ours(callbacks()).find(({ code }) => typeof code === 'object' && code.value === 'allow-unused'),
      );
      assert.deepEqual(unused.tags, [DiagnosticTag.Unnecessary]);
      const [remove] = (await fixes(callbacks(), 0)).filter(({ title }) => title.startsWith('Remove the suppression'));
      assert.ok(remove?.edit, 'no fix removes it');
      await workspace.applyEdit(remove.edit);
      assert.doesNotMatch(document.lineAt(0).text, /vsp-lab/);
    });
  });
});
