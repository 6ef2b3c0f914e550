/** Comments that allow a finding: `// vsp-lab: allow RULE reason`, on the finding's line or the line above it. */
import { lineCounter } from '../base/lineCounter.js';
import { sourceText } from '../run/sourceNames.js';

export interface Allow {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly reason: string;
  used: boolean;
}

const COMMENT = /(?:\/\/|\/\*)[ \t]*vsp-lab:[ \t]*allow[ \t]+([\w-]+)(?:[ \t]+([^\n]*?))?[ \t]*(?:\*\/|\r?$)/gm;

/** The allow comments of one file. */
export function allowsIn(file: string, text: string): readonly Allow[] {
  if (!text.includes('vsp-lab:')) return [];
  const allows: Allow[] = [];
  const lineOf = lineCounter(text);
  for (const match of text.matchAll(COMMENT)) {
    allows.push({ file, line: lineOf(match.index), rule: match[1] ?? '', reason: match[2] ?? '', used: false });
  }
  return allows;
}

/** The user's files of a driver as allow comments see them; read once per report. */
export class Allows {
  readonly #byPlace = new Map<string, Allow[]>();
  readonly all: Allow[] = [];

  /** `read` takes names as the report shows them and answers undefined for what cannot be read. */
  constructor(files: readonly string[], read: (file: string) => Uint8Array | undefined) {
    for (const file of files) {
      const bytes = read(file);
      for (const allow of bytes === undefined ? [] : allowsIn(file, sourceText(bytes))) {
        this.all.push(allow);
        for (const line of [allow.line, allow.line + 1]) {
          const place = `${file}:${line}`;
          this.#byPlace.set(place, [...(this.#byPlace.get(place) ?? []), allow]);
        }
      }
    }
  }

  /** True, and the comment counts as used, when one with a reason allows that rule there. */
  allow(rule: string, file: string, line: number): boolean {
    const found = this.#byPlace.get(`${file}:${line}`)?.find((allow) => allow.rule === rule && allow.reason !== '');
    if (found !== undefined) found.used = true;
    return found !== undefined;
  }
}
