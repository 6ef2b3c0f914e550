import * as assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CodeAction,
  CompletionItemKind,
  type CompletionList,
  commands,
  extensions,
  Position,
  Range,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import { api, file, folder, lensLike, open, ours, setText, until } from './support/acts.js';

const SOURCE = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

typedef struct _NIC_RX_CONTEXT {
    LIST_ENTRY Link;
    UINT32 RequestId;
    PVOID Data;
} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;
`;
let number = 0;
/** A folder of its own for each test: VS Code reloads what changes under it when it likes. */
const scratch = (): Uri => Uri.joinPath(folder('synthetic-nic'), `scaffold${number}`);
const source = (): Uri => Uri.joinPath(scratch(), 'Rx.c');
const fixture = (): Uri => Uri.joinPath(scratch(), 'NicRxFixture.c');

const at = (document: TextDocument, text: string): Position => document.positionAt(document.getText().indexOf(text));

async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

async function titles(document: TextDocument, position: Position): Promise<readonly string[]> {
  const range = new Range(position, position);
  const found = await commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', document.uri, range);
  return found.map(({ title }) => title).filter((title) => title.includes('save/restore'));
}

/** Collects what is said instead of showing it. */
async function said(work: () => Thenable<unknown>): Promise<readonly string[]> {
  const texts: string[] = [];
  const original = window.showErrorMessage;
  Object.defineProperty(window, 'showErrorMessage', {
    configurable: true,
    value: (text: string) => {
      texts.push(text);
      return Promise.resolve(undefined);
    },
  });
  try {
    await work();
  } finally {
    Object.defineProperty(window, 'showErrorMessage', { configurable: true, value: original });
  }
  return texts;
}

describe('callbacks for a context', () => {
  before(api);
  beforeEach(async () => {
    number += 1;
    await workspace.fs.createDirectory(scratch());
    await workspace.fs.writeFile(source(), new TextEncoder().encode(SOURCE));
  });
  afterEach(async () => {
    await commands.executeCommand('workbench.action.closeAllEditors');
    await workspace.fs.delete(scratch(), { recursive: true });
  });

  it('are offered on a structure of a file that names KMCL, and nowhere else', async () => {
    const document = await open(source());
    await until('the actions', async () => (await titles(document, at(document, 'RequestId'))).length > 0);
    assert.deepEqual(await titles(document, at(document, '_NIC_RX')), [
      'Generate save/restore callbacks for NIC_RX_CONTEXT',
      'Generate save/restore callbacks for NIC_RX_CONTEXT...',
    ]);
    assert.deepEqual(await titles(document, at(document, '#include <vmbus')), []);
    const plain = Uri.joinPath(scratch(), 'Plain.c');
    await workspace.fs.writeFile(plain, new TextEncoder().encode('struct A { int B; };\n'));
    const other = await open(plain);
    assert.deepEqual(await titles(other, at(other, 'B;')), []);
  });

  it('are written with their tests in one edit, which one undo takes back', async () => {
    const document = await open(source());
    assert.equal(await commands.executeCommand('vspLab.scaffold', { uri: source(), context: 'NIC_RX_CONTEXT' }), true);
    assert.match(document.getText(), /NTSTATUS NicRxSavePacket\(/);
    assert.ok(document.getText().startsWith(SOURCE.trimEnd()));
    assert.equal(await exists(fixture()), true);
    assert.equal(window.activeTextEditor?.document.uri.path, source().path);
    await commands.executeCommand('undo');
    await until('the text as it was', () => document.getText() === SOURCE);
    await until('no tests', async () => !(await exists(fixture())));
  });

  it('run, and have sizes', async () => {
    await open(source());
    await commands.executeCommand('vspLab.scaffold', { uri: source(), context: 'NIC_RX_CONTEXT' });
    await commands.executeCommand('vspLab.runFile', source());
    await lensLike(source(), /packets · \d+ B/);
    assert.deepEqual(ours(source()), []);
    assert.deepEqual(ours(fixture()), []);
  });

  it('are refused with a reason, and nothing is changed', async () => {
    const taken = Uri.joinPath(scratch(), 'Taken.c');
    const text = `${SOURCE}int NIC_RX_SAVED;\n`;
    await workspace.fs.writeFile(taken, new TextEncoder().encode(text));
    const document = await open(taken);
    const refused = async (context: string): Promise<readonly string[]> =>
      said(() => commands.executeCommand('vspLab.scaffold', { uri: taken, context }));
    assert.match((await refused('NOTHING'))[0] ?? '', /^No structure NOTHING in /);
    assert.match((await refused('NIC_RX_CONTEXT'))[0] ?? '', /^The name NIC_RX_SAVED is taken in Taken\.c:9/);
    assert.equal(document.getText(), text);
    assert.equal(await exists(fixture()), false);
  });

  for (const [what, declared, message] of [
    ['is only declared', 'struct NIC_RX_CONTEXT;', /^NIC_RX_CONTEXT is only declared in /],
    [
      'has nothing left to save',
      'typedef struct { LIST_ENTRY Link; PVOID Buffer; } NIC_RX_CONTEXT;',
      /^Nothing of NIC_RX_CONTEXT is left to save: Link /,
    ],
    [
      'wants a name that is taken',
      'typedef struct { UINT32 Id; } NIC_RX_CONTEXT;\nint NicRxSavePacket;',
      /^The name NicRxSavePacket is taken in Rx\.c:4: /,
    ],
  ] as const) {
    it(`leave a file alone whose structure ${what}`, async () => {
      const text = `#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n${declared}\n`;
      await workspace.fs.writeFile(source(), new TextEncoder().encode(text));
      const document = await open(source());
      const target = { uri: source(), context: 'NIC_RX_CONTEXT' };
      assert.match((await said(() => commands.executeCommand('vspLab.scaffold', target)))[0] ?? '', message);
      assert.equal(document.getText(), text);
      assert.equal(await exists(fixture()), false);
    });
  }

  it('are written into what a file is by then, where it changes while it is asked for', async () => {
    const document = await open(source());
    const done = commands.executeCommand<boolean>('vspLab.scaffold', { uri: source() });
    const onDisk = SOURCE.replace('UINT32 RequestId;', 'UINT64 Wide;\n    UINT32 RequestId;');
    await workspace.fs.writeFile(source(), new TextEncoder().encode(onDisk));
    await until('the text of the disk', () => document.getText() === onDisk);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await until('the last step', async () => {
      await commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return isDone;
    });
    assert.equal(await done, true);
    assert.ok(document.getText().startsWith(onDisk.trimEnd()));
    assert.match(document.getText(), /NTSTATUS NicRxRestorePacket\(/);
  });

  it('are not written into a file that is read-only', async () => {
    chmodSync(source().fsPath, 0o444);
    const texts = await said(() =>
      commands.executeCommand('vspLab.scaffold', { uri: source(), context: 'NIC_RX_CONTEXT' }),
    );
    assert.deepEqual(texts, ['Rx.c is read-only: nothing is written.']);
    chmodSync(source().fsPath, 0o644);
  });

  it('are asked for step by step: Enter takes what is proposed', async () => {
    const document = await open(source());
    const done = commands.executeCommand<boolean>('vspLab.scaffold', { uri: source() });
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await until('the last step', async () => {
      await commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return isDone;
    });
    assert.equal(await done, true);
    assert.match(document.getText(), /NTSTATUS NicRxRestorePacket\(/);
  });
});

