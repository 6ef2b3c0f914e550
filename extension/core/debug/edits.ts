/** What the user has changed in a run: replayed at its time in each later execution. */
import type { Moment } from './goals.js';
import { isBefore } from './plans.js';

export interface Edit {
  readonly moment: Moment;
  readonly address: number;
  readonly bytes: Uint8Array;
}

export class Edits {
  /** In the order of their moments. */
  #all: readonly Edit[] = [];
  /** Of those, so many have happened in this execution. */
  #done = 0;

  /** Just done by hand. */
  add(edit: Edit): void {
    this.#all = [...this.#all.slice(0, this.#done), edit, ...this.#all.slice(this.#done)];
    this.#done++;
  }

  /** A new execution: none has happened yet. */
  rewind(): void {
    this.#done = 0;
  }

  /** Going before an edit undoes it. */
  dropAfter(moment: Moment): void {
    this.#all = this.#all.filter((edit) => !isBefore(moment, edit.moment));
  }

  applyUpTo(moment: Moment, apply: (edit: Edit) => void): void {
    for (let next = this.#all[this.#done]; next !== undefined && !isBefore(moment, next.moment); ) {
      apply(next);
      this.#done++;
      next = this.#all[this.#done];
    }
  }

  /** The event of the next edit. */
  get nextEvent(): number | undefined {
    return this.#all[this.#done]?.moment.event;
  }

  get count(): number {
    return this.#all.length;
  }
}
