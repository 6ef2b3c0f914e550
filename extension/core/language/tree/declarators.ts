/** Names and types out of declarators: C spells a type around the name. */
import type { Span, WrittenType } from './found.js';
import type { SyntaxNode } from './syntax.js';

/** What a declarator says about the name in it. */
export interface Declared {
  /** Without scope; undefined for an abstract declarator. */
  readonly name: SyntaxNode | undefined;
  /** `Nic::` before the name. */
  readonly scope: string;
  readonly pointers: number;
  readonly dimensions: readonly string[];
  /** The parameter list right behind the name. */
  readonly parameters: SyntaxNode | undefined;
  /** `(*Name)(…)`. */
  readonly isFunctionPointer: boolean;
}

const NAMES = new Set(['identifier', 'field_identifier', 'type_identifier', 'destructor_name', 'operator_name']);
const NOTHING: Declared = {
  name: undefined,
  scope: '',
  pointers: 0,
  dimensions: [],
  parameters: undefined,
  isFunctionPointer: false,
};

export function spanOf(node: SyntaxNode): Span {
  return { start: node.startIndex, end: node.endIndex };
}

export function textOf(node: SyntaxNode, code: string): string {
  return code.slice(node.startIndex, node.endIndex);
}

/** Blanks and line ends made one blank. */
export function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

export function declared(node: SyntaxNode | null, code: string): Declared {
  if (node === null) return NOTHING;
  if (NAMES.has(node.type)) return { ...NOTHING, name: node };
  switch (node.type) {
    case 'qualified_identifier': {
      const inner = declared(node.childForFieldName('name'), code);
      const scope = node.childForFieldName('scope');
      return { ...inner, scope: `${scope === null ? '' : textOf(scope, code)}::${inner.scope}` };
    }
    case 'pointer_declarator':
    case 'abstract_pointer_declarator':
    case 'reference_declarator':
    case 'abstract_reference_declarator': {
      const inner = declared(innerDeclarator(node), code);
      const isPointer = node.type.includes('pointer');
      // A function that returns a pointer, or a pointer: the star is the type's either way.
      return isPointer ? { ...inner, pointers: inner.pointers + 1 } : inner;
    }
    case 'array_declarator':
    case 'abstract_array_declarator': {
      const inner = declared(innerDeclarator(node), code);
      const size = node.childForFieldName('size');
      return { ...inner, dimensions: [...inner.dimensions, size === null ? '' : plain(textOf(size, code))] };
    }
    case 'function_declarator':
    case 'abstract_function_declarator': {
      const nested = innerDeclarator(node);
      const inner = declared(nested, code);
      if (nested?.type === 'parenthesized_declarator' && inner.pointers > 0) {
        return { ...inner, pointers: 0, isFunctionPointer: true };
      }
      return { ...inner, parameters: node.childForFieldName('parameters') ?? undefined };
    }
    case 'init_declarator':
    case 'parenthesized_declarator':
    case 'attributed_declarator':
      return declared(innerDeclarator(node), code);
    default:
      return NOTHING;
  }
}

function innerDeclarator(node: SyntaxNode): SyntaxNode | null {
  const field = node.childForFieldName('declarator');
  if (field !== null) return field;
  return node.namedChildren.find(({ type }) => type.endsWith('declarator') || NAMES.has(type)) ?? null;
}

/** The type of a declaration: its specifiers and the stars of one of its declarators. */
export function writtenType(declaration: SyntaxNode, pointers: number, code: string): WrittenType {
  const constant = declaration.children.some(
    (child) => child.type === 'type_qualifier' && textOf(child, code) === 'const',
  );
  return { name: specifierName(declaration, code), pointers, constant };
}

function specifierName(declaration: SyntaxNode, code: string): string {
  const type = declaration.childForFieldName('type');
  if (type === null) return '';
  // A macro before the type takes its place, and the type is what could not be placed: the type is the last word.
  const astray = declaration.namedChildren.find(({ isError, startIndex }) => isError && startIndex > type.startIndex);
  const word = astray === undefined ? null : /^\s*([A-Za-z_]\w*)\s*$/.exec(textOf(astray, code));
  if (word?.[1] !== undefined) return word[1];
  if (type.type.endsWith('_specifier') && type.childForFieldName('body') !== null) {
    const tag = type.childForFieldName('name');
    return `${type.type.replace('_specifier', '')} ${tag === null ? '' : textOf(tag, code)}`.trim();
  }
  return plain(textOf(type, code));
}

/** `VOID`, two pointers → `VOID**`. */
export function spelledType({ name, pointers, constant }: WrittenType): string {
  return `${constant ? 'const ' : ''}${name}${'*'.repeat(pointers)}`;
}
