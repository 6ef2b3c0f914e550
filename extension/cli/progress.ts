/** One line on stderr that says what is going on; nothing at all unless it is a terminal. */
import type { CliHost } from './host.js';

const CLEAR = '\r\u001b[K';

export class Progress {
  readonly #host: CliHost;
  readonly #shown: boolean;

  constructor(host: CliHost) {
    this.#host = host;
    this.#shown = host.stderr.isTTY === true;
  }

  say(text: string): void {
    if (this.#shown) this.#host.stderr.write(`${CLEAR}${text.slice(0, 79)}`);
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.#shown) this.#host.stderr.write(CLEAR);
  }
}
