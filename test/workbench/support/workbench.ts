/**
 * VS Code as a person has it before them: a window of the workbench with the packaged extension, driven by keyboard and
 * mouse. Nothing here reaches into the extension.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Frame, type Locator, type Page } from 'playwright-core';
import { expect, inject, type TestContext } from 'vitest';
import { at } from '../../../scripts/lib/project.mjs';
import { ensureChromium } from '../../../scripts/vscode/chromium.mjs';

export const THEMES = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high-contrast-dark': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;
export type Theme = keyof typeof THEMES;

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  readonly contributes?: { readonly commands?: readonly { command: string; title: string; category?: string }[] };
};
const texts = existsSync(at('package.nls.json'))
  ? (JSON.parse(readFileSync(at('package.nls.json'), 'utf8')) as Readonly<Record<string, string>>)
  : {};

/** What a manifest's string shows: itself, or the text its %key% stands for. */
const shown = (text: string) => text.replace(/^%(.+)%$/, (_match, key: string) => texts[key] ?? key);

const LOCAL = /^(https?:\/\/127\.0\.0\.1:|data:|blob:)/;
/** Files of a webview have such addresses, which a service worker of VS Code answers. */
const RESOURCE = /^https:\/\/[^/]*\.vscode-resource\.vscode-cdn\.net\//;

/** How long a condition may take to come true, on a slow machine. */
const PATIENCE = 60_000;

let browser: Promise<Browser> | undefined;

/** One per test file; its windows share nothing. */
export const openBrowser = (): Promise<Browser> => {
  browser ??= chromium.launch(ensureChromium());
  return browser;
};

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

export interface OpenOptions {
  /** Absolute: a folder, or a `.code-workspace` file. */
  readonly path: string;
  readonly theme?: Theme;
  /** Settings of the workspace; only for a folder. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly width?: number;
  readonly height?: number;
}

export class Workbench {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #folder: string;
  #settings: Record<string, unknown>;
  /** Addresses outside this machine that the page asked for. */
  readonly outside: string[] = [];

  private constructor(page: Page, context: BrowserContext, folder: string, settings: Record<string, unknown>) {
    this.page = page;
    this.#context = context;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Opens a window; resolves once the workbench is there, with the explorer's files. */
  static async open({
    path,
    theme = 'dark',
    settings = {},
    width = 1440,
    height = 900,
  }: OpenOptions): Promise<Workbench> {
    const context = await (await openBrowser()).newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    const isWorkspace = path.endsWith('.code-workspace');
    const workbench = new Workbench(page, context, isWorkspace ? dirname(path) : path, { ...settings });
    context.on('request', (request) => {
      const url = request.url();
      if (!LOCAL.test(url) && !RESOURCE.test(url)) workbench.outside.push(url);
    });
    context.on('response', (response) => {
      if (RESOURCE.test(response.url()) && !response.fromServiceWorker()) workbench.outside.push(response.url());
    });
    if (!isWorkspace) workbench.setTheme(theme);
    const query = new URLSearchParams({ [isWorkspace ? 'workspace' : 'folder']: path });
    await page.goto(`http://127.0.0.1:${inject('port')}/?${query}`);
    await workbench.#ready();
    return workbench;
  }

  async #ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: PATIENCE });
    await this.page.locator('.explorer-viewlet .monaco-list-row').first().waitFor({ timeout: PATIENCE });
  }

  /** *Developer: Reload Window*: VS Code stores what its parts remember before it goes, which a reload of the page lacks. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('domcontentloaded');
    await this.palette('Developer: Reload Window');
    await loaded;
    await this.#ready();
  }

  /** Ends the window. Fails when the page or an extension host wanted to reach anything outside this machine. */
  async close(): Promise<void> {
    await this.#context.close();
    expect(this.outside, 'addresses outside this machine that the page asked for').toEqual([]);
    const log = inject('networkLog');
    expect(existsSync(log) ? readFileSync(log, 'utf8') : '', 'what the extension host wanted to reach').toBe('');
    expect(existsSync(`${log}.guarded`), 'the guard ran in the extension host').toBe(true);
  }

  /** Writes the workspace's settings; VS Code takes them over by itself. */
  set(settings: Readonly<Record<string, unknown>>): void {
    this.#settings = { ...this.#settings, ...settings };
    mkdirSync(join(this.#folder, '.vscode'), { recursive: true });
    writeFileSync(join(this.#folder, '.vscode/settings.json'), JSON.stringify(this.#settings, null, 2));
  }

  setTheme(theme: Theme): void {
    this.set({ 'workbench.colorTheme': THEMES[theme] });
  }

  /** Sets a theme in the open window and waits until it is there. */
  async switchTheme(theme: Theme): Promise<void> {
    this.setTheme(theme);
    const classes = {
      dark: 'vs-dark',
      light: 'vs',
      'high-contrast-dark': 'hc-black',
      'high-contrast-light': 'hc-light',
    };
    await this.page.locator(`.monaco-workbench.${classes[theme]}`).waitFor({ timeout: PATIENCE });
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.#quickInput('Control+P', name);
    await this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: name })
      .first()
      .waitFor({ timeout: PATIENCE });
    await this.page.keyboard.press('Enter');
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor({ timeout: PATIENCE });
  }

  /** Puts the cursor at the beginning of a line of the active editor, from 1, in the middle of what is seen. */
  async goToLine(line: number): Promise<void> {
    await this.#quickInput('Control+G', `:${line}`);
    // Before the answer to what was typed is there, Enter does nothing.
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: `line ${line}` });
    await row.waitFor({ timeout: PATIENCE });
    await this.page.keyboard.press('Enter');
    await this.cursorAt(line);
  }

