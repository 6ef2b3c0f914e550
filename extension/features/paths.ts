/**
 * Between VS Code's URIs and the engine's paths: absolute, with `/`. Files of virtual file systems get paths no disk
 * has; their text travels with the request.
 */
import { Uri, workspace } from 'vscode';

const VIRTUAL = '/.vsp-lab';
const NO_AUTHORITY = '-';

export function enginePath(uri: Uri): string {
  if (uri.scheme === 'file') return process.platform === 'win32' ? uri.fsPath.replaceAll('\\', '/') : uri.fsPath;
  return [VIRTUAL, uri.scheme, uri.authority === '' ? NO_AUTHORITY : encodeURIComponent(uri.authority)]
    .join('/')
    .concat(uri.path.startsWith('/') ? uri.path : `/${uri.path}`);
}

/** The URI `enginePath` was made of. */
export function uriOf(path: string): Uri {
  if (!path.startsWith(`${VIRTUAL}/`)) return Uri.file(path);
  const [, , scheme = '', authority = NO_AUTHORITY, ...parts] = path.split('/');
  return Uri.from({
    scheme,
    authority: authority === NO_AUTHORITY ? '' : decodeURIComponent(authority),
    path: `/${parts.join('/')}`,
  });
}

export function isVirtual(uri: Uri): boolean {
  return uri.scheme !== 'file';
}

/** The folder a file's figures are relative to: its workspace folder, else its own. */
export function homeOf(uri: Uri): Uri {
  return workspace.getWorkspaceFolder(uri)?.uri ?? Uri.joinPath(uri, '..');
}

/** True for documents of files that can be run: on the disk, or in a workspace folder wherever that is. */
export function isRunnableUri(uri: Uri): boolean {
  return uri.scheme === 'file' || (uri.scheme !== 'untitled' && workspace.getWorkspaceFolder(uri) !== undefined);
}
