/** The detail pane by keyboard, by pointer and by ear, in a browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallName } from '../../webview/protocol.js';
import { detailPack, largePack } from './harness/detailPack.js';
import { callsMade, type DetailOptions, openDetail } from './harness/detailPage.js';
import type { HarnessHost } from './harness/host.js';
import { openBrowser, openView } from './harness/viewPage.js';

declare const harness: HarnessHost;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(() => page.close());
afterAll(() => browser.close());

async function open(options: DetailOptions = {}): Promise<void> {
  page = await openDetail(browser, options);
}

const callsOf = <Name extends CallName>(name: Name) => callsMade(page, name);

const grid = () => page.getByRole('grid', { name: 'Bytes of' });
const fields = () => page.getByRole('treegrid', { name: 'Fields of NIC_SAVED_INDICATION' });
const cursor = () => page.locator('.hex [role=gridcell].cursor');
const status = () => page.locator('.byte-status');
const focusedLabel = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
const selected = () =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll('.hex [role=gridcell].selected'), (cell) => cell.textContent),
  );
const press = async (...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

const perRow = async (): Promise<number> => Number(await grid().getAttribute('aria-colcount')) - 1;

/** The grid with its cursor on a byte, by keys. */
async function goTo(byte: number): Promise<void> {
  await grid().locator('[role=gridcell][tabindex="0"]').focus();
  const width = await perRow();
  await press('Control+Home', ...Array<string>(Math.floor(byte / width)).fill('ArrowDown'));
  await press(...Array<string>(byte % width).fill('ArrowRight'));
  await page.waitForFunction((wanted) => document.activeElement?.ariaLabel?.startsWith(`offset ${wanted},`), byte);
}

