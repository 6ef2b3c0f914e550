/**
 * Finds functions that another file of the project defines: those were meant to be linked, not stubbed (interfaces 2,
 * "What is linked").
 */
import type { FileAccess } from '../base/host.js';
import { blankComments } from '../run/sourceNames.js';
import { languageOf } from './arguments.js';
import { isBinary, toUtf8 } from './encodings.js';

/** The search is bounded: a driver in a huge tree must still compile at once. */
const MAXIMUM_FILES = 2000;
const MAXIMUM_BYTES = 32 << 20;
const MAXIMUM_FOLDERS = 4000;
const MAXIMUM_DEPTH = 16;

/** Name of each function that a source below `root`, other than `linked`, defines → that file (host path). */
export function definitionsElsewhere(
  names: ReadonlySet<string>,
  root: string,
  linked: ReadonlySet<string>,
  files: FileAccess,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let bytes = 0;
  for (const path of names.size === 0 ? [] : sourcesBelow(root, files)) {
    if (linked.has(path)) {
      continue;
    }
    const content = files.read(path);
    bytes += content?.length ?? 0;
    if (content === undefined || isBinary(content)) {
      continue;
    }
    if (bytes > MAXIMUM_BYTES) {
      break;
    }
    for (const name of definedIn(new TextDecoder().decode(toUtf8(content)), names)) {
      if (!found.has(name)) {
        found.set(name, path);
      }
    }
  }
  return found;
}

/** Which of the names the text defines as functions that other files can call. */
export function definedIn(text: string, names: ReadonlySet<string>): readonly string[] {
  const mentioned = [...names].filter((name) => text.includes(name));
  if (mentioned.length === 0) {
    return [];
  }
  const code = blankComments(text);
  return mentioned.filter((name) => {
    for (const match of code.matchAll(new RegExp(`\\b${name}\\s*\\(`, 'g'))) {
      const declares = !/\b(?:static|typedef|return|else)\b|[=(#]/.test(declarationBefore(code, match.index));
      if (declares && opensBody(code.slice(match.index + match[0].length))) {
        return true;
      }
    }
    return false;
  });
}

/** Whether a parameter list, already open, is closed and followed by a body (annotations may stand between). */
function opensBody(text: string): boolean {
  let depth = 1;
  let at = 0;
  for (; at < text.length && depth > 0; at++) {
    const c = text[at];
    depth += c === '(' ? 1 : c === ')' ? -1 : 0;
    if (c === ';' || c === '{') {
      return false;
    }
  }
  // Whole words only: a long name without a body must not be tried in every way to cut it.
  return /^\s*(?:\w+\b\s*(?:\([^()]*\)\s*)?)*\{/.test(text.slice(at, at + 500));
}

/** What stands before a name since the last statement or block, whole preprocessor lines taken away. */
function declarationBefore(code: string, index: number): string {
  const before = code.slice(Math.max(0, index - 400), index);
  const start = Math.max(before.lastIndexOf(';'), before.lastIndexOf('}'), before.lastIndexOf('{')) + 1;
  return before.slice(start).replace(/^[ \t]*#.*\n/gm, '');
}

function sourcesBelow(root: string, files: FileAccess): readonly string[] {
  const sources: string[] = [];
  let folders = [root];
  let seen = 0;
  for (let depth = 0; depth < MAXIMUM_DEPTH && folders.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of folders) {
      if (++seen > MAXIMUM_FOLDERS) {
        return sources;
      }
      for (const { name, directory } of [...(files.list(folder) ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = `${folder === '/' ? '' : folder}/${name}`;
        if (directory && !name.startsWith('.') && name !== 'node_modules') {
          next.push(path);
        } else if (!directory && languageOf(name) !== undefined && sources.push(path) >= MAXIMUM_FILES) {
          return sources;
        }
      }
    }
    folders = next;
  }
  return sources;
}
