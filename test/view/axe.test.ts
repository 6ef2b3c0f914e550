/** The page's states in the four themes and as an exported file, judged by axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HarnessHost } from './harness/host.js';
import { type ThemeName, themes } from './harness/themes.js';
import { openBrowser, openView, shown, type ViewOptions } from './harness/viewPage.js';

declare const harness: HarnessHost;
declare const axe: { run(options: object): Promise<AxeResults> };

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface State {
  readonly name: string;
  readonly options: ViewOptions;
  /** False: no report will be painted. */
  readonly isShown?: boolean;
  readonly reach?: (page: Page) => Promise<unknown>;
}

const sample = (host: HarnessHost): void => {
  host.addSample('storage', 400);
  host.change('storage', {
    previous: { SavesInFlightRequests: { packets: 398, stateBytes: 120_000, min: 48, median: 160, max: 1500 } },
  });
};

const states: readonly State[] = [
  { name: 'the list', options: { setUp: sample } },
  {
    name: 'a packet beside the list',
    options: { setUp: sample, width: 1300, height: 900 },
    reach: (page) => page.locator('.packet').nth(4).click(),
  },
  {
    name: 'a packet below the list, in a side bar',
    options: { setUp: sample, width: 300, height: 900 },
    reach: (page) => page.locator('.packet').nth(2).click(),
  },
  {
    name: 'findings, one selected',
    options: { setUp: sample },
    reach: (page) =>
      page
        .locator('#tab-findings')
        .click()
        .then(() => page.locator('.finding-main').first().click()),
  },
  { name: 'the save stream', options: { setUp: sample }, reach: (page) => page.locator('#tab-stream').click() },
  { name: 'the timeline', options: { setUp: sample }, reach: (page) => page.locator('#tab-timeline').click() },
  {
    name: 'figures as tables',
    options: { setUp: sample, height: 1200 },
    reach: (page) => page.locator('#tab-figures').click(),
  },
  {
    name: 'a wrong filter',
    options: { setUp: sample },
    reach: (page) => page.locator('.filter-text').fill('size:abc state:queued'),
  },
  {
    name: "the filter's help",
    options: { setUp: sample, height: 700 },
    reach: (page) => page.getByRole('button', { name: 'What a filter can say' }).click(),
  },
  {
    name: 'no match',
    options: { setUp: sample },
    reach: (page) => page.locator('.filter-text').fill('nothing has this name'),
  },
  {
    name: 'compile errors over old figures',
    options: {
      setUp: (host) => {
        host.addSample('storage', 40);
        host.change('storage', {
          stale: true,
          problems: [{ message: "use of undeclared identifier 'Lenght'", file: 'Bus.cpp', line: 12, column: 5 }],
        });
      },
    },
  },
  {
    name: 'a run in progress, its menu open',
    options: { setUp: sample },
    reach: async (page) => {
      await page.evaluate(() => harness.send({ kind: 'progress', running: true, text: 'Compiling Bus.cpp' }));
      await page.getByRole('button', { name: 'Export report' }).click();
    },
  },
  { name: 'nothing run yet', options: { setUp: () => {} }, isShown: false },
  {
    name: 'an untrusted workspace',
    options: {
      setUp: (host) => {
        host.canRun = false;
      },
    },
    isShown: false,
  },
];

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** Each violation in one line: what, where and why. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  // A webview has no landmarks of its own document: VS Code is around it.
  const { violations: found } = await page.evaluate(() =>
    axe.run({ rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } } }),
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.split('\n').at(-1)?.trim()}`,
    ),
  );
}

async function reached({ options, isShown = true, reach }: State, more: ViewOptions): Promise<Page> {
  const page = await openView(browser, { ...options, ...more });
  if (isShown) await shown(page);
  else await page.locator('.nothing').waitFor();
  await reach?.(page);
  return page;
}

describe.each(Object.keys(themes) as ThemeName[])('theme %s', (theme) => {
  it.each(states)('$name', async (state) => {
    const page = await reached(state, { theme });
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});

describe.each(['light', 'dark'] as const)('an exported file, %s', (colorScheme) => {
  it('is as good', async () => {
    const maker = await openView(browser, { setUp: () => {} });
    const embedded = await maker.evaluate(() => harness.sampleBase64(200));
    await maker.close();
    const page = await openView(browser, { embedded, colorScheme, width: 1200, height: 800 });
    await page.locator('.packet').nth(3).click();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});
