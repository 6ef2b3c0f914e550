/** Settings as the engine takes them. */
import { isAbsolute } from 'node:path';
import { type Uri, Uri as Uris, workspace } from 'vscode';
import type { EngineSettings } from '../worker/engineProtocol.js';
import { enginePath } from './paths.js';
import { readExplicit, readSetting } from './register.js';

/** For files below `home`, whose settings may differ from those of another folder. */
export function engineSettings(home: Uri): EngineSettings {
  const packets = readSetting('packets', home);
  const checks = readExplicit('checks', home);
  const stress = readExplicit('stress', home);
  const seed = readExplicit('seed', home);
  const timeout = readExplicit('timeout', home);
  return {
    ...(checks === undefined ? {} : { checks }),
    ...(stress === undefined ? {} : { stress }),
    ...(packets > 0 ? { packets } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(timeout === undefined ? {} : { timeout }),
    includes: readSetting('includes', home).map((folder) => includeFolder(folder, home)),
    defines: readSetting('defines', home),
    stubs: readSetting('stubs', home),
    modes: readSetting('modes', home),
  };
}

/** `${workspaceFolder}` and `${workspaceFolder:name}` are replaced; a relative folder is one of `home`. */
function includeFolder(folder: string, home: Uri): string {
  const resolved = folder.replace(/\$\{workspaceFolder(?::([^}]*))?\}/g, (all: string, name: string | undefined) => {
    const named = workspace.workspaceFolders?.find((each) => each.name === name)?.uri;
    const uri = name === undefined ? home : named;
    return uri === undefined ? all : enginePath(uri);
  });
  const slashed = resolved.replaceAll('\\', '/');
  return isAbsolute(resolved) ? slashed : enginePath(Uris.joinPath(home, slashed));
}
