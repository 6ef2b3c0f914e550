/** Save stream and timeline by keyboard and by pointer, and all of the detail's parts under axe in every theme. */
import { mkdirSync, readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { callsMade, type DetailOptions, openDetail } from './harness/detailPage.js';
import { type ThemeName, themes } from './harness/themes.js';
import { openBrowser } from './harness/viewPage.js';

declare const axe: { run(selector: string): Promise<AxeResults> };

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(() => page.close());
afterAll(() => browser.close());

async function open(options: DetailOptions = {}): Promise<void> {
  page = await openDetail(browser, options);
}

const heading = () => page.locator('.detail h2').innerText();
const active = () => page.locator('.tab-panel [role=row][aria-selected=true]').innerText();
const press = async (...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

describe('the save stream', () => {
  const chunks = () => page.getByRole('grid', { name: 'Chunks of the save stream' });

  it('says of each chunk what its buffer holds and whether packets are split', async () => {
    await open({ tab: 'stream', width: 2200 });
    const rows = (await chunks().locator('.rows-space [role=row]').allInnerTexts()).map((row) =>
      row.replaceAll(/\s+/g, ' '),
    );
    expect(rows).toEqual([
      expect.stringMatching(/1 300 of 300 B 228 more follows STATUS_BUFFER_OVERFLOW 0 ?– ?1 split/),
      expect.stringMatching(/2 228 of 300 B last chunk STATUS_SUCCESS 1 ?– ?2 split/),
    ]);
    await page.getByText('simulated', { exact: true }).first().waitFor();
  });

  it('selects packets by keys, chunk by chunk', async () => {
    await open({ tab: 'stream' });
    await chunks().focus();
    expect(await active()).toMatch(/^1\b/);
    await press('ArrowRight');
    await expect.poll(heading).toContain('#1');
    await press('ArrowDown', 'ArrowRight');
    await expect.poll(heading).toContain('#2');
    await press('ArrowLeft');
    await expect.poll(heading).toContain('#1');
    expect(await active()).toMatch(/^2\b/);
  });

  it('selects a packet by a click on its part of the bar', async () => {
    await open({ tab: 'stream' });
    const bar = chunks().locator('.chunk-bar').first();
    const box = await bar.boundingBox();
    if (box === null) throw new Error('there is no bar');
    await bar.click({ position: { x: (box.width * 250) / 300, y: box.height / 2 } });
    await expect.poll(heading).toContain('#1');
    await bar.click({ position: { x: (box.width * 100) / 300, y: box.height / 2 } });
    await expect.poll(heading).toContain('#0');
  });
});

describe('the timeline', () => {
  const events = () => page.getByRole('grid', { name: 'Events of the channel' });

  it('is a list in the order of events, findings among them, that tells what was dropped', async () => {
    await open({ tab: 'timeline' });
    // Rows look like rows whatever they tell: nothing of the list of findings may reach them.
    const looks = await events()
      .locator('.event')
      .evaluateAll((rows) =>
        rows.map((row) => `${getComputedStyle(row).display} ${getComputedStyle(row).contentVisibility}`),
      );
    expect(new Set(looks)).toEqual(new Set(['grid visible']));
    const rows = (await events().locator('.event').allInnerTexts()).map((row) => row.replaceAll(/\s+/g, ' '));
    expect(rows).toEqual([
      expect.stringContaining('VmbChannelEnable NicIndication.c:92'),
      expect.stringContaining('Active'),
      expect.stringContaining('EvtVmbChannelSavePacket query of 2 packets 1–2 NicIndication.c:180'),
      expect.stringContaining('savepkt-full-init 4 bytes of the record were never written NicIndication.c:188'),
    ]);
    await page.getByText('3 later events not kept.').waitFor();
  });

  it('opens the source with Enter and with a click, and selects packets with space', async () => {
    await open({ tab: 'timeline' });
    await events().focus();
    await press('Enter', 'End', 'Enter', 'ArrowUp', ' ');
    await expect.poll(heading).toContain('#1');
    await events().getByText('VmbChannelEnable').click();
    expect((await callsMade(page, 'openSource')).map(({ line }) => line)).toEqual([92, 188, 92]);
  });
});

describe('the detail pane, the save stream and the timeline', () => {
  const axeSource = readFileSync(at('node_modules/axe-core/axe.min.js'), 'utf8');
  const shots = at('out/view');

  async function violations(part: string): Promise<readonly string[]> {
    await page.evaluate(axeSource);
    const { violations: found } = await page.evaluate((selector) => axe.run(selector), part);
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  }

  for (const theme of Object.keys(themes) as ThemeName[]) {
    it(`have nothing for axe to find in ${theme}`, async () => {
      mkdirSync(shots, { recursive: true });
      await open({ theme, width: 1600, height: 900 });
      await page.locator('.hex [role=gridcell]').nth(62).click();
      await page.screenshot({ path: `${shots}/detail-${theme}.png` });
      expect(await violations('.detail')).toEqual([]);
      for (const tab of ['stream', 'timeline'] as const) {
        await page.locator(`#tab-${tab}`).click();
        await page.locator(`.${tab} [role=grid]`).focus();
        await page.screenshot({ path: `${shots}/${tab}-${theme}.png` });
        expect(await violations(`.${tab}`)).toEqual([]);
      }
    });
  }

  it('keep fields, cursor and marks apart where the system forces its colours', async () => {
    await open({ forcedColors: true, width: 1600, height: 900 });
    await page.locator('.hex [role=gridcell]').nth(62).click();
    await page.screenshot({ path: `${shots}/detail-forced.png` });
    const painted = (name: string) =>
      page
        .locator(`.hex [role=gridcell]${name}`)
        .first()
        .evaluate((cell) => getComputedStyle(cell).backgroundImage);
    const [even, odd, padding] = [
      await painted('.start:not(.odd, .padding)'),
      await painted('.odd'),
      await painted('.padding'),
    ];
    expect(new Set([even, odd, padding]).size).toBe(3);
  });
});