describe('the passes of a packet', () => {
  it('are drawn as what was asked and answered, with what is wrong marked', async () => {
    await open();
    const steps = page.locator('.exchange');
    expect(await steps.allInnerTexts()).toEqual([
      expect.stringMatching(
        /Query.*NicSavePacket.*SaveBufSize 0.*STATUS_BUFFER_TOO_SMALL\s+0xC0000023.*BytesNeeded 104/s,
      ),
      expect.stringMatching(/Write.*SaveBufSize 122.*STATUS_SUCCESS.*100 of 104 bytes written.*4 bytes uninitialised/s),
      expect.stringMatching(/Restore.*NicRestorePacket.*104 saved bytes.*STATUS_SUCCESS.*104 bytes read/s),
    ]);
    expect(await steps.nth(0).getByRole('img').getAttribute('aria-label')).toBe('as it should be');
    expect(await steps.nth(1).getByRole('img').getAttribute('aria-label')).toBe('error');
  });

  it('lead to the source, as the findings do', async () => {
    await open();
    await page.locator('.exchange').nth(2).getByRole('button', { name: 'NicRestorePacket' }).click();
    await page.getByRole('button', { name: '4 bytes of the record were never written' }).click();
    await page.locator('.packet-findings').getByRole('button', { name: 'savepkt-full-init' }).click();
    expect((await callsOf('openSource')).map(({ file, line }) => [file, line])).toEqual([
      ['drivers/nic/NicIndication.c', 214],
      ['drivers/nic/NicIndication.c', 188],
    ]);
    expect(await callsOf('explainRule')).toEqual([{ rule: 'savepkt-full-init' }]);
  });

  it('leave room for the bytes where the pane is as low as a panel', async () => {
    await open({ packet: 1, width: 1200, height: 320 });
    const pane = await page.locator('.detail').boundingBox();
    const row = await page.locator('.hex-space .hex-row').nth(2).boundingBox();
    expect((row?.y ?? Number.POSITIVE_INFINITY) + (row?.height ?? 0)).toBeLessThanOrEqual(
      (pane?.y ?? 0) + (pane?.height ?? 0),
    );
    const lines = (await page.locator('.exchange').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(lines[0]).toMatch(/Query 0 STATUS_BUFFER_TOO_SMALL BytesNeeded 88$/);
  });

  it('say why a pass was not made, and that nothing was saved', async () => {
    await open({ packet: 2 });
    await page.getByText('the query succeeded with 0 bytes, there is nothing to save').waitFor();
    await page.getByText('This packet saved no bytes of its own.').waitFor();
  });
});

describe('the grid of bytes', () => {
  it('is one tab stop that keys move through', async () => {
    await open();
    await grid().waitFor();
    expect(await grid().locator('[tabindex="0"]').count()).toBe(1);
    await goTo(12);
    expect(await focusedLabel()).toBe('offset 12, hex 0C, Header.Checksum, written at NicIndication.c line 150');
    await press('End');
    expect(await focusedLabel()).toMatch(/^offset 15,/);
    await press('ArrowRight', 'End', 'Home');
    expect(await focusedLabel()).toMatch(/^offset 16, hex 10, Mode,/);
    await press('Control+End');
    expect(await focusedLabel()).toMatch(/^offset 103, hex 67, tail, beyond NIC_SAVED_INDICATION,/);
    await press('PageUp', 'Control+Home');
    expect(await focusedLabel()).toMatch(/^offset 0, hex 4E, Header.Signature,/);
    expect(await grid().locator('[tabindex="0"]').count()).toBe(1);
  });

  it('marks padding, tail and bytes that nobody wrote, and says so below', async () => {
    await open();
    await goTo(62);
    expect(await cursor().getAttribute('class')).toMatch(/padding.*never/);
    expect(await focusedLabel()).toBe('offset 62, hex 3E, padding after Address, never written');
    expect(await status().innerText()).toMatch(/Offset 62 0x3E.*padding after Address.*u8 62.*never written/s);
    expect(await page.locator('.hex .tail[role=gridcell]').count()).toBe(8);
    expect(await page.locator('.legend').first().innerText()).toMatch(
      /padding\s+00\s+tail\s+00\s+4 bytes never written/,
    );
  });

  it('opens the line that wrote the byte, and shows its stack', async () => {
    await open();
    await goTo(49);
    expect(await status().innerText()).toMatch(
      /Written by\s+NicIndication\.c:163 \(NicCaptureFrames\).*VmbChannelSaveContinue.*NicSaveChannel NicChannel\.c:340/s,
    );
    await press('Enter');
    expect(await callsOf('openSource')).toEqual([
      { driver: 'nic', file: 'drivers/nic/NicIndication.c', line: 163, column: 1 },
    ]);
  });

  it('selects with shift and copies as hex text and as a C array', async () => {
    await open();
    await goTo(0);
    await press('Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight');
    expect(await selected()).toEqual(['4E', '49', '43', '49']);
    await press('Control+c', 'c', 'Escape', 'Control+c');
    const [hex, array, one] = (await callsOf('copy')).map(({ text }) => text);
    expect(hex).toBe('4E 49 43 49');
    expect(array).toContain('bytes 0 to 3 of 104');
    expect(array).toContain('static const UCHAR NIC_SAVED_INDICATION_0[4] = {\n    0x4E, 0x49, 0x43, 0x49,\n};');
    expect(one).toBe('49');
    expect(await page.locator('.saved-title .note').innerText()).toBe('Copied 1 byte as hex text');
    await page.getByRole('button', { name: 'C array' }).click();
    expect((await callsOf('copy')).at(-1)?.text).toContain('[104] = {');
  });

  it('selects by pointer, in the bytes and in the text beside them', async () => {
    await open();
    const cell = (byte: number) => grid().locator('[role=gridcell]').nth(byte);
    await cell(4).click();
    await cell(7).click({ modifiers: ['Shift'] });
    expect(await selected()).toEqual(['01', '00', '02', '00']);
    const text = page.locator('.hex-space .hex-text').first();
    const box = await text.boundingBox();
    const letters = await text.locator('span').first().boundingBox();
    if (box === null || letters === null) throw new Error('the text is not there');
    const width = (box.x + box.width - letters.x) / (await perRow());
    await page.mouse.click(letters.x + 2.5 * width, box.y + 5);
    expect(await cursor().innerText()).toBe('43');
  });

  it('speaks on each move in screen-reader mode only', async () => {
    await open();
    const spoken = () => page.getByRole('status').innerText();
    const before = await spoken();
    await goTo(5);
    expect(await spoken()).toBe(before);
    await page.close();
    await open({ screenReader: true });
    await goTo(5);
    expect(await spoken()).toBe('offset 5, hex 00, Header.Version, written at NicIndication.c line 150');
    const labels = await grid().locator('[role=gridcell][aria-label]').count();
    expect(labels).toBe(104);
  });

  it('fits its rows to the width', async () => {
    await open({ width: 4000 });
    await grid().waitFor();
    for (const [width, bytes] of [
      [4000, 32],
      [1700, 16],
      [700, 8],
    ] as const) {
      await page.setViewportSize({ width, height: 1000 });
      await expect.poll(perRow).toBe(bytes);
      expect(await page.locator('.hex-space .hex-row').first().locator('[role=gridcell]').count()).toBe(bytes);
    }
  });

  it('keeps cursor, focus and place when the driver is run again', async () => {
    await open();
    await goTo(70);
    await page.evaluate(() => harness.sendReport('nic'));
    await page.waitForFunction(
      () => harness.posted.filter((each) => each.kind === 'call' && each.name === 'packetBytes').length === 2,
    );
    await press('ArrowRight');
    expect(await focusedLabel()).toMatch(/^offset 71, hex 47, u.Start.Maximum or u.Raw,/);
  });
});

describe('the fields of the record', () => {
  it('are a tree with decoded values, names of a driver as text', async () => {
    await open({ height: 1500 });
    const rows = () => fields().locator('.field-row').allInnerTexts();
    await fields().locator('.field-row').first().waitFor();
    const first = await rows();
    await fields().evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText('Tail: 8 bytes').waitFor();
    const found = [...first, ...(await rows())].map((row) => row.replaceAll(/\s+/g, ' ').trim());
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^0 .? ?Header struct 16 bytes$/),
        '0 Signature UINT32 1229146446 0x4943494E "NICI"',
        '16 Mode NIC_MODE 319951120 (no name) 0x13121110',
        '20 Priority UINT32 : 7 10 0x0A',
        '24 InterfaceId GUID {1B1A1918-1D1C-1F1E-2021-222324252627}',
        '40 Context PVOID pointer 0x2F2E2D2C2B2A2928',
        '48 Name CHAR[8] "eth0<b>"',
        '62 padding 2 bytes never written 3E 3F',
        expect.stringMatching(/^64 .? ?u union 8 bytes$/),
        '72 <img src=x onerror=alert(1)> LONG 1263159624 0x4B4A4948',
        expect.stringMatching(/^80 .? ?Frames 2 elements 16 bytes$/),
        '96 Tail: 8 bytes beyond NIC_SAVED_INDICATION',
      ]),
    );
    expect(await page.locator('.detail img, .detail b').count()).toBe(0);
  });

  it('and their bytes highlight each other', async () => {
    await open();
    await fields().locator('.field-row', { hasText: 'Checksum' }).hover();
    const hovered = page.locator('.hex [role=gridcell].hovered');
    expect(await hovered.allInnerTexts()).toEqual(['0C', '0D', '0E', '0F']);
    await grid().locator('[role=gridcell]').nth(25).hover();
    expect(await fields().locator('.hovered').innerText()).toContain('InterfaceId');
    expect(await hovered.count()).toBe(16);
  });

  it('are reached by F and walked by keys, bytes following', async () => {
    await open();
    await goTo(9);
    await press('f');
    expect(await fields().evaluate((element) => element === document.activeElement)).toBe(true);
    const active = () => fields().locator('[aria-selected=true]').innerText();
    expect(await active()).toContain('Length');
    await press('ArrowDown');
    expect(await active()).toContain('Checksum');
    expect(await selected()).toEqual(['0C', '0D', '0E', '0F']);
    await press('ArrowLeft');
    expect(await active()).toContain('Header');
    expect((await selected()).length).toBe(16);
    await press('ArrowLeft');
    expect(await fields().locator('.field-row').nth(1).innerText()).toContain('Mode');
    await press('ArrowRight', 'ArrowRight', 'ArrowRight');
    expect(await active()).toContain('Signature');
    await press('Enter', 'f');
    expect((await callsOf('openSource')).map(({ line }) => line)).toEqual([150]);
    expect(await focusedLabel()).toMatch(/^offset 0, hex 4E/);
  });

  it('open the line that wrote them, by a click', async () => {
    await open();
    await fields().locator('.field-row', { hasText: 'eth0' }).click();
    await expect.poll(async () => (await callsOf('openSource')).map(({ line }) => line)).toEqual([163]);
  });

  it('walk through bit-fields one by one although they share their bytes', async () => {
    await open();
    await goTo(20);
    await press('f');
    const active = () => fields().locator('[aria-selected=true] .name').innerText();
    const seen: string[] = [];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) {
      await press(key);
      seen.push((await active()).trim());
    }
    expect(seen).toEqual(['Priority', 'Reserved', 'InterfaceId']);
  });

  it('end where the saved bytes end', async () => {
    await open({ packet: 1 });
    await page.getByText('NIC_SAVED_INDICATION, 88 bytes of 96').waitFor();
    await fields().locator('.field-row').first().waitFor();
    await fields().evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText('2 fields not saved: the record is 8 bytes longer').waitFor();
  });
});

