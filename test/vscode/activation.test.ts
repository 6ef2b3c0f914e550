import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { VspLabApi } from '../../extension/features/metrics.js';
import { lensesOf, pingDriver, ScratchDriver, until } from './support/editor.js';

const extension = vscode.extensions.getExtension('vsp-lab.vsp-lab');

describe('the extension host', () => {
  it('can run 64-bit memory', () => {
    const probe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0, 5, 3, 1, 4, 0);
    assert.equal(WebAssembly.validate(probe), true);
  });

  it('has a workspace of several folders open', () => {
    assert.deepEqual(
      vscode.workspace.workspaceFolders?.map(({ name }) => name),
      ['synthetic-nic', 'storage-bus', 'synthetic-video'],
    );
  });
});

describe('activation', () => {
  const driver = new ScratchDriver({
    'notes.md': '# Notes\n',
    'plain/Plain.c': '#include <stdio.h>\nint main(void) { return 0; }\n',
    'Ping.c': pingDriver(),
  });
  after(() => driver.remove());

  it('waits for a C or C++ file', async () => {
    await driver.open('notes.md');
    assert.equal(extension?.isActive, false);
  });

  it('shows nothing for a file that names neither KMCL nor a test', async () => {
    const document = await driver.open('plain/Plain.c');
    await until('activation', () => extension?.isActive || undefined);
    assert.deepEqual(await lensesOf(document), []);
  });

  it('shows lenses for one that does', async () => {
    const document = await driver.open('Ping.c');
    const lenses = await until('lenses', async () => {
      const shown = await lensesOf(document);
      return shown.length > 0 ? shown : undefined;
    });
    assert.deepEqual(
      lenses.map(({ title, command }) => [title, command]),
      [
        ['Run', 'vspLab.runFile'],
        ['Run', 'vspLab.runFile'],
      ],
    );
  });

  it('takes few milliseconds: ten times the goal of 50 at most', () => {
    assert.ok(extension?.isActive);
    const { activation } = (extension.exports as VspLabApi).metrics;
    assert.ok(activation > 0 && activation < 500, `${activation} ms`);
  });
});
