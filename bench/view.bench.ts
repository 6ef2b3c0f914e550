/**
 * What a person has of the Packet Buffers page when a run has very many packets: how soon it is there, whether it scrolls,
 * how long it may not answer, what it takes. By the browser's own counters, in the built page under its real policy.
 */
import type { Browser, CDPSession, Page } from 'playwright-core';
import type { HarnessHost } from '../test/view/harness/host.js';
import { openView, shown } from '../test/view/harness/viewPage.js';
import { framesOfWheel, inBrowser } from './browser.js';
import { type Figure, median, once } from './figures.js';

declare const harness: HarnessHost;

const ROUNDS = 5;
const MEBIBYTE = 1_048_576;

/** A page that shows nothing yet and has its packets ready to be sent. */
async function withPackets(browser: Browser, count: number): Promise<Page> {
  const page = await openView(browser, { theme: 'dark', width: 1200, height: 700, setUp: () => {} });
  await page.evaluate((packets) => harness.addSample('storage', packets), count);
  return page;
}

/** From sending the report to the painted list, milliseconds: what is copied on the way included. */
async function paint(page: Page): Promise<number> {
  await page.evaluate(() => harness.sendReports());
  await shown(page);
  return page.evaluate(() => harness.shownAt - harness.sentAt);
}

const firstPaint = (count: number) => () =>
  inBrowser(async (browser) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const page = await withPackets(browser, count);
      times.push(await paint(page));
      await page.close();
    }
    return median(times);
  });

/** Frames a second while a wheel turns. */
const scrolling = (count: number) => () =>
  inBrowser(async (browser) => {
    const page = await withPackets(browser, count);
    await paint(page);
    return framesOfWheel(page, '.scroller');
  });

interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const usage = (await session.send('Runtime.getHeapUsage')) as unknown as HeapUsage;
  return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
}

interface Large {
  /** Mebibytes of script, document and columns, once the extension's side holds none of it. */
  readonly heap: number;
  /** Milliseconds of the longest task while the list is sorted, filtered and grouped. */
  readonly longestTask: number;
}

const large = once(() =>
  inBrowser(async (browser): Promise<Large> => {
    const page = await withPackets(browser, 1_000_000);
    await paint(page);
    await page.evaluate(() => {
      harness.drivers.clear();
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      });
    });
    await page.locator('.header-row .c-bytes button').click();
    await page.locator('[aria-sort=ascending].c-bytes').waitFor();
    await page.locator('.filter-text').fill('state:queued size:>100');
    await page.locator('.filter-count').waitFor();
    await page.locator('.filter-text').fill('');
    await page.locator('[aria-label="Group by kind"]').click();
    await page.getByRole('grid').waitFor();
    const tasks = await page.evaluate(() => (globalThis as unknown as { readonly tasks: readonly number[] }).tasks);
    const heap = (await heapBytes(await page.context().newCDPSession(page))) / MEBIBYTE;
    // A task is observed from 50 ms on.
    return { heap, longestTask: Math.max(49, ...tasks) };
  }),
);

export const figures: readonly Figure[] = [
  {
    name: 'view-100k-first-paint',
    unit: 'ms',
    goal: { relation: '<=', bound: 300 },
    measure: firstPaint(100_000),
  },
  { name: 'view-100k-scroll', unit: 'fps', goal: { relation: '>=', bound: 50 }, measure: scrolling(100_000) },
  {
    name: 'view-1m-first-paint',
    unit: 'ms',
    goal: { relation: '<=', bound: 2000 },
    measure: firstPaint(1_000_000),
  },
  {
    name: 'view-1m-heap',
    unit: 'MiB',
    goal: { relation: '<=', bound: 400 },
    measure: async () => (await large()).heap,
  },
  {
    name: 'view-1m-longest-task',
    unit: 'ms',
    goal: { relation: '<=', bound: 50 },
    measure: async () => (await large()).longestTask,
  },
];
