/** Which texts the static rules have looked at last, by driver. */
import { EventEmitter, type TextDocument, Uri } from 'vscode';
import { enginePath } from './paths.js';

export class CheckedTexts {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  /** Open texts as they were, by the driver's folder and their address. */
  readonly #texts = new Map<string, ReadonlyMap<string, string>>();

  set(driver: string, texts: ReadonlyMap<string, string>): void {
    this.#texts.set(driver, texts);
    this.#changed.fire();
  }

  delete(driver: string): void {
    if (this.#texts.delete(driver)) this.#changed.fire();
  }

  /** Whether what was found is about the text there is now. */
  has(document: TextDocument): boolean {
    return this.#texts.get(driverKey(document.uri))?.get(document.uri.toString()) === document.getText();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** Sources of a folder are one driver. */
export function driverKey(source: Uri): string {
  return enginePath(Uri.joinPath(source, '..'));
}
