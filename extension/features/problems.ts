/**
 * Findings and compile errors as diagnostics. They are placed where their text is now: each change of an open file
 * moves them along, and what was deleted is no problem any more.
 */
import {
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
  Location,
  languages,
  type Range,
  type TextDocument,
  type Uri,
  workspace,
} from 'vscode';
import {
  compileProblems,
  findingProblems,
  type Problem,
  type ProblemPlace,
  underlined,
} from '../core/language/problems.js';
import type { TextRange } from '../core/language/textTracking.js';
import { Disposables } from './disposables.js';
import { rangeOf } from './edits.js';
import { DIAGNOSTIC_SOURCE } from './ids.js';
import type { Lab } from './lab.js';
import { type DriverResult, fileOf } from './results.js';
import { rulePage } from './rulePages.js';

/** While text is typed VS Code moves what it shows by itself; the list of problems follows when typing pauses. */
const PAUSE = 200;

/** A comment that allows nothing is shown faded. */
const UNUSED = 'allow-unused';

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const;

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => lab.store.add(new Problems(lab)));
}

/** A problem of a driver and the texts its places are of. */
interface Placed {
  readonly problem: Problem;
  readonly result: DriverResult;
  readonly uri: Uri;
}

class Problems {
  readonly #store = new Disposables();
  readonly #collection = this.#store.add(languages.createDiagnosticCollection(DIAGNOSTIC_SOURCE));
  readonly #lab: Lab;
  /** By driver. */
  readonly #placed = new Map<string, readonly Placed[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Texts of files with problems when they were opened. */
  readonly #opened = new Map<string, string>();
  readonly #lines = new Map<string, { readonly text: string; readonly lines: readonly string[] }>();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#store.add(lab.results.onDidChange((result) => this.#take(result)));
    this.#store.add(lab.results.onDidRemove(({ key }) => this.#replace(key, [])));
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#publishLater(document.uri);
      }),
    );
    // Only open text tells how long what is underlined is.
    this.#store.add(
      workspace.onDidCloseTextDocument(({ uri }) => {
        this.#opened.delete(uri.toString());
        this.#lines.delete(uri.toString());
      }),
    );
    this.#store.add(workspace.onDidOpenTextDocument((document) => this.#open(document)));
    for (const result of lab.results.all) this.#take(result);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #take(result: DriverResult): void {
    const { newest, stamps } = result;
    const known = this.#placed.get(result.key);
    // A result that only became stale has the problems it had.
    if (known?.[0]?.result.newest === newest && known[0].result.stamps === stamps) return;
    const [first = ''] = newest.sources;
    if (result.placesLost) return;
    const problems = newest.compiled
      ? [...findingProblems(newest.pack), ...compileProblems(newest.diagnostics, first)]
      : compileProblems(newest.diagnostics, first);
    this.#replace(
      result.key,
      problems.flatMap((problem) => {
        const uri = fileOf(result, problem.file);
        return uri === undefined ? [] : [{ problem, result, uri }];
      }),
    );
  }

  #replace(key: string, placed: readonly Placed[]): void {
    const uris = new Map([...(this.#placed.get(key) ?? []), ...placed].map(({ uri }) => [uri.toString(), uri]));
    if (placed.length === 0) this.#placed.delete(key);
    else this.#placed.set(key, placed);
    for (const uri of uris.values()) this.#publish(uri);
  }

  #publishLater(uri: Uri): void {
    const key = uri.toString();
    if (!this.#collection.has(uri)) return;
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#publish(uri);
      }, PAUSE),
    );
  }

  #publish(uri: Uri): void {
    const key = uri.toString();
    const here = [...this.#placed.values()].flat().filter((each) => each.uri.toString() === key);
    if (here.length === 0) {
      this.#collection.delete(uri);
      return;
    }
    const seen = new Set<string>();
    const diagnostics = here.flatMap(({ problem, result }) => {
      const diagnostic = this.#diagnostic(uri, problem, result);
      if (diagnostic === undefined) return [];
      // A header of two drivers has what both find in it.
      const text = JSON.stringify([diagnostic.range, diagnostic.message, problem.rule]);
      if (seen.has(text)) return [];
      seen.add(text);
      return [diagnostic];
    });
    this.#collection.set(uri, diagnostics);
  }

  #diagnostic(uri: Uri, problem: Problem, result: DriverResult): Diagnostic | undefined {
    const range = this.#rangeNow(uri, problem, result, problem.rule !== undefined);
    if (range === undefined) return undefined;
    const diagnostic = new Diagnostic(range, problem.message, SEVERITIES[problem.severity]);
    diagnostic.source = DIAGNOSTIC_SOURCE;
    if (problem.rule === UNUSED) diagnostic.tags = [DiagnosticTag.Unnecessary];
    if (problem.rule !== undefined) diagnostic.code = { value: problem.rule, target: rulePage(problem.rule) };
    diagnostic.relatedInformation = problem.related.flatMap(({ message, ...place }) => {
      const file = fileOf(result, place.file);
      const where = file && this.#rangeNow(file, place, result, false);
      return file === undefined || where === undefined
        ? []
        : [new DiagnosticRelatedInformation(new Location(file, where), message)];
    });
    return diagnostic;
  }

  /** Undefined when the text is gone. */
  #rangeNow(uri: Uri, { line, column }: ProblemPlace, result: DriverResult, whole: boolean): Range | undefined {
    const text = this.#measuredLine(uri, line, result);
    // Of a line nobody has seen the column is all there is: VS Code then underlines the word there.
    const { start, end } =
      text === undefined ? { start: column - 1, end: column - 1 } : underlined(text, column, whole);
    const measured: TextRange = {
      start: { line: line - 1, character: start },
      end: { line: line - 1, character: end },
    };
    const moved = this.#lab.edits.move(uri, measured, result.stamps);
    return moved && rangeOf(moved);
  }

  /** A line of the text that ran, from 1. */
  #measuredLine(uri: Uri, line: number, { texts }: DriverResult): string | undefined {
    const key = uri.toString();
    const text = texts.get(key) ?? this.#opened.get(key);
    if (text === undefined) return undefined;
    let lines = this.#lines.get(key);
    if (lines?.text !== text) {
      lines = { text, lines: text.split(/\r\n|\r|\n/) };
      this.#lines.set(key, lines);
    }
    return lines.lines[line - 1];
  }

  /** A file that was not open when it ran has the text on the disk. */
  #open(document: TextDocument): void {
    const key = document.uri.toString();
    if (document.isDirty || !this.#collection.has(document.uri)) return;
    this.#opened.set(key, document.getText());
    this.#publish(document.uri);
  }
}