  /** Waits until the cursor of the active editor is in that line. */
  async cursorAt(line: number): Promise<void> {
    await this.page
      .locator('.statusbar-item')
      .getByText(new RegExp(`^Ln ${line}, Col`))
      .waitFor({ timeout: PATIENCE });
  }

  /** Lenses in sight of the active editor with that text. */
  lens(text: string | RegExp): Locator {
    return this.page.locator('.editor-instance .codelens-decoration a').filter({ hasText: text });
  }

  /** Runs a command of ours, by its id, from the palette. */
  async command(id: string): Promise<void> {
    const command = manifest.contributes?.commands?.find((entry) => entry.command === id);
    if (command === undefined) throw new Error(`package.json has no command ${id}`);
    const category = command.category === undefined ? '' : `${shown(command.category)}: `;
    await this.palette(`${category}${shown(command.title)}`);
  }

  /** Runs the command of that very title from the palette, once the palette offers it. */
  async palette(title: string): Promise<void> {
    await until(`${title} in the palette`, async () => {
      await this.#quickInput('F1', `>${title}`);
      // The palette offers what could be done when it was opened.
      const row = this.#row(title);
      const isThere = await row.waitFor({ timeout: 1000 }).then(
        () => true,
        () => false,
      );
      if (isThere) await row.click();
      else await this.page.keyboard.press('Escape');
      return isThere || undefined;
    });
  }

  /** Takes the row of that label from the list that is open. */
  async choose(label: string): Promise<void> {
    await this.#row(label).waitFor({ timeout: PATIENCE });
    await this.#row(label).click();
  }

  /** Takes what the dialog that is open proposes, once it proposes this: it writes its own text last. */
  async accept(proposal: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    await expect.poll(() => input.inputValue(), { timeout: PATIENCE }).toBe(proposal);
    await this.page.keyboard.press('Enter');
  }

  /** Types another path into the file dialog that is open, once it proposes this, and takes it. */
  async answer(proposal: string, path: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    await expect.poll(() => input.inputValue(), { timeout: PATIENCE }).toBe(proposal);
    await until('the dialog to take the path', async () => {
      await input.fill(path);
      await this.page.keyboard.press('Enter');
      // While it looks at folders it does not listen, and what is typed meanwhile makes it begin again.
      return input.waitFor({ state: 'hidden', timeout: 5000 }).then(
        () => true,
        () => undefined,
      );
    });
  }

  /** Titles that the palette offers for a text. */
  async offered(text: string): Promise<string[]> {
    await this.#quickInput('F1', `>${text}`);
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor({ timeout: PATIENCE });
    const labels = await rows.locator('.label-name').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return labels;
  }

  #row(title: string): Locator {
    const label = this.page.locator('.label-name').getByText(title, { exact: true });
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ has: label }).first();
  }

  async #quickInput(key: string, text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    await this.page.keyboard.press(key);
    await input.waitFor({ timeout: PATIENCE });
    await input.fill(text);
  }

  /** Texts of all notifications there are, on screen or not. */
  async notifications(): Promise<string[]> {
    await this.palette('Notifications: Show Notifications');
    const center = this.page.locator('.notifications-center.visible');
    await center.waitFor({ timeout: PATIENCE });
    const texts = await center.locator('.notification-list-item-message').allInnerTexts();
    await this.palette('Notifications: Hide Notifications');
    await center.waitFor({ state: 'hidden', timeout: PATIENCE });
    return texts;
  }

  /** The frame of the Packet Buffers page; waits until it is there. `where` narrows the search: `.panel`, `.sidebar`... */
  async view(): Promise<Frame> {
    return until('the Packet Buffers page', async () => {
      for (const frame of this.page.frames()) {
        if (
          (await frame
            .locator('#vsp-lab')
            .count()
            .catch(() => 0)) > 0
        )
          return frame;
      }
      return undefined;
    });
  }

  /** Kept as `out/screenshots/NAME.png`. */
  async screenshot(name: string): Promise<void> {
    const folder = at('out/screenshots');
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }
}

/** Leaves a picture of the window when a test has failed: `out/screenshots/failed-TEST.png`. */
export async function screenshotOfFailure({ task }: TestContext, workbench: Workbench | undefined): Promise<void> {
  if (task.result?.state !== 'fail') return;
  const name = task.name.replace(/[^a-z0-9]+/gi, '-').slice(0, 60);
  await workbench?.screenshot(`failed-${name}`).catch(() => {});
}

/** Polls until `look` finds something. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Breaches of WCAG 2.2 A and AA and of best practices that axe finds in a page, one line each. */
export async function accessibilityBreaches(frame: Frame): Promise<string[]> {
  // The page's policy forbids inline scripts; the debugger's evaluation is none.
  await frame.evaluate(axeSource);
  return frame.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    // The page is transparent: behind it is the panel, which axe cannot see from inside.
    const root = document.documentElement;
    root.style.background = getComputedStyle(root).getPropertyValue('--vscode-panel-background');
    const ofWholePages = { 'page-has-heading-one': { enabled: false }, region: { enabled: false } };
    const { violations } = await axe.run(document, { resultTypes: ['violations'], rules: ofWholePages });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target }) => `${id}: ${help}: ${target.join(' ')}`),
    );
  });
}
