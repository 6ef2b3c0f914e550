/** What the page does with what it is given: hostile names, corrupt states, live runs, an exported file. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { announced, calls } from './harness/actions.js';
import type { HarnessHost } from './harness/host.js';
import { openBrowser, openView, shown, type ViewOptions } from './harness/viewPage.js';

declare const harness: HarnessHost;

let browser: Browser;
let page: Page;
/** Refusals of the page's policy and errors of its script: there are never any. */
let complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  complaints = [];
  await page.close();
});
afterAll(() => browser.close());

async function open(options: ViewOptions): Promise<void> {
  page = await openView(browser, { theme: 'dark', complain: (complaint) => complaints.push(complaint), ...options });
}

describe('a report that was too large to keep', () => {
  it('says so, and how to see it again', async () => {
    await open({
      setUp: (host) => {
        host.addSample('storage', 60);
        const { report } = host.drivers.get('storage')!;
        host.change('storage', { pack: { ...report.pack, runs: [] } });
      },
    });
    await page.getByText('The last report was too large to keep').waitFor();
    await page.getByRole('button', { name: 'Run callbacks' }).click();
    await expect.poll(async () => (await calls(page)).map(({ name }) => name)).toContain('run');
  });
});

describe('names out of a driver', () => {
  it('are text, whatever stands in them', async () => {
    await open({
      height: 800,
      setUp: (host) => {
        const evil = `<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>'"&amp;\u202e\u0000`;
        host.addSample('storage', 60);
        const { pack, report } = host.drivers.get('storage')!;
        const [run] = report.pack.runs;
        const [channel] = run!.channels;
        const rename = <T extends { readonly name: string }>(each: T) => ({ ...each, name: evil });
        const place = { file: evil, line: 1, column: 1, function: evil };
        const hostile = {
          ...run!,
          name: evil,
          driver: evil,
          file: evil,
          message: evil,
          output: [{ text: evil, location: place }],
          channels: [
            {
              ...channel!,
              name: evil,
              packets: { ...channel!.packets, kinds: channel!.packets.kinds.map(() => evil) },
              callbacks: { save: place, restore: place },
              timeline: {
                dropped: 0,
                events: channel!.timeline!.events.map((event) => ({ ...event, name: evil, location: place })),
              },
            },
          ],
          findings: run!.findings.map((finding) => ({ ...finding, message: evil, rule: evil, location: place })),
          records: run!.records!.map((record) => ({
            ...rename(record),
            fields: record.fields.map((field) => ({ ...rename(field), type: evil })),
          })),
        };
        host.drivers.set('storage', {
          pack,
          report: {
            ...report,
            name: evil,
            pack: { ...report.pack, runs: [hostile] },
            problems: [{ message: evil, file: evil, line: 1, column: 1 }],
          },
        });
        host.sendReports();
      },
    });
    await shown(page);
    await page.locator('.packet').nth(1).click();
    for (const tab of ['packets', 'findings', 'stream', 'timeline', 'figures', 'output']) {
      await page.locator(`#tab-${tab}`).click();
    }
    expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
    expect(await page.locator('#vsp-lab img, #vsp-lab script').count()).toBe(0);
    expect(await page.locator('.output-text').innerText()).toContain('<img src=x');
  });
});

describe('a state that was stored', () => {
  it('comes back: run, packet, order, filter, place in the list, width', async () => {
    await open({
      setUp: (host) => {
        host.addSample('storage', 400);
        host.state = {
          driver: 'storage',
          run: 'SavesInFlightRequests',
          channel: 0,
          packet: 13,
          tab: 'packets',
          sort: { column: 'bytes', descending: true },
          filter: 'state:inflight',
          grouped: false,
          collapsed: [],
          scroll: 40,
          split: 0.6,
        };
      },
    });
    await shown(page);
    expect(await page.locator('.filter-text').inputValue()).toBe('state:inflight');
    expect(await page.getByRole('columnheader', { name: 'Bytes' }).getAttribute('aria-sort')).toBe('descending');
    expect(await page.locator('.side').count()).toBe(1);
    expect(await page.getByRole('separator').getAttribute('aria-valuenow')).toBe('60');
    expect(await page.locator('.scroller').evaluate((element) => element.scrollTop)).toBe(40 * 22);
  });

  it('waits for its driver where others come first', async () => {
    await open({
      setUp: (host) => {
        host.addSample('early', 30);
        host.state = { driver: 'storage', run: 'SavesInFlightRequests', packet: 300, grouped: false, scroll: 290 };
      },
    });
    await shown(page);
    await page.evaluate(() => {
      harness.addSample('storage', 400);
      harness.sendReport('storage');
    });
    await page.locator('.packet.selected[data-packet="300"]').waitFor();
    expect(await page.locator('.scroller').evaluate((element) => element.scrollTop)).toBe(290 * 22);
  });

  it('is stored as the list is used', async () => {
    await open({ setUp: (host) => host.addSample('storage', 400) });
    await shown(page);
    await page.locator('.packet').nth(2).click();
    await page.locator('.scroller').evaluate((element) => element.scrollTo(0, 220));
    const stored = () => page.evaluate(() => harness.state as { scroll: number; packet: number | null });
    await expect.poll(async () => (await stored()).scroll, { timeout: 10_000 }).toBe(10);
    expect((await stored()).packet).not.toBeNull();
  });

  it('is forgotten quietly when it is corrupt', async () => {
    await open({
      setUp: (host) => {
        host.addSample('storage', 40);
        host.state = { driver: ['storage'], packet: 'x', sort: null, scroll: 1e308, split: {}, tab: 7, collapsed: {} };
      },
    });
    await shown(page);
    expect(await page.locator('.packet').count()).toBeGreaterThan(5);
    expect(await page.locator('.banner').count()).toBe(0);
  });
});

