/** What a run needs of the workspace: the sources of a driver, and texts that the engine cannot read from a disk. */
import { FileType, type Uri, Uri as Uris, workspace } from 'vscode';
import { isSourceName } from '../core/run/discover.js';
import type { Overlay } from '../worker/engineProtocol.js';
import { enginePath, isRunnableUri, isVirtual } from './paths.js';

/** What a compiler may ask for besides sources. */
const READ = /\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|inl|inc|ipp|tlh|mc|def)$|^(?:compile_commands|vsplab)\.json$|\.vcxproj$/i;
const MAX_FILES = 5000;
const MAX_BYTES = 128 << 20;
const MAX_DEPTH = 32;
const AT_ONCE = 16;

/** Sources in a folder: one driver (interfaces section 2, "What is linked"). */
export async function sourcesIn(folder: Uri): Promise<readonly Uri[]> {
  const entries = await workspace.fs.readDirectory(folder);
  return entries
    .filter(([name, type]) => (type & FileType.File) !== 0 && isSourceName(name))
    .map(([name]) => Uris.joinPath(folder, name));
}

/** Unsaved text is what runs. */
export function unsavedTexts(): readonly Overlay[] {
  const encoder = new TextEncoder();
  return workspace.textDocuments
    .filter((document) => document.isDirty && isRunnableUri(document.uri))
    .map((document) => ({ path: enginePath(document.uri), bytes: encoder.encode(document.getText()) }));
}

/** More than anybody's driver: told to the user as it is. */
export class TooManyFiles extends Error {}

/** Every file of a virtual folder that a compiler may ask for, unsaved texts in place of saved ones. */
export async function virtualFiles(folder: Uri, signal: AbortSignal): Promise<readonly Overlay[]> {
  const found: Uri[] = [];
  await listInto(found, folder, 0, signal);
  const overlays: Overlay[] = [];
  let bytes = 0;
  for (let at = 0; at < found.length && !signal.aborted; at += AT_ONCE) {
    const read = await Promise.all(found.slice(at, at + AT_ONCE).map(readOverlay));
    for (const overlay of read) {
      if (overlay === undefined) continue;
      bytes += overlay.bytes.length;
      if (bytes > MAX_BYTES) throw new TooManyFiles(`${folder.path}: more than ${MAX_BYTES >> 20} MB of sources`);
      overlays.push(overlay);
    }
  }
  return overlays;
}

async function listInto(found: Uri[], folder: Uri, depth: number, signal: AbortSignal): Promise<void> {
  if (depth > MAX_DEPTH || signal.aborted) return;
  const folders: Uri[] = [];
  for (const [name, type] of await workspace.fs.readDirectory(folder)) {
    const uri = Uris.joinPath(folder, name);
    if ((type & FileType.Directory) !== 0) {
      if (!name.startsWith('.') && name !== 'node_modules') folders.push(uri);
    } else if (READ.test(name)) {
      found.push(uri);
      if (found.length > MAX_FILES) throw new TooManyFiles(`${folder.path}: more than ${MAX_FILES} sources`);
    }
  }
  for (const each of folders) await listInto(found, each, depth + 1, signal);
}

/** Undefined for a file that has gone meanwhile: the compiler will say so where it matters. */
async function readOverlay(uri: Uri): Promise<Overlay | undefined> {
  try {
    return { path: enginePath(uri), bytes: await workspace.fs.readFile(uri) };
  } catch {
    return undefined;
  }
}

/** What the engine is given besides the disk: later ones hide earlier ones of the same path. */
export async function overlaysFor(home: Uri, signal: AbortSignal): Promise<readonly Overlay[]> {
  const saved = isVirtual(home) ? await virtualFiles(home, signal) : [];
  return [...saved, ...unsavedTexts()];
}
