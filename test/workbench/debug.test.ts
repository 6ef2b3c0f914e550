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

const debugPane = (title: string): Locator =>
  workbench.page
    .locator('.debug-viewlet .pane')
    .filter({ has: workbench.page.locator(`.pane-header[aria-label^="${title}"]`) });
const variable = (name: string): Locator =>
  debugPane('Variables')
    .locator('.monaco-list-row')
    .filter({ has: workbench.page.locator('.name', { hasText: new RegExp(`^${name}`) }) })
    .first();
/** The line where the run stands. */
const standsAt = (line: number) =>
  until(`the run at line ${line}`, async () => {
    const top = workbench.page.locator('.debug-top-stack-frame-line').first();
    if ((await top.count()) === 0) return undefined;
    const shown = await workbench.page.locator('.debug-call-stack .stack-frame .line-number').first().textContent();
    return shown?.split(':')[0] === String(line) ? true : undefined;
  });

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
    await standsAt(stopLine);
    await workbench.page.locator('.debug-viewlet').waitFor();
    await workbench.screenshot('debug-stopped');
  });

  it('shows the stack with the library call that led here', async () => {
    const names = await workbench.page.locator('.debug-call-stack .stack-frame .label').allInnerTexts();
    expect(names[0]).toContain('NicSavePacket');
    expect(names.join(' ')).toContain('VmbChannelSaveContinue');
  });

  it('shows variables by their types, beside the lines that name them too', async () => {
    await variable('Packet').waitFor({ timeout: 30_000 });
    await expect.poll(() => variable('Packet').innerText()).toMatch(/packet 0 of channel 0/);
    await workbench.page.locator('.editor-instance .view-line', { hasText: 'SaveBufSize = ' }).first().waitFor();
  });

  it('steps over, and back', async () => {
    await workbench.page.keyboard.press('F10');
    await until('another line', async () => {
      const shown = await workbench.page.locator('.debug-call-stack .stack-frame .line-number').first().textContent();
      return shown?.split(':')[0] === String(stopLine) ? undefined : true;
    });
    await workbench.palette('Debug: Step Back');
    await standsAt(stopLine);
    await workbench.screenshot('debug-step-back');
  });

  it('evaluates what is watched and what the pointer is over', async () => {
    await workbench.palette('Debug: Add Expression');
    await workbench.page.keyboard.type('Indication->FrameCount * 2');
    await workbench.page.keyboard.press('Enter');
    const watched = debugPane('Watch').locator('.monaco-list-row').first();
    await expect.poll(() => watched.innerText()).toMatch(/Indication->FrameCount \* 2: *\d+/);
    const word = workbench.page.locator('.editor-instance .view-line span', { hasText: /^Indication$/ }).first();
    await word.hover();
    const hover = workbench.page.locator('.debug-hover-widget');
    await hover.waitFor({ timeout: 30_000 });
    await workbench.screenshot('debug-hover');
    await workbench.page.keyboard.press('Escape');
  });

  it('changes a variable', async () => {
    await variable('Length').dblclick();
    await workbench.page.keyboard.press('Control+A');
    await workbench.page.keyboard.type('7');
    await workbench.page.keyboard.press('Enter');
    await expect.poll(() => variable('Length').innerText()).toMatch(/7/);
  });

  it('has the simulated kernel as trees', async () => {
    const kernel = debugPane('Simulated Kernel');
    await kernel.locator('.monaco-list-row', { hasText: 'Channel 0' }).first().waitFor();
    await expect
      .poll(() => kernel.locator('.monaco-list-row').allInnerTexts())
      .toEqual(
        expect.arrayContaining([
          expect.stringContaining('EvtVmbChannelSavePacket'),
          expect.stringContaining('Pool blocks'),
        ]),
      );
    await workbench.screenshot('debug-kernel');
  });

  it('goes on to its end, with the report as the last word', async () => {
    await workbench.palette('Debug: Remove All Breakpoints');
    await workbench.page.keyboard.press('F5');
    await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden', timeout: 60_000 });
    await workbench.palette('Debug Console: Focus on Debug Console View');
    await expect
      .poll(() => workbench.page.locator('.repl .monaco-list').innerText())
      .toMatch(/run passed|runs? failed|1 of 1/);
    await workbench.screenshot('debug-ended');
  });
});