describe('a record of sixteen megabytes', () => {
  const BYTES = 16 * 1024 * 1024;
  const COST = 200;

  it('is scrolled through with a few rows, each frame cheap', async () => {
    await open({ pack: largePack(BYTES) });
    await goTo(0);
    await press('Control+End');
    expect(await focusedLabel()).toMatch(new RegExp(`^offset ${BYTES - 1}, hex 5A,`));
    await press('Control+Home', 'PageDown');
    expect(await page.locator('.hex-space .hex-row').count()).toBeLessThan(120);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
    };
    const before = await busy();
    await page.evaluate(async () => {
      const scroller = document.querySelector('.hex-scroller');
      for (let jump = 1; jump <= 30; jump += 1) {
        scroller?.scrollTo(0, jump * 400_000);
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
    });
    // Twenty milliseconds are 50 frames a second; ten times that is a fault, not a slow machine.
    expect((await busy()) - before).toBeLessThan(30 * COST);
    expect(await page.locator('.hex-space .hex-row').count()).toBeLessThan(120);
  });

  it('reaches its last row where rows are so many that no browser can stack them', async () => {
    await open({ pack: largePack(BYTES), width: 640, height: 1400 });
    await goTo(0);
    await page.locator('.hex-scroller').evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const rows = () => page.locator('.hex-space .hex-offset').allInnerTexts();
    await expect.poll(rows).toContain((BYTES - 8).toString(16).toUpperCase().padStart(6, '0'));
    await press('ArrowRight');
    await expect.poll(focusedLabel).toMatch(/^offset 1,/);
    await expect.poll(rows).toContain('000000');
  });
});

describe('an exported file', () => {
  it('shows places as text: there is no editor to open them', async () => {
    page = await openView(browser, { width: 1400, height: 1000, embedded: detailPack() });
    await page
      .getByRole('row', { name: /NicIndicationComplete/ })
      .nth(1)
      .click();
    await page.locator('.detail h2').waitFor();
    await grid().waitFor();
    await page.getByText('4 bytes of the record were never written').first().waitFor();
    expect(await page.locator('.detail').getByRole('button').allInnerTexts()).toEqual([
      expect.anything(),
      expect.stringContaining('C array'),
    ]);
  });
});
