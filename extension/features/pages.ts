/** Pages of ours that change while they are shown, below `vsp-lab:`. */
import {
  commands,
  EventEmitter,
  extensions,
  type FileChangeEvent,
  FileChangeType,
  Uri,
  ViewColumn,
  window,
} from 'vscode';
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

const MARKDOWN = 'vscode.markdown-language-features';

/** As a page where VS Code can show Markdown, else as text. The commands of that extension are known once it is awake. */
export async function showPage(page: Uri, beside = false): Promise<void> {
  if (extensions.getExtension(MARKDOWN) !== undefined) {
    await commands.executeCommand(beside ? 'markdown.showPreviewToSide' : 'markdown.showPreview', page);
  } else {
    const viewColumn = beside ? ViewColumn.Beside : ViewColumn.Active;
    await window.showTextDocument(page, { preview: true, viewColumn, preserveFocus: beside });
  }
}
