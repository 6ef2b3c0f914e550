/** Runs a script of ours inside the real extension host of a VS Code server, opened by Chromium. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { at, say } from '../lib/project.mjs';
import { ensureChromium } from './chromium.mjs';
import { startServer } from './server.mjs';
import { workspaceOfExamples } from './workspace.mjs';

/** Far beyond what is needed: a workbench that hangs ends the run, and says so. */
const backstop = 8 * 60_000;

/**
 * Resolves with the status VS Code gives when the script's `run` has ended: 0 unless it rejected.
 * @param {string} script absolute; a CommonJS file that exports `run`
 * @param {Record<string, string>} env
 * @returns {Promise<number>}
 */
export async function runInExtensionHost(script, env) {
  const launch = ensureChromium();
  const workspace = workspaceOfExamples();
  const folder = dirname(workspace);
  const server = await startServer({ data: join(folder, 'server'), extensions: join(folder, 'extensions'), env });
  const browser = await chromium.launch(launch);
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    /** @type {Promise<number>} */
    const ended = new Promise((resolve, reject) => {
      page.exposeFunction('codeAutomationExit', resolve).catch(reject);
      page.once('crash', () => reject(new Error('the workbench crashed')));
      setTimeout(() => reject(new Error('the extension host did not end')), backstop).unref();
    });
    const authority = `127.0.0.1:${server.port}`;
    const remote = (/** @type {string} */ path) => `vscode-remote://${authority}${path}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', remote(at())],
      ['extensionTestsPath', remote(script)],
    ]);
    await page.goto(`http://${authority}/?${new URLSearchParams({ workspace, payload })}`);
    return await ended;
  } catch (error) {
    mkdirSync(at('out/screenshots'), { recursive: true });
    const page = browser.contexts()[0]?.pages()[0];
    await page?.screenshot({ path: at('out/screenshots/extension-host.png') }).catch(() => {});
    say(server.log());
    throw error;
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
