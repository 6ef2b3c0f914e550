/** The page while a run is debugged: it follows, its timeline leads everywhere, and it goes back to what it was. */
import { mkdirSync, readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent, TimelineChange } from '../../extension/core/run/knownEvents.js';
import { at } from '../../scripts/lib/project.mjs';
import type { Paused } from '../../webview/protocol.js';
import { announced } from './harness/actions.js';
import { callsMade, openDetail } from './harness/detailPage.js';
import type { HarnessHost } from './harness/host.js';
import { type ThemeName, themes } from './harness/themes.js';
import { openBrowser, openView, type ViewOptions } from './harness/viewPage.js';

declare const harness: HarnessHost;
declare const axe: { run(selector: string): Promise<AxeResults> };

const shots = at('out/view');
const axeSource = readFileSync(at('node_modules/axe-core/axe.min.js'), 'utf8');

const save = { file: 'NicIndication.c', line: 180, column: 5, function: 'NicSavePacket' };
const write = { ...save, line: 188 };

const callback = (record: number, packet: number, pass: 'query' | 'write' | 'restore', status?: string): RunEvent => ({
  record,
  kind: 'packet',
  name: pass === 'restore' ? 'EvtVmbChannelRestorePacket' : 'EvtVmbChannelSavePacket',
  channel: 0,
  depth: 2,
  packet,
  pass,
  place: 0,
  ...(status === undefined ? {} : { status }),
});

const events: readonly RunEvent[] = [
  { record: 2, kind: 'call', name: 'VmbChannelEnable', channel: 0, depth: 0, status: '0x00000000', place: 0 },
  { record: 3, kind: 'state', name: 'Active', channel: 0, depth: 1 },
  { record: 9, kind: 'call', name: 'VmbPacketSend', channel: 0, depth: 0, count: 24, place: 0 },
  { record: 60, kind: 'call', name: 'VspLabSave', channel: 0, depth: 0, place: 0 },
  callback(70, 0, 'query', '0xC0000023'),
  callback(74, 0, 'write', '0x00000000'),
  callback(80, 1, 'query', '0xC0000023'),
  callback(84, 1, 'write'),
];
const later: readonly RunEvent[] = [
  {
    record: 90,
    kind: 'finding',
    name: 'savepkt-full-init',
    channel: 0,
    depth: 2,
    packet: 1,
    finding: 0,
    message: '4 bytes of the record were never written',
    place: 1,
  },
  callback(120, 0, 'restore', '0x00000000'),
];

const whole = (all: readonly RunEvent[], here: number, version = 1): TimelineChange => ({
  version,
  since: 0,
  keep: 0,
  changed: [],
  added: all,
  places: [save, write],
  here,
  dropped: 0,
});

const paused = (more: Partial<Paused> = {}): Paused => ({
  session: 'one',
  shown: { driver: 'nic', run: 0 },
  run: 'SavesInFlightRequests',
  reason: 'Paused at a breakpoint',
  location: write,
  callback: 'EvtVmbChannelSavePacket',
  channel: 0,
  packet: 1,
  pass: 'write',
  buffer: {
    size: 40,
    written: 24,
    bytes: Uint8Array.from({ length: 40 }, (_, index) => (index < 24 ? index : 0)),
    runs: [
      { offset: 0, length: 16, place: write },
      { offset: 16, length: 8, place: { ...write, line: 190 } },
      { offset: 24, length: 16, place: null },
    ],
  },
  ...more,
});

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(() => page.close());
afterAll(() => browser.close());

async function stop(state: Paused, timeline: TimelineChange): Promise<void> {
  await page.evaluate(([at, change]) => harness.send({ kind: 'paused', at, timeline: change }), [
    state,
    timeline,
  ] as const);
}

async function standing(options: ViewOptions = {}): Promise<void> {
  page = await openDetail(browser, { width: 1400, height: 700, ...options });
  await stop(paused(), whole([...events, ...later], events.length));
  await here().waitFor();
}

const grid = () => page.getByRole('grid', { name: 'Events of the debugged run' });
const here = () => grid().locator('.here');
const rows = async () =>
  (await grid().locator('.rows-space [role=row]').allInnerTexts()).map((row) => row.replaceAll(/\s+/g, ' ').trim());
