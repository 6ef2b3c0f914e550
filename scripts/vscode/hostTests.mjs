/**
 * Runs test/vscode inside the real extension host of a VS Code server, opened by Chromium, and copies the results to the
 * file given. Exit status 1 when something failed or could not start.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { at, say } from '../lib/project.mjs';
import { bundleTests } from './bundleTests.mjs';
import { ensureChromium } from './chromium.mjs';
import { report } from './report.mjs';
import { startServer } from './server.mjs';
import { workspaceOfExamples } from './workspace.mjs';

/** Far beyond what the tests need: a workbench that hangs ends the run, and says so. */
const backstop = 8 * 60_000;

/** @param {string} output */
async function main(output) {
  const tests = await bundleTests('vscode-tests');
  const launch = ensureChromium();
  const workspace = workspaceOfExamples();
  const folder = dirname(workspace);
  const server = await startServer({
    data: join(folder, 'server'),
    extensions: join(folder, 'extensions'),
    env: { VSP_LAB_TEST_PLAN: tests.plan },
  });
  const browser = await chromium.launch(launch);
  try {
    const page = await browser.newPage();
    /** @type {Promise<number>} */
    const ended = new Promise((resolve, reject) => {
      page.exposeFunction('codeAutomationExit', resolve).catch(reject);
      page.once('crash', () => reject(new Error('the workbench crashed')));
      setTimeout(() => reject(new Error('the tests did not end')), backstop).unref();
    });
    const authority = `127.0.0.1:${server.port}`;
    const remote = (/** @type {string} */ path) => `vscode-remote://${authority}${path}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', remote(at())],
      ['extensionTestsPath', remote(tests.runner)],
    ]);
    const query = new URLSearchParams({ workspace, payload });
    await page.goto(`http://${authority}/?${query}`);
    const status = await ended;
    copyFileSync(tests.results, output);
    report(readFileSync(output, 'utf8'));
    return status;
  } catch (error) {
    await takeScreenshot(browser);
    say(server.log());
    throw error;
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {import('playwright-core').Browser} browser */
async function takeScreenshot(browser) {
  const page = browser.contexts()[0]?.pages()[0];
  mkdirSync(at('out/screenshots'), { recursive: true });
  await page?.screenshot({ path: at('out/screenshots/extension-host.png') }).catch(() => {});
}

try {
  process.exitCode = await main(process.argv[2] ?? at('out/vscode-tests.json'));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
