/** Values beside the lines that name them while the run stands, and what a hover asks for. */
import {
  debug,
  EvaluatableExpression,
  type EvaluatableExpressionProvider,
  type InlineValue,
  type InlineValueContext,
  type InlineValuesProvider,
  InlineValueText,
  languages,
  type Position,
  Range,
  type TextDocument,
} from 'vscode';
import { blankComments } from '../core/run/sourceNames.js';
import { DEBUG_TYPE, LANGUAGES } from './ids.js';
import type { Lab } from './lab.js';

const NAME = /(?<![\w.$>"'])(?<!->)[A-Za-z_]\w*(?!\s*\(|\w|")/g;
const KEYWORDS = new Set(
  (
    'if else for while do switch case default break continue return goto sizeof struct union enum typedef static const ' +
    'volatile void char short int long unsigned signed float double auto class namespace template typename new delete ' +
    'this true false nullptr NULL TRUE FALSE'
  ).split(' '),
);
/** How the debugger shows a variable before its declaration. */
const UNDECLARED = 'not declared yet';
/** Lines above the one where the run stands. */
const LINES_BEFORE = 200;
const CHAIN = /[A-Za-z_$]\w*(?:\s*(?:->|\.|::)\s*[A-Za-z_]\w*|\[\s*\w+\s*\])*/g;

export function activate(lab: Lab): void {
  const selector = [...LANGUAGES];
  lab.store.add(languages.registerInlineValuesProvider(selector, new DriverValues()));
  lab.store.add(languages.registerEvaluatableExpressionProvider(selector, new DriverExpressions()));
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

class DriverValues implements InlineValuesProvider {
  async provideInlineValues(
    document: TextDocument,
    viewPort: Range,
    { stoppedLocation, frameId }: InlineValueContext,
  ): Promise<InlineValue[]> {
    const known = await variablesOf(frameId);
    const last = stoppedLocation.end.line;
    const lines = blankComments(document.getText()).split(/\r\n|\r|\n/);
    const first = Math.max(viewPort.start.line, functionStart(lines, last));
    const values: InlineValue[] = [];
    for (let line = first; line <= Math.min(last, lines.length - 1); line++) {
      const seen = new Set<string>();
      for (const { 0: name, index } of (lines[line] ?? '').matchAll(NAME)) {
        const value = known.get(name);
        if (KEYWORDS.has(name) || seen.has(name) || value === undefined) continue;
        seen.add(name);
        values.push(new InlineValueText(new Range(line, index, line, index + name.length), `${name} = ${value}`));
      }
    }
    return values;
  }
}

/** What the frame can name, as far as it means something yet: inner scopes first. */
async function variablesOf(frameId: number): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  const session = debug.activeDebugSession;
  if (session?.type !== DEBUG_TYPE) return known;
  try {
    const { scopes }: { scopes: readonly { variablesReference: number; expensive: boolean }[] } =
      await session.customRequest('scopes', { frameId });
    for (const { variablesReference, expensive } of scopes) {
      if (expensive) continue;
      const { variables }: { variables: readonly Variable[] } = await session.customRequest('variables', {
        variablesReference,
      });
      for (const { name, value } of variables) {
        if (!known.has(name) && !value.startsWith(UNDECLARED)) known.set(name, value);
      }
    }
  } catch {
    // It has gone on meanwhile: there is nothing to show.
  }
  return known;
}

/** The line behind the end of the function before: where the parameters of this one are. */
function functionStart(lines: readonly string[], line: number): number {
  const first = Math.max(0, line - LINES_BEFORE);
  const end = lines.slice(first, line + 1).findLastIndex((text) => text.startsWith('}'));
  return end < 0 ? first : first + end + 1;
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
