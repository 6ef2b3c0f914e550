/** Starts the VS Code server on a free port of this machine and ends it. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, projectNode, run } from '../lib/project.mjs';
import { ensureVsCodeServer } from './install.mjs';

/**
 * @typedef {object} ServerOptions
 * @property {string} data folder of its settings, state and logs
 * @property {string} extensions folder of the installed extensions
 * @property {boolean} [trust] whether folders are trusted without asking; true unless said otherwise
 * @property {Record<string, unknown>} [settings] user settings beside our own
 * @property {Record<string, string>} [env]
 * @property {string} [networkLog] refuses the extension host every connection to another machine, and notes it there
 */

/**
 * @typedef {{ readonly port: number, readonly ended: Promise<void>, log(): string, stop(): Promise<void> }} Server
 */

const isPosix = process.platform !== 'win32';

/** Nothing of the workbench opens by itself, moves or asks for anything outside. */
const settings = {
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.restoreWindows': 'none',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** @param {string} folder @param {ServerOptions} options */
const common = (folder, { data, extensions }) => [
  join(folder, 'out/server-main.js'),
  ...['--server-data-dir', data, '--extensions-dir', extensions],
  ...['--accept-server-license-terms', '--disable-telemetry'],
];

/**
 * Installs a VSIX as a user's *Install from VSIX...* does.
 * @param {string} file
 * @param {ServerOptions} options
 */
export function installExtension(file, options) {
  const folder = ensureVsCodeServer();
  const status = run(projectNode, [...common(folder, options), '--install-extension', file, '--force'], {
    stdout: 'stderr',
  });
  if (status !== 0) throw new Error(`${file} could not be installed into VS Code: see above`);
}

/**
 * Resolves once the server listens.
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 */
export async function startServer(options) {
  const folder = ensureVsCodeServer();
  const user = join(options.data, 'data/User');
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, 'settings.json'), JSON.stringify({ ...settings, ...options.settings }, null, 2));
  const { networkLog } = options;
  const child = spawn(
    projectNode,
    [
      // An extension host inherits the server's Node options from its command line, not from the environment.
      ...(networkLog === undefined ? [] : ['--require', at('scripts/vscode/networkGuard.cjs')]),
      ...common(folder, options),
      ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--enable-smoke-test-driver'],
      ...(options.trust === false ? [] : ['--disable-workspace-trust']),
    ],
    {
      // A group of its own, so that what it has started can be ended with it.
      detached: isPosix,
      env: { ...process.env, ...options.env, ...(networkLog && { VSP_LAB_NETWORK_LOG: networkLog }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const endAll = () => {
    try {
      if (isPosix && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill();
    } catch {
      // All have ended already.
    }
  };
  // Whoever started it may be stopped in the middle.
  process.once('exit', endAll);
  let log = '';
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  /** @type {Promise<number>} */
  const listening = new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      log += chunk.toString();
      const port = /agent listening on (\d+)/.exec(log)?.[1];
      if (port !== undefined) resolve(Number(port));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`the VS Code server ended with status ${status}: ${log}`)));
  });
  const port = await listening;
  return {
    port,
    ended,
    log: () => log,
    stop: async () => {
      child.kill();
      await ended;
      endAll();
    },
  };
}
