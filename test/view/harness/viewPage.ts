/** The built page in Chromium, with a theme around it and the harness as its extension. */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { at } from '../../../scripts/lib/project.mjs';
import { ensureChromium } from '../../../scripts/vscode/chromium.mjs';
import type { HarnessHost } from './host.js';
import { type ThemeName, themes } from './themes.js';

export function openBrowser(): Promise<Browser> {
  const { args = [], ...options } = ensureChromium();
  return chromium.launch({ ...options, args: [...args, '--enable-precise-memory-info', '--js-flags=--expose-gc'] });
}

let harness: Promise<string> | undefined;

function harnessScript(): Promise<string> {
  harness ??= build({
    absWorkingDir: at(),
    entryPoints: ['test/view/harness/host.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2023',
  }).then(({ outputFiles }) => outputFiles[0]!.text);
  return harness;
}

export interface ViewOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  /** Runs in the page before the view starts: what the harness holds is set up here. */
  readonly setUp?: (host: HarnessHost) => void;
  /** Base64 of a packed report: the page is an exported file. */
  readonly embedded?: string;
  readonly reducedMotion?: boolean;
  readonly forcedColors?: boolean;
  readonly colorScheme?: 'light' | 'dark';
  /** Told of what the page's policy refuses and of errors of its script. */
  readonly complain?: (complaint: string) => void;
}

/** What VS Code styles in every webview before the page's own sheet. */
const editorStyle = `
html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
body { margin: 0; padding: 0 20px; background-color: transparent; color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); font-weight: var(--vscode-font-weight); }
a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
code { padding: 1px 3px; border-radius: 4px; background-color: rgb(128 128 128 / 30%); color: #d16969; }
::-webkit-scrollbar { width: 10px; height: 10px; }
`;

/** The strictest policy the page has to live with; scripts and styles come by nonce. */
const policy = "default-src 'none'; style-src 'nonce-view'; script-src 'nonce-view'; font-src data:; img-src data:";

export async function openView(browser: Browser, options: ViewOptions = {}): Promise<Page> {
  const { theme, width = 1200, height = 300, setUp, embedded } = options;
  const page = await browser.newPage({
    viewport: { width, height },
    reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
    forcedColors: options.forcedColors ? 'active' : 'none',
    colorScheme: options.colorScheme ?? 'light',
  });
  page.on('console', (message) => {
    if (message.type() === 'error') options.complain?.(message.text());
  });
  page.on('pageerror', (error) => options.complain?.(error.message));
  const { kind, behind, tokens } = theme ? themes[theme] : { kind: '', behind: '', tokens: {} };
  const style = Object.entries(tokens).map(([name, value]) => `--vscode-${name}: ${value};`);
  const view = readFileSync(at('dist/webview/view.js'), 'utf8');
  const sheet = readFileSync(at('dist/webview/view.css'), 'utf8');
  const script = (text: string) => `<script nonce="view">${text.replaceAll('</script', '<\\/script')}</script>`;
  const report = embedded ? `<script type="application/octet-stream" id="vsp-lab-report">${embedded}</script>` : '';
  const html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Packet Buffers</title>
<meta http-equiv="Content-Security-Policy" content="${policy}">
<style nonce="view">:root { ${style.join(' ')} } ${
    theme ? `html { background: ${behind}; } ${editorStyle}` : ''
  }</style>
<style nonce="view">${sheet}</style></head>
<body class="${kind}"><div id="vsp-lab"></div>${report}
${script(await harnessScript())}
${script(`const setUp = ${setUp?.toString() ?? '() => {}'}; setUp(harness);`)}
${script(view)}</body></html>`;
  await page.route('http://view.test/', (route) => route.fulfill({ body: html, contentType: 'text/html' }));
  await page.goto('http://view.test/');
  return page;
}

/** Waits for the report to be painted. */
export async function shown(page: Page): Promise<void> {
  await page.waitForFunction(() => (globalThis as unknown as { harness: HarnessHost }).harness.shownAt > 0);
}
