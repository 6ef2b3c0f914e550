/**
 * Makes sure that what the project needs is installed and built, and does nothing when it is. `npm run build` is this
 * file; every other script calls it first. Needs Node >= 20 and npm, nothing else.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { at, filesBelow, hashOf, locked, projectNode, readIfThere, run, say } from './lib/project.mjs';

const needed = [
  projectNode,
  at('node_modules/@biomejs/biome/bin/biome'),
  at('node_modules/@types/node/package.json'),
  at('node_modules/@yowasp/clang/gen/llvm.core.wasm'),
  at('node_modules/esbuild/lib/main.js'),
  at('node_modules/typescript/bin/tsc'),
  at('node_modules/vitest/vitest.mjs'),
];
const stamp = at('node_modules/.vsp-lab');
const built = at('dist/.built');

/**
 * Installs from the lockfile unless that very lockfile is installed already. Throws with one clear line when it cannot.
 */
export function ensureInstalled() {
  const wanted = `${hashOf(['package-lock.json'])} ${process.platform}-${process.arch}`;
  const isInstalled = () => readIfThere(stamp) === wanted && needed.every((file) => existsSync(file));
  if (isInstalled()) return;
  locked('install', () => {
    if (isInstalled()) return;
    say('Installing the development tools and the compiler (once; about 400 MB)...');
    if (npm(['ci']) !== 0) throw new Error('npm ci failed: its message stands above');
    // A user's npm may have install scripts turned off; the Node binary comes from one.
    if (!existsSync(projectNode)) npm(['rebuild', 'node', 'esbuild', '--ignore-scripts=false']);
    const missing = needed.filter((file) => !existsSync(file));
    if (missing.length > 0) throw new Error(`npm ci did not install ${missing.join(', ')}`);
    writeFileSync(stamp, wanted);
  });
}

/** Builds unless dist/ was built from exactly these sources. */
export function ensureBuilt() {
  const sources = ['bench', 'extension', 'scripts', 'webview'].flatMap((folder) => filesBelow(folder, () => true));
  const wanted = hashOf([...sources, 'package.json', 'package-lock.json']);
  const isBuilt = () => readIfThere(built) === wanted;
  if (isBuilt()) return;
  locked('build', () => {
    if (isBuilt()) return;
    if (run(projectNode, [at('scripts/build.mjs')], { stdout: 'stderr' }) !== 0) {
      throw new Error('the build failed: its message stands above');
    }
    writeFileSync(built, wanted);
  });
}

/** Both; a failure is one line on stderr and exit status 2. */
export function ensureOrExit() {
  try {
    ensureInstalled();
    ensureBuilt();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/**
 * Runs npm by its own JavaScript file where that can be found: starting npm.cmd on Windows would need a shell. Gives its
 * exit status.
 * @param {string[]} parameters
 * @param {{ cwd?: string }} options
 */
export function npm(parameters, { cwd = at() } = {}) {
  // Said here because a user's settings may say otherwise: NODE_ENV=production would leave the tools out, engine-strict
  // would refuse Node 20.
  const settings = ['--include=dev', '--engine-strict=false', '--no-audit', '--no-fund', '--loglevel=error'];
  const home = dirname(process.execPath);
  const candidates = [
    process.env['npm_execpath'] ?? '',
    join(home, 'node_modules/npm/bin/npm-cli.js'),
    join(home, '../lib/node_modules/npm/bin/npm-cli.js'),
  ];
  const script = candidates.find((file) => file.endsWith('npm-cli.js') && existsSync(file));
  if (script !== undefined) {
    return run(process.execPath, [script, ...parameters, ...settings], { cwd, stdout: 'stderr' });
  }
  return run('npm', [...parameters, ...settings], { cwd, stdout: 'stderr', shell: process.platform === 'win32' });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureOrExit();
