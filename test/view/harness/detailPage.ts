/** The page with a packet of the detail pack selected, and the calls it has made since. */
import type { Browser, Page } from 'playwright-core';
import type { CallName, ViewCalls } from '../../../webview/protocol.js';
import { detailPack } from './detailPack.js';
import type { HarnessHost } from './host.js';
import { openView, shown, type ViewOptions } from './viewPage.js';

declare const harness: HarnessHost;

export interface DetailOptions extends ViewOptions {
  /** As base64. */
  readonly pack?: string;
  readonly packet?: number;
  readonly tab?: 'stream' | 'timeline';
  readonly screenReader?: boolean;
}

/** Tall enough for everything unless told otherwise. */
export async function openDetail(browser: Browser, options: DetailOptions = {}): Promise<Page> {
  const { pack = detailPack(), packet = 0, tab, screenReader = false, ...view } = options;
  const page = await openView(browser, { width: 1400, height: 1000, theme: 'dark', ...view });
  if (screenReader) await page.evaluate(() => document.body.classList.add('vscode-using-screen-reader'));
  await page.evaluate(
    ([base64, index]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      harness.addPack('nic', bytes);
      harness.sendReports();
      harness.send({ kind: 'reveal', target: { driver: 'nic', run: 0, channel: 0, packet: index } });
    },
    [pack, packet] as const,
  );
  await shown(page);
  await page.locator('.detail h2').waitFor();
  if (tab !== undefined) await page.locator(`#tab-${tab}`).click();
  return page;
}

/** Arguments of the calls of one name, in order. */
export async function callsMade<Name extends CallName>(
  page: Page,
  name: Name,
): Promise<readonly ViewCalls[Name]['argument'][]> {
  const found = await page.evaluate(
    (wanted) => harness.posted.flatMap((each) => (each.kind === 'call' && each.name === wanted ? [each.argument] : [])),
    name as string,
  );
  return found as unknown as readonly ViewCalls[Name]['argument'][];
}
