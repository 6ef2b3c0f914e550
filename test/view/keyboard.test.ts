/** The page by keyboard alone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { announced, calls, focused, press } from './harness/actions.js';
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

async function open(setUp: (host: HarnessHost) => void = (host) => host.addSample('storage', 400)): Promise<void> {
  page = await openView(browser, { theme: 'dark', height: 400, setUp });
  await shown(page);
}

const eventually = async (read: () => Promise<unknown>, wanted: unknown): Promise<void> => {
  await expect.poll(read, { timeout: 10_000 }).toEqual(wanted);
};

describe('the list', () => {
  it('is entered at its first row and left at its headings', async () => {
    await open();
    await press(page, '/');
    expect(await focused(page)).toBe('Filter packets');
    await press(page, 'ArrowDown');
    expect(await focused(page)).toBe('group (default)');
    await press(page, 'ArrowUp');
    expect(await focused(page)).toContain('#');
    await press(page, 'ArrowDown', 'ArrowDown');
    expect(await focused(page)).toMatch(/^packet /);
  });

  it('goes by rows, pages and to its ends', async () => {
    await open();
    await page.locator('[aria-label="Group by kind"]').click();
    await press(page, '/', 'ArrowDown');
    await eventually(() => focused(page), 'packet 0');
    await press(page, 'End');
    expect(await focused(page)).toBe('packet 399');
    expect(await page.locator('[data-packet="399"]').isVisible()).toBe(true);
    await press(page, 'Home', 'ArrowDown', 'ArrowDown', 'ArrowUp');
    expect(await focused(page)).toBe('packet 1');
    await press(page, 'PageDown');
    const paged = Number((await focused(page)).replace('packet ', ''));
    expect(paged).toBeGreaterThan(4);
    await press(page, 'PageUp');
    expect(await focused(page)).toBe('packet 1');
    await press(page, 'Control+End');
    expect(await focused(page)).toBe('packet 399');
    await press(page, 'Control+Home');
    expect(await focused(page)).toBe('packet 0');
  });

  it('opens and closes its groups', async () => {
    await open();
    await press(page, '/', 'ArrowDown');
    const heading = page.locator('[data-group="(default)"]');
    expect(await heading.getAttribute('aria-expanded')).toBe('true');
    const rows = Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'));
    await press(page, 'ArrowLeft');
    await eventually(() => heading.getAttribute('aria-expanded'), 'false');
    expect(await focused(page)).toBe('group (default)');
    expect(Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'))).toBeLessThan(rows);
    await press(page, 'ArrowRight', 'ArrowRight');
    await eventually(() => heading.getAttribute('aria-expanded'), 'true');
    expect(await focused(page)).toMatch(/^packet /);
    await press(page, 'ArrowLeft');
    expect(await focused(page)).toBe('group (default)');
  });

  it('sorts by its headings', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight');
    expect(await focused(page)).toContain('Bytes');
    const heading = page.getByRole('columnheader', { name: 'Bytes' });
    await press(page, 'Enter');
    await eventually(() => heading.getAttribute('aria-sort'), 'ascending');
    await press(page, 'Enter');
    await eventually(() => heading.getAttribute('aria-sort'), 'descending');
    expect(await focused(page)).toContain('Bytes');
    const first = await page.locator('.packet .c-bytes').first().innerText();
    const second = await page.locator('.packet .c-bytes').nth(1).innerText();
    expect(Number.parseInt(first, 10)).toBeGreaterThanOrEqual(Number.parseInt(second, 10));
  });
});

describe('a packet', () => {
  it('is opened by Enter, followed by the arrows and closed by Escape', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown', 'Enter');
    await eventually(() => page.locator('.side').count(), 1);
    expect(await page.locator('.packet.selected').count()).toBe(1);
    const before = await page.locator('.packet.selected').getAttribute('data-packet');
    await press(page, 'ArrowDown');
    await eventually(
      async () => (await page.locator('.packet.selected').getAttribute('data-packet')) === before,
      false,
    );
    const selected = await page.locator('.packet.selected').getAttribute('data-packet');
    expect(await focused(page)).toBe(`packet ${selected}`);
    await press(page, 'Escape');
    await eventually(() => page.locator('.side').count(), 0);
    expect(await focused(page)).toBe(`packet ${selected}`);
  });

  it('leads to its callback', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown', 'Control+Enter');
    const asked = (await calls(page)).at(-1);
    expect(asked).toMatchObject({ name: 'openSource', argument: { driver: 'storage', line: 110 } });
  });

  it('is left for the list by Escape, and reached again by F6', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown', 'Enter');
    await eventually(() => page.locator('.side').count(), 1);
    const row = await focused(page);
    await press(page, 'F6');
    expect(await page.evaluate(() => document.activeElement?.closest('.side') !== null)).toBe(true);
    await press(page, 'Escape');
    expect(await focused(page)).toBe(row);
    await press(page, 'F6', 'Shift+F6');
    expect(await focused(page)).toBe(row);
  });
});

describe('regions', () => {
  it('are gone through by F6, and left behind the last', async () => {
    await open();
    await press(page, '/', 'ArrowDown');
    await press(page, 'Shift+F6');
    const at = () =>
      page.evaluate(() => document.activeElement?.closest('[data-region]')?.className.split(' ')[0] ?? 'none');
    expect(await at()).toBe('overview');
    await press(page, 'Shift+F6');
    expect(await at()).toBe('header');
    await press(page, 'F6', 'F6');
    expect(await focused(page)).toBe('group (default)');
    const isLeftToEditor = await page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          window.addEventListener('keydown', (event) => resolve(!event.defaultPrevented), { once: true });
          document.activeElement?.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'F6', bubbles: true, cancelable: true }),
          );
        }),
    );
    expect(isLeftToEditor).toBe(true);
  });

  it('are resized at the splitter', async () => {
    await open();
    await page.locator('.packet').first().click();
    const splitter = page.getByRole('separator');
    await splitter.focus();
    const share = async () => Number(await splitter.getAttribute('aria-valuenow'));
    expect(await share()).toBe(42);
    await press(page, 'ArrowLeft', 'ArrowLeft');
    await eventually(share, 46);
    await press(page, 'End');
    await eventually(share, 15);
    await press(page, 'Enter');
    await eventually(share, 42);
  });
});

describe('focus', () => {
  it('stays on its packet through a run', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter');
    const row = await focused(page);
    await page.evaluate(() => {
      harness.addSample('storage', 500);
      harness.sendReport('storage');
    });
    await eventually(() => announced(page).then((text) => text.startsWith('500 packets')), true);
    expect(await focused(page)).toBe(row);
    expect(await page.locator('.packet.selected').count()).toBe(1);
  });

  it('goes to the first row when a filter takes its packet away', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    await page.evaluate(() => {
      harness.addSample('storage', 3);
      harness.sendReport('storage');
    });
    await eventually(() => announced(page).then((text) => text.startsWith('3 packets')), true);
    expect(await focused(page)).toMatch(/^(group|packet)/);
  });

  it('stays while its row is scrolled out of sight', async () => {
    await open();
    await press(page, '/', 'ArrowDown', 'ArrowDown');
    const row = await focused(page);
    await page.locator('.scroller').evaluate((element) => element.scrollTo(0, 5000));
    await expect.poll(() => page.locator('[aria-rowindex="230"]').count(), { timeout: 10_000 }).toBe(1);
    expect(await focused(page)).toBe(row);
    await press(page, 'ArrowDown');
    expect(await focused(page)).not.toBe(row);
    expect(await focused(page)).toMatch(/^packet/);
  });
});

describe('the filter', () => {
  it('is cleared by Escape, and its result told', async () => {
    await open();
    await press(page, '/');
    await page.keyboard.type('state:queued');
    await eventually(async () => (await announced(page)).startsWith('80 of 400 packets'), true);
    await press(page, 'Escape');
    await eventually(async () => (await announced(page)).startsWith('400 packets'), true);
    expect(await focused(page)).toBe('Filter packets');
  });

  it('tells what is wrong with a term, beside those that hold', async () => {
    await open();
    await press(page, '/');
    await page.keyboard.type('state:queued size:abc');
    const input = page.locator('.filter-text');
    await eventually(() => input.getAttribute('aria-invalid'), 'true');
    expect(await page.locator('#filter-feedback').innerText()).toContain('size:abc left out');
    expect(await page.locator('.filter-count').innerText()).toBe('80 of 400');
  });

  it('shows what it can say, and takes up what is chosen', async () => {
    await open();
    await press(page, '/', 'Tab', 'Enter');
    await page.getByRole('group', { name: 'What a filter can say' }).waitFor();
    await press(page, 'Escape');
    await page.getByRole('group', { name: 'What a filter can say' }).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Filter packets');
    await press(page, 'Tab', 'Enter', 'Tab', 'Enter');
    await eventually(() => page.locator('.filter-text').inputValue(), 'packet:');
    await page.keyboard.type('3');
    await eventually(async () => (await announced(page)).startsWith('1 of 400 packets'), true);
  });

  it('can be taken back where nothing matches', async () => {
    await open();
    await press(page, '/');
    await page.keyboard.type('size:>999999');
    await page.getByRole('button', { name: 'Clear filter' }).last().click();
    await eventually(async () => (await announced(page)).startsWith('400 packets'), true);
  });

  it('follows a bar of the histogram', async () => {
    await open();
    await page.locator('.histogram-bar').first().focus();
    await press(page, 'ArrowRight', 'Enter');
    await eventually(() => page.locator('.filter-text').inputValue(), 'size:80..159');
    await press(page, 'Enter');
    await eventually(() => page.locator('.filter-text').inputValue(), '');
  });
});

it('goes from tab to tab by arrows', async () => {
  await open();
  await page.locator('#tab-packets').focus();
  await press(page, 'ArrowRight');
  expect(await focused(page)).toContain('Findings');
  await press(page, 'Tab', 'Enter');
  await expect.poll(async () => (await calls(page)).some(({ name }) => name === 'openSource')).toBe(true);
  expect(await page.locator('[aria-current=true]').count()).toBe(1);
});

it('exports from the menu', async () => {
  await open();
  await page.getByRole('button', { name: 'Export report' }).focus();
  await press(page, 'Enter', 'ArrowDown', 'Enter');
  expect((await calls(page)).at(-1)).toMatchObject({ name: 'exportReport', argument: { format: 'csv' } });
  expect(await focused(page)).toBe('Export report');
});
