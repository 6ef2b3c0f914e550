/**
 * What every script needs, on any Node >= 20 with nothing installed: where things are, how to run them, how to tell
 * whether they changed. Scripts write their own words to stderr; stdout belongs to what they run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** @param {string[]} parts */
export const at = (...parts) => join(root, ...parts);

/**
 * The project's own Node 24, from the npm package `node`: the engine needs 64-bit WebAssembly memory, whatever the
 * machine has.
 */
export const projectNode = at('node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** @param {string} text */
export const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Paths below `folder` (relative to the root, with `/`) that `accept` takes, sorted.
 * @param {string} folder
 * @param {(path: string) => boolean} accept
 * @returns {string[]}
 */
export function filesBelow(folder, accept) {
  if (!existsSync(at(folder))) return [];
  const entries = readdirSync(at(folder), { withFileTypes: true });
  const found = entries.flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path, accept);
    return accept(path) ? [path] : [];
  });
  return found.sort();
}

/**
 * One hash of names and contents, and of anything else that decides the outcome.
 * @param {string[]} files relative to the root
 * @param {string[]} also
 */
export function hashOf(files, also = []) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(at(file)))
      .update('\0');
  for (const text of also) hash.update(`${text}\0`);
  return hash.digest('hex');
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
export function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * Runs `work` while no other process of this checkout runs work of that name; a lock whose owner has died is taken
 * over.
 * @template T
 * @param {string} name
 * @param {() => T} work
 * @returns {T}
 */
export function locked(name, work) {
  const lock = at('.cache', `${name}.lock`);
  const owner = join(lock, 'pid');
  mkdirSync(dirname(lock), { recursive: true });
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const pid = Number(readIfThere(owner) ?? 0);
      // Without an owner the lock was made a moment ago, or its maker died in that moment.
      const abandoned = pid > 0 ? !isAlive(pid) : tries > 50;
      if (abandoned) rmSync(lock, { recursive: true, force: true });
      else if (tries === 20) say(`Waiting for process ${pid}, which does the same (${name})...`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    writeFileSync(owner, String(process.pid));
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Runs a program to its end with our streams and gives its exit status. Its stdout goes where `stdout` says.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ stdout?: 'inherit' | 'stderr', cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} options
 */
export function run(program, parameters, { stdout = 'inherit', cwd = root, env = process.env, shell = false } = {}) {
  const result = spawnSync(program, parameters, {
    cwd,
    env,
    shell,
    stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'],
  });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/**
 * Becomes the given program for all purposes: streams, signals, exit status.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
export function become(program, parameters, { cwd = root, env = process.env } = {}) {
  const child = spawn(program, parameters, { cwd, env, stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    say(error.message);
    process.exitCode = 2;
  });
  child.on('exit', (status) => {
    process.exitCode = status ?? 1;
  });
}

/**
 * The folder the person stood in: npm runs scripts in the package's root and keeps the caller's folder in INIT_CWD. An
 * INIT_CWD that some outer npm script left in the environment is not ours.
 * @param {string} script
 */
export function callersFolder(script) {
  const ours = process.env['npm_lifecycle_event'] === script && process.env['npm_package_json'] === at('package.json');
  return (ours && process.env['INIT_CWD']) || process.cwd();
}
