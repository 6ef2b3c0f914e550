/**
 * A real VS Code from npm alone: the server of VS Code (with its workbench, in a browser) as code-server packages it,
 * installed once into .cache/. Nothing is compiled, and afterwards nothing needs the network.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../ensure.mjs';
import { at, hashOf, locked, readIfThere, run, say } from '../lib/project.mjs';

/** Versions of code-server by the checksums of their packages: its minor version is that of its VS Code. */
const servers = /** @type {Readonly<Record<string, string>>} */ ({
  '4.139.1': 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
  // The oldest there is of those the extension runs in (engines.vscode): 1.101 and 1.102 were never packaged.
  '4.103.2': 'sha512-dbYFASiePozmAfA2e3BYE7r83CdZ7LMDEAzKhLVRJwFbnd4zAaFlsxvBNrLAkunDJUaEqbtawsBfbtDZu6SXnQ==',
});
const version = process.env['VSP_LAB_VSCODE_SERVER'] ?? '4.139.1';
const integrity = servers[version];

const folder = at('.cache', `vscode-server-${version}`);
const stamp = join(folder, '.installed');

/** Parts that offer accounts, chats and downloads: a test would only have to close them. */
const unwanted = ['copilot', 'github', 'microsoft-authentication', 'tunnel-forwarding'];

/**
 * Installs the server unless it is there. Throws with one clear line when it cannot.
 * @returns {string} the server's folder; its entry is `out/server-main.js`
 */
export function ensureVsCodeServer() {
  if (integrity === undefined) {
    throw new Error(`VSP_LAB_VSCODE_SERVER=${version}: there are ${Object.keys(servers).join(', ')}`);
  }
  const wanted = hashOf(['scripts/vscode/install.mjs', 'scripts/vscode/spdlog.cjs', 'scripts/vscode/watchdog.cjs']);
  if (readIfThere(stamp) !== wanted) {
    locked('vscode-server', () => {
      if (readIfThere(stamp) === wanted) return;
      say(`Installing the VS Code server ${version} for the tests (once; about 600 MB)...`);
      install();
      writeFileSync(stamp, wanted);
    });
  }
  return folder;
}

function install() {
  const next = `${folder}.next`;
  for (const left of [next, folder]) rmSync(left, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  if (npm(['pack', `code-server@${version}`, '--pack-destination', next]) !== 0) {
    throw new Error(`the VS Code server could not be downloaded (npm pack code-server@${version}): see above`);
  }
  const archive = join(next, `code-server-${version}.tgz`);
  if (`sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}` !== integrity) {
    throw new Error(`code-server@${version} is not the file that scripts/vscode/install.mjs expects`);
  }
  if (run('tar', ['-xzf', archive, '-C', next, 'package/lib/vscode'], { stdout: 'stderr' }) !== 0) {
    throw new Error('tar could not unpack the VS Code server: see above');
  }
  const server = join(next, 'package/lib/vscode');
  // Its own lock file pins the dependencies; it leaves out a peer that nothing needs.
  const options = ['--omit=dev', '--legacy-peer-deps', '--ignore-scripts'];
  if (npm(['ci', ...options], { cwd: server }) !== 0) {
    throw new Error('the dependencies of the VS Code server could not be installed (npm ci): see above');
  }
  for (const name of unwanted) rmSync(join(server, 'extensions', name), { recursive: true, force: true });
  for (const [name, standIn] of [
    ['spdlog', 'spdlog.cjs'],
    ['native-watchdog', 'watchdog.cjs'],
  ]) {
    const modules = [`@vscode/${name}`, name ?? ''].map((each) => join(server, 'node_modules', each));
    for (const module of modules.filter((each) => existsSync(each))) {
      copyFileSync(at('scripts/vscode', standIn ?? ''), join(module, 'index.js'));
    }
  }
  withoutGallery(join(server, 'product.json'));
  renameSync(server, folder);
  rmSync(next, { recursive: true, force: true });
  if (!existsSync(join(folder, 'out/server-main.js'))) throw new Error('the VS Code server has no out/server-main.js');
}

/** Without a gallery the workbench asks no one for extensions and updates. @param {string} file */
function withoutGallery(file) {
  const product = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of ['extensionsGallery', 'defaultChatAgent', 'linkProtectionTrustedDomains']) delete product[key];
  writeFileSync(file, JSON.stringify(product));
}
