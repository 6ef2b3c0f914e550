/** Pages of ours that change while they are shown, below `vsp-lab:`. */
import { EventEmitter, type FileChangeEvent, FileChangeType, Uri } from 'vscode';
import { RULE_SCHEME } from './ids.js';

export class Pages {
  readonly #texts = new Map<string, { readonly bytes: Uint8Array; readonly changed: number }>();
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  #changes = 0;

  readonly onDidChange = this.#changed.event;

  /** `path` begins with a slash. */
  put(path: string, text: string): Uri {
    const uri = Uri.from({ scheme: RULE_SCHEME, path });
    const isNew = !this.#texts.has(path);
    this.#changes += 1;
    this.#texts.set(path, { bytes: new TextEncoder().encode(text), changed: this.#changes });
    this.#changed.fire([{ type: isNew ? FileChangeType.Created : FileChangeType.Changed, uri }]);
    return uri;
  }

  get(path: string): { readonly bytes: Uint8Array; readonly changed: number } | undefined {
    return this.#texts.get(path);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
