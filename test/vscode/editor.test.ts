import * as assert from 'node:assert/strict';
import { ConfigurationTarget, commands, DiagnosticSeverity, type TextDocument, workspace } from 'vscode';
import {
  api,
  file,
  insertAt,
  lenses,
  lensLike,
  lensLines,
  lineOf,
  open,
  ours,
  replace,
  restoring,
  until,
} from './support/acts.js';

const MEASURED = /^Run \| Debug \| \d[\d,]* packets? · [\d,]+(?:–[\d,]+)? B/;
const callbacks = () => file('synthetic-nic', 'NicIndication.c');
const fixture = () => file('synthetic-nic', 'NicFixture.c');

describe('callbacks and tests in an editor', () => {
  it('offer a run, and nothing is compiled before', async () => {
    await open(callbacks());
    assert.deepEqual(await lensLike(callbacks(), /^Run \| Debug$/), ['Run | Debug', 'Run | Debug']);
    await open(fixture());
    assert.equal((await lensLike(fixture(), /^Run \| Debug$/)).length, 6);
    const { metrics } = await api();
    assert.ok(metrics.activation < 500, `activation took ${metrics.activation} ms`);
  });

  it('show what a run measured', async () => {
    await commands.executeCommand('vspLab.runFile', callbacks());
    const [save = '', restore = ''] = await lensLike(callbacks(), MEASURED);
    assert.match(save, MEASURED);
    assert.match(restore, MEASURED);
    const tests = await lensLines(fixture());
    assert.match(tests[0] ?? '', MEASURED);
    assert.equal(tests.length, 6);
  });

  it('say quietly that the text was edited, and stop saying so when it is as it was', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await insertAt(document, 0, '/* a remark */\n');
      await lensLike(callbacks(), / · edited$/);
      await commands.executeCommand('undo');
      await until('lenses without a word about edits', async () =>
        (await lensLines(callbacks())).every((line) => !line.includes('edited')),
      );
    });
  });

  it('keep their lenses, each at its line, while a function is being typed', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      const lines = async () => (await lenses(callbacks())).map(({ line }) => line);
      const before = await lines();
      await insertAt(document, (before[0] ?? 0) + 4, '    if (Packet) {\n');
      await until('the second callback one line lower', async () => {
        const now = await lines();
        return now[0] === before[0] && now.at(-1) === (before.at(-1) ?? 0) + 1 && now.length === before.length;
      });
      await insertAt(document, 0, '/* open\n');
      const now = await lines();
      assert.equal(now.length, before.length);
      assert.equal(now[0], (before[0] ?? 0) + 1);
    });
  });

  it('are switched off by their setting, and sizes behind names switched on by theirs', async () => {
    const settings = () => workspace.getConfiguration('vspLab');
    await settings().update('codeLens', false, ConfigurationTarget.Global);
    await settings().update('inlayHints', true, ConfigurationTarget.Global);
    try {
      await until('no lens', async () => (await lenses(callbacks())).length === 0);
      const document = await open(callbacks());
      const range = document.validateRange(
        document.lineAt(0).range.with(undefined, document.lineAt(document.lineCount - 1).range.end),
      );
      const hints = await until('sizes behind names', async () => {
        const all = await commands.executeCommand<{ label: string }[]>(
          'vscode.executeInlayHintProvider',
          callbacks(),
          range,
        );
        const sizes = all.filter(({ label }) => / B$/.test(String(label)));
        return sizes.length > 0 ? sizes : undefined;
      });
      assert.equal(hints.length, 2);
    } finally {
      await settings().update('codeLens', undefined, ConfigurationTarget.Global);
      await settings().update('inlayHints', undefined, ConfigurationTarget.Global);
    }
  });
});

/** A save callback that says it needs a byte more than it writes. */
async function breakSave(document: TextDocument): Promise<void> {
  await replace(document, 'RtlZeroMemory(SaveBuf, SaveBufSize);', '*BytesNeeded = Length + 1;');
}

describe('problems', () => {
  it('say what a run of the unsaved text found, with a page for the rule', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await breakSave(document);
      assert.ok(document.isDirty);
      await commands.executeCommand('vspLab.runFile', callbacks());
      const [problem] = await until('a finding', () => (ours(callbacks()).length > 0 ? ours(callbacks()) : undefined));
      assert.ok(problem);
      assert.equal(problem.source, 'vsp-lab');
      assert.ok(typeof problem.code === 'object');
      const page = await workspace.openTextDocument(problem.code.target);
      assert.ok(page.getText().startsWith(`# ${problem.code.value}`));
      assert.ok(!problem.range.isEmpty);
      await lensLike(callbacks(), /\d findings?/);
    });
    await commands.executeCommand('vspLab.runFile', callbacks());
    await until('no problem after the mended run', () => ours(callbacks()).length === 0);
  });

  it('move with their text and go with it', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      await breakSave(document);
      await commands.executeCommand('vspLab.runFile', callbacks());
      const [problem] = await until('a finding', () => (ours(callbacks()).length > 0 ? ours(callbacks()) : undefined));
      const line = problem?.range.start.line ?? 0;
      const text = document.lineAt(line).text;
      await insertAt(document, 0, '\n\n\n');
      await until('the problem three lines lower', () => ours(callbacks())[0]?.range.start.line === line + 3);
      assert.equal(document.lineAt(line + 3).text, text);
      const here = ours(callbacks()).filter(({ range }) => range.start.line === line + 3).length;
      const all = ours(callbacks()).length;
      await replace(document, `${text}\n`, '');
      await until('the problem gone with its line', () => ours(callbacks()).length === all - here);
    });
    await commands.executeCommand('vspLab.runFile', callbacks());
  });

  it('are compile errors too, with the figures of before in the view and none in the lens', async () => {
    const document = await open(callbacks());
    await restoring(document, async () => {
      const line = lineOf(document, 'NicSavePacket(');
      await insertAt(document, line + 1, 'no such thing;\n');
      await commands.executeCommand('vspLab.runFile', callbacks());
      await lensLike(callbacks(), /^Run \| Debug \| does not compile$/);
      const problems = ours(callbacks());
      assert.ok(problems.length > 0);
      assert.ok(problems.every(({ severity }) => severity === DiagnosticSeverity.Error));
    });
    await commands.executeCommand('vspLab.runFile', callbacks());
    await lensLike(callbacks(), MEASURED);
    assert.deepEqual(ours(callbacks()), []);
  });
});
