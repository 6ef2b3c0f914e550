import * as assert from 'node:assert/strict';
import { commands, FileType, Uri, window, workspace } from 'vscode';
import { api, until } from './support/acts.js';

const page = (rule: string): Uri => Uri.from({ scheme: 'vsp-lab', path: `/rules/${rule}.md` });

describe('the pages of the rules', () => {
  before(api);

  it('are files that can be read and not written', async () => {
    const bytes = await workspace.fs.readFile(page('savepkt-size-exact'));
    assert.match(new TextDecoder().decode(bytes), /^# savepkt-size-exact\n/);
    assert.equal((await workspace.fs.stat(page('mem-leak'))).type, FileType.File);
    assert.equal(workspace.fs.isWritableFileSystem('vsp-lab'), false);
    await assert.rejects(async () => workspace.fs.writeFile(page('mem-leak'), new Uint8Array()));
    await assert.rejects(async () => workspace.fs.readFile(page('no-such-rule')));
  });

  it('open as a preview by their command', async () => {
    await commands.executeCommand('vspLab.explainRule', 'savepkt-size-exact');
    await until('a tab', () =>
      window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => label.includes('savepkt-size-exact')),
    );
    await commands.executeCommand('workbench.action.closeActiveEditor');
  });
});
