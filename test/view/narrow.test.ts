/** The page where there is little room: a side bar beside other views, a panel of a few lines. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HarnessHost } from './harness/host.js';
import { openBrowser, openView, shown } from './harness/viewPage.js';

declare const harness: HarnessHost;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(() => page.close());
afterAll(() => browser.close());

async function open(width: number, height: number): Promise<void> {
  page = await openView(browser, {
    theme: 'dark',
    width,
    height,
    setUp: (host) => {
      host.addSample('storage', 20_000);
      const { pack } = host.drivers.get('storage')!.report;
      const before = { packets: 70, stateBytes: 1_000_000, min: 1, median: 7, max: 9 };
      host.change('storage', { previous: Object.fromEntries(pack.runs.map(({ name }) => [name, before])) });
    },
  });
  await shown(page);
}

/** What stands out of its box, of all that match and are seen: text, and by how many pixels on which side. */
const cutOff = (box: string, parts: string): Promise<string[]> =>
  page.evaluate(
    ([outer, inner]) =>
      Array.from(document.querySelectorAll(outer!)).flatMap((frame) => {
        const { left, right, top, bottom } = frame.getBoundingClientRect();
        return Array.from(frame.querySelectorAll(inner!)).flatMap((part) => {
          const own = part.getBoundingClientRect();
          if (own.width === 0 || own.height === 0) return [];
          const over = Math.max(left - own.left, own.right - right, top - own.top, own.bottom - bottom);
          return over > 1 ? [`${part.className} ${part.textContent}: ${Math.round(over)}`] : [];
        });
      }),
    [box, parts],
  );

describe.each([
  [230, 120],
  [300, 140],
  [340, 300],
  [500, 200],
  [700, 200],
  [900, 200],
  [1100, 200],
  [1280, 200],
  [500, 620],
  [900, 620],
] as const)('at %i by %i', (width, height) => {
  it('the overview shows what it shows in full', async () => {
    await open(width, height);
    expect(await page.locator('.headline-figure').isVisible()).toBe(true);
    expect(await cutOff('.overview', '.headline, .figure, .share, .histogram, .finding-total, .callbacks')).toEqual([]);
  });
});

describe('the figures', () => {
  it.each([300, 520, 1000])('are as wide as the page at %i', async (width) => {
    await open(width, 600);
    await page.locator('#tab-figures').click();
    await page.getByText('Saved bytes by field').waitFor();
    const [wanted, given] = await page
      .locator('.tables')
      .evaluate((element) => [element.scrollWidth, element.clientWidth] as const);
    expect(wanted).toBe(given);
  });

  it('never break a type within its name', async () => {
    await open(520, 600);
    await page.locator('#tab-figures').click();
    const lines = await page
      .locator('.field-table td.of-type code')
      .evaluateAll((types) => types.map((type) => type.getClientRects().length));
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines)).toBe(1);
  });
});

describe('the timeline', () => {
  it('ends a name that is too long with an ellipsis', async () => {
    await open(300, 600);
    await page.locator('#tab-timeline').click();
    await page.locator('.event-name .name').first().waitFor();
    expect(await cutOff('.event-name', '.name')).toEqual([]);
  });
});
