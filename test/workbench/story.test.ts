/** What the extension is for, from opening a driver to sending its report away. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { copyExample } from '../../scripts/vscode/workspace.mjs';
import { accessibilityBreaches, closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

const folder = copyExample('synthetic-nic');
const source = readFileSync(join(folder, 'NicIndication.c'), 'utf8').split('\n');
const saveLine = source.findIndex((line) => line.includes('NicSavePacket(')) + 1;
/** What the lens of a driver that has been run says. */
const FIGURES = /\d+ packets · \d+/;

const SLOW = { timeout: 60_000 };

/** What the extension keeps of this workspace's results from one window to the next. */
const keptReports = (): string[] =>
  readdirSync(inject('serverData'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.report'));

let workbench: Workbench;
let view: Frame;

beforeAll(async () => {
  workbench = await Workbench.open({ path: folder });
});
afterEach((context) => screenshotOfFailure(context, workbench));
afterAll(async () => {
  await workbench.close();
  await closeBrowser();
});

const packets = (): Locator => view.locator('.row.packet');
/** Text of one column, from the first row in sight to the last. */
const column = (name: string): Promise<string[]> => view.locator(`.row.packet .c-${name}`).allInnerTexts();
const heading = (name: string): Locator => view.getByRole('columnheader', { name });

describe('a driver in the editor', () => {
  it('offers to be run above its save callback', async () => {
    await workbench.openFile('NicIndication.c');
    await workbench.goToLine(saveLine);
    await workbench.lens('Run').first().waitFor();
  });

  it('has its sizes there once it has been run', async () => {
    await workbench.lens('Run').first().click();
    await workbench.lens(FIGURES).first().waitFor({ timeout: 60_000 });
    await workbench.screenshot('lenses');
  });

  it('has them in the next window, however soon that is opened', async () => {
    await workbench.reload();
    await workbench.lens(FIGURES).first().waitFor({ timeout: 60_000 });
  });

  it('leads from its sizes to the packets they are of', async () => {
    await workbench.lens(FIGURES).first().click();
    view = await workbench.view();
    await packets().first().waitFor();
    await workbench.screenshot('packet-buffers');
  });
});

describe('the list of packets', () => {
  it('shows the run that is chosen', async () => {
    const runs = view.getByRole('combobox', { name: 'Run' });
    const most = await runs.locator('option').evaluateAll((options) => {
      const amount = (option: Element) => Number(/(\d+) packets/.exec(option.textContent ?? '')?.[1] ?? 0);
      return options.toSorted((a, b) => amount(b) - amount(a))[0]?.getAttribute('value') ?? '';
    });
    await runs.selectOption(most);
    await until('several packets', async () => ((await packets().count()) > 3 ? true : undefined));
  });

  it('is sorted by a click on a heading, and the other way round by another', async () => {
    const numbers = async (name: string) => (await column(name)).map((text) => Number(text.replace(/\D/g, '')));
    const inOrder = await numbers('index');
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    await heading('#').getByRole('button').click();
    await expect.poll(() => heading('#').getAttribute('aria-sort')).toBe('descending');
    const reversed = await numbers('index');
    expect(reversed).toEqual(reversed.toSorted((a, b) => b - a));
    await heading('Bytes').getByRole('button').click();
    await expect.poll(() => heading('Bytes').getAttribute('aria-sort')).toBe('ascending');
    await heading('#').getByRole('button').click();
    await expect.poll(() => numbers('index')).toEqual(inOrder);
  });

  it('is filtered by what is typed', async () => {
    const all = await packets().count();
    await view.getByRole('textbox', { name: 'Filter packets' }).fill('packet:0');
    await expect.poll(() => packets().count()).toBe(1);
    await view.getByRole('textbox', { name: 'Filter packets' }).fill('');
    await expect.poll(() => packets().count()).toBe(all);
  });
});

describe('the bytes of a packet, by keyboard alone', () => {
  it('open from the list', async () => {
    await view.getByRole('textbox', { name: 'Filter packets' }).focus();
    // From the filter to the heading of a kind, and to its first packet.
    await workbench.page.keyboard.press('ArrowDown');
    await workbench.page.keyboard.press('ArrowDown');
    await workbench.page.keyboard.press('Enter');
    await view.getByRole('region', { name: 'Saved bytes' }).waitFor();
    await view.locator('.hex').waitFor();
    await workbench.screenshot('saved-bytes');
  });

  it('are walked through with arrows', async () => {
    await until('the grid of bytes with the focus', async () => {
      await workbench.page.keyboard.press('Tab');
      return (await view.evaluate(() => document.activeElement?.closest('.hex') !== null)) ? true : undefined;
    });
    await workbench.page.keyboard.press('Home');
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.keyboard.press('ArrowRight');
    await expect.poll(() => view.locator('.byte-status').innerText()).toMatch(/Offset\s+2\b/);
  });

  it('lead to the line that wrote them', async () => {
    const writer = view.locator('.writer');
    await expect.poll(() => writer.innerText()).toMatch(/^Written by\s.*:\d+/);
    const line = Number(/:(\d+)/.exec(await writer.innerText())?.[1]);
    await workbench.page.keyboard.press('Enter');
    await workbench.cursorAt(line);
    await workbench.screenshot('source-of-a-byte');
  });
});

describe('the page', () => {
  it.each(['dark', 'light', 'high-contrast-dark', 'high-contrast-light'] as const)(
    'has nothing that axe objects to in the theme %s',
    async (theme) => {
      await workbench.switchTheme(theme);
      await view.locator(`body[data-vscode-theme-kind="vscode-${theme.replace('-dark', '')}"]`).waitFor();
      await workbench.screenshot(`packet-buffers-${theme}`);
      expect(await accessibilityBreaches(view)).toEqual([]);
    },
  );

  it('has a policy that lets nothing in but its own script and style', async () => {
    const policy = await view.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[\w-]{20,}'; /);
    expect(policy).not.toMatch(/unsafe|\*[ ;]/);
  });
});

describe('a report', () => {
  it('is exported where the person says', async () => {
    await workbench.command('vspLab.exportReport');
    await workbench.choose('JSON');
    const file = join(folder, 'synthetic-nic-report.json');
    await workbench.accept(file);
    await until('the file', async () => existsSync(file) || undefined);
    await expect.poll(() => workbench.notifications(), SLOW).toEqual(['synthetic-nic-report.json has been written.']);
    const report = JSON.parse(readFileSync(file, 'utf8'));
    expect(report).toMatchObject({ schemaVersion: 1, summary: { runs: 6, passed: 6, packets: 31 } });
    await workbench.palette('Notifications: Clear All Notifications');
  });

  it.runIf(process.platform === 'linux')('is not written where nobody can write, and says so once', async () => {
    await workbench.command('vspLab.exportReport');
    await workbench.choose('CSV');
    await workbench.answer(join(folder, 'synthetic-nic-report.csv'), '/sys/report.csv');
    const told = 'report.csv could not be written: the folder is read-only. Choose another one.';
    await expect.poll(() => workbench.notifications(), SLOW).toEqual([told]);
    await workbench.palette('Notifications: Clear All Notifications');
  });
});

describe('a window that is loaded again', () => {
  it('has the view with its packets and the selected one', async () => {
    await until('the kept report', async () => (keptReports().length > 0 ? true : undefined));
    const selected = await view.locator('.row.selected').getAttribute('data-packet');
    const run = await view.getByRole('combobox', { name: 'Run' }).inputValue();
    await workbench.reload();
    view = await workbench.view();
    await packets().first().waitFor();
    expect(await view.getByRole('combobox', { name: 'Run' }).inputValue()).toBe(run);
    await expect.poll(() => view.locator('.row.selected').getAttribute('data-packet')).toBe(selected);
  });
});
