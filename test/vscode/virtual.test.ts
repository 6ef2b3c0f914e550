import * as assert from 'node:assert/strict';
import {
  commands,
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
  workspace,
} from 'vscode';
import { lensLike, open, ours, replace, until } from './support/acts.js';
import { smallDriver } from './support/drivers.js';

/** Files in memory, as an editor in a browser or a remote repository has them. */
class MemoryFiles implements FileSystemProvider {
  readonly files = new Map<string, Uint8Array>();
  readonly onDidChangeFile = new EventEmitter<FileChangeEvent[]>().event;

  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  stat({ path }: Uri): FileStat {
    const file = this.files.get(path);
    if (file !== undefined) return { type: FileType.File, ctime: 0, mtime: 1, size: file.length };
    if ([...this.files.keys()].some((each) => each.startsWith(path === '/' ? path : `${path}/`))) {
      return { type: FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    }
    throw FileSystemError.FileNotFound(path);
  }

  readDirectory({ path }: Uri): [string, FileType][] {
    const prefix = path === '/' ? path : `${path}/`;
    const names = new Map<string, FileType>();
    for (const each of this.files.keys()) {
      if (!each.startsWith(prefix)) continue;
      const [name = '', ...more] = each.slice(prefix.length).split('/');
      names.set(name, more.length > 0 ? FileType.Directory : FileType.File);
    }
    return [...names];
  }

  readFile({ path }: Uri): Uint8Array {
    const file = this.files.get(path);
    if (file === undefined) throw FileSystemError.FileNotFound(path);
    return file;
  }

  writeFile({ path }: Uri, content: Uint8Array): void {
    this.files.set(path, content);
  }

  createDirectory(): void {}

  delete({ path }: Uri): void {
    this.files.delete(path);
  }

  rename(): void {
    throw FileSystemError.NoPermissions();
  }
}

const HEADER = '#pragma once\n#define RECORD_BYTES 40\n';
const SOURCE = smallDriver('RECORD_BYTES', '#include "inc/Record.h"');

describe('a virtual workspace', () => {
  const files = new MemoryFiles();
  const root = Uri.parse('memory://host/drivers');
  const source = Uri.joinPath(root, 'memory/Memory.c');
  let provider: Disposable;

  before(async () => {
    const encoder = new TextEncoder();
    files.files.set('/drivers/memory/Memory.c', encoder.encode(SOURCE));
    files.files.set('/drivers/memory/inc/Record.h', encoder.encode(HEADER));
    provider = workspace.registerFileSystemProvider('memory', files);
    const count = workspace.workspaceFolders?.length ?? 0;
    assert.ok(workspace.updateWorkspaceFolders(count, 0, { uri: root, name: 'memory' }));
    await until('the folder', () => workspace.workspaceFolders?.length === count + 1);
  });

  after(async () => {
    const count = workspace.workspaceFolders?.length ?? 0;
    await commands.executeCommand('workbench.action.closeActiveEditor');
    workspace.updateWorkspaceFolders(count - 1, 1);
    await until('the folder gone', () => workspace.workspaceFolders?.length === count - 1);
    provider.dispose();
  });

  it('is read through its file system, headers included', async () => {
    await open(source);
    await lensLike(source, /^Run \| Debug$/);
    await commands.executeCommand('vspLab.runFile', source);
    await lensLike(source, /^Run \| Debug \| 8 packets · 40 B/);
  });

  it('has problems in its files, and runs what is not saved yet', async () => {
    const document = await open(source);
    await replace(document, '*Needed = BYTES;', '*Needed = BYTES + 8;');
    await commands.executeCommand('vspLab.runFile', source);
    await until('a finding', () => ours(source).length > 0);
    await replace(document, '*Needed = BYTES + 8;', '*Needed = BYTES;');
    await document.save();
    await until('no finding after the save', () => ours(source).length === 0);
  });
});
