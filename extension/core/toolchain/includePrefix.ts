/** Which headers of ours a source begins with, before anything that could change their meaning. */
import { WDK_FOLDER } from './arguments.js';
import type { ToolFiles } from './toolFiles.js';

export interface IncludePrefix {
  /** Names below our folder, in the order of their inclusion. */
  readonly headers: readonly string[];
  /** Macros defined before the last of them: include guards of the user's own headers. */
  readonly guards: readonly string[];
}

/** Whitespace and comments. */
const SPACE = /(?:\s|\/\/[^\n\\]*(?=\n|$)|\/\*[\s\S]*?\*\/)*/y;
const INCLUDE = /#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")[ \t]*(?=\r|\n|\/\/|\/\*|$)/y;
const ONCE = /#[ \t]*pragma[ \t]+once[ \t]*(?=\r|\n|$)/y;
const GUARD = /#[ \t]*ifndef[ \t]+(\w+)[ \t]*\r?\n\s*#[ \t]*define[ \t]+\1[ \t]*(?=\r|\n|$)/y;

/** Ours that may be read twice although nothing in them says so. */
const REPEATABLE = new Set(['initguid.h', 'guiddef.h']);
const DEEPEST = 16;

/** `folders` are searched before ours, the first of them for `source` itself; paths of the tool's tree. */
export function prefixOf(source: string, folders: readonly string[], files: ToolFiles): IncludePrefix {
  const headers: string[] = [];
  const guards: string[] = [];
  const seen = new Set<string>();

  /** False as soon as something else than an include stands there. */
  const scan = (path: string, depth: number): boolean => {
    const text = files.text(path);
    // `??` may be a trigraph that makes a line go on: such a file is not looked at.
    if (text === undefined || depth > DEEPEST || text.includes('??')) {
      return false;
    }
    let at = match(SPACE, text, 0)?.[0].length ?? 0;
    let guarded = 0;
    while (at < text.length) {
      const include = match(INCLUDE, text, at);
      const directive =
        include ?? match(ONCE, text, at) ?? (depth > 0 && guarded === 0 ? match(GUARD, text, at) : null);
      if (directive === null) {
        return guarded > 0 && /^#[ \t]*endif\b[^\n]*\s*$/.test(text.slice(at));
      }
      at += directive[0].length;
      at += match(SPACE, text, at)?.[0].length ?? 0;
      if (include !== null) {
        if (!follow(include, path, depth)) {
          return false;
        }
      } else if (directive[1] !== undefined) {
        guarded++;
        guards.push(directive[1]);
      }
    }
    return guarded === 0;
  };

  const follow = ([, angled, quoted]: RegExpExecArray, from: string, depth: number): boolean => {
    const name = angled ?? quoted ?? '';
    const places = quoted === undefined ? folders : [from.slice(0, from.lastIndexOf('/')), ...folders];
    const own = places.map((folder) => files.find(`${folder}/${name}`)).find((found) => found?.kind === 'file');
    if (own !== undefined) {
      // Only the first time counts: what is read again adds nothing.
      const isFirst = !seen.has(own.path);
      seen.add(own.path);
      return !isFirst || scan(own.path, depth + 1);
    }
    const ours = files.find(`${WDK_FOLDER}/${name}`);
    if (ours?.kind !== 'file' || !mayRepeat(ours.path, files.text(ours.path) ?? '')) {
      return false;
    }
    headers.push(ours.path.slice(WDK_FOLDER.length + 1));
    return true;
  };

  scan(source, 0);
  return { headers, guards };
}

/** The source includes the header again when it is compiled: that must do nothing. */
function mayRepeat(path: string, text: string): boolean {
  const start = match(SPACE, text, 0)?.[0].length ?? 0;
  return (
    match(ONCE, text, start) !== null ||
    match(GUARD, text, start) !== null ||
    REPEATABLE.has(path.slice(path.lastIndexOf('/') + 1))
  );
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
