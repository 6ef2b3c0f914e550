/** The line between a run and whoever debugs it. */
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { SourceLocation } from '../toolchain/module.js';
import type { Output, Stop } from './goals.js';

/** The thread of the run, to the host. */
export interface RunLink {
  stopped(stop: Stop): void;
  output(output: Output): void;
  /** Serves what the host asks, at least once; waits for it without turning. */
  wait(): void;
  /** Serves what the host has asked meanwhile. */
  poll(): void;
  /** The host wants the run to stop; asked once, answered once. */
  takePause(): boolean;
}

/** A thing that cannot be done now: one sentence. */
export class Refused extends Error {}

/** Text of the driver, told once however often the run is executed. */
export class OutputTap {
  readonly #link: RunLink;
  readonly #locate: (id: number) => SourceLocation | undefined;
  #told = 0;

  constructor(link: RunLink, locate: (id: number) => SourceLocation | undefined) {
    this.#link = link;
    this.#locate = locate;
  }

  flush(output: readonly { readonly text: string; readonly frames: readonly number[] }[]): void {
    for (const { text, frames } of output.slice(this.#told)) {
      const location = this.#locate(frames.findLast((frame) => frame < LIBRARY_FRAME && frame !== 0) ?? 0);
      this.#link.output({ source: 'driver', text, ...(location === undefined ? {} : { location }) });
    }
    this.#told = Math.max(this.#told, output.length);
  }

  /** What comes after so many may be another text than before: the user has changed something. */
  mark(count: number): void {
    this.#told = count;
  }
}
