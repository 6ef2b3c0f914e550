/** Where places of texts that have run are now: keeps the edits of open files since somebody took a stamp of them. */
import { Range, type Uri, workspace } from 'vscode';
import { EditLog, editOf, type TextRange } from '../core/language/textTracking.js';
import { Disposables } from './disposables.js';

/** Stamps of the texts of a moment, by URI; a text nobody had edited by then has none. */
export type Stamps = ReadonlyMap<string, number>;

export function rangeOf({ start, end }: TextRange): Range {
  return new Range(start.line, start.character, end.line, end.character);
}

export function textRange({ start, end }: Range): TextRange {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}

export class Edits {
  readonly #store = new Disposables();
  readonly #logs = new Map<string, EditLog>();
  /** Whoever may still ask: their stamps keep edits alive. */
  readonly #users = new Set<Stamps>();

  start(): void {
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (this.#users.size === 0) return;
        const log = this.#log(document.uri.toString());
        for (const { range, text } of contentChanges) log.push(editOf(textRange(range), text));
      }),
    );
    // Closing without saving brings the saved text back and tells nobody: its places are as good as unknown, and taken
    // for those of the text that ran.
    this.#store.add(
      workspace.onDidCloseTextDocument((document) => {
        if (document.isDirty) this.#logs.get(document.uri.toString())?.revert();
      }),
    );
  }

  /** Names all texts as they are now. Give it back with `release` when nobody will ask about them any more. */
  stamp(): Stamps {
    const stamps = new Map([...this.#logs].map(([uri, log]) => [uri, log.stamp]));
    this.#users.add(stamps);
    return stamps;
  }

  release(stamps: Stamps): void {
    this.#users.delete(stamps);
    for (const [uri, log] of this.#logs) {
      const oldest = Math.min(...[...this.#users].map((user) => user.get(uri) ?? 0), log.stamp);
      log.forget(oldest);
    }
  }

  /** Where a range of the text of that stamp is now; undefined when it is gone. Files never edited have not moved. */
  move(uri: Uri, range: TextRange, stamps: Stamps): TextRange | undefined {
    const key = uri.toString();
    const log = this.#logs.get(key);
    return log === undefined ? range : log.move(range, stamps.get(key) ?? 0);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #log(uri: string): EditLog {
    let log = this.#logs.get(uri);
    if (log === undefined) {
      log = new EditLog();
      this.#logs.set(uri, log);
    }
    return log;
  }
}
