/** The parameters of a KMCL function while its call is typed. */
import {
  languages,
  MarkdownString,
  ParameterInformation,
  type Position,
  SignatureHelp,
  type SignatureHelpProvider,
  SignatureInformation,
  type TextDocument,
} from 'vscode';
import { factsOf } from '../core/language/facts/index.js';
import { parameterLabel } from '../core/language/service/hoverTexts.js';
import { LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';
import { isWanted } from './otherExtensions.js';
import { readSetting } from './register.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(languages.registerSignatureHelpProvider([...LANGUAGES], new KmclSignatures(lab), '(', ','));
  });
}

class KmclSignatures implements SignatureHelpProvider {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async provideSignatureHelp(document: TextDocument, position: Position): Promise<SignatureHelp | undefined> {
    if (!isWanted(readSetting('signatureHelp', document.uri))) return undefined;
    const { line, character } = position;
    const at = { uri: document.uri.toString(), position: { line, character } };
    const found = await this.#lab.language.ask(document, 'signature', at);
    const known = found && factsOf(found.callee);
    if (found === undefined || known?.kind !== 'function') return undefined;
    const { name, returns, parameters, summary } = known.facts;
    const labels = parameters.map(parameterLabel);
    const opening = `${returns} ${name}(`;
    const signature = new SignatureInformation(`${opening}${labels.join(', ')})`, new MarkdownString(summary));
    let start = opening.length;
    signature.parameters = parameters.map(({ text }, index) => {
      const end = start + (labels[index]?.length ?? 0);
      const information = new ParameterInformation([start, end], text);
      start = end + ', '.length;
      return information;
    });
    const help = new SignatureHelp();
    help.signatures = [signature];
    help.activeParameter = found.operand;
    return help;
  }
}
