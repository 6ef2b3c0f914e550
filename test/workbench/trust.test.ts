/** A folder nobody has said to trust: it can be read, and nothing of it is compiled or run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePackaged } from '../../scripts/lib/vsix.mjs';
import { ensureChromium } from '../../scripts/vscode/chromium.mjs';
import { installExtension, startServer } from '../../scripts/vscode/server.mjs';
import { copyExample, temporaryFolder } from '../../scripts/vscode/workspace.mjs';

/** Another extension that asks for what no menu offers. */
const probe = {
  'package.json': JSON.stringify({
    name: 'probe',
    publisher: 'test',
    version: '1.0.0',
    engines: { vscode: '^1.101.0' },
    main: './main.js',
    contributes: { commands: [{ command: 'probe.run', title: 'Probe' }] },
    capabilities: { untrustedWorkspaces: { supported: true } },
  }),
  'main.js': `const { commands } = require('vscode');
exports.activate = () => { commands.registerCommand('probe.run', () => commands.executeCommand('vspLab.runFile')); };
`,
};

/** Its status is written there; that *BytesNeeded is not stored only paths through compiled code tell. */
const PENDING = `#include <vmbuskernelmodeclientlibapi.h>
EVT_VMB_CHANNEL_SAVE_PACKET PendingSave;
NTSTATUS PendingSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    return STATUS_PENDING;
}
`;

const STRUCT = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

typedef struct _NIC_RX_CONTEXT {
    UINT64 RequestId;
} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;
`;

describe('restricted mode', () => {
  const below = temporaryFolder();
  const options = { data: join(below, 'server'), extensions: join(below, 'extensions'), trust: false };
  const folder = copyExample('synthetic-nic', below);
  let stop: () => Promise<void>;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    installExtension(ensurePackaged(), options);
    writeFileSync(join(folder, 'Pending.c'), PENDING);
    writeFileSync(join(folder, 'Rx.c'), STRUCT);
    mkdirSync(join(below, 'probe'));
    for (const [name, text] of Object.entries(probe)) writeFileSync(join(below, 'probe', name), text);
    const server = await startServer(options);
    const browser = await chromium.launch(ensureChromium());
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    stop = async () => {
      await browser.close();
      await server.stop();
    };
    const authority = `127.0.0.1:${server.port}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', `vscode-remote://${authority}${join(below, 'probe')}`],
    ]);
    await page.goto(`http://${authority}/?${new URLSearchParams({ folder, payload })}`);
    await page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor();
    await page.locator('.explorer-viewlet .monaco-list-row').filter({ hasText: 'NicFixture.c' }).dblclick();
    await page.locator('.tab.active[data-resource-name="NicFixture.c"]').waitFor();
  });

  afterAll(async () => {
    await stop?.();
    rmSync(below, { recursive: true, force: true });
  });

  async function palette(text: string): Promise<Locator> {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input.input').fill(`>${text}`);
    const labels = page.locator('.quick-input-list .monaco-list-row .label-name');
    await labels.first().waitFor();
    return labels;
  }

  /** What the palette has when it is opened: it does not follow a file that wakes the extension afterwards. */
  async function offered(): Promise<readonly string[]> {
    const all = await (await palette('VSP Lab: ')).allInnerTexts();
    await page.keyboard.press('Escape');
    return all.filter((label) => label.startsWith('VSP Lab: ')).toSorted();
  }

  it('offers to read and not to run', async () => {
    await expect
      .poll(offered, { timeout: 30_000 })
      .toEqual([
        'VSP Lab: Explain Rule',
        'VSP Lab: Generate Save/Restore Callbacks...',
        'VSP Lab: Go to Paired Callback',
        'VSP Lab: New VSP Driver File',
        'VSP Lab: Open Packet Buffers in an Editor',
        'VSP Lab: Peek Registration',
        'VSP Lab: Show Contract of Callback to the Side',
        'VSP Lab: Show Packet Buffers',
      ]);
    expect(await page.locator('.editor-actions a[aria-label^="Run Callbacks"]').count()).toBe(0);
    expect(await page.locator('.codelens-decoration').count()).toBe(0);
  });

  it('underlines what the text alone shows, and compiles nothing', async () => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input.input').fill('Pending.c');
    await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Pending.c' }).first().click();
    await page.locator('.tab.active[data-resource-name="Pending.c"]').waitFor();
    const marks = page.locator('.monaco-editor .squiggly-warning');
    await expect.poll(() => marks.count(), { timeout: 30_000 }).toBe(1);
    await (await palette('Problems: Focus on Problems View')).first().click();
    const problems = page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'savepkt-' });
    await expect.poll(() => problems.allInnerTexts()).toEqual([expect.stringContaining('returns STATUS_PENDING')]);
  });

  it('refuses to run what is asked for behind the menus, and says why', async () => {
    await (await palette('Probe')).getByText('Probe', { exact: true }).click();
    await (await palette('Notifications: Show Notifications')).first().click();
    const message = page.locator('.notification-list-item-message');
    await expect
      .poll(() => message.allInnerTexts())
      .toEqual(['Drivers are compiled and run in trusted workspaces only.']);
  });

  it('writes callbacks all the same: that runs nothing', async () => {
    await page.keyboard.press('Escape');
    await page.locator('.explorer-viewlet .monaco-list-row').filter({ hasText: 'Rx.c' }).first().dblclick();
    await page.locator('.tab.active[data-resource-name="Rx.c"]').waitFor();
    const title = 'VSP Lab: Generate Save/Restore Callbacks...';
    await expect.poll(offered, { timeout: 30_000 }).toContain(title);
    await (await palette(title)).getByText(title, { exact: true }).click();
    const rows = page.locator('.quick-input-list .monaco-list-row');
    for (const text of ['NIC_RX_CONTEXT', 'RequestId', 'Write the callbacks']) {
      await rows.filter({ hasText: text }).first().waitFor();
      await page.keyboard.press('Enter');
    }
    await page.locator('.editor-instance .view-line').filter({ hasText: 'NicRxSavePacket' }).first().waitFor();
    expect(await page.locator('.codelens-decoration').count()).toBe(0);
  });
});
