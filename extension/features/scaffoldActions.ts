/** `Generate save/restore callbacks for NIC_RX_CONTEXT` on a structure that could be a packet's context. */
import {
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CodeActionProvider,
  languages,
  type Range,
  type TextDocument,
  type Uri,
} from 'vscode';
import { type Item, type Outline, outlineOf } from '../core/scaffold/outline.js';
import { languageOfSource } from '../core/scaffold/scaffold.js';
import { type CommandId, LANGUAGES, type ScaffoldTarget } from './ids.js';
import type { Lab } from './lab.js';

const KIND = CodeActionKind.Refactor.append('generate');

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    const provider = new ScaffoldActions(lab);
    const metadata = { providedCodeActionKinds: [KIND] };
    lab.store.add(languages.registerCodeActionsProvider([...LANGUAGES], provider, metadata));
  });
}

class ScaffoldActions implements CodeActionProvider {
  readonly #lab: Lab;
  readonly #outlines = new WeakMap<TextDocument, { readonly version: number; readonly outline: Outline }>();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  provideCodeActions(document: TextDocument, range: Range, { only }: CodeActionContext): CodeAction[] {
    if (only !== undefined && !only.contains(KIND)) return [];
    if (!this.#lab.presence.has(document) || languageOfSource(document.uri.path) === undefined) return [];
    const offset = document.offsetAt(range.start);
    const item = this.#outline(document).items.find(
      ({ kind, start, end }) => kind === 'structure' && start <= offset && offset <= end,
    );
    const name = item === undefined ? undefined : nameOf(item);
    return name === undefined ? [] : [action(document.uri, name, false), action(document.uri, name, true)];
  }

  #outline(document: TextDocument): Outline {
    const known = this.#outlines.get(document);
    if (known?.version === document.version) return known.outline;
    const outline = outlineOf(document.getText());
    this.#outlines.set(document, { version: document.version, outline });
    return outline;
  }
}

/** The typedef that is no pointer, else the tag. */
function nameOf({ name, declares }: Item): string | undefined {
  const typedef = declares.find((each) => /^\w+$/.test(each));
  return typedef ?? (name === '' ? undefined : name);
}

function action(uri: Uri, context: string, ask: boolean): CodeAction {
  const title = `Generate save/restore callbacks for ${context}${ask ? '...' : ''}`;
  const made = new CodeAction(title, KIND);
  const command: CommandId = 'vspLab.scaffold';
  const target: ScaffoldTarget = { uri, context, ask };
  made.command = { title, command, arguments: [target] };
  return made;
}
