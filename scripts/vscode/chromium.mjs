/**
 * A Chromium for the tests: the one VSP_LAB_CHROMIUM names; on Linux x64 the pinned one of npm, unpacked once into
 * .cache/; elsewhere the machine's Chrome.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, locked, projectNode, say } from '../lib/project.mjs';

/** @typedef {{ executablePath?: string, channel?: string, env: Record<string, string>, args: string[] }} Launch */

const { version } = JSON.parse(readFileSync(at('node_modules/@sparticuz/chromium/package.json'), 'utf8'));
const folder = at('.cache', `chromium-${version}`);

/** The archive unpacks itself into the temporary folder, its libraries only where it believes to be in a cloud. */
const unpack = `import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())`;
const cloud = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };

/**
 * What `playwright.chromium.launch` needs. Throws with one clear line when no Chromium can start.
 * @returns {Launch}
 */
export function ensureChromium() {
  // Tests run in containers, often as root, where Chromium's own sandbox cannot.
  const args = ['--no-sandbox', '--disable-gpu'];
  const named = process.env['VSP_LAB_CHROMIUM'];
  if (named) return { executablePath: named, env: environment(), args };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome', env: environment(), args };
  const executablePath = join(folder, 'chromium');
  if (!existsSync(executablePath)) locked('chromium', install);
  return { executablePath, env: environmentThatStarts(executablePath), args };
}

function install() {
  if (existsSync(join(folder, 'chromium'))) return;
  say(`Unpacking Chromium ${version} for the tests (once; about 200 MB)...`);
  const next = `${folder}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  const env = { ...process.env, ...cloud, TMPDIR: next };
  const result = spawnSync(projectNode, ['-e', unpack], { cwd: at(), env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Chromium could not be unpacked: ${result.stderr.trim()}`);
  writeFileSync(
    join(next, 'fonts.conf'),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`,
  );
  rmSync(folder, { recursive: true, force: true });
  renameSync(next, folder);
}

/** @param {Record<string, string>} [more] @returns {Record<string, string>} */
function environment(more = {}) {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(set), ...more };
}

/** A machine that lacks the few libraries a Chromium needs gets those that came with it. @param {string} program */
function environmentThatStarts(program) {
  const fonts = { FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  let complaint = '';
  for (const more of [fonts, { ...fonts, LD_LIBRARY_PATH: join(folder, 'al2023/lib') }]) {
    const env = environment(more);
    const result = spawnSync(program, ['--version', '--no-sandbox'], { env, encoding: 'utf8' });
    if (result.status === 0) return env;
    complaint = result.error?.message ?? result.stderr.trim();
  }
  throw new Error(`Chromium does not start on this machine: ${complaint}; VSP_LAB_CHROMIUM can name another`);
}
