/** A folder nobody has said to trust: it can be read, and nothing of it is compiled or run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePackaged } from '../../scripts/lib/vsix.mjs';
import { ensureChromium } from '../../scripts/vscode/chromium.mjs';
import { installExtension, startServer } from '../../scripts/vscode/server.mjs';
import { copyExample, temporaryFolder } from '../../scripts/vscode/workspace.mjs';

/** What a person can still press when no menu offers the command. */
const KEY = 'Control+Alt+9';
const keybindings = [{ key: 'ctrl+alt+9', command: 'vspLab.runFile' }];

describe('restricted mode', () => {
  const below = temporaryFolder();
  const options = { data: join(below, 'server'), extensions: join(below, 'extensions'), trust: false };
  const folder = copyExample('synthetic-nic', below);
  let stop: () => Promise<void>;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    installExtension(ensurePackaged(), options);
    mkdirSync(join(options.data, 'data/User'), { recursive: true });
    writeFileSync(join(options.data, 'data/User/keybindings.json'), JSON.stringify(keybindings));
    const server = await startServer(options);
    const browser = await chromium.launch(ensureChromium());
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    stop = async () => {
      await browser.close();
      await server.stop();
    };
    await page.goto(`http://127.0.0.1:${server.port}/?${new URLSearchParams({ folder })}`);
    await page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor();
    await page.locator('.explorer-viewlet .monaco-list-row').filter({ hasText: 'NicFixture.c' }).dblclick();
    await page.locator('.tab.active[data-resource-name="NicFixture.c"]').waitFor();
  });

  afterAll(async () => {
    await stop?.();
    rmSync(below, { recursive: true, force: true });
  });

  /** What the palette has when it is opened: it does not follow a file that wakes the extension afterwards. */
  async function offered(): Promise<readonly string[]> {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input.input').fill('>VSP Lab: ');
    const labels = page.locator('.quick-input-list .monaco-list-row .label-name');
    await labels.first().waitFor();
    const all = await labels.allInnerTexts();
    await page.keyboard.press('Escape');
    return all.filter((label) => label.startsWith('VSP Lab: ')).toSorted();
  }

  it('offers to read and not to run', async () => {
    await expect.poll(offered, { timeout: 30_000 }).toEqual([
      'VSP Lab: Explain Rule',
      'VSP Lab: Open Packet Buffers in an Editor',
      'VSP Lab: Show Packet Buffers',
    ]);
    expect(await page.locator('.editor-actions a[aria-label^="Run Callbacks"]').count()).toBe(0);
    expect(await page.locator('.codelens-decoration').count()).toBe(0);
  });

  it('refuses to run what is asked for behind the menus, and says why', async () => {
    await page.locator('.monaco-editor .view-lines').click();
    await page.keyboard.press(KEY);
    const message = page.locator('.notification-list-item-message').filter({ hasText: 'trusted workspaces only' });
    await message.first().waitFor({ state: 'attached' }).finally(() => page.screenshot({ path: 'out/try/trust.png' }));
  });
});
