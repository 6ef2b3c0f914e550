/** Types of what a function names: its parameters, its variables and their members. */
import { declared, textOf, writtenType } from '../tree/declarators.js';
import type { FoundFunction, FoundRecord, WrittenType } from '../tree/found.js';
import type { SourceTree } from '../tree/sourceTree.js';

/** Finds the record of a type, in this file or another. */
export type RecordLookup = (type: string) => FoundRecord | undefined;

/** The last declaration of the name before the offset wins. */
export function typeOfName(
  tree: SourceTree,
  within: FoundFunction,
  name: string,
  offset: number,
): WrittenType | undefined {
  const node = tree.root.descendantForIndex(within.start, Math.max(within.start, within.end - 1));
  let found = within.parameters.find((parameter) => parameter.name === name)?.type;
  for (const declaration of node?.descendantsOfType(['declaration']) ?? []) {
    if (declaration.startIndex >= offset || declaration.startIndex < within.body.start) continue;
    for (const declarator of declaration.childrenForFieldName('declarator')) {
      const { name: declaredName, pointers } = declared(declarator, tree.code);
      if (declaredName !== undefined && textOf(declaredName, tree.code) === name) {
        found = writtenType(declaration, pointers, tree.code);
      }
    }
  }
  return found;
}

/** The record that `a->b.c` ends in. */
export function recordOfChain(
  tree: SourceTree,
  within: FoundFunction,
  chain: readonly string[],
  offset: number,
  lookup: RecordLookup,
): FoundRecord | undefined {
  const [first, ...members] = chain;
  const type = first === undefined ? undefined : typeOfName(tree, within, first, offset);
  let record = type === undefined ? undefined : lookup(type.name);
  for (const member of members) {
    const field = record && memberOf(record, member);
    record = field === undefined ? undefined : (field.record ?? lookup(field.type.name));
  }
  return record;
}

/** Members of anonymous structures and unions are members of the record around. */
export function membersOf(record: FoundRecord): FoundRecord['fields'] {
  return record.fields.flatMap((field) =>
    field.name === '' ? (field.record === undefined ? [] : membersOf(field.record)) : [field],
  );
}

function memberOf(record: FoundRecord, name: string): FoundRecord['fields'][number] | undefined {
  return membersOf(record).find((field) => field.name === name);
}
