/**
 * What the syntax tree alone finds, while nothing better is known of a file: its driver has not compiled yet, or nobody
 * has said that this workspace may be compiled.
 */
import { Diagnostic, languages, type TextDocument, type Uri } from 'vscode';
import type { CertainFinding } from '../core/language/service/protocol.js';
import { TYPING_PAUSE } from '../core/language/typingPause.js';
import { draft, severityOf } from '../core/rules/draft.js';
import type { OfferedFix } from '../core/rules/static/fixes/offer.js';
import type { Finding } from '../core/run/report.js';
import { judged } from '../core/run/severities.js';
import { Disposables } from './disposables.js';
import { rangeOf } from './edits.js';
import { DIAGNOSTIC_SOURCE } from './ids.js';
import type { Lab } from './lab.js';
import { FINDING_SEVERITIES } from './problemSeverities.js';
import { readSetting } from './register.js';
import { rulePage } from './rulePages.js';

const NOWHERE = { location: null, related: [], channel: null, packetIndex: null, callback: null, pass: null } as const;

export class TreeProblems {
  readonly #store = new Disposables();
  readonly #collection = this.#store.add(languages.createDiagnosticCollection(`${DIAGNOSTIC_SOURCE}-tree`));
  readonly #language: Lab['language'];
  readonly #isChecked: (uri: Uri) => boolean;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #fixes = new WeakMap<TextDocument, { readonly version: number; readonly fixes: readonly OfferedFix[] }>();

  /** `isChecked` tells files of which a check with the compiler has said more. */
  constructor({ language }: Pick<Lab, 'language'>, isChecked: (uri: Uri) => boolean) {
    this.#language = language;
    this.#isChecked = isChecked;
  }

  /** Shortly after the last key. */
  later(document: TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (this.#isChecked(document.uri)) return;
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        void this.#look(document);
      }, TYPING_PAUSE),
    );
  }

  /** Of the text as it is now; none once a check has told more. */
  fixesOf(document: TextDocument): readonly OfferedFix[] {
    const known = this.#fixes.get(document);
    return known?.version === document.version && !this.#isChecked(document.uri) ? known.fixes : [];
  }

  forget(uri: Uri): void {
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#collection.delete(uri);
  }

  /** Some file was checked, or is no longer. */
  withdraw(): void {
    this.#collection.forEach((uri) => {
      if (this.#isChecked(uri)) this.#collection.delete(uri);
    });
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  async #look(document: TextDocument): Promise<void> {
    const { uri, version } = document;
    const found = await this.#language.ask(document, 'certain', { uri: uri.toString() });
    if (document.isClosed || document.version !== version || this.#isChecked(uri)) return;
    const all = found ?? [];
    this.#fixes.set(document, { version, fixes: all.flatMap(fixesIn) });
    this.#collection.set(
      uri,
      all.flatMap((each) => diagnosticOf(each, uri)),
    );
  }
}

function fixesIn({ rule, range, within, fix }: CertainFinding): readonly OfferedFix[] {
  const { line, character } = range.start;
  return fix === undefined
    ? []
    : [{ rule, at: { file: '', line: line + 1, column: character + 1, function: within }, ...fix }];
}

function diagnosticOf({ rule, message, range }: CertainFinding, uri: Uri): readonly Diagnostic[] {
  const severity = severityOf(draft(rule, message));
  const finding: Finding = { ...NOWHERE, callStack: [], rule, severity, message, suppressed: false };
  const [counted = finding] = judged([finding], readSetting('rules', uri));
  if (counted.suppressed) return [];
  const diagnostic = new Diagnostic(rangeOf(range), message, FINDING_SEVERITIES[counted.severity]);
  diagnostic.source = DIAGNOSTIC_SOURCE;
  diagnostic.code = { value: rule, target: rulePage(rule) };
  return [diagnostic];
}
