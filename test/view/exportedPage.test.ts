/** `vsp-lab run --format html`: the file a person opens in a browser, with nothing around it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { ScratchProject, vspLab } from '../support/cli.js';
import { openBrowser } from './harness/viewPage.js';

const project = new ScratchProject();
const file = join(project.folder, 'report.html');
let browser: Browser;
let page: Page;
/** What the page loads beside itself, and what goes wrong in it. */
const requests: string[] = [];
const troubles: string[] = [];

beforeAll(async () => {
  const { status, stderr } = vspLab(at('examples'), 'run', '.', '--format', 'html', '--out', file);
  expect([status, stderr]).toEqual([0, '']);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1200, height: 700 }, colorScheme: 'dark' });
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  await page.goto(pathToFileURL(file).href);
});

afterAll(async () => {
  await browser?.close();
  project.remove();
});

describe('the exported page', () => {
  it('shows the packets of the drivers that were run, and needs nothing else for it', async () => {
    await page.getByText('VSP state').waitFor();
    await page.getByText('StorageNotificationComplete').first().waitFor();
    mkdirSync(at('out/screenshots'), { recursive: true });
    await page.screenshot({ path: at('out/screenshots/exported-page.png') });
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href]);
    expect(troubles).toEqual([]);
  });

  it('lets nothing run that was put into it', async () => {
    const evil = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "evil"';
      document.body.append(script);
      const image = document.createElement('img');
      image.setAttribute('onerror', 'document.title = "evil"');
      image.src = 'data:nothing';
      document.body.append(image);
      return new Promise<string>((resolve) => image.addEventListener('error', () => resolve(document.title)));
    });
    expect(evil).toBe('storage-bus, synthetic-nic, synthetic-video - Packet Buffers');
  });

  it('is the same file each time', () => {
    const again = join(project.folder, 'again.html');
    vspLab(at('examples'), 'run', '.', '--format', 'html', '--out', again);
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
  });
});
