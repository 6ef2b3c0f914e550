/** What benches of the page have in common. */
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../test/view/harness/viewPage.js';

const SCROLL_MILLISECONDS = 3000;

export async function inBrowser<Result>(work: (browser: Browser) => Promise<Result>): Promise<Result> {
  const browser = await openBrowser();
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Frames a second while a wheel turns over what `selector` finds. */
export async function framesOfWheel(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`the page has no ${selector}`);
  await page.mouse.move(box.x + Math.min(200, box.width / 2), box.y + Math.min(200, box.height / 2));
  const frames = page.evaluate(
    (length) =>
      new Promise<number>((resolve) => {
        const start = performance.now();
        let counted = 0;
        const count = () => {
          counted += 1;
          if (performance.now() - start < length) requestAnimationFrame(count);
          else resolve((1000 * counted) / (performance.now() - start));
        };
        requestAnimationFrame(count);
      }),
    SCROLL_MILLISECONDS,
  );
  const isTurning = { value: true };
  void frames.finally(() => {
    isTurning.value = false;
  });
  while (isTurning.value) await page.mouse.wheel(0, 240);
  return frames;
}
