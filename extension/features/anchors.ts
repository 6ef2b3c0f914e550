/**
 * Callbacks and tests of open files, held in place while their text is typed: they move with the edits and are looked
 * for again when typing pauses, so that nothing above a line comes and goes with each key.
 */
import { EventEmitter, type TextDocument, workspace } from 'vscode';
import type { Anchor, KnownCallbacks } from '../core/language/anchors.js';
import type { AnchorsOf } from '../core/language/service/protocol.js';
import { editOf, moveRange } from '../core/language/textTracking.js';
import { Disposables } from './disposables.js';
import { textRange } from './edits.js';
import type { Language } from './language.js';
import type { Presence } from './presence.js';
import type { Results } from './results.js';

const PAUSE = 300;

interface Found extends AnchorsOf {
  /** Of the document they are in. */
  readonly version: number;
}

export class Anchors {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #byUri = new Map<string, readonly Anchor[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #presence: Presence;
  readonly #results: Results;
  readonly #language: Language;

  readonly onDidChange = this.#changed.event;

  constructor(presence: Presence, results: Results, language: Language) {
    this.#presence = presence;
    this.#results = results;
    this.#language = language;
  }

  start(): void {
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const key = document.uri.toString();
        const anchors = this.#byUri.get(key);
        if (anchors === undefined || contentChanges.length === 0) return;
        const edits = contentChanges.map(({ range, text }) => editOf(textRange(range), text));
        this.#byUri.set(
          key,
          anchors.flatMap((anchor) => {
            let range: Anchor['range'] | undefined = anchor.range;
            for (const edit of edits) range &&= moveRange(range, edit);
            return range === undefined ? [] : [{ ...anchor, range }];
          }),
        );
        this.#lookLater(document);
      }),
    );
    this.#store.add(workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri.toString())));
    // A run shows callbacks that the text alone does not tell.
    this.#store.add(
      this.#results.onDidChange(() => {
        for (const document of this.#presence.documents()) void this.#look(document);
      }),
    );
  }

  /** In the order of the text; none for files that are not ours. Looks for them when nobody has yet. */
  async of(document: TextDocument): Promise<readonly Anchor[]> {
    if (!this.#presence.has(document)) return [];
    const key = document.uri.toString();
    const known = this.#byUri.get(key);
    if (known !== undefined) return known;
    const found = await this.#find(document);
    // Somebody else may have asked, and typing may have gone on since.
    const now = this.#byUri.get(key);
    if (now !== undefined || found === undefined || document.isClosed) return now ?? [];
    this.#byUri.set(key, found.anchors);
    if (found.version !== document.version) this.#lookLater(document);
    return found.anchors;
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #lookLater(document: TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        if (!document.isClosed) void this.#look(document);
      }, PAUSE),
    );
  }

  async #look(document: TextDocument): Promise<void> {
    const key = document.uri.toString();
    if (!this.#byUri.has(key)) return;
    const found = await this.#find(document);
    const before = this.#byUri.get(key);
    // Places of a text that has changed since are looked for again when typing pauses.
    if (found === undefined || before === undefined || found.version !== document.version) return;
    const anchors = found.whole ? found.anchors : withLost(found.anchors, before);
    if (same(anchors, before)) return;
    this.#byUri.set(key, anchors);
    this.#changed.fire();
  }

  async #find(document: TextDocument): Promise<Found | undefined> {
    const { version } = document;
    const uri = document.uri.toString();
    const found = await this.#language.ask(document, 'anchors', { uri, known: this.#callbacksOf(document) });
    return found && { ...found, version };
  }

  #callbacksOf(document: TextDocument): KnownCallbacks {
    const save = new Set<string>();
    const restore = new Set<string>();
    const plain = (name: string): string => name.slice(name.lastIndexOf(':') + 1);
    for (const { shown } of this.#results.of(document.uri)) {
      for (const { callbacks } of shown.pack.runs.flatMap(({ channels }) => channels)) {
        if (callbacks?.save) save.add(plain(callbacks.save.function));
        if (callbacks?.restore) restore.add(plain(callbacks.restore.function));
      }
    }
    return { save, restore };
  }

  #forget(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#byUri.delete(key);
  }
}

/** What was there and cannot be seen while a brace or comment is open. */
function withLost(found: readonly Anchor[], before: readonly Anchor[]): readonly Anchor[] {
  const seen = new Set(found.map(({ kind, name }) => `${kind} ${name}`));
  const lost = before.filter(({ kind, name }) => !seen.has(`${kind} ${name}`));
  return [...found, ...lost].sort((a, b) => a.range.start.line - b.range.start.line);
}

function same(a: readonly Anchor[], b: readonly Anchor[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