const button = (name: string) => grid().getByRole('button', { name, exact: true });
const selectedTab = () => page.locator('[role=tab][aria-selected=true]').innerText();
const heading = () => page.locator('.detail h2').innerText();

describe('a debugged run', () => {
  it('brings its timeline to the front, selects its packet and says where it stands', async () => {
    await standing();
    expect(await selectedTab()).toMatch(/^Timeline/);
    await expect.poll(heading).toContain('#1');
    expect(await page.getByRole('group', { name: 'Debugging' }).innerText()).toMatch(
      /Paused at a breakpoint\s*write pass of packet 1\s*NicIndication\.c:188\s*24 of 40 bytes written/,
    );
    const all = await rows();
    expect(all[events.length]).toMatch(
      /You are here write pass of packet 1 24 of 40 bytes written NicIndication.c:188$/,
    );
    expect(all[4]).toMatch(/Query pass of packet 0 EvtVmbChannelSavePacket STATUS_BUFFER_TOO_SMALL/);
    expect(all[2]).toMatch(/VmbPacketSend 24 times/);
    expect(all.at(-1)).toMatch(/Restore of packet 0 EvtVmbChannelRestorePacket/);
  });

  it('is sent to an event by a click on it, before and ahead', async () => {
    await standing();
    await button('Go to Query pass of packet 0 EvtVmbChannelSavePacket STATUS_BUFFER_TOO_SMALL').click();
    await button('Go to Restore of packet 0 EvtVmbChannelRestorePacket , ahead').click();
    await expect.poll(() => callsMade(page, 'travel')).toEqual([{ event: 4 }, { event: events.length + 1 }]);
  });

  it('is sent by Enter, from the place where it stands', async () => {
    await standing();
    await grid().focus();
    for (const key of ['Enter', 'ArrowUp', 'ArrowUp', 'Enter', 'End', 'Enter']) await page.keyboard.press(key);
    await expect
      .poll(() => callsMade(page, 'travel'))
      .toEqual([{ event: events.length - 2 }, { event: events.length + 1 }]);
  });

  it('is followed by what has changed alone', async () => {
    await standing();
    await page.evaluate(() => harness.send({ kind: 'resumed' }));
    await expect
      .poll(() => button('Go to Query pass of packet 0 EvtVmbChannelSavePacket STATUS_BUFFER_TOO_SMALL').isDisabled())
      .toBe(true);
    const change = { version: 2, since: 1, keep: 8, places: [save, write], here: 7, dropped: 0 };
    await stop(paused({ packet: 0, pass: 'query', buffer: null, reason: 'Paused' }), {
      ...change,
      changed: [{ at: 7, event: callback(84, 1, 'write', '0xC000009A') }],
      added: [],
    });
    await expect.poll(heading).toContain('#0');
    const all = await rows();
    expect(all).toHaveLength(9);
    expect(all[7]).toContain('You are here query pass of packet 0');
    expect(all[8]).toContain('STATUS_INSUFFICIENT_RESOURCES');
    expect(await page.locator('.paused-buffer').count()).toBe(0);
  });

  it('leaves the tab to its user, and gives back the one before when it ends', async () => {
    await standing();
    await page.locator('#tab-findings').click();
    await stop(paused({ reason: 'Paused' }), { ...whole([], 3, 2), since: 1, keep: 10 });
    await expect.poll(() => page.getByRole('group', { name: 'Debugging' }).innerText()).toMatch(/^\S?\s*Paused\s/);
    expect(await selectedTab()).toMatch(/^Findings/);
    await page.locator('#tab-timeline').click();
    await page.evaluate(() => harness.send({ kind: 'debugEnded' }));
    await expect.poll(selectedTab).toMatch(/^Packets/);
    expect(await page.getByRole('group', { name: 'Debugging' }).count()).toBe(0);
    await page.locator('#tab-timeline').click();
    await page.getByRole('grid', { name: 'Events of the channel' }).waitFor();
  });

  it('tells who listens where it has come to, if the page has the focus', async () => {
    await standing();
    await grid().focus();
    await stop(paused(), { ...whole([], 3, 2), since: 1, keep: 10 });
    await expect
      .poll(() => announced(page))
      .toBe(
        'Paused at a breakpoint, write pass of packet 1, NicIndication.c line 188, 24 of 40 bytes written, after event 3 of 10',
      );
  });

  it('shows SaveBuf as it is now, and leads to the lines that wrote it', async () => {
    await standing();
    const buffer = page.getByRole('region', { name: 'SaveBuf now' });
    const cells = (await buffer.getByRole('row').allInnerTexts()).map((row) => row.replaceAll(/\s+/g, ' '));
    expect(cells.slice(1)).toEqual([
      expect.stringMatching(/^0–15 NicIndication\.c:188 00 01 02 .* 0F$/),
      expect.stringMatching(/^16–23 NicIndication\.c:190 10 .* 17$/),
      expect.stringMatching(/^24–39 not written yet 00 .*/),
    ]);
    await buffer.getByRole('button', { name: 'NicIndication.c:190' }).click();
    await expect
      .poll(() => callsMade(page, 'openDebugged'))
      .toEqual([{ file: 'NicIndication.c', line: 190, column: 5 }]);
  });

  it('can be looked at by packet and by finding', async () => {
    await standing();
    const shown = page.getByRole('combobox', { name: 'Events shown' });
    await shown.selectOption('findings');
    await expect.poll(async () => (await rows()).length).toBe(2);
    expect(await rows()).toEqual([
      expect.stringContaining('You are here'),
      expect.stringContaining('savepkt-full-init 4 bytes of the record were never written'),
    ]);
    await shown.selectOption('packet');
    await expect.poll(async () => (await rows()).length).toBe(4);
  });

  it('has a timeline where there is no report yet', async () => {
    page = await openView(browser, { theme: 'dark', height: 500, setUp: () => {} });
    await page.locator('.nothing').waitFor();
    await stop(paused({ shown: null }), whole(events, events.length));
    await here().waitFor();
    expect(await page.getByRole('group', { name: 'Debugging' }).innerText()).toContain('has no report yet');
    await page.evaluate(() => harness.send({ kind: 'debugEnded' }));
    await page.locator('.nothing').waitFor();
  });

  it('keeps 20,000 events at hand', async () => {
    await standing();
    const many = Array.from({ length: 20_000 }, (_, index) => callback(100 + index, index, 'write', '0x00000000'));
    await stop(paused(), whole(many, 10_000, 2));
    await expect.poll(async () => (await rows()).some((row) => row.includes('You are here'))).toBe(true);
    expect(await grid().locator('.rows-space [role=row]').count()).toBeLessThan(100);
  });
});

