/** A run that takes long, ended by the person who started it. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { temporaryFolder } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, Workbench } from './support/workbench.js';

afterAll(closeBrowser);

/** Packets enough for many seconds of checked code. */
const MANY = 2_000_000;

it('a run is cancelled from the palette, and its driver can be run again', async () => {
  const folder = temporaryFolder();
  copyFileSync(at('bench/drivers/warm/Warm.c'), join(folder, 'Warm.c'));
  const settings = { 'vspLab.packets': MANY, 'vspLab.timeout': 600_000 };
  const workbench = await Workbench.open({ path: folder, settings });
  const lens = (text: RegExp) =>
    workbench.page.locator('.codelens-decoration').filter({ hasText: text, visible: true }).first();
  await workbench.openFile('Warm.c');
  await workbench.page.keyboard.press('Control+G');
  await workbench.page.keyboard.type('308');
  await workbench.page.keyboard.press('Enter');
  await lens(/^Run/).waitFor();
  await workbench.command('vspLab.runFile');
  await lens(/Running/).waitFor();
  await workbench.command('vspLab.cancelRun');
  await lens(/^Run(?!ning)/).waitFor();
  expect(await lens(/packets/).count()).toBe(0);
  await workbench.close();
});
