/** Debugging as a person does it: a breakpoint in the gutter, F5, and from there both ways through time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { accessibilityBreaches, closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

const folder = copyExample('synthetic-nic');
const lines = readFileSync(join(folder, 'NicIndication.c'), 'utf8').split('\n');
const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
const saveLine = lineOf('NTSTATUS NicSavePacket(');
/** A statement of the save callback. */
const stopLine = lines.findIndex((line, index) => index > saveLine && line.includes('NicRecordLength(')) + 1;

const SLOW = { timeout: 30_000 };
/** What the lens of a driver that has been run says. */
const FIGURES = /\d+ packets · \d+/;

let workbench: Workbench;
let view: Frame;

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

const consoleText = (): Promise<string> => workbench.page.locator('.repl .monaco-list-rows').first().innerText();

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
  await expect.poll(() => consoleText(), SLOW).toMatch(expected);
}

describe('a driver under the debugger', () => {
  it('offers to be debugged beside each run', async () => {
    await workbench.openFile('NicIndication.c');
    await workbench.goToLine(saveLine);
    await workbench.lens('Debug').first().waitFor();
    await workbench.screenshot('debug-lenses');
    await workbench.lens('Run').first().click();
    await workbench.lens(FIGURES).first().waitFor({ timeout: 60_000 });
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

  it('shows the value of what the pointer is over', async () => {
    const line = workbench.page.locator('.editor-instance .view-line', { hasText: 'NicRecordLength(' }).first();
    await line
      .locator('span span', { hasText: /^Record/ })
      .first()
      .hover();
    const hover = workbench.page.locator('.debug-hover-widget');
    await hover.locator('.value').first().waitFor();
    await expect.poll(() => hover.innerText()).toMatch(/Signature|FrameCount|\d/);
    await workbench.screenshot('debug-hover');
    await workbench.page.mouse.move(5, 5);
    await hover.waitFor({ state: 'hidden' });
  });

  it('watches expressions, and says what is wrong with one', async () => {
    const watched = (text: RegExp): Locator => rowsOf('Watch').filter({ hasText: text }).first();
    const add = async (expression: string): Promise<void> => {
      await workbench.palette('Debug: Focus on Watch View');
      await pane('Watch').hover();
      await pane('Watch').locator('.codicon-watch-expressions-add, .codicon-add').first().click();
      const input = pane('Watch').locator('.monaco-inputbox input');
      await input.fill(expression);
      await input.press('Enter');
    };
    await add('sizeof(NIC_SAVED_INDICATION), d');
    await watched(/sizeof\(NIC_SAVED_INDICATION\), d\s*=?:?\s*\d+/).waitFor();
    await add('$pass');
    await watched(/\$pass.*query/).waitFor();
    await add('Indication->Nonsense');
    await watched(/Indication->Nonsense.*Nonsense/).waitFor();
    await workbench.screenshot('debug-watch');
  });

  it('shows variables by their types', async () => {
    await expand(
      rowsOf('Variables')
        .filter({ hasText: /^Locals/ })
        .first(),
    );
    await variable('Packet').waitFor(SLOW);
    expect(await variable('Packet').innerText()).toMatch(/packet 0 of channel 0/);
  });

  it('evaluates expressions of C, and changes variables', async () => {
    await answer('sizeof(*Indication) * 2 + 1', /\b\d+\b/);
    await answer('Length = 4711', /4711/);
    await workbench.page.locator('.editor-instance .view-line', { hasText: 'Length = 4711' }).first().waitFor();
  });

  it('has the simulated kernel as trees', async () => {
    await pane('Simulated Kernel').locator('.pane-header').click();
    await rowsOf('Simulated Kernel').filter({ hasText: 'Channel 0' }).first().waitFor(SLOW);
    expect((await rowsOf('Simulated Kernel').allInnerTexts()).join(' ')).toContain('EvtVmbChannelSavePacket');
    await workbench.screenshot('debug-kernel');
  });

  /** Does that, and waits until the view has come after. */
  async function goes(icon: string): Promise<void> {
    const told = async (): Promise<string> =>
      `${await view.getByRole('group', { name: 'Debugging' }).innerText()} ${await view.locator('.run-timeline-head').innerText()}`;
    const before = await told();
    await toolbar(icon).click();
    await expect.poll(told, SLOW).not.toBe(before);
    await expect.poll(told, SLOW).not.toContain('Running');
  }

  it('is followed by the Packet Buffers view', async () => {
    await workbench.command('vspLab.showPacketBuffers');
    view = await workbench.view();
    const bar = view.getByRole('group', { name: 'Debugging' });
    await expect.poll(() => bar.innerText(), SLOW).toMatch(/query pass of packet 0/);
    expect(await view.locator('[role=tab][aria-selected=true]').innerText()).toMatch(/^Timeline/);
    await view.locator('.run-events .here').waitFor();
    await view.locator('.detail h2', { hasText: '#0' }).waitFor();
    // The library asks more than once, the first time before it has a buffer of its own.
    while (!/write pass of packet 0/.test(await bar.innerText())) await goes('debug-continue');
    while (/ 0 of \d+ bytes|\n0 of \d+ bytes/.test(await bar.innerText())) await goes('debug-step-over');
    expect(await bar.innerText()).toMatch(/[1-9]\d* of \d+ bytes written/);
    await view.getByRole('region', { name: 'SaveBuf now' }).getByRole('button').first().waitFor();
    await workbench.screenshot('debug-timeline');
    expect(await accessibilityBreaches(view)).toEqual([]);
  });

  it('travels by the timeline, back and ahead', async () => {
    const bar = view.getByRole('group', { name: 'Debugging' });
    const event = (name: RegExp): Locator => view.locator('.run-events').getByRole('button', { name }).first();
    await event(/^Go to Query pass of packet 0/).click();
    await expect.poll(() => bar.innerText(), SLOW).toMatch(/query pass of packet 0/);
    await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.screenshot('debug-travelled');
    await event(/^Go to Write pass of packet 0 .*ahead/).click();
    await expect.poll(() => bar.innerText(), SLOW).toMatch(/write pass of packet 0/);
    await goes('debug-step-back');
    expect(await bar.innerText()).not.toMatch(/write pass of packet 0/);
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
    await expect.poll(() => view.getByRole('group', { name: 'Debugging' }).count()).toBe(0);
    await workbench.palette('Debug Console: Focus on Debug Console View');
    await expect.poll(consoleText, SLOW).toMatch(/of state|runs? /);
    await workbench.screenshot('debug-ended');
  });
});