describe('a finding', () => {
  it('can be debugged to from the list and from its packet', async () => {
    page = await openDetail(browser, { packet: 2 });
    await page.locator('#tab-findings').click();
    await page.getByRole('button', { name: 'Debug to this finding: savepkt-full-init' }).first().click();
    await page.locator('.finding-main').first().click();
    await page.locator('.packet-findings').getByRole('button', { name: 'Debug to this finding' }).first().click();
    await expect.poll(async () => (await callsMade(page, 'debugToFinding')).length).toBe(2);
    const made = await callsMade(page, 'debugToFinding');
    expect(made[0]).toMatchObject({ driver: 'nic', run: 0 });
  });
});

describe('the page while a run is debugged', () => {
  for (const theme of Object.keys(themes) as ThemeName[]) {
    it(`has nothing for axe to find in ${theme}`, async () => {
      mkdirSync(shots, { recursive: true });
      for (const [name, size] of [
        ['wide', { width: 1400, height: 500 }],
        ['side', { width: 320, height: 900 }],
      ] as const) {
        await standing({ theme, ...size, reducedMotion: true });
        await grid().focus();
        await page.screenshot({ path: `${shots}/debugging-${name}-${theme}.png` });
        await page.evaluate(axeSource);
        const { violations } = await page.evaluate(() => axe.run('.page'));
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200))}`)).toEqual([]);
        if (name === 'wide') await page.close();
      }
    });
  }
});
