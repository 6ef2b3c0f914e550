/** Quick fixes for findings: allow one with a reason, and take away what allows nothing. */
import {
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CodeActionProvider,
  type Diagnostic,
  languages,
  Position,
  Range,
  SnippetString,
  SnippetTextEdit,
  type TextDocument,
  WorkspaceEdit,
} from 'vscode';
import { allowAbove, allowIn, REASON } from '../core/language/suppress.js';
import { findRule } from '../core/rules/catalogue.js';
import { DIAGNOSTIC_SOURCE, LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';

const UNUSED = 'allow-unused';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => {
    lab.store.add(
      languages.registerCodeActionsProvider([...LANGUAGES], new Suppressions(), {
        providedCodeActionKinds: [CodeActionKind.QuickFix],
      }),
    );
  });
}

class Suppressions implements CodeActionProvider {
  provideCodeActions(document: TextDocument, _range: Range, { diagnostics }: CodeActionContext): CodeAction[] {
    const seen = new Set<string>();
    return diagnostics.flatMap((diagnostic) => {
      const rule = ruleOf(diagnostic);
      if (rule === undefined) return [];
      const key = `${rule} ${diagnostic.range.start.line}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const action = rule === UNUSED ? removal(document, diagnostic) : allowance(document, diagnostic, rule);
      return action === undefined ? [] : [action];
    });
  }
}

/** The rule of a finding; compile errors have none. */
export function ruleOf({ source, code }: Diagnostic): string | undefined {
  if (source !== DIAGNOSTIC_SOURCE || typeof code !== 'object') return undefined;
  return findRule(String(code.value))?.id;
}

function allowance(document: TextDocument, diagnostic: Diagnostic, rule: string): CodeAction | undefined {
  const { line } = diagnostic.range.start;
  const made = allowAbove(rule, document.lineAt(line).text, line === 0 ? undefined : document.lineAt(line - 1).text);
  if (made === undefined) return undefined;
  const snippet = new SnippetString()
    .appendText(made.text.slice(0, made.reasonAt))
    .appendPlaceholder(REASON)
    .appendText('\n');
  const action = new CodeAction(`Suppress ${rule} here with a reason`, CodeActionKind.QuickFix);
  const edit = SnippetTextEdit.insert(new Position(line, 0), snippet);
  // The comment has its own indentation.
  edit.keepWhitespace = true;
  action.edit = new WorkspaceEdit();
  action.edit.set(document.uri, [edit]);
  action.diagnostics = [diagnostic];
  return action;
}

function removal(document: TextDocument, diagnostic: Diagnostic): CodeAction | undefined {
  const { line } = diagnostic.range.start;
  const found = allowIn(document.lineAt(line).text);
  if (found === undefined) return undefined;
  const range = found.whole
    ? document.lineAt(line).rangeIncludingLineBreak
    : new Range(line, found.start, line, found.end);
  const action = new CodeAction('Remove the suppression: nothing is found here', CodeActionKind.QuickFix);
  action.edit = new WorkspaceEdit();
  action.edit.delete(document.uri, range);
  action.diagnostics = [diagnostic];
  action.isPreferred = true;
  return action;
}
