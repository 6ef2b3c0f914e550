/** The output channel, made when there is something to say: until then VS Code lists none. */
import { type LogOutputChannel, window } from 'vscode';
import { CHANNEL_NAME } from './ids.js';

export class Log {
  #channel: LogOutputChannel | undefined;

  get #open(): LogOutputChannel {
    this.#channel ??= window.createOutputChannel(CHANNEL_NAME, { log: true });
    return this.#channel;
  }

  info(text: string): void {
    this.#open.info(text);
  }

  warn(text: string): void {
    this.#open.warn(text);
  }

  error(text: string, error?: unknown): void {
    this.#open.error(text, ...(error === undefined ? [] : [error instanceof Error ? (error.stack ?? error) : error]));
  }

  show(): void {
    this.#open.show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }
}
