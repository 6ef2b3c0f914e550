/** Structures, unions and classes with their fields. */
import { declared, plain, spanOf, textOf, writtenType } from './declarators.js';
import type { FoundField, FoundRecord } from './found.js';
import type { SyntaxNode } from './syntax.js';

export const RECORD_TYPES = ['struct_specifier', 'union_specifier', 'class_specifier'];

/** Undefined for a node that only names a record. */
export function recordOf(node: SyntaxNode, code: string): FoundRecord | undefined {
  const body = node.childForFieldName('body');
  if (body === null) return undefined;
  const tag = node.childForFieldName('name');
  const typedefs: string[] = [];
  const pointerTypedefs: string[] = [];
  const { parent } = node;
  let nameAt = tag;
  if (parent?.type === 'type_definition') {
    for (const declarator of parent.childrenForFieldName('declarator')) {
      const { name, pointers } = declared(declarator, code);
      if (name === undefined) continue;
      (pointers === 0 ? typedefs : pointerTypedefs).push(textOf(name, code));
      nameAt ??= name;
    }
  }
  return {
    ...spanOf(parent?.type === 'type_definition' ? parent : node),
    kind: node.type.replace('_specifier', '') as FoundRecord['kind'],
    tag: tag === null ? undefined : plain(textOf(tag, code)),
    typedefs,
    pointerTypedefs,
    nameAt: nameAt === null ? { start: node.startIndex, end: node.startIndex } : spanOf(nameAt),
    fields: fieldsOf(body, code),
    body: spanOf(body),
  };
}

/** Conditionals of the preprocessor are looked through. */
function fieldsOf(body: SyntaxNode, code: string): readonly FoundField[] {
  return body.namedChildren.flatMap((child) => {
    if (child.type === 'field_declaration') return declaredFields(child, code);
    return child.type.startsWith('preproc_') || child.isError ? fieldsOf(child, code) : [];
  });
}

function declaredFields(declaration: SyntaxNode, code: string): readonly FoundField[] {
  const type = declaration.childForFieldName('type');
  const record = type !== null && RECORD_TYPES.includes(type.type) ? recordOf(type, code) : undefined;
  const { children } = declaration;
  const fields = children.flatMap((child, index): FoundField[] => {
    const isDeclarator = child.type === 'field_identifier' || child.type.endsWith('_declarator');
    const unnamedBits = child.type === 'bitfield_clause' && !namesField(children[index - 1]);
    if (!isDeclarator && !unnamedBits) return [];
    const found = declared(isDeclarator ? child : null, code);
    // Methods are no fields.
    if (found.parameters !== undefined) return [];
    const bits = unnamedBits ? child : children[index + 1];
    return [
      {
        ...spanOf(declaration),
        name: found.name === undefined ? '' : textOf(found.name, code),
        nameAt: spanOf(found.name ?? child),
        type: writtenType(declaration, found.pointers, code),
        dimensions: found.dimensions,
        bits: bits?.type === 'bitfield_clause' ? plain(textOf(bits, code).replace(/^:/, '')) : undefined,
        record,
        isFunctionPointer: found.isFunctionPointer,
      },
    ];
  });
  if (fields.length > 0 || record === undefined) return fields;
  return [
    {
      ...spanOf(declaration),
      name: '',
      nameAt: { start: declaration.startIndex, end: declaration.startIndex },
      type: writtenType(declaration, 0, code),
      dimensions: [],
      bits: undefined,
      record,
      isFunctionPointer: false,
    },
  ];
}

function namesField(node: SyntaxNode | undefined): boolean {
  return node?.type === 'field_identifier' || node?.type.endsWith('_declarator') === true;
}
