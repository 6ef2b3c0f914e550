/** What can follow in an expression that is being typed. */
import { compile } from '../expressions/compile.js';
import { ExpressionError, MemoryError } from '../expressions/errors.js';
import type { Memory } from '../expressions/memory.js';
import { PLATFORM_MACROS, platformNames } from '../expressions/names.js';
import type { Scope } from '../expressions/scope.js';
import { memberNames, type Type, type Types } from '../expressions/types.js';
import type { CompletionFound } from './asks.js';
import { REGISTER_NAMES } from './frameScope.js';

const MOST = 200;

/** `column` counts from 1. */
export function completions(
  text: string,
  column: number,
  scope: Scope,
  types: Types,
  memory: Memory,
): readonly CompletionFound[] {
  const before = text.slice(0, column - 1);
  const word = /[\w$]*$/.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  const member = /(\.|->)\s*$/.exec(before.slice(0, start));
  const names =
    member === null ? everyName(scope, types) : members(before.slice(0, member.index), scope, types, memory);
  const lower = word.toLowerCase();
  return names
    .filter(({ label }) => label.toLowerCase().startsWith(lower))
    .slice(0, MOST)
    .map((name) => ({ ...name, start, length: word.length }));
}

type Name = Pick<CompletionFound, 'label' | 'type'>;

function everyName(scope: Scope, types: Types): readonly Name[] {
  const named = (labels: Iterable<string>, type: Name['type']): Name[] => [...labels].map((label) => ({ label, type }));
  const all: readonly Name[] = [
    ...(scope.names?.() ?? []).map((label): Name => {
      const kind = scope.find(label)?.kind;
      return { label, type: kind === 'function' ? 'function' : kind === 'variable' ? 'variable' : 'enum' };
    }),
    ...named(REGISTER_NAMES, 'variable'),
    ...types.names().map((label): Name => ({ label, type: types.constant(label) === undefined ? 'class' : 'enum' })),
    ...named(PLATFORM_MACROS.keys(), 'keyword'),
    ...named(['sizeof', 'CONTAINING_RECORD', 'FIELD_OFFSET'], 'keyword'),
    ...named(platformNames(), 'enum'),
  ];
  const seen = new Set<string>();
  return all.filter(({ label }) => !seen.has(label) && seen.add(label) !== undefined);
}

/** Members of what stands before the dot or the arrow: its longest end that is an expression. */
function members(before: string, scope: Scope, types: Types, memory: Memory): readonly Name[] {
  const type = baseType(before, scope, types, memory);
  if (type === undefined) return [];
  const record = type.shape.kind === 'pointer' ? type.shape.target : type;
  return memberNames(record).map((label) => ({ label, type: 'field' }));
}

function baseType(before: string, scope: Scope, types: Types, memory: Memory): Type | undefined {
  const starts = [...before.matchAll(/(?<![\w$)\].>])[\w$(*&]/g)].map(({ index }) => index);
  for (const start of starts) {
    try {
      return compile(before.slice(start), { types, scope, memory, sideEffects: false }).type;
    } catch (error) {
      if (!(error instanceof ExpressionError) && !(error instanceof MemoryError)) throw error;
    }
  }
  return undefined;
}
