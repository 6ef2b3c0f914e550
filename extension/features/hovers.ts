/** Hovers on the names of KMCL, on callbacks and on their parameters. */
import { Hover, type HoverProvider, languages, MarkdownString, type Position, type TextDocument, Uri } from 'vscode';
import { factsOf } from '../core/language/facts/index.js';
import type { CallbackRole } from '../core/language/facts/types.js';
import { findingProblems } from '../core/language/problems.js';
import {
  callbackHover,
  type HoverStyle,
  type Measured,
  nameHover,
  parameterHover,
  recordHover,
} from '../core/language/service/hoverTexts.js';
import type { Target } from '../core/language/service/protocol.js';
import { figuresText, sizesText } from '../core/run/figures.js';
import type { RecordLayout } from '../core/run/report.js';
import { rangeOf } from './edits.js';
import { type CommandId, LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { hasOtherHelp } from './otherExtensions.js';
import { readSetting } from './register.js';
import { figuresOf, fileOf } from './results.js';

const EXPLAIN: CommandId = 'vspLab.explainRule';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(languages.registerHoverProvider([...LANGUAGES], new KmclHovers(lab)));
  });
}

class KmclHovers implements HoverProvider {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async provideHover(document: TextDocument, position: Position): Promise<Hover | undefined> {
    const setting = readSetting('hover', document.uri);
    if (setting === 'off') return undefined;
    const { line, character } = position;
    const at = { uri: document.uri.toString(), position: { line, character } };
    const target = await this.#lab.language.ask(document, 'target', at);
    if (target === undefined) return undefined;
    const style: HoverStyle = { declaration: setting === 'on' || !hasOtherHelp(), rule: ruleLink };
    const text = this.#text(document, target, style);
    if (text === undefined) return undefined;
    const markdown = new MarkdownString(text);
    markdown.isTrusted = { enabledCommands: [EXPLAIN] };
    return new Hover(markdown, rangeOf(target.range));
  }

  #text(document: TextDocument, target: Target, style: HoverStyle): string | undefined {
    switch (target.kind) {
      case 'name': {
        const known = factsOf(target.name);
        return known && nameHover(known, target.name, style);
      }
      case 'callback': {
        const uri = target.definition === undefined ? document.uri : Uri.parse(target.definition.uri, true);
        return callbackHover(target.role, target.name, this.#measured(uri, target.role, target.name), style);
      }
      case 'record': {
        const layout = this.#layout(document.uri, target.names);
        return layout && recordHover(layout, target.field);
      }
      case 'parameter':
        return parameterHover(target, target.name, this.#measured(document.uri, target.role, target.callback));
    }
  }

  /** Of a record that packets were saved as, in a run of this very text. */
  #layout(uri: Uri, names: readonly string[]): RecordLayout | undefined {
    for (const { shown, stale } of this.#lab.results.of(uri)) {
      if (stale) continue;
      const found = shown.pack.runs
        .flatMap(({ records }) => records ?? [])
        .find(({ name }) => names.includes(name.replace(/^(?:struct|union|class) /, '')));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #measured(uri: Uri, role: CallbackRole, name: string): Measured | undefined {
    if (role !== 'save' && role !== 'restore') return undefined;
    const found = figuresOf(this.#lab.results.of(uri), { uri, kind: role, name });
    if (found === undefined) return undefined;
    const { figures, result } = found;
    const findings = findingProblems(result.shown.pack).flatMap(({ rule, message, line, file, callback }) =>
      rule !== undefined && fileOf(result, file)?.toString() === uri.toString() && callback?.startsWith(CALLBACKS[role])
        ? [{ rule, message, line }]
        : [],
    );
    return {
      figures: figuresText(figures),
      sizes: figures.packets === 0 ? '' : sizesText(figures),
      stale: result.stale,
      findings,
    };
  }
}

/** As reports name the callbacks a finding was met in. */
const CALLBACKS = { save: 'EvtVmbChannelSavePacket', restore: 'EvtVmbChannelRestorePacket' } as const;

function ruleLink(rule: string): string {
  return `[${rule}](command:${EXPLAIN}?${encodeURIComponent(JSON.stringify([rule]))})`;
}
