/** The static rules while text is typed: squiggles come, move and go, and quick fixes mend what they are offered for. */
import * as assert from 'node:assert/strict';
import {
  type CodeAction,
  CodeActionKind,
  commands,
  type Diagnostic,
  DiagnosticTag,
  Range,
  Selection,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import { api, file, folder, insertAt, lineOf, open, ours, replace, restoring, setText, until } from './support/acts.js';
import { smallDriver } from './support/drivers.js';

const callbacks = () => file('synthetic-nic', 'NicIndication.c');
const EARLY = '    if (SaveBufSize == 4) {\n        return STATUS_INVALID_PARAMETER;\n    }\n';

const ruleOf = ({ code }: Diagnostic): string => (typeof code === 'object' ? String(code.value) : '');
const found = (uri: Uri, rule: string): readonly Diagnostic[] => ours(uri).filter((each) => ruleOf(each) === rule);
const lines = (uri: Uri, rule: string): readonly number[] => found(uri, rule).map(({ range }) => range.start.line);

/** Until exactly these lines have a finding of the rule. */
async function findsAt(uri: Uri, rule: string, wanted: () => readonly number[]): Promise<void> {
  await until(`${rule} at line ${wanted().map((line) => line + 1)}`, () => {
    return JSON.stringify(lines(uri, rule)) === JSON.stringify(wanted());
  });
}

/** The quick fix of ours for that finding whose title begins so. */
async function fixOf(uri: Uri, line: number, title: string): Promise<CodeAction> {
  return until(`the fix ${title}`, async () => {
    const range = new Range(line, 0, line, 1000);
    const kind = CodeActionKind.QuickFix.value;
    const all = await commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', uri, range, kind);
    return all.find((action) => action.title.startsWith(title));
  });
}

async function apply({ edit }: CodeAction): Promise<void> {
  assert.ok(edit);
  assert.ok(await workspace.applyEdit(edit));
}

/** As a person does who has not saved yet. */
async function early(document: TextDocument): Promise<void> {
  await replace(
    document,
    '    *BytesNeeded = 0;\n    if (Indication',
    `${EARLY}    *BytesNeeded = 0;\n    if (Indication`,
  );
}

describe('what the source shows while it is typed', () => {
  const rule = 'savepkt-bytesneeded-written';
  const exit = (document: TextDocument): number => lineOf(document, EARLY.split('\n')[0] ?? '') + 1;
  before(api);

  it('comes with the text, moves with it, stays while it does not compile, and goes when it is mended', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await early(document);
      await findsAt(callbacks(), rule, () => [exit(document)]);
      await insertAt(document, 0, '/* one */\n/* two */\n');
      assert.deepEqual(lines(callbacks(), rule), [exit(document)]);
      await insertAt(document, 2, 'static VOID HalfTyped(');
      await insertAt(document, 0, '\n');
      assert.deepEqual(lines(callbacks(), rule), [exit(document)]);
      await replace(document, 'static VOID HalfTyped(', '');
      await findsAt(callbacks(), rule, () => [exit(document)]);
      await replace(document, EARLY, '');
      await findsAt(callbacks(), rule, () => []);
    });
  });

  it('has a quick fix that leaves text without it', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await early(document);
      await findsAt(callbacks(), rule, () => [exit(document)]);
      await apply(await fixOf(callbacks(), exit(document), 'Store 0 in *BytesNeeded first'));
      assert.match(document.getText(), /PUINT32 BytesNeeded\)\n\{\n {4}\*BytesNeeded = 0;\n/);
      await until('nothing found', () => ours(callbacks()).length === 0);
    });
  });

  it('can be allowed with a reason, and a comment that allows nothing fades', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await early(document);
      await findsAt(callbacks(), rule, () => [exit(document)]);
      await apply(await fixOf(callbacks(), exit(document), `Suppress ${rule} `));
      assert.match(document.lineAt(exit(document)).text, new RegExp(`^ +// vsp-lab: allow ${rule} \\w`));
      await findsAt(callbacks(), rule, () => []);
      await insertAt(document, 0, '// vsp-lab: allow savepkt-versioned the version is elsewhere\n');
      await findsAt(callbacks(), 'allow-unused', () => [0]);
      assert.deepEqual(found(callbacks(), 'allow-unused')[0]?.tags, [DiagnosticTag.Unnecessary]);
      await apply(await fixOf(callbacks(), 0, 'Remove the suppression'));
      await findsAt(callbacks(), 'allow-unused', () => []);
    });
  });

  it('is what the contract of a callback is judged by, while the text is the one that was looked at', async () => {
    const document = await open(callbacks());
    const editor = window.activeTextEditor;
    assert.ok(editor);
    const at = document.positionAt(document.getText().indexOf('NicSavePacket(VMBCHANNEL') + 1);
    editor.selection = new Selection(at, at);
    await commands.executeCommand('vspLab.showContract');
    const page = (): string =>
      workspace.textDocuments
        .find(({ uri }) => uri.scheme === 'vsp-lab' && uri.path.endsWith('/NicSavePacket.md'))
        ?.getText() ?? '';
    const KEPT = /## Kept on every way that was followed through the source \(\d+\)[^#]*savepkt-versioned/;
    await until('rules that the source keeps', () => KEPT.test(page()));
    await restoring(document, async () => {
      await early(document);
      await until('the broken rule', () => /## Broken \(1\)[^#]*savepkt-bytesneeded-written/.test(page()));
      await until('the others, looked at again', () => KEPT.test(page()));
    });
    await commands.executeCommand('workbench.action.closeEditorsInOtherGroups');
  });

  it('is what the text alone shows until it has compiled for the first time, and never told twice', async () => {
    const home = Uri.joinPath(folder('synthetic-nic'), 'never-compiled');
    const uri = Uri.joinPath(home, 'Pending.c');
    const text = smallDriver(8).replace('return STATUS_BUFFER_TOO_SMALL;', 'return STATUS_PENDING;');
    await workspace.fs.createDirectory(home);
    await workspace.fs.writeFile(uri, new TextEncoder().encode(`${text}VOID HalfTyped(\n`));
    try {
      const document = await open(uri);
      const pending = (): readonly number[] => [lineOf(document, 'return STATUS_PENDING;')];
      await findsAt(uri, 'savepkt-status-severity', pending);
      assert.deepEqual(ours(uri).map(ruleOf), ['savepkt-status-severity']);
      const fix = await fixOf(uri, pending()[0] ?? 0, 'Return a failure');
      assert.equal(fix.edit?.get(uri)[0]?.newText, 'STATUS_UNSUCCESSFUL');
      // A rule that only paths tell shows that the compiler has had its say.
      await setText(document, text.replace('    *Needed = BYTES;\n', ''));
      await until('the paths', () => found(uri, 'savepkt-bytesneeded-written').length > 0);
      assert.deepEqual(lines(uri, 'savepkt-status-severity'), pending());
      await setText(document, text.replace('STATUS_PENDING', 'STATUS_BUFFER_TOO_SMALL'));
      await until('nothing found', () => ours(uri).length === 0);
      await document.save();
      await commands.executeCommand('workbench.action.closeActiveEditor');
    } finally {
      await workspace.fs.delete(home, { recursive: true });
    }
  });
});
