/** From a line or a name to the sites that stand for it: decided by the tables alone, before anything runs. */
import { isInside, joinPath } from '../run/paths.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { type DebugFunction, type DebugSite, type DebugTables, type SiteId, UNIT_SHIFT } from './tables.js';

export type Binding =
  | {
      readonly ok: true;
      readonly sites: readonly SiteId[];
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly endLine: number;
    }
  | { readonly ok: false; readonly message: string };

interface Entry {
  readonly id: SiteId;
  readonly site: DebugSite;
}

export class Binder {
  readonly #driver: Pick<CompiledDriver, 'name' | 'files'>;
  readonly #cwd: string;
  readonly #functions: readonly DebugFunction[];
  /** Where statements begin, by lower-case file as locations name it. */
  readonly #byFile = new Map<string, Entry[]>();
  readonly #entries = new Map<string, Entry[]>();

  constructor(driver: Pick<CompiledDriver, 'name' | 'files'>, tables: DebugTables, cwd: string) {
    this.#driver = driver;
    this.#cwd = cwd;
    this.#functions = tables.flatMap(({ functions }) => functions);
    tables.forEach(({ sites, functions }, unit) => {
      sites.forEach((site, index) => {
        if (site.kind !== 'resume') {
          const entry = { id: (unit << UNIT_SHIFT) | index, site };
          listed(this.#byFile, site.file.toLowerCase()).push(entry);
          const fn = functions[site.function & ((1 << UNIT_SHIFT) - 1)];
          if (fn !== undefined) {
            listed(this.#entries, fn.name).push(entry);
          }
        }
      });
    });
  }

  /** A line of a file, absolute or as locations name it; `column` chooses among the statements of the line. */
  line(file: string, line: number, column?: number): Binding {
    const shown = this.#shown(file);
    const entries = this.#byFile.get(shown.toLowerCase());
    if (entries === undefined) {
      return { ok: false, message: this.#whyNoFile(shown, file) };
    }
    const own = this.#onLine(entries, line) ?? this.#below(entries, shown, line);
    if (own === undefined || own.length === 0) {
      return { ok: false, message: this.#whyNoLine(shown, line) };
    }
    const columns = [...new Set(own.map(({ site }) => site.column))].sort((a, b) => a - b);
    const isSame = own[0]?.site.line === line;
    const wanted = isSame && column !== undefined ? columns.findLast((each) => each <= column) : undefined;
    const chosen = wanted ?? columns[0];
    const bound = own.filter(({ site }) => site.column === chosen);
    const [first] = bound;
    if (first === undefined) {
      return { ok: false, message: this.#whyNoLine(shown, line) };
    }
    const { site } = first;
    return {
      ok: true,
      sites: bound.map(({ id }) => id),
      file: site.file,
      line: site.line,
      column: site.column,
      endLine: site.endLine,
    };
  }

  /** Every statement that begins on these lines, in order: where a breakpoint can be. */
  places(file: string, from: number, to: number): readonly { readonly line: number; readonly column: number }[] {
    const found = (this.#byFile.get(this.#shown(file).toLowerCase()) ?? [])
      .filter(({ site }) => site.line >= from && site.line <= to)
      .map(({ site }) => ({ line: site.line, column: site.column }));
    found.sort((a, b) => a.line - b.line || a.column - b.column);
    return found.filter(
      (each, index) => each.line !== found[index - 1]?.line || each.column !== found[index - 1]?.column,
    );
  }

  /** The first statement of each run of a function. */
  function(name: string): Binding {
    const names = [...this.#entries.keys()].filter((each) => each === name || each.endsWith(`::${name}`));
    const entries = names.flatMap((each) => {
      const all = this.#entries.get(each) ?? [];
      const begins = all.filter(({ site }) => site.kind === 'entry');
      const inlined = all.filter(({ site }) => site.inlined > 0);
      return [...begins, ...firstOf(inlined)];
    });
    const [first] = entries;
    if (first === undefined) {
      return { ok: false, message: this.#whyNoFunction(name) };
    }
    const { site } = first;
    return {
      ok: true,
      sites: entries.map(({ id }) => id),
      file: site.file,
      line: site.line,
      column: site.column,
      endLine: site.endLine,
    };
  }

  /** Statements that begin on the line, else those that go over it: of these the ones that begin last. */
  #onLine(entries: readonly Entry[], line: number): readonly Entry[] | undefined {
    const begin = entries.filter(({ site }) => site.line === line);
    if (begin.length > 0) {
      return begin;
    }
    const over = entries.filter(({ site }) => site.line < line && line <= site.endLine);
    const last = Math.max(...over.map(({ site }) => site.line));
    return over.length === 0 ? undefined : over.filter(({ site }) => site.line === last);
  }

  /** The next line of the innermost function around it that has a statement. */
  #below(entries: readonly Entry[], file: string, line: number): readonly Entry[] | undefined {
    const around = this.#functions.filter(
      (fn) => fn.file.toLowerCase() === file.toLowerCase() && fn.line <= line && line <= fn.endLine,
    );
    const start = Math.max(...around.map((fn) => fn.line));
    const fn = around.find((each) => each.line === start);
    if (fn === undefined) {
      return undefined;
    }
    const later = entries.filter(({ site }) => site.line > line && site.line <= fn.endLine);
    const next = Math.min(...later.map(({ site }) => site.line));
    return later.filter(({ site }) => site.line === next);
  }

  #shown(file: string): string {
    const slashed = file.replaceAll('\\', '/');
    const absolute = (name: string): string => (/^(?:\/|[A-Za-z]:)/.test(name) ? name : joinPath(this.#cwd, name));
    const wanted = absolute(slashed).toLowerCase();
    const known = new Set([...this.#driver.files, ...this.#functions.map((fn) => fn.file)]);
    return [...known].find((name) => absolute(name).toLowerCase() === wanted) ?? slashed;
  }

  #whyNoFile(shown: string, asked: string): string {
    const name = asked.replaceAll('\\', '/').split('/').at(-1) ?? asked;
    if (this.#driver.files.includes(shown)) {
      return `nothing in ${name} became code of ${this.#driver.name}: declarations and macros have none of their own`;
    }
    const where = isInside(this.#cwd, asked) ? '' : ' and lies outside the folder that is run';
    return `${name} is not part of ${this.#driver.name}${where}`;
  }

  #whyNoLine(shown: string, line: number): string {
    const fn = this.#functions.find(
      (each) => each.file.toLowerCase() === shown.toLowerCase() && each.line <= line && line <= each.endLine + 1,
    );
    return fn === undefined
      ? `line ${line} is in no function that was compiled`
      : `no code follows line ${line} in ${fn.name}`;
  }

  #whyNoFunction(name: string): string {
    if (name.trim() === '') return 'a function breakpoint needs the name of a function';
    return /^(?:Vmb|Ex|Ke|Rtl|Wdf|Io|Mm|Zw|Ob|Ps)[A-Z]/.test(name)
      ? `${name} is a function of the library: it has no code of ${this.#driver.name} to stop in`
      : `${this.#driver.name} has no function ${name}`;
  }
}

function firstOf(entries: readonly Entry[]): readonly Entry[] {
  const line = Math.min(...entries.map(({ site }) => site.line));
  const onLine = entries.filter(({ site }) => site.line === line);
  const column = Math.min(...onLine.map(({ site }) => site.column));
  return onLine.filter(({ site }) => site.column === column);
}

function listed<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const known = map.get(key);
  if (known !== undefined) {
    return known;
  }
  const fresh: Value[] = [];
  map.set(key, fresh);
  return fresh;
}
