/** Whether what is shown still speaks of the text that is there: typing, changes on the disk, files that go. */
import { type Uri, workspace } from 'vscode';
import { PROJECT_FILE } from '../core/run/project.js';
import type { Lab } from './lab.js';
import { uriOf } from './paths.js';

const PAUSE = 150;
const FILES = '**/*.{c,cc,cpp,cxx,h,hh,hpp,hxx,inl,inc}';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    const timers = new Map<string, NodeJS.Timeout>();
    lab.store.add({
      dispose: () => {
        for (const timer of timers.values()) clearTimeout(timer);
      },
    });
    lab.store.add(
      workspace.onDidChangeTextDocument(({ document: { uri }, contentChanges }) => {
        if (contentChanges.length === 0 || lab.results.of(uri).length === 0) return;
        const key = uri.toString();
        clearTimeout(timers.get(key));
        timers.set(
          key,
          setTimeout(() => {
            timers.delete(key);
            lab.results.touched(uri, false);
          }, PAUSE),
        );
      }),
    );
    lab.store.add(workspace.onDidOpenTextDocument((document) => lab.results.opened(document)));
    watchDisk(lab);
  });
}

/** There is nothing to watch for before something has run. */
function watchDisk(lab: Lab): void {
  const first = lab.results.onDidChange(() => {
    first.dispose();
    const watcher = lab.store.add(workspace.createFileSystemWatcher(FILES));
    lab.store.add(watcher.onDidChange((uri) => lab.results.touched(uri, true)));
    lab.store.add(watcher.onDidCreate((uri) => lab.results.touched(uri, true)));
    lab.store.add(watcher.onDidDelete((uri) => void deleted(lab, uri)));
    const projects = lab.store.add(workspace.createFileSystemWatcher(`**/${PROJECT_FILE}`));
    lab.store.add(projects.onDidChange((uri) => lab.results.projectWritten(uri)));
    lab.store.add(projects.onDidCreate((uri) => lab.results.projectWritten(uri)));
    lab.store.add(projects.onDidDelete((uri) => lab.results.touched(uri, true)));
  });
  lab.store.add(first);
}

/** A driver whose sources are all gone is none; one that lost some is not what was measured. */
async function deleted(lab: Lab, uri: Uri): Promise<void> {
  for (const result of lab.results.of(uri)) {
    const left = await Promise.all(result.newest.sources.map(exists));
    if (left.includes(true)) lab.results.touched(uri, true);
    else lab.results.remove(result.key);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await workspace.fs.stat(uriOf(path));
    return true;
  } catch {
    return false;
  }
}
