/**
 * `vsplab.json`: what a project says once for the command line, editors and build servers. Everything in it may be left
 * out. Its form is also described by project.schema.json.
 */
import { jsonErrorAt } from '../base/jsonError.js';
import { lineCounter } from '../base/lineCounter.js';
import { findRule } from '../rules/catalogue.js';
import { joinPath } from './paths.js';
import type { Severities } from './severities.js';
import type { StressLevel } from './stressInjection.js';

export const PROJECT_FILE = 'vsplab.json';

export interface Project {
  /** Absolute: paths and globs of the file are relative to it. */
  readonly folder: string;
  /** Sources that are linked together, by the driver's name. Globs are absolute. */
  readonly drivers: readonly { readonly name: string; readonly glob: string }[];
  /** Absolute. */
  readonly includes: readonly string[];
  readonly defines: readonly string[];
  /** `NAME=VALUE`. */
  readonly stubs: readonly string[];
  readonly rules: Severities;
  /** As --stress. */
  readonly stress?: 'none' | StressLevel;
  /** Milliseconds of one test, and to compile one driver. */
  readonly budgets: { readonly timeout?: number; readonly compileTimeout?: number };
}

export type ProjectResult =
  | { readonly ok: true; readonly project: Project }
  /** Each names the file, the line and the value. */
  | { readonly ok: false; readonly problems: readonly string[] };

const SEVERITIES = ['error', 'warning', 'info', 'off'] as const;
const HOUR = 3_600_000;
const BUDGETS = {
  timeout: { minimum: 1, maximum: HOUR },
  compileTimeout: { minimum: 1, maximum: HOUR },
} as const;
const STRESS = ['none', 'quick', 'full'] as const;
const KEYS = ['$schema', 'drivers', 'includes', 'defines', 'stubs', 'rules', 'stress', 'budgets'];

type Fields = Readonly<Record<string, unknown>>;

/** `shown` is the file's name in messages, `folder` where it lies. */
export function parseProject(text: string, shown: string, folder: string): ProjectResult {
  const reader = new Reader(text, shown);
  const project = reader.project(folder);
  return reader.problems.length > 0 || project === undefined
    ? { ok: false, problems: reader.problems }
    : { ok: true, project };
}

class Reader {
  readonly problems: string[] = [];
  readonly #text: string;
  readonly #shown: string;

  constructor(text: string, shown: string) {
    this.#text = text.replace(/^\ufeff/, '');
    this.#shown = shown;
  }

  project(folder: string): Project | undefined {
    const fields = this.#parsed();
    if (fields === undefined) return undefined;
    for (const key of Object.keys(fields)) {
      if (!KEYS.includes(key)) this.#wrong([key], undefined, `is no setting; there are ${KEYS.slice(1).join(', ')}`);
    }
    const drivers = this.#entries(fields, 'drivers', isText, 'a glob of sources');
    const stubs = this.#entries(fields, 'stubs', Number.isSafeInteger, 'a whole number');
    const budgets = this.#entries(fields, 'budgets', Number.isSafeInteger, 'a whole number');
    const rules = this.#entries(fields, 'rules', isSeverity, `one of ${SEVERITIES.join(', ')}`);
    for (const [rule] of rules) {
      if (findRule(rule) === undefined) this.#wrong(['rules', rule], undefined, 'is no rule (vsp-lab explain)');
    }
    for (const [name, value] of budgets) this.#budget(name, value as number);
    return {
      folder,
      drivers: drivers.map(([name, glob]) => ({ name, glob: joinPath(folder, glob as string) })),
      includes: this.#texts(fields, 'includes').map((path) => joinPath(folder, path)),
      defines: this.#texts(fields, 'defines'),
      stubs: stubs.map(([name, value]) => `${name}=${value}`),
      rules: Object.fromEntries(rules) as Severities,
      ...this.#stress(fields),
      budgets: Object.fromEntries(budgets),
    };
  }

  #parsed(): Fields | undefined {
    const wrong = jsonErrorAt(this.#text);
    if (wrong !== undefined) {
      const line = lineCounter(this.#text)(wrong);
      const found =
        wrong === this.#text.length ? 'it ends too early' : `unexpected ${JSON.stringify(this.#text[wrong])}`;
      this.problems.push(`${this.#shown}:${line}: is not JSON: ${found}`);
      return undefined;
    }
    const value: unknown = JSON.parse(this.#text);
    if (isObject(value)) return value;
    this.problems.push(`${this.#shown}:1: expected an object`);
    return undefined;
  }

  #stress(fields: Fields): Pick<Project, 'stress'> {
    const value = fields['stress'];
    const stress = STRESS.find((each) => each === value);
    if (stress !== undefined) return { stress };
    if (value !== undefined) this.#wrong(['stress'], value, `expected one of ${STRESS.join(', ')}`);
    return {};
  }

  #budget(name: string, value: number): void {
    if (!Object.hasOwn(BUDGETS, name)) {
      this.#wrong(['budgets', name], undefined, `is no budget; there are ${Object.keys(BUDGETS).join(', ')}`);
      return;
    }
    const { minimum, maximum } = BUDGETS[name as keyof typeof BUDGETS];
    if (value < minimum || value > maximum) this.#wrong(['budgets', name], value, `expected ${minimum} to ${maximum}`);
  }

  #texts(fields: Fields, key: string): readonly string[] {
    const value = fields[key] ?? [];
    if (Array.isArray(value) && value.every(isText)) return value;
    this.#wrong([key], value, 'expected a list of texts');
    return [];
  }

  /** Names and values of an object; values that do not fit are told and left out. */
  #entries(
    fields: Fields,
    key: string,
    fits: (value: unknown) => boolean,
    expected: string,
  ): readonly (readonly [string, unknown])[] {
    const value = fields[key] ?? {};
    if (!isObject(value)) {
      this.#wrong([key], value, 'expected an object');
      return [];
    }
    return Object.entries(value).filter(([name, each]) => {
      if (fits(each)) return true;
      this.#wrong([key, name], each, `expected ${expected}`);
      return false;
    });
  }

  /** At the line where the keys stand, one inside the other. */
  #wrong(keys: readonly string[], value: unknown, what: string): void {
    let at = 0;
    for (const key of keys) at = Math.max(at, this.#text.indexOf(JSON.stringify(key), at));
    const shown = value === undefined ? '' : ` is ${JSON.stringify(value).slice(0, 60)}:`;
    this.problems.push(`${this.#shown}:${lineCounter(this.#text)(at)}: ${keys.join('.')}${shown} ${what}`);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isSeverity(value: unknown): boolean {
  return SEVERITIES.some((each) => each === value);
}
