import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

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
