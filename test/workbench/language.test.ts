/** What a person is told of KMCL: hovers by keyboard, the contract beside the code, and where its links lead. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

const folder = copyExample('synthetic-nic');
const source = readFileSync(join(folder, 'NicIndication.c'), 'utf8').split('\n');
const saveLine = source.findIndex((line) => line.includes('NicSavePacket(')) + 1;
const FIGURES = /\d+ packets · \d+/;

let workbench: Workbench;

beforeAll(async () => {
  workbench = await Workbench.open({ path: folder });
  await workbench.openFile('NicIndication.c');
  await workbench.goToLine(saveLine);
});
afterEach((context) => screenshotOfFailure(context, workbench));
afterAll(async () => {
  await workbench.close();
  await closeBrowser();
});

/** The frame of a Markdown preview that has this heading. */
function preview(heading: string): Promise<Frame> {
  return until(`a page headed ${heading}`, async () => {
    for (const frame of workbench.page.frames()) {
      const found = frame.locator('h1').filter({ hasText: heading });
      if ((await found.count().catch(() => 0)) > 0) return frame;
    }
    return undefined;
  });
}

describe('a callback', () => {
  it('has its duties and figures in a hover, by keyboard', async () => {
    await workbench.lens('Run').first().click();
    await workbench.lens(FIGURES).first().waitFor({ timeout: 60_000 });
    await workbench.palette('Go to Line/Column...');
    await workbench.page.keyboard.type(`${saveLine}:12`);
    await workbench.page.keyboard.press('Enter');
    await workbench.cursorAt(saveLine);
    await workbench.palette('Show or Focus Hover');
    const hover = workbench.page.locator('.monaco-hover:not(.hidden) .hover-contents');
    await hover.filter({ hasText: 'Last run' }).first().waitFor();
    expect(await hover.allInnerTexts().then((texts) => texts.join('\n'))).toContain('EVT_VMB_CHANNEL_SAVE_PACKET');
    await workbench.screenshot('hover');
    await workbench.page.keyboard.press('Escape');
  });

  it('has its contract beside it, whose links lead to rules and lines', async () => {
    await workbench.command('vspLab.showContract');
    const page = await preview('NicSavePacket');
    await page.locator('h2').filter({ hasText: 'Kept in' }).waitFor();
    await workbench.screenshot('contract');
    await page.getByRole('link', { name: 'savepkt-size-exact' }).click();
    await preview('savepkt-size-exact');
    await workbench.screenshot('contract-rule');
  });
});
