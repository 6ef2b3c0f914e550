/** The view as an editor tab, with room for all of it. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, screenshotOfFailure, Workbench } from './support/workbench.js';

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
