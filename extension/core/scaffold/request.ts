/** What is asked for, and what comes of it. */
import { isSourceName } from '../run/discover.js';
import { namesOf, sourceText } from '../run/sourceNames.js';
import { callbackFacts } from '../toolchain/callbackFacts.js';
import type { StructFacts } from '../toolchain/structFacts.js';
import type { FieldChoice } from './fields.js';
import type { ScaffoldLanguage, ScaffoldStyle } from './model.js';
import { outlineOf } from './outline.js';
import type { Packing } from './record.js';

/** A structure that packets may have as their context, with what can be done about each member. */
export interface ContextCandidate extends Omit<StructFacts, 'fields'> {
  readonly choices: readonly FieldChoice[];
}

/** What the compiler told of a file. */
export interface ContextFacts {
  /** In the order of their files and lines, those of the file itself first. */
  readonly candidates: readonly ContextCandidate[];
  /** Structures that are named and not defined. */
  readonly declaredOnly: readonly string[];
  /** Headers of the WDK that the file reaches, by name. */
  readonly headers: readonly string[];
  /** Errors outside of functions, one line each: what they hide is not among the candidates. */
  readonly problems: readonly string[];
}

export interface ScaffoldOptions {
  /** Paths of members; absent: those that are selected by themselves. */
  readonly fields?: readonly string[];
  /** Absent: as the file does it. */
  readonly style?: ScaffoldStyle;
  readonly language?: ScaffoldLanguage;
  readonly packing?: Packing;
  readonly save?: string;
  readonly restore?: string;
  readonly record?: string;
}

export interface ScaffoldRequest extends ScaffoldOptions {
  /** Name of the file without its folder. */
  readonly fileName: string;
  readonly text: string;
  readonly context: ContextCandidate;
  readonly facts: ContextFacts;
  readonly siblings: readonly Sibling[];
}

/** Another file of the source's folder. */
export interface Sibling {
  readonly name: string;
  /** What it includes, as written; of a source only. */
  readonly includes: readonly string[];
  /** Functions it defines. */
  readonly functions: readonly string[];
  /** Save and restore callbacks it registers. */
  readonly registers: readonly string[];
}

/** Every file of the folder, the source itself among them. */
export function siblingsOf(
  names: readonly string[],
  read: (name: string) => Uint8Array | undefined,
): readonly Sibling[] {
  return names.map((name) => {
    const bytes = isSourceName(name) ? read(name) : undefined;
    return bytes === undefined
      ? { name, includes: [], functions: [], registers: [] }
      : sibling(name, sourceText(bytes));
  });
}

function sibling(name: string, text: string): Sibling {
  const { registrations } = callbackFacts([{ file: name, text }]);
  return {
    name,
    includes: namesOf(text).includes,
    functions: outlineOf(text).items.flatMap((item) => (item.kind === 'function' ? [item.name] : [])),
    registers: registrations.flatMap(({ save, restore }) => [save, restore]),
  };
}

/** Replaces what lies between the offsets. */
export interface ScaffoldEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type ScaffoldResult =
  | {
      readonly ok: true;
      /** In order, none in another. */
      readonly edits: readonly ScaffoldEdit[];
      readonly fixture?: { readonly name: string; readonly text: string };
      /** One line each: what was written, and what is left to do. */
      readonly written: readonly string[];
      readonly notes: readonly string[];
      readonly save: string;
      readonly restore: string;
    }
  | { readonly ok: false; readonly message: string };

export function applyEdits(text: string, edits: readonly ScaffoldEdit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
