/** From an empty folder to sizes: three actions, by keyboard alone. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../scripts/vscode/workspace.mjs';
import { closeBrowser, screenshotOfFailure, until, Workbench } from './support/workbench.js';

/** What a person waits for at most, the window's own start apart. */
const LIMIT = 60_000;
const SIZES = /^\d+ packets · \d+ B/;

let workbench: Workbench | undefined;

afterEach((context) => screenshotOfFailure(context, workbench));
afterAll(async () => {
  await workbench?.close();
  await closeBrowser();
});

it('a driver file, its callbacks, a run: sizes within a minute', async () => {
  const folder = temporaryFolder();
  // The explorer of a window has to show something before it counts as open.
  writeFileSync(join(folder, 'README.md'), '');
  workbench = await Workbench.open({ path: folder });
  const { page } = workbench;
  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const list = page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  const begun = Date.now();

  const focused = page.locator('.quick-input-widget .quick-input-list .monaco-list-row.focused');
  /** Whether the row comes; the palette may have taken Enter for another that stood there for a moment. */
  const comes = (text: string): Promise<true | undefined> =>
    list
      .filter({ hasText: text })
      .first()
      .waitFor({ timeout: 3000 })
      .then(
        () => true,
        () => undefined,
      );
  const palette = async (title: string): Promise<void> => {
    await press('Escape');
    await press('F1');
    await page.keyboard.type(title);
    await focused.filter({ hasText: title }).waitFor();
    await press('Enter');
  };

  // First: New File..., VSP Driver File, the name that is proposed.
  await until('the list of new files', async () => {
    await palette('Create: New File...');
    return comes('New VSP Driver File');
  });
  await page.keyboard.type('VSP Driver');
  await focused.waitFor();
  // VS Code's own offer to create a file of any name stands first.
  await press('ArrowDown');
  await focused.filter({ hasText: 'New VSP Driver File' }).waitFor();
  await workbench.screenshot('new-file');
  await press('Enter');
  await workbench.accept('Driver.c');
  await page.locator('.tab.active[data-resource-name="Driver.c"]').waitFor();

  // Second: the code action on the structure the cursor is in.
  const action = page.getByText('Generate save/restore callbacks for DRIVER_CONTEXT', { exact: true });
  await until('the code action', async () => {
    await press('Control+.');
    const isThere = await action
      .first()
      .waitFor({ timeout: 1500 })
      .then(
        () => true,
        () => false,
      );
    if (!isThere) await press('Escape');
    return isThere || undefined;
  });
  await workbench.screenshot('generate-callbacks');
  await press('Enter');
  await page
    .locator('.monaco-list-row[aria-label*="DriverFixture.c"], .explorer-item[aria-label*="DriverFixture.c"]')
    .first()
    .waitFor();

  // Third: a run.
  await palette('Run Callbacks in This File');
  await workbench.lens(SIZES).first().waitFor({ timeout: LIMIT });
  const taken = Date.now() - begun;
  await workbench.screenshot('generated-sizes');
  expect(taken).toBeLessThan(LIMIT);
});

it('the command asks for structure, members and manner, with the reasons', async () => {
  const folder = temporaryFolder();
  const struct = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

typedef struct _NIC_RX_CONTEXT {
    LIST_ENTRY Link;
    UINT64 RequestId;
    PVOID Data;
    UINT32 DataLength;
    HANDLE File;
    KSPIN_LOCK Lock;
} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;
`;
  writeFileSync(join(folder, 'Nic.c'), struct);
  await workbench?.close();
  workbench = await Workbench.open({ path: folder });
  const { page } = workbench;
  const rows = page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  await workbench.openFile('Nic.c');
  await workbench.command('vspLab.scaffold');
  await rows.filter({ hasText: 'NIC_RX_CONTEXT' }).first().waitFor();
  await page.keyboard.press('Enter');
  await rows.filter({ hasText: 'handle: means nothing on another host' }).first().waitFor();
  await workbench.screenshot('scaffold-members');
  await page.keyboard.press('Enter');
  await rows.filter({ hasText: 'Write the callbacks' }).first().waitFor();
  await workbench.screenshot('scaffold-manner');
  await page.keyboard.press('Enter');
  await page
    .locator('.monaco-list-row[aria-label*="NicRxFixture.c"], .explorer-item[aria-label*="NicRxFixture.c"]')
    .first()
    .waitFor();
  await workbench.screenshot('scaffold-written');
});

it('goes back a step, shows changes before they are made, and makes none when they are discarded', async () => {
  const folder = temporaryFolder();
  const struct = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

typedef struct _NIC_TX_CONTEXT {
    UINT64 RequestId;
    PVOID Device;
} NIC_TX_CONTEXT, *PNIC_TX_CONTEXT;
`;
  writeFileSync(join(folder, 'Nic.c'), struct);
  await workbench?.close();
  workbench = await Workbench.open({ path: folder });
  const { page } = workbench;
  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const rows = page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  const row = (text: string) => rows.filter({ hasText: text }).first();
  const line = page.locator('.editor-instance .view-line');
  await workbench.openFile('Nic.c');

  const step = (number: number): Promise<void> =>
    page.locator('.quick-input-title').getByText(`(${number}/3)`).waitFor();
  const back = (): Promise<void> => page.locator('.quick-input-widget [aria-label^="Back"]').click();
  const toManner = async (): Promise<void> => {
    await workbench?.command('vspLab.scaffold');
    await step(1);
    await row('NIC_TX_CONTEXT').click();
    await step(2);
    await row('pointer: an address of this host and boot').waitFor();
    await press('Enter');
    await step(3);
  };
  await toManner();
  await back();
  await step(2);
  await back();
  await step(1);
  await press('Enter');
  await step(2);
  await press('Enter');
  await step(3);

  const panel = page.locator('.bulk-edit-panel');
  const preview = async (): Promise<void> => {
    await row('Preview: no').click();
    await row('Preview: yes').waitFor();
    await row('Write the callbacks').click();
    await panel.waitFor();
  };
  await preview();
  await panel.getByText('NicTxFixture.c').first().waitFor();
  await workbench.screenshot('scaffold-preview');
  await panel.getByRole('button', { name: 'Discard' }).click();
  await panel.waitFor({ state: 'hidden' });
  expect(await line.filter({ hasText: 'NicTxSavePacket' }).count()).toBe(0);
  expect(existsSync(join(folder, 'NicTxFixture.c'))).toBe(false);

  await toManner();
  await preview();
  // What asks to be confirmed is not checked at first.
  for (const name of ['Nic.c', 'NicTxFixture.c']) {
    await panel.locator('.monaco-list-row').filter({ hasText: name }).first().locator('.edit-checkbox').click();
  }
  await panel.getByRole('button', { name: 'Apply' }).click();
  await line.filter({ hasText: 'NicTxSavePacket' }).first().waitFor();
  await until('the tests', async () => existsSync(join(folder, 'NicTxFixture.c')) || undefined);
});
