/** Members of a record as lines. */
import type { Type } from '../expressions/types.js';
import type { Item } from './items.js';

/** Anonymous members give theirs; `record` is an expression for the whole. */
export function recordItems(type: Type, address: number, record: string | undefined): readonly Item[] {
  if (type.shape.kind !== 'record') return [];
  return type.shape.fields.flatMap((field): readonly Item[] => {
    const at = address + field.offset;
    if (field.name === '') return recordItems(field.type, at, record);
    const evaluateName = record === undefined ? undefined : memberName(record, field.name);
    return [
      {
        name: field.name,
        place: { type: field.type, address: at, ...(field.bits === undefined ? {} : { bits: field.bits }) },
        ...(evaluateName === undefined ? {} : { evaluateName }),
      },
    ];
  });
}

/** `Request->Length` rather than `(*Request).Length`. */
function memberName(record: string, field: string): string {
  const pointed = /^\(\*([\w$:]+(?:(?:\.|->)\w+|\[\d+\])*)\)$/.exec(record)?.[1];
  return pointed === undefined ? `${record}.${field}` : `${pointed}->${field}`;
}