describe('snippets', () => {
  before(api);
  const path = extensions.getExtension('vsp-lab.vsp-lab')?.extensionPath ?? '';
  const written = readFileSync(join(path, 'snippets/kmcl.json'), 'utf8');
  const snippets = Object.entries(JSON.parse(written) as Record<string, { readonly prefix: string }>);

  for (const [langId, name] of [
    ['c', 'Snippets.c'],
    ['cpp', 'Snippets.cpp'],
  ] as const) {
    it(`are offered by prefix and inserted by name in ${langId}`, async () => {
      const uri = Uri.joinPath(folder('synthetic-nic'), name);
      await workspace.fs.writeFile(uri, new TextEncoder().encode('\n'));
      const document = await open(uri);
      const list = await commands.executeCommand<CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        new Position(0, 0),
      );
      const offered = list.items.filter(({ kind }) => kind === CompletionItemKind.Snippet).map(({ label }) => label);
      const labels = offered.map((label) => (typeof label === 'string' ? label : label.label));
      for (const [title, { prefix }] of snippets) {
        assert.ok(labels.includes(prefix), `${prefix} is not offered`);
        await setText(document, '\n');
        await commands.executeCommand('editor.action.insertSnippet', { langId, name: title });
        assert.ok(document.lineCount > 3, `${title} inserted ${document.getText()}`);
        assert.doesNotMatch(document.getText(), /\$\{?\d/);
      }
      await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await workspace.fs.delete(uri);
    });
  }
});

describe('a new driver file', () => {
  it('is asked for its name, and compiles into something to start from', async () => {
    const created = commands.executeCommand('vspLab.newDriver', folder('synthetic-video'));
    const uri = file('synthetic-video', 'Driver.c');
    await until('the file', async () => {
      await commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return exists(uri);
    });
    await created;
    assert.match(window.activeTextEditor?.document.getText() ?? '', /typedef struct _DRIVER_CONTEXT \{/);
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await workspace.fs.delete(uri);
  });
});
