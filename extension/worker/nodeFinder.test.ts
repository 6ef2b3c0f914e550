import { describe, expect, it } from 'vitest';
import { hasMemory64, MEMORY64_PROBE } from './memory64.js';
import { findNode, type NodeSearch } from './nodeFinder.js';

/** A machine whose Nodes are given by their path. */
function machine(nodes: Readonly<Record<string, string>>, more: NodeSearch = {}): NodeSearch {
  return {
    platform: 'linux',
    home: '/home/me',
    environment: { PATH: '/usr/local/bin:/usr/bin' },
    exists: (file) => file in nodes,
    namesIn: () => [],
    versionOf: async (file) => nodes[file],
    ...more,
  };
}

describe('findNode', () => {
  it('takes the first on PATH that is new enough', async () => {
    const search = machine({ '/usr/local/bin/node': 'v22.17.0\n', '/usr/bin/node': 'v24.1.0\n' });
    expect(await findNode(search)).toEqual({ ok: true, path: '/usr/bin/node', version: 'v24.1.0\n' });
  });

  it('looks where version managers put theirs, the newest first', async () => {
    const bin = (version: string): string => `/home/me/.nvm/versions/node/${version}/bin/node`;
    const search = machine(
      { [bin('v22.1.0')]: 'v22.1.0', [bin('v24.2.0')]: 'v24.2.0', [bin('v25.0.0')]: 'v25.0.0' },
      { namesIn: (folder) => (folder.includes('.nvm') ? ['v22.1.0', 'v24.2.0', 'v25.0.0', 'alias'] : []) },
    );
    expect(await findNode(search)).toMatchObject({ ok: true, path: bin('v25.0.0') });
  });

  it('knows the places of Windows', async () => {
    const search = machine(
      { 'C:\\Program Files\\nodejs\\node.exe': 'v24.0.0' },
      { platform: 'win32', environment: { Path: 'C:\\Windows;D:\\x', ProgramFiles: 'C:\\Program Files' } },
    );
    expect(await findNode(search)).toMatchObject({ ok: true, path: 'C:\\Program Files\\nodejs\\node.exe' });
  });

  it('takes the one of the setting and no other', async () => {
    const nodes = { '/opt/node': 'v24.5.0', '/old/node': 'v20.1.0', '/usr/bin/node': 'v26.0.0' };
    const found = await Promise.all(
      ['/opt/node', '/old/node', '/usr/bin/python'].map((nodePath) => findNode(machine(nodes, { nodePath }))),
    );
    expect(found).toEqual([
      { ok: true, path: '/opt/node', version: 'v24.5.0' },
      { ok: false, message: 'vspLab.nodePath: /old/node is Node.js 20.1.0; VSP Lab needs 24 or newer' },
      { ok: false, message: 'vspLab.nodePath: /usr/bin/python is not a Node.js' },
    ]);
  });

  it('says what it found and the way out when none is new enough', async () => {
    const found = await findNode(machine({ '/usr/bin/node': 'v20.1.0\n' }));
    expect(found.ok === false && found.message).toMatch(
      /needs Node\.js 24 or newer.*\(\/usr\/bin\/node is 20\.1\.0\)\. Install one and set vspLab\.nodePath to its path$/,
    );
  });

  it('asks a real Node for its version', async () => {
    expect(await findNode({ nodePath: process.execPath })).toMatchObject({ ok: true, path: process.execPath });
  });
});

describe('hasMemory64', () => {
  it('is true here, of a module that is well formed', () => {
    expect(hasMemory64()).toBe(true);
    expect(new WebAssembly.Module(MEMORY64_PROBE)).toBeInstanceOf(WebAssembly.Module);
  });
});