describe('a run while the page is open', () => {
  it('keeps the place in the list and says what came out', async () => {
    await open({ setUp: (host) => host.addSample('storage', 4000) });
    await shown(page);
    await page.locator('.scroller').evaluate((element) => element.scrollTo(0, 2200));
    await page.evaluate(() => harness.send({ kind: 'progress', running: true, text: 'Compiling storage.c' }));
    await page.getByText('Compiling storage.c').waitFor();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    expect((await calls(page)).at(-1)).toMatchObject({ name: 'cancel' });
    await page.evaluate(() => {
      harness.addSample('storage', 5000, 2);
      harness.sendReport('storage');
      harness.send({ kind: 'progress', running: false, text: '' });
    });
    await expect.poll(async () => (await announced(page)).startsWith('5,000 packets'), { timeout: 10_000 }).toBe(true);
    expect(await page.locator('.scroller').evaluate((element) => element.scrollTop)).toBe(2200);
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(1);
  });

  it('marks figures that an error has made old, and takes the mark off again', async () => {
    await open({ setUp: (host) => host.addSample('storage', 40) });
    await shown(page);
    const source = (problems: readonly object[]) =>
      page.evaluate(
        (list) => harness.send({ kind: 'source', driver: 'storage', stale: true, problems: list as never }),
        problems,
      );
    await source([{ message: "expected ';'", file: 'storage.c', line: 7, column: 2 }]);
    await page.getByText('Figures below are of the last source that did.').waitFor();
    await page.getByRole('button', { name: 'storage.c:7:2' }).click();
    expect((await calls(page)).at(-1)).toMatchObject({ name: 'openSource', argument: { line: 7, column: 2 } });
    await source([]);
    await page.locator('.banner').waitFor({ state: 'detached' });
    expect(await page.getByText('Source changed since this run').count()).toBe(1);
  });

  it('goes where the editor points', async () => {
    await open({ setUp: (host) => host.addSample('storage', 4000) });
    await shown(page);
    await page.evaluate(() => harness.send({ kind: 'reveal', target: { driver: 'storage', run: 0, packet: 3456 } }));
    await page.locator('.packet.selected[data-packet="3456"]').waitFor();
  });
});

describe('a page without packets', () => {
  it('offers to run where nothing was run', async () => {
    await open({ setUp: () => {} });
    await page.getByRole('button', { name: 'Run callbacks' }).click();
    expect((await calls(page)).at(-1)).toMatchObject({ name: 'run', argument: { driver: null } });
  });

  it('says why where the workspace is not trusted', async () => {
    await open({
      setUp: (host) => {
        host.canRun = false;
      },
    });
    await page.getByText('This workspace is not trusted').waitFor();
    expect(await page.getByRole('button', { name: 'Run callbacks' }).count()).toBe(0);
  });

  it('says so where a run saved none', async () => {
    await open({ setUp: (host) => host.addSample('storage', 0) });
    await page.getByText('This run saved no packets').waitFor();
  });
});

describe('an exported file', () => {
  it('is the same view, and says what it cannot do', async () => {
    await open({ setUp: () => {} });
    const embedded = await page.evaluate(() => harness.sampleBase64(300));
    await page.close();
    await open({ embedded, width: 1000, height: 700 });
    await page.locator('.packet').nth(2).click();
    await page.locator('.side').waitFor();
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0);
    expect(await page.evaluate(() => harness.posted)).toEqual([]);
    await page.locator('#tab-findings').click();
    await page.locator('.finding-main').first().click();
    expect(await page.locator('.banner').count()).toBe(0);
  });

  it('says so where it is damaged', async () => {
    await open({ embedded: 'VlNQTEFC' });
    expect(await page.locator('#vsp-lab').innerText()).not.toBe('');
  });
});
