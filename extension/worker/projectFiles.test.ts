import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { fixedFolderFiles, folderFiles, projectFiles } from './projectFiles.js';
import { TestProject } from './toolchain.testing.js';

const projects: TestProject[] = [];

afterEach(() => {
  for (const project of projects.splice(0)) {
    project.remove();
  }
});

function project(files: Readonly<Record<string, string>>): TestProject {
  const made = new TestProject(files);
  projects.push(made);
  return made;
}

describe('projectFiles', () => {
  it('reads the project around the sources and the folders of --include, nothing else', () => {
    const p = project({ 'src/deep/a.c': 'a', 'inc/x.h': 'x' });
    const other = project({ 'x.h': 'other' });
    const third = project({ 'x.h': 'third' });
    const files = projectFiles([p.at('src/deep/a.c')], [other.root]);
    expect(files.rootOf(p.at('src/deep/a.c'))).toBe(p.root);
    expect(files.read(p.at('inc/x.h'))?.toString()).toBe('x');
    expect(files.read(other.at('x.h'))?.toString()).toBe('other');
    expect(files.read(third.at('x.h'))).toBeUndefined();
    expect(files.list(third.root)).toBeUndefined();
    expect([p.at('gone.h'), third.at('x.h'), third.at('gone.h')].map(files.refuses)).toEqual([false, true, true]);
  });

  it('without a mark the file’s own folder is the project', () => {
    const p = project({ 'src/a.c': 'a', 'x.h': 'x' });
    rmSync(p.at('.git'), { recursive: true });
    expect(projectFiles([p.at('src/a.c')], []).read(p.at('x.h'))).toBeUndefined();
  });

  it.each(['compile_commands.json', 'driver.vcxproj'])('%s marks a project', (mark) => {
    const p = project({ 'one/src/a.c': 'a', [`one/${mark}`]: '', 'x.h': 'x' });
    expect(projectFiles([p.at('one/src/a.c')], []).rootOf(p.at('one/src/a.c'))).toBe(p.at('one'));
  });

  it('resolves links before it decides, and lists what they lead to', () => {
    const p = project({ 'src/a.c': 'a', 'real/x.h': 'x' });
    const outside = project({ 'secret.h': 's' });
    symlinkSync(p.at('real'), p.at('inside'));
    symlinkSync(outside.root, p.at('outside'));
    symlinkSync(p.at('nowhere'), p.at('broken'));
    const files = projectFiles([p.at('src/a.c')], []);
    expect(files.read(p.at('inside/x.h'))?.toString()).toBe('x');
    expect(files.read(p.at('outside/secret.h'))).toBeUndefined();
    expect(files.refuses(p.at('outside/secret.h'))).toBe(true);
    const entries = new Map(files.list(p.root)?.map(({ name, directory }) => [name, directory]));
    expect(entries.get('inside')).toBe(true);
    expect(entries.has('broken')).toBe(false);
  });
});

describe('folderFiles', () => {
  it('shows a folder as a root', () => {
    const p = project({ 'a/b.h': 'b' });
    mkdirSync(p.at('a/c'));
    const files = folderFiles(p.at('a'));
    expect(files.read('/b.h')?.toString()).toBe('b');
    expect(files.list('/')).toEqual([
      { name: 'b.h', directory: false },
      { name: 'c', directory: true },
    ]);
    expect(files.read('/none.h')).toBeUndefined();
  });
});

describe('fixedFolderFiles', () => {
  it('keeps what it has seen: the same bytes, whatever happens on disk', () => {
    const p = project({ 'ntddk.h': 'first' });
    const files = fixedFolderFiles(p.root);
    const seen = files.read('/ntddk.h');
    expect(files.list('/')?.map(({ name }) => name)).toContain('ntddk.h');
    expect(files.read('/gone.h')).toBeUndefined();
    p.write('ntddk.h', 'second');
    p.write('gone.h', 'here now');
    expect(files.read('/ntddk.h')).toBe(seen);
    expect(seen?.toString()).toBe('first');
    expect(files.read('/gone.h')).toBeUndefined();
  });
});
