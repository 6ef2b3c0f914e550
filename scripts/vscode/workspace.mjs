/** Folders for VS Code to open: fresh copies of the examples, so that nothing a test or a person does reaches them. */
import { cpSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from '../lib/project.mjs';

export const examples = ['synthetic-nic', 'storage-bus', 'synthetic-video'];

/** A new folder that nothing else uses. */
export const temporaryFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-')));

/**
 * A copy of one example.
 * @param {string} name
 * @param {string} [below] the folder to copy into
 */
export function copyExample(name, below = temporaryFolder()) {
  cpSync(at('examples', name), join(below, name), { recursive: true });
  return join(below, name);
}

/** A workspace file with a copy of each example as a folder of its own. */
export function workspaceOfExamples() {
  const below = temporaryFolder();
  const folders = examples.map((name) => ({ path: copyExample(name, below) }));
  const file = join(below, 'examples.code-workspace');
  writeFileSync(file, JSON.stringify({ folders }, null, 2));
  return file;
}
