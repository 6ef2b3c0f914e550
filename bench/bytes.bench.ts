/** What a person has of a record of sixteen megabytes: how soon its bytes are there, and whether they scroll. */
import type { Browser, Page } from 'playwright-core';
import { detailPack, largePack } from '../test/view/harness/detailPack.js';
import { openDetail } from '../test/view/harness/detailPage.js';
import type { HarnessHost } from '../test/view/harness/host.js';
import { framesOfWheel, inBrowser } from './browser.js';
import { type Figure, median } from './figures.js';

declare const harness: HarnessHost;

const ROUNDS = 5;
const BYTES = 16 * 1024 * 1024;

/** Tall and wide enough for about forty rows of sixteen bytes. */
const open = (browser: Browser, pack: string): Promise<Page> =>
  openDetail(browser, { pack, width: 1700, height: 1300 });

/** Milliseconds from selecting the packet to its painted bytes: asked for, sent over and laid out. */
async function selectLarge(page: Page, pack: string): Promise<number> {
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    harness.addPack('large', bytes);
    harness.shownAt = 0;
    harness.sendReports();
  }, pack);
  await page.waitForFunction(() => harness.shownAt > 0);
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const start = performance.now();
        const look = () => {
          const last = document.querySelector('.detail .saved-title')?.textContent?.includes('tail of 16,777,120');
          const rows = document.querySelectorAll('.hex-space .hex-row').length;
          if (last === true && rows > 10)
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
          else requestAnimationFrame(look);
        };
        harness.send({ kind: 'reveal', target: { driver: 'large', run: 0, channel: 0, packet: 0 } });
        look();
      }),
  );
}

const firstPaint = () =>
  inBrowser(async (browser) => {
    const pack = largePack(BYTES);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const page = await open(browser, detailPack());
      times.push(await selectLarge(page, pack));
      await page.close();
    }
    return median(times);
  });

const scrolling = () =>
  inBrowser(async (browser) => {
    const page = await open(browser, largePack(BYTES));
    await page.locator('.hex-row').nth(20).waitFor();
    return framesOfWheel(page, '.hex-scroller');
  });

export const figures: readonly Figure[] = [
  { name: 'bytes-16m-first-paint', unit: 'ms', goal: { relation: '<=', bound: 300 }, measure: firstPaint },
  { name: 'bytes-16m-scroll', unit: 'fps', goal: { relation: '>=', bound: 50 }, measure: scrolling },
];
