import * as assert from 'node:assert/strict';
import { extensions, type Uri, workspace } from 'vscode';
import { api, file, lenses, lensLike, open, until } from './support/acts.js';
import { smallDriver } from './support/drivers.js';

const extension = extensions.getExtension('vsp-lab.vsp-lab');
const write = (uri: Uri, text: string) => workspace.fs.writeFile(uri, new TextEncoder().encode(text));

describe('the extension host', () => {
  it('can run 64-bit memory', () => {
    const probe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0, 5, 3, 1, 4, 0);
    assert.equal(WebAssembly.validate(probe), true);
  });

  it('has a workspace of several folders open', () => {
    const names = workspace.workspaceFolders?.map(({ name }) => name);
    assert.deepEqual(names, ['synthetic-nic', 'storage-bus', 'synthetic-video']);
  });
});

describe('activation', () => {
  const below = (path: string) => file('synthetic-nic', `activation/${path}`);
  before(async () => {
    await write(below('notes.md'), '# Notes\n');
    await write(below('plain/Plain.c'), '#include <stdio.h>\nint main(void) { return 0; }\n');
    await write(below('Small.c'), smallDriver(16));
  });
  after(() => workspace.fs.delete(below('.'), { recursive: true }));

  it('waits for a C or C++ file', async () => {
    await open(below('notes.md'));
    assert.equal(extension?.isActive, false);
  });

  it('shows nothing for a file that names neither KMCL nor a test', async () => {
    await open(below('plain/Plain.c'));
    await until('activation', () => extension?.isActive);
    assert.deepEqual(await lenses(below('plain/Plain.c')), []);
  });

  it('shows lenses for one that does', async () => {
    await open(below('Small.c'));
    assert.deepEqual(await lensLike(below('Small.c'), /^Run \| Debug$/), ['Run | Debug', 'Run | Debug']);
  });

  it('takes few milliseconds: ten times the goal of 50 at most', async () => {
    const { activation } = (await api()).metrics;
    assert.ok(activation > 0 && activation < 500, `${activation} ms`);
  });
});
