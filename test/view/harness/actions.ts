/** What a user does with the page, and what tests read from it. */
import type { Page } from 'playwright-core';
import type { FromView } from '../../../webview/protocol.js';
import type { HarnessHost } from './host.js';

declare const harness: HarnessHost;

/** Calls the page has made, oldest first. */
export async function calls(page: Page): Promise<readonly { readonly name: string; readonly argument: unknown }[]> {
  const posted = await page.evaluate(() => harness.posted.filter(({ kind }) => kind === 'call'));
  return posted as unknown as readonly Extract<FromView, { kind: 'call' }>[];
}

/** What has the focus: `packet 7`, `group name`, or its label or text. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return '';
    const { packet, group } = element.dataset;
    if (packet !== undefined) return `packet ${packet}`;
    if (group !== undefined) return `group ${group}`;
    return element.getAttribute('aria-label') ?? element.textContent ?? '';
  });
}

export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

export const announced = (page: Page): Promise<string> => page.locator('[role=status].hidden').innerText();
