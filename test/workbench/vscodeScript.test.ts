/** `npm run vscode`, as a person starts and ends it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';

const npm = (name: string) => spawn('npm', ['run', '-s', name], { cwd: at(), detached: true });

it('serves a VS Code with a copy of an example, prints its address and ends at Ctrl+C', async () => {
  const child = npm('vscode');
  let printed = '';
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.endsWith('\n')) resolve(printed.trim());
    });
    child.once('exit', () => reject(new Error(said)));
  });
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?folder=/);
  const folder = new URL(address).searchParams.get('folder') ?? '';
  expect(existsSync(`${folder}/NicIndication.c`)).toBe(true);
  expect(folder.startsWith(at())).toBe(false);
  const page = await (await fetch(address)).text();
  expect(page).toContain('vscode-workbench-web-configuration');

  const ended = new Promise((resolve) => child.once('close', resolve));
  // What a terminal does at Ctrl+C: the signal goes to the whole group.
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await ended;
  await expect(fetch(address)).rejects.toThrow();
  expect(existsSync(folder)).toBe(false);
});
