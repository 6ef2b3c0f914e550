/** Debugging as a person does it: a breakpoint in the gutter, F5, and from there both ways through time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

const folder = copyExample('synthetic-nic');
const lines = readFileSync(join(folder, 'NicIndication.c'), 'utf8').split('\n');
const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
const saveLine = lineOf('NTSTATUS NicSavePacket(');
/** A statement of the save callback. */
const stopLine = lines.findIndex((line, index) => index > saveLine && line.includes('NicRecordLength(')) + 1;

let workbench: Workbench;

beforeAll(async () => {
  workbench = await Workbench.open({ path: folder, settings: { 'debug.inlineValues': 'on' } });
});
afterEach((context) => screenshotOfFailure(context, workbench));
afterAll(async () => {
  await workbench.close();
  await closeBrowser();
});

const pane = (title: string): Locator =>
  workbench.page
    .locator('.debug-viewlet .pane')
    .filter({ has: workbench.page.locator(`.pane-header[aria-label^="${title}"]`) });
const rowsOf = (title: string): Locator => pane(title).locator('.monaco-list-row');
const variable = (name: string): Locator =>
  rowsOf('Variables')
    .filter({ hasText: new RegExp(`^${name} =`) })
    .first();

const toolbar = (icon: string): Locator => workbench.page.locator(`.debug-toolbar .codicon-${icon}`).first();

/** Opens what is closed. */
async function expand(row: Locator): Promise<void> {
  await row.waitFor();
  if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
}

/** What the console answers to an expression. */
async function answer(expression: string, expected: RegExp): Promise<void> {
  await workbench.palette('Debug Console: Focus on Debug Console View');
  await workbench.page.keyboard.type(expression);
  await workbench.page.keyboard.press('Escape');
  await workbench.page.keyboard.press('Enter');
  await expect
    .poll(() => workbench.page.locator('.repl .monaco-list-rows').innerText(), { timeout: 30_000 })
    .toMatch(expected);
}

describe('a driver under the debugger', () => {
  it('offers to be debugged beside each run', async () => {
    await workbench.openFile('NicIndication.c');
    await workbench.goToLine(saveLine);
    await workbench.lens('Debug').first().waitFor();
  });

  it('stops at a breakpoint of the gutter after F5, without a launch.json', async () => {
    await workbench.goToLine(stopLine);
    const row = workbench.page.locator('.editor-instance .line-numbers', { hasText: new RegExp(`^${stopLine}$`) });
    const box = await until('the line number', async () => (await row.first().boundingBox()) ?? undefined);
    await workbench.page.mouse.click(box.x - 8, box.y + box.height / 2);
    await workbench.page.locator('.editor-instance .codicon-debug-breakpoint').first().waitFor();
    await workbench.page.keyboard.press('F5');
    await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor({ timeout: 60_000 });
    await workbench.cursorAt(stopLine);
    await workbench.screenshot('debug-stopped');
  });

  it('shows values beside the lines that name them', async () => {
    await workbench.page.locator('.editor-instance .view-line', { hasText: 'Length = ' }).first().waitFor();
  });

  it('steps over, and back', async () => {
    await workbench.page.keyboard.press('F10');
    await workbench.cursorAt(stopLine + 1);
    await toolbar('debug-step-back').click();
    await workbench.cursorAt(stopLine);
    await workbench.screenshot('debug-step-back');
  });

  it('shows variables by their types', async () => {
    await expand(
      rowsOf('Variables')
        .filter({ hasText: /^Locals/ })
        .first(),
    );
    await variable('Packet').waitFor({ timeout: 30_000 });
    expect(await variable('Packet').innerText()).toMatch(/packet 0 of channel 0/);
  });

  it('evaluates expressions of C, and changes variables', async () => {
    await answer('sizeof(*Indication) * 2 + 1', /\b\d+\b/);
    await answer('Length = 4711', /4711/);
    await workbench.page.locator('.editor-instance .view-line', { hasText: 'Length = 4711' }).first().waitFor();
  });

  it('has the simulated kernel as trees', async () => {
    await pane('Simulated Kernel').locator('.pane-header').click();
    await rowsOf('Simulated Kernel').filter({ hasText: 'Channel 0' }).first().waitFor({ timeout: 30_000 });
    expect((await rowsOf('Simulated Kernel').allInnerTexts()).join(' ')).toContain('EvtVmbChannelSavePacket');
    await workbench.screenshot('debug-kernel');
  });

  it('goes on to its end, with the report as the last word', async () => {
    // The breakpoint stands: it is met for each packet and pass.
    await until('the end of the run', async () => {
      if (!(await workbench.page.locator('.debug-toolbar').isVisible())) return true;
      await toolbar('debug-continue')
        .click({ timeout: 1000 })
        .catch(() => undefined);
      return undefined;
    });
    await expect
      .poll(() => workbench.page.locator('.repl .monaco-list-rows').innerText(), { timeout: 30_000 })
      .toMatch(/of state|runs? /);
    await workbench.screenshot('debug-ended');
  });
});
