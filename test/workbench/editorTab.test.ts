/** The view as an editor tab, with room for all of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

const folder = copyExample('synthetic-video');
let workbench: Workbench;

beforeAll(async () => {
  workbench = await Workbench.open({ path: folder, theme: 'light' });
});
afterEach((context) => screenshotOfFailure(context, workbench));
afterAll(async () => {
  await workbench.close();
  await closeBrowser();
});

it('shows the packets of a run of the whole workspace', async () => {
  await workbench.openFile('VideoChannel.c');
  await workbench.command('vspLab.runWorkspace');
  await workbench.command('vspLab.openPacketBuffersInEditor');
  const view = await workbench.view();
  await view.locator('.row.packet').first().waitFor({ timeout: 60_000 });
  await view.locator('.row.packet').first().click();
  await view.locator('.side').waitFor();
  expect(await workbench.notifications()).toEqual([]);
  await workbench.screenshot('editor-tab');
});

/** The extension has written down what it has of this folder, for the next window. */
function isKept(): boolean {
  const data = inject('serverData');
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith(join('reports', 'index.json')))
    .some((path) => readFileSync(join(data, path), 'utf8').includes(folder));
}

it('is there again after the window was loaded again, with what was selected', async () => {
  await until('the kept report', async () => isKept() || undefined);
  const selected = await (await workbench.view()).locator('.row.selected').getAttribute('data-packet');
  expect(selected).not.toBeNull();
  await workbench.reload();
  await workbench.page.locator('.tab.active[aria-label^="Packet Buffers"]').waitFor();
  const view = await workbench.view();
  await view.locator('.row.packet').first().waitFor({ timeout: 60_000 });
  await expect.poll(() => view.locator('.row.selected').getAttribute('data-packet')).toBe(selected);
  expect(await workbench.notifications()).toEqual([]);
});
