/**
 * Callbacks and tests of open files, held in place while their text is typed: they move with the edits and are looked
 * for again when typing pauses, so that nothing above a line comes and goes with each key.
 */
import { EventEmitter, type TextDocument, workspace } from 'vscode';
import { type Anchor, anchorsOf, type KnownCallbacks, looksWhole } from '../core/language/anchors.js';
import { editOf, moveRange } from '../core/language/textTracking.js';
import { Disposables } from './disposables.js';
import { textRange } from './edits.js';
import type { Presence } from './presence.js';
import type { Results } from './results.js';

const PAUSE = 300;

export class Anchors {
  readonly #store = new Disposables();
  readonly #changed = this.#store.add(new EventEmitter<void>());
  readonly #byUri = new Map<string, readonly Anchor[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #presence: Presence;
  readonly #results: Results;

  readonly onDidChange = this.#changed.event;

  constructor(presence: Presence, results: Results) {
    this.#presence = presence;
    this.#results = results;
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
        for (const document of this.#presence.documents()) this.#look(document);
      }),
    );
  }

  /** In the order of the text; none for files that are not ours. */
  of(document: TextDocument): readonly Anchor[] {
    if (!this.#presence.has(document)) return [];
    const known = this.#byUri.get(document.uri.toString());
    if (known !== undefined) return known;
    const anchors = anchorsOf(document.getText(), this.#callbacksOf(document));
    this.#byUri.set(document.uri.toString(), anchors);
    return anchors;
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
        if (!document.isClosed) this.#look(document);
      }, PAUSE),
    );
  }

  #look(document: TextDocument): void {
    const key = document.uri.toString();
    const before = this.#byUri.get(key);
    if (before === undefined) return;
    const text = document.getText();
    const found = anchorsOf(text, this.#callbacksOf(document));
    const anchors = looksWhole(text) ? found : withLost(found, before);
    if (same(anchors, before)) return;
    this.#byUri.set(key, anchors);
    this.#changed.fire();
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
