/**
 * `compile_commands.json` (clang's JSON Compilation Database): the include folders, macros and standard a project gives
 * each file.
 */
import type { FileAccess } from '../base/host.js';

export interface FileFlags {
  /** Absolute host paths. */
  readonly includes: readonly string[];
  readonly defines: readonly string[];
  readonly undefines: readonly string[];
  /** Headers read before the file: `-include`, `/FI`. */
  readonly forced: readonly string[];
  /** As clang spells it: `c17`, `c++20`, `gnu11`. */
  readonly standard?: string;
}

export const NO_FLAGS: FileFlags = { includes: [], defines: [], undefines: [], forced: [] };

const DATABASE = 'compile_commands.json';
/** Backslashes before a quotation mark. */
const RUN = /\\+(?=")/y;

interface Entry {
  readonly directory: string;
  readonly file: string;
  readonly words: readonly string[];
}

/** Reads the databases of one compilation, each once. */
export class CompileCommands {
  readonly #files: FileAccess;
  readonly #databases = new Map<string, readonly Entry[] | undefined>();

  constructor(files: FileAccess) {
    this.#files = files;
  }

  /** Flags of a source (absolute, `/`) from the nearest enclosing database that lists it. */
  flagsFor(source: string): FileFlags {
    for (let folder = parent(source); folder !== undefined; folder = parent(folder)) {
      const entries = this.#database(folder);
      if (entries !== undefined) {
        const entry = entries.find(({ directory, file }) => sameFile(absolute(directory, file), source));
        return entry === undefined ? NO_FLAGS : parseFlags(entry.words, entry.directory);
      }
    }
    return NO_FLAGS;
  }

  #database(folder: string): readonly Entry[] | undefined {
    if (!this.#databases.has(folder)) {
      const bytes = this.#files.read(`${folder === '/' ? '' : folder}/${DATABASE}`);
      this.#databases.set(
        folder,
        bytes === undefined ? undefined : parseDatabase(new TextDecoder().decode(bytes), folder),
      );
    }
    return this.#databases.get(folder);
  }
}

/** Entries of a database's text; anything malformed is passed over, since the file is another tool's. */
function parseDatabase(text: string, folder: string): readonly Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(parsed)) {
    return [];
  }
  return parsed.flatMap((item: unknown): Entry[] => {
    const entry = item as { directory?: unknown; file?: unknown; command?: unknown; arguments?: unknown } | null;
    if (entry === null || typeof entry !== 'object' || typeof entry.file !== 'string') {
      return [];
    }
    const words = Array.isArray(entry.arguments)
      ? entry.arguments.filter((word) => typeof word === 'string')
      : typeof entry.command === 'string'
        ? splitCommand(entry.command)
        : [];
    const directory = typeof entry.directory === 'string' ? absolute(folder, entry.directory) : folder;
    return [{ directory, file: entry.file, words }];
  });
}

/** Words of a command line, by the rules of the system it was written for. */
export function splitCommand(command: string): readonly string[] {
  return /^\s*"?([A-Za-z]:\\|[^\s"]*\b(cl|clang-cl)(\.exe)?"?(\s|$))|\s[A-Za-z]:\\/i.test(command)
    ? splitWindows(command)
    : splitPosix(command);
}

function splitPosix(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < command.length; i++) {
    const c = command[i] as string;
    if (quote === '' && /\s/.test(c)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else if (c === quote) {
      quote = '';
    } else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      word ??= '';
    } else if (c === '\\' && quote !== "'" && (quote === '' || /["\\$`]/.test(command[i + 1] ?? ''))) {
      i++;
      word = (word ?? '') + (command[i] ?? '');
    } else {
      word = (word ?? '') + c;
    }
  }
  return word === undefined ? words : [...words, word];
}

/**
 * A backslash is itself, except in a run that a quotation mark ends: two make one, and an odd one makes the mark a
 * character.
 */
function splitWindows(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let i = 0; i < command.length; i++) {
    const c = command[i] as string;
    RUN.lastIndex = i;
    const slashes = RUN.exec(command)?.[0].length ?? 0;
    if (slashes > 0 || c === '"') {
      i += slashes;
      word = (word ?? '') + '\\'.repeat(slashes >> 1);
      if (slashes % 2 === 1) {
        word += '"';
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && /\s/.test(c)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else {
      word = (word ?? '') + c;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** Both spellings of each flag, joined to its value or before it. Relative folders are the entry's directory's. */
export function parseFlags(words: readonly string[], directory: string): FileFlags {
  const includes: string[] = [];
  const defines: string[] = [];
  const undefines: string[] = [];
  const forced: string[] = [];
  let standard: string | undefined;
  const kinds: readonly (readonly [RegExp, (value: string) => void])[] = [
    [/^(?:-isystem|-iquote|[-/]external:I|[-/]I)(.*)$/, (value) => includes.push(absolute(directory, value))],
    [/^(?:-include|[-/]FI)(.*)$/, (value) => forced.push(value)],
    [/^[-/]D(.*)$/, (value) => defines.push(value)],
    [/^[-/]U(.*)$/, (value) => undefines.push(value)],
  ];
  for (let i = 1; i < words.length; i++) {
    const word = words[i] ?? '';
    const std = /^(?:--?std=|[-/]std:)(\S+)$/.exec(word);
    if (std !== null) {
      standard = std[1] === 'c++latest' ? 'c++23' : std[1] === 'clatest' ? 'c23' : std[1];
      continue;
    }
    // `/DIR/file.c` is a path of a POSIX system, not a definition.
    if (word.startsWith('/') && word.indexOf('/', 1) > 0 && !/^\/(I|FI|external:I)/.test(word) && !word.includes('=')) {
      continue;
    }
    for (const [pattern, take] of kinds) {
      const match = pattern.exec(word);
      if (match !== null) {
        const value = match[1] !== '' ? match[1] : words[++i];
        if (value !== undefined) {
          take(value);
        }
        break;
      }
    }
  }
  return { includes, defines, undefines, forced, ...(standard === undefined ? {} : { standard }) };
}

function parent(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  return slash < 0 || path === '/' ? undefined : path.slice(0, slash) || '/';
}

function absolute(directory: string, path: string): string {
  const slashed = path.replaceAll('\\', '/');
  const joined = /^(\/|[A-Za-z]:\/)/.test(slashed) ? slashed : `${directory}/${slashed}`;
  const drive = /^[A-Za-z]:/.exec(joined)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of joined.slice(drive.length).split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `${drive}/${parts.join('/')}`;
}

function sameFile(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
