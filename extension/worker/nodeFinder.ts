/** Finds a Node.js that can run the engine where the host's own cannot. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** The first whose V8 has 64-bit memory and tables. */
export const NEEDED_NODE = 24;
const ASKING_MILLISECONDS = 5000;

export interface NodeSearch {
  /** From the setting; empty or absent: looked for. */
  readonly nodePath?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
  /** Answers what `--version` prints; undefined for what cannot be started. */
  readonly versionOf?: (file: string) => Promise<string | undefined>;
  readonly exists?: (file: string) => boolean;
  /** Names in a folder, none for a folder that is not there. */
  readonly namesIn?: (folder: string) => readonly string[];
}

export type FoundNode =
  | { readonly ok: true; readonly path: string; readonly version: string }
  | { readonly ok: false; readonly message: string };

/** The given Node, or the first on PATH and in the usual places that is new enough. */
export async function findNode(search: NodeSearch = {}): Promise<FoundNode> {
  const { nodePath = '', versionOf = askVersion } = search;
  if (nodePath !== '') {
    const version = await versionOf(nodePath);
    if (version === undefined) return { ok: false, message: `vspLab.nodePath: ${nodePath} is not a Node.js` };
    if (isNewEnough(version)) return { ok: true, path: nodePath, version };
    const message = `vspLab.nodePath: ${nodePath} is Node.js ${bare(version)}; VSP Lab needs ${NEEDED_NODE} or newer`;
    return { ok: false, message };
  }
  const older: string[] = [];
  for (const path of candidates(search)) {
    const version = await versionOf(path);
    if (version !== undefined && isNewEnough(version)) return { ok: true, path, version };
    if (version !== undefined) older.push(`${path} is ${bare(version)}`);
  }
  const seen = older.length === 0 ? '' : ` (${older.slice(0, 3).join(', ')})`;
  const message =
    `VSP Lab needs Node.js ${NEEDED_NODE} or newer to run drivers: the one this window's extensions run in has no ` +
    `64-bit WebAssembly memory, and no other was found${seen}. Install one and set vspLab.nodePath to its path`;
  return { ok: false, message };
}

/** What `node --version` prints, as numbers: `v24.1.0`. */
function isNewEnough(version: string): boolean {
  return Number.parseInt(bare(version), 10) >= NEEDED_NODE;
}

function bare(version: string): string {
  return version.trim().replace(/^v/, '');
}

/** Each once: PATH first, then the places of installers and version managers, their newest version first. */
function candidates({
  environment = process.env,
  platform = process.platform,
  home = homedir(),
  exists = existsSync,
  namesIn = listed,
}: NodeSearch): readonly string[] {
  const windows = platform === 'win32';
  const { join, delimiter } = windows ? win32 : posix;
  const onPath = (environment['PATH'] ?? environment['Path'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const versions = (folder: string, ...below: readonly string[]): readonly string[] =>
    namesIn(folder)
      .filter((name) => /^v?\d/.test(name))
      .toSorted((a, b) => Number.parseInt(bare(b), 10) - Number.parseInt(bare(a), 10))
      .map((name) => join(folder, name, ...below));
  const usual = windows
    ? [
        join(environment['ProgramFiles'] ?? 'C:\\Program Files', 'nodejs'),
        join(environment['LOCALAPPDATA'] ?? home, 'Programs', 'nodejs'),
        ...versions(environment['NVM_HOME'] ?? join(home, 'AppData', 'Roaming', 'nvm')),
        join(environment['LOCALAPPDATA'] ?? home, 'Volta', 'bin'),
      ]
    : [
        '/usr/local/bin',
        '/usr/bin',
        '/opt/homebrew/bin',
        '/snap/bin',
        ...versions(join(environment['NVM_DIR'] ?? join(home, '.nvm'), 'versions/node'), 'bin'),
        ...versions(join(home, '.local/share/fnm/node-versions'), 'installation', 'bin'),
        join(home, '.volta/bin'),
        join(home, '.local/bin'),
      ];
  const files = [...onPath, ...usual].map((folder) => join(folder, windows ? 'node.exe' : 'node'));
  return [...new Set(files)].filter(exists);
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function askVersion(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: ASKING_MILLISECONDS, windowsHide: true }, (error, stdout) => {
      resolve(error === null && /^v\d+\./.test(stdout) ? stdout : undefined);
    });
  });
}
