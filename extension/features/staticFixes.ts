/** Quick fixes of static findings, as the last check offered them. */
import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  type Diagnostic,
  type Disposable,
  languages,
  Range,
  type TextDocument,
  WorkspaceEdit,
} from 'vscode';
import type { OfferedFix } from '../core/rules/static/fixes/offer.js';
import { DIAGNOSTIC_SOURCE, LANGUAGES } from './ids.js';

/** Answers the fixes for a document as its text is now; none once it was edited since they were made. */
export type FixesOf = (document: TextDocument) => readonly OfferedFix[];

export function registerStaticFixes(fixesOf: FixesOf): Disposable {
  const provider: CodeActionProvider = {
    provideCodeActions: (document, _range, { diagnostics }) =>
      diagnostics.flatMap((diagnostic) => actionsFor(document, diagnostic, fixesOf(document))),
  };
  const selector = LANGUAGES.map((language) => ({ language }));
  return languages.registerCodeActionsProvider(selector, provider, {
    providedCodeActionKinds: [CodeActionKind.QuickFix],
  });
}

function actionsFor(
  document: TextDocument,
  diagnostic: Diagnostic,
  fixes: readonly OfferedFix[],
): readonly CodeAction[] {
  const { source, code, range } = diagnostic;
  const rule = typeof code === 'object' ? code.value : undefined;
  if (source !== DIAGNOSTIC_SOURCE || rule === undefined) return [];
  return fixes
    .filter((fix) => fix.rule === rule && fix.at.line - 1 === range.start.line)
    .slice(0, 1)
    .map(({ title, edits }) => {
      const action = new CodeAction(title, CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.isPreferred = true;
      action.edit = new WorkspaceEdit();
      for (const { start, end, text } of edits)
        action.edit.replace(document.uri, new Range(start.line, start.character, end.line, end.character), text);
      return action;
    });
}
