/** Values beside the lines that name them while the run stands, and what a hover asks for. */
import {
  EvaluatableExpression,
  type EvaluatableExpressionProvider,
  type InlineValue,
  type InlineValueContext,
  type InlineValuesProvider,
  InlineValueVariableLookup,
  languages,
  type Position,
  Range,
  type TextDocument,
} from 'vscode';
import { blankComments } from '../core/run/sourceNames.js';
import { LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';

const NAME = /(?<![\w.$>"'])(?<!->)[A-Za-z_]\w*(?!\s*\(|\w|")/g;
const KEYWORDS = new Set(
  (
    'if else for while do switch case default break continue return goto sizeof struct union enum typedef static const ' +
    'volatile void char short int long unsigned signed float double auto class namespace template typename new delete ' +
    'this true false nullptr NULL TRUE FALSE'
  ).split(' '),
);
/** Lines above the one where the run stands. */
const LINES_BEFORE = 200;
const CHAIN = /[A-Za-z_$]\w*(?:\s*(?:->|\.|::)\s*[A-Za-z_]\w*|\[\s*\w+\s*\])*/g;

export function activate(lab: Lab): void {
  const selector = [...LANGUAGES];
  lab.store.add(languages.registerInlineValuesProvider(selector, new DriverValues()));
  lab.store.add(languages.registerEvaluatableExpressionProvider(selector, new DriverExpressions()));
}

/** The client looks the names up in the frame's own variables and shows those that are there. */
class DriverValues implements InlineValuesProvider {
  provideInlineValues(document: TextDocument, viewPort: Range, context: InlineValueContext): InlineValue[] {
    const last = context.stoppedLocation.end.line;
    const first = Math.max(viewPort.start.line, functionStart(document, last), last - LINES_BEFORE);
    const lines = blankComments(document.getText()).split(/\r\n|\r|\n/);
    const values: InlineValue[] = [];
    for (let line = first; line <= Math.min(last, lines.length - 1); line++) {
      const seen = new Set<string>();
      for (const { 0: name, index } of (lines[line] ?? '').matchAll(NAME)) {
        if (KEYWORDS.has(name) || seen.has(name)) continue;
        seen.add(name);
        values.push(new InlineValueVariableLookup(new Range(line, index, line, index + name.length), name));
      }
    }
    return values;
  }
}

/** The line of the nearest opening brace at the margin above: where the function begins, its parameters one line up. */
function functionStart(document: TextDocument, line: number): number {
  for (let at = line; at >= 0 && line - at <= LINES_BEFORE; at--) {
    if (/^\{|^\w.*\)\s*\{\s*$/.test(document.lineAt(at).text)) return Math.max(0, at - 8);
  }
  return Math.max(0, line - LINES_BEFORE);
}

/** `Request->Header.Length` when the pointer is over Length: the chain up to the word, nothing behind it. */
class DriverExpressions implements EvaluatableExpressionProvider {
  provideEvaluatableExpression(
    document: TextDocument,
    { line, character }: Position,
  ): EvaluatableExpression | undefined {
    const { text } = document.lineAt(line);
    for (const { 0: chain, index } of text.matchAll(CHAIN)) {
      if (character < index || character > index + chain.length) continue;
      const rest = /^\w*/.exec(text.slice(character))?.[0] ?? '';
      const end = Math.min(character + rest.length, index + chain.length);
      const expression = text.slice(index, end);
      if (KEYWORDS.has(expression)) return undefined;
      return new EvaluatableExpression(new Range(line, index, line, end), expression);
    }
    return undefined;
  }
}
