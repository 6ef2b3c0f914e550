/** The parser of command-line options, driven by a table of them (runOptions.ts). */

import { closest } from '../core/base/closest.js';
import type { OptionRow } from './runOptions.js';

export interface ParsedOptions {
  readonly operands: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

export type OptionParse =
  | { readonly ok: true; readonly options: ParsedOptions }
  | { readonly ok: false; readonly message: string };

/** A mistake on the command line; its message is for the person who typed it. */
class UsageError extends Error {}

class Parser {
  readonly operands: string[] = [];
  readonly flags = new Set<string>();
  readonly texts = new Map<string, string>();
  readonly numbers = new Map<string, number>();
  readonly lists = new Map<string, string[]>();

  readonly rows: readonly OptionRow[];

  constructor(rows: readonly OptionRow[]) {
    this.rows = rows;
  }

  parse(words: readonly string[]): void {
    let at = 0;
    const next = (spelling: string, row: OptionRow): string => {
      const word = words[at];
      if (word === undefined || (word.startsWith('--') && this.rows.some((other) => `--${other.name}` === word))) {
        throw new UsageError(`${spelling} needs a value${row.placeholder ? ` (${row.placeholder})` : ''}`);
      }
      at += 1;
      return word;
    };
    while (at < words.length) {
      const word = words[at] ?? '';
      at += 1;
      if (word === '--') {
        this.operands.push(...words.slice(at));
        return;
      }
      const short = this.#short(word);
      if (short !== undefined) {
        this.#set(short.row, short.spelling, short.joined ?? next(short.spelling, short.row));
      } else if (word.startsWith('--')) {
        const equals = word.indexOf('=');
        const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
        const row = this.rows.find((candidate) => candidate.name === name);
        if (row === undefined) throw new UsageError(unknownOption(`--${name}`, this.rows));
        if (row.value.kind === 'flag') {
          if (equals >= 0) throw new UsageError(`--${name} takes no value`);
          this.#set(row, `--${name}`, '');
        } else {
          this.#set(row, `--${name}`, equals < 0 ? next(`--${name}`, row) : word.slice(equals + 1));
        }
      } else if (word.startsWith('-') && word !== '-') {
        throw new UsageError(unknownOption(word, this.rows));
      } else {
        this.operands.push(word);
      }
    }
  }

  /** `-I dir`, `-Idir`, `/I dir`; joined to a slash only what no path looks like: `/DNAME`, `/DNAME=1`. */
  #short(word: string): { row: OptionRow; spelling: string; joined?: string } | undefined {
    for (const row of this.rows) {
      for (const spelling of row.short ?? []) {
        if (word === spelling) return { row, spelling };
        const joined = word.slice(spelling.length);
        if (word.startsWith(spelling) && (spelling.startsWith('-') || /^\/D[A-Z_][A-Z0-9_]*(?:=.*)?$/.test(word))) {
          return { row, spelling, joined };
        }
      }
    }
    return undefined;
  }

  #set(row: OptionRow, spelling: string, value: string): void {
    if (row.later && !row.meanwhile?.includes(value)) {
      const known = row.value.kind === 'choice' && !row.value.values.includes(value);
      if (!known) {
        const what = row.value.kind === 'choice' ? `${spelling} ${value}` : spelling;
        throw new UsageError(`${what} is not there yet: it comes in a later version`);
      }
    }
    const { value: kind } = row;
    switch (kind.kind) {
      case 'flag':
        this.flags.add(row.name);
        return;
      case 'list':
        if (value === '')
          throw new UsageError(`${spelling} needs a value${row.placeholder ? ` (${row.placeholder})` : ''}`);
        this.lists.set(row.name, [...(this.lists.get(row.name) ?? []), value]);
        return;
      case 'number':
        this.#once(this.numbers, row, spelling, parseNumber(spelling, value, kind.minimum, kind.maximum));
        return;
      case 'choice':
        if (!kind.values.includes(value)) {
          const guess = closest(value, kind.values);
          const hint = guess === undefined ? '' : ` (did you mean ${guess}?)`;
          throw new UsageError(`${spelling} is one of ${kind.values.join(', ')}, not '${value}'${hint}`);
        }
        this.#once(this.texts, row, spelling, value);
        return;
      case 'text':
        if (value === '')
          throw new UsageError(`${spelling} needs a value${row.placeholder ? ` (${row.placeholder})` : ''}`);
        this.#once(this.texts, row, spelling, value);
        return;
    }
  }

  #once<T>(into: Map<string, T>, row: OptionRow, spelling: string, value: T): void {
    const before = into.get(row.name);
    if (before !== undefined && before !== value) {
      throw new UsageError(`${spelling} is given twice: ${String(before)} and ${String(value)}`);
    }
    into.set(row.name, value);
  }
}

function parseNumber(spelling: string, value: string, minimum: number, maximum: number): number {
  const number = /^(?:\d+|0[xX][0-9a-fA-F]+)$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= minimum && number <= maximum)) {
    throw new UsageError(`${spelling} needs a whole number from ${minimum} to ${maximum}, not '${value}'`);
  }
  return number;
}

function unknownOption(spelling: string, rows: readonly OptionRow[]): string {
  const names = ['--help', '--version', ...rows.map((row) => `--${row.name}`)];
  const guess = closest(spelling, names);
  return `there is no option ${spelling}${guess === undefined ? '' : ` (did you mean ${guess}?)`}`;
}

/** Reads the words after a command's name. Messages name the option and what it wants. */
export function parseOptions(words: readonly string[], rows: readonly OptionRow[]): OptionParse {
  const parser = new Parser(rows);
  try {
    parser.parse(words);
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, message: error.message };
    throw error;
  }
  return { ok: true, options: parser };
}
