/** Names of KMCL where they fit: flags in flag operands, statuses in callbacks, fields of the record at hand. */
import {
  CompletionItem,
  CompletionItemKind,
  type CompletionItemProvider,
  languages,
  MarkdownString,
  type Position,
  type TextDocument,
} from 'vscode';
import { factsOf, type NameFacts } from '../core/language/facts/index.js';
import { nameHover } from '../core/language/service/hoverTexts.js';
import type { Suggestion } from '../core/language/service/protocol.js';
import { LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { isWanted } from './otherExtensions.js';
import { readSetting } from './register.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(
      languages.registerCompletionItemProvider([...LANGUAGES], new KmclNames(lab), '.', '>', '(', ',', ' '),
    );
  });
}

const KINDS: Readonly<Record<NameFacts['kind'], CompletionItemKind>> = {
  function: CompletionItemKind.Function,
  callback: CompletionItemKind.Interface,
  flag: CompletionItemKind.EnumMember,
  status: CompletionItemKind.Constant,
  type: CompletionItemKind.Struct,
};

class KmclNames implements CompletionItemProvider {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async provideCompletionItems(document: TextDocument, position: Position): Promise<CompletionItem[]> {
    if (!isWanted(readSetting('completion', document.uri))) return [];
    const { line, character } = position;
    const at = { uri: document.uri.toString(), position: { line, character } };
    const found = (await this.#lab.language.ask(document, 'suggestions', at)) ?? [];
    return found.map(itemOf);
  }

  resolveCompletionItem(item: CompletionItem): CompletionItem {
    const name = typeof item.label === 'string' ? item.label : item.label.label;
    const known = item.kind === CompletionItemKind.Field ? undefined : factsOf(name);
    if (known !== undefined) {
      item.documentation = new MarkdownString(nameHover(known, name, { declaration: true, rule: (id) => `\`${id}\`` }));
    }
    return item;
  }
}

/** What fits the place comes before names that merely begin so; statuses and flags in the order of the facts. */
function itemOf(suggestion: Suggestion, index: number): CompletionItem {
  const { kind, name } = suggestion;
  if (kind === 'field') {
    const item = new CompletionItem(name, CompletionItemKind.Field);
    item.detail = `${suggestion.type} ${suggestion.record}::${name}`;
    item.sortText = String(index).padStart(4, '0');
    return item;
  }
  const known = factsOf(name);
  const item = new CompletionItem(name, known === undefined ? CompletionItemKind.Text : KINDS[known.kind]);
  if (known?.kind === 'flag' || known?.kind === 'status') item.detail = known.facts.value;
  if (kind !== 'name') item.sortText = String(index).padStart(4, '0');
  return item;
}
