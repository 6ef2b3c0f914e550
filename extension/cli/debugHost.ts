/** A debug session's files and its run, in Node. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { sourceText } from '../core/run/sourceNames.js';
import type { SessionHost, Surroundings } from '../debug/target.js';
import { DebugClient } from '../worker/debugClient.js';
import { cacheFolder } from '../worker/diskCache.js';
import { slashed } from '../worker/projectFiles.js';
import { distFolder } from '../worker/toolchainFiles.js';

export interface NodeHostOptions {
  readonly cwd: string;
  readonly cacheFolder?: string;
  readonly send: (message: DebugProtocol.ProtocolMessage) => void;
  readonly ended: () => void;
}

function read(path: string): string | undefined {
  try {
    return sourceText(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** Files are read as they are; what the driver may include is the compiler's to decide. */
export function nodeHost(options: NodeHostOptions): SessionHost {
  let around: Surroundings = { cwd: slashed(options.cwd), workspaceRoots: [], overlays: [], settings: {} };
  const encoder = new TextEncoder();
  return {
    get cwd() {
      return around.cwd;
    },
    send: options.send,
    ended: options.ended,
    target: (listener) => new DebugClient(listener, { cacheFolder: options.cacheFolder ?? cacheFolder() }),
    readFile: (path) => around.overlays.find((each) => each.path === path)?.text ?? read(path),
    readHeader: (name) => (name.includes('..') ? undefined : read(join(distFolder(), 'wdk', name))),
    kindOf: (path) => (around.overlays.some((each) => each.path === path) ? 'file' : kindOf(path)),
    surroundings: () => ({
      workspaceRoots: around.workspaceRoots,
      overlays: around.overlays.map(({ path, text }) => ({ path, bytes: encoder.encode(text) })),
      settings: around.settings,
    }),
    surround: (next) => {
      around = next;
    },
    nativePath: (path) => (process.platform === 'win32' ? path.replaceAll('/', '\\') : path),
  };
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}
