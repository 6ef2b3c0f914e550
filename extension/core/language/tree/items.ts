/** What one declaration of a file has in it, and the declarations a file consists of. */
import { declared, spanOf, textOf, writtenType } from './declarators.js';
import type {
  FoundAssignment,
  FoundCall,
  FoundDeclaration,
  FoundFunction,
  FoundInclude,
  FoundParameter,
  FoundRecord,
  FoundTypedef,
  WrittenType,
} from './found.js';
import { RECORD_TYPES, recordOf } from './records.js';
import type { SyntaxNode } from './syntax.js';

export interface Item {
  readonly functions: readonly FoundFunction[];
  /** Those a callback could be: they are given a channel or a packet. Their names are `<lambda>`. */
  readonly lambdas: readonly FoundFunction[];
  readonly declarations: readonly FoundDeclaration[];
  readonly records: readonly FoundRecord[];
  readonly typedefs: readonly FoundTypedef[];
  readonly calls: readonly FoundCall[];
  readonly assignments: readonly FoundAssignment[];
  readonly includes: readonly FoundInclude[];
}

/** A declaration of a file, whatever it is wrapped in. */
export interface TopLevel {
  readonly node: SyntaxNode;
  /** Namespaces around: `a::b::`. */
  readonly scope: string;
}

const CONTAINERS = new Set([
  'preproc_if',
  'preproc_ifdef',
  'preproc_else',
  'preproc_elif',
  'preproc_elifdef',
  'linkage_specification',
  'declaration_list',
]);

/** In the order of the text. */
export function topLevels(root: SyntaxNode, code: string, scope = ''): readonly TopLevel[] {
  return root.namedChildren.flatMap((node): readonly TopLevel[] => {
    if (CONTAINERS.has(node.type)) return topLevels(node, code, scope);
    if (node.type === 'namespace_definition') {
      const name = node.childForFieldName('name');
      const body = node.childForFieldName('body');
      const inner = name === null ? scope : `${scope}${textOf(name, code)}::`;
      return body === null ? [] : topLevels(body, code, inner);
    }
    return node.type === 'comment' ? [] : [{ node, scope }];
  });
}

const DECLARATIONS = ['declaration', 'field_declaration'];
const FUNCTIONS = ['function_definition', 'inline_method_definition'];
const WANTED = [
  ...[...DECLARATIONS, ...FUNCTIONS, ...RECORD_TYPES],
  ...['type_definition', 'call_expression', 'assignment_expression', 'preproc_include', 'lambda_expression'],
];

export function itemOf(top: SyntaxNode, code: string): Item {
  const functions: FoundFunction[] = [];
  const lambdas: FoundFunction[] = [];
  const declarations: FoundDeclaration[] = [];
  const records: FoundRecord[] = [];
  const typedefs: FoundTypedef[] = [];
  const calls: FoundCall[] = [];
  const assignments: FoundAssignment[] = [];
  const includes: FoundInclude[] = [];
  /** Functions and classes around the node at hand. */
  const around: { readonly end: number; readonly name: string; readonly isClass: boolean }[] = [];

  for (const node of top.descendantsOfType(WANTED)) {
    while ((around.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= node.startIndex) around.pop();
    const innermost = around.findLast(({ isClass }) => !isClass)?.name;
    if (FUNCTIONS.includes(node.type)) {
      const classes = around.flatMap(({ name, isClass }) => (isClass ? [`${name}::`] : [])).join('');
      const found = functionOf(node, classes, code);
      if (found === undefined) continue;
      functions.push(found);
      around.push({ end: node.endIndex, name: found.name, isClass: false });
    } else if (node.type === 'lambda_expression') {
      const found = lambdaOf(node, code);
      if (found !== undefined) lambdas.push(found);
    } else if (RECORD_TYPES.includes(node.type)) {
      const found = recordOf(node, code);
      if (found === undefined) continue;
      records.push(found);
      if (found.tag !== undefined) around.push({ end: node.endIndex, name: found.tag, isClass: true });
    } else if (node.type === 'call_expression') {
      const found = callOf(node, innermost, code);
      if (found !== undefined) calls.push(found);
    } else if (node.type === 'assignment_expression') {
      const found = assignmentOf(node, innermost, code);
      if (found !== undefined) assignments.push(found);
    } else if (node.type === 'preproc_include') {
      includes.push(includeOf(node, code));
    } else if (node.type === 'type_definition') {
      typedefs.push(...typedefsOf(node, code));
    } else if (innermost === undefined) {
      declarations.push(declarationOf(node, code));
    }
  }
  return { functions, lambdas, declarations, records, typedefs, calls, assignments, includes };
}

function functionOf(node: SyntaxNode, classes: string, code: string): FoundFunction | undefined {
  const body = node.childForFieldName('body');
  const { name, scope, parameters, pointers } = declared(node.childForFieldName('declarator'), code);
  if (body === null || name === undefined || parameters === undefined) return undefined;
  return {
    ...spanOf(node),
    name: textOf(name, code),
    nameAt: spanOf(name),
    scope: classes + scope,
    returns: writtenType(node, pointers, code),
    isStatic: node.children.some((child) => child.type === 'storage_class_specifier' && isStatic(child, code)),
    parameters: parametersOf(parameters, code),
    body: spanOf(body),
    macro: undefined,
  };
}

export const LAMBDA = '<lambda>';

/** `[](VMBCHANNEL Channel, ...) -> NTSTATUS { ... }`; its name lies at the bracket that begins it. */
function lambdaOf(node: SyntaxNode, code: string): FoundFunction | undefined {
  const body = node.childForFieldName('body');
  const declarator = node.childForFieldName('declarator');
  const list = declarator?.childForFieldName('parameters') ?? null;
  if (body === null || declarator === null || list === null) return undefined;
  const parameters = parametersOf(list, code);
  if (!/^VMB(?:CHANNEL|PACKET)/.test(parameters[0]?.type.name ?? '')) return undefined;
  return {
    ...spanOf(node),
    name: LAMBDA,
    nameAt: { start: node.startIndex, end: list.startIndex },
    scope: '',
    returns: { name: 'NTSTATUS', pointers: 0, constant: false },
    isStatic: true,
    parameters,
    body: spanOf(body),
    macro: undefined,
  };
}

function isStatic(node: SyntaxNode, code: string): boolean {
  return textOf(node, code) === 'static';
}

export function parametersOf(list: SyntaxNode, code: string): readonly FoundParameter[] {
  const found = list.namedChildren.flatMap((node): FoundParameter[] => {
    if (node.type !== 'parameter_declaration' && node.type !== 'optional_parameter_declaration') return [];
    const { name, pointers } = declared(node.childForFieldName('declarator'), code);
    return [
      {
        ...spanOf(node),
        name: name === undefined ? undefined : textOf(name, code),
        nameAt: name === undefined ? undefined : spanOf(name),
        type: writtenType(node, pointers, code),
      },
    ];
  });
  const [only] = found;
  const isNone = found.length === 1 && only?.name === undefined && only?.type.pointers === 0;
  return isNone && /^(?:void|VOID)$/.test(only?.type.name ?? '') ? [] : found;
}

function declarationOf(node: SyntaxNode, code: string): FoundDeclaration {
  const names = node.children.flatMap((child) => {
    const isDeclarator = /(?:^identifier|^field_identifier|declarator)$/.test(child.type);
    const { name, parameters } = declared(isDeclarator ? child : null, code);
    if (name === undefined) return [];
    return [{ ...spanOf(name), name: textOf(name, code), parameters: parameters !== undefined }];
  });
  return { ...spanOf(node), type: writtenType(node, 0, code), names };
}

function typedefsOf(node: SyntaxNode, code: string): readonly FoundTypedef[] {
  return node.childrenForFieldName('declarator').flatMap((declarator) => {
    const { name, pointers } = declared(declarator, code);
    if (name === undefined) return [];
    return [{ ...spanOf(name), name: textOf(name, code), type: writtenType(node, pointers, code) }];
  });
}

/** What is called: the name last written in it. */
function calleeOf(node: SyntaxNode | null): { readonly name: SyntaxNode; readonly member: boolean } | undefined {
  if (node === null) return undefined;
  if (node.type === 'identifier') return { name: node, member: false };
  if (node.type === 'field_expression') {
    const field = node.childForFieldName('field');
    return field === null ? undefined : { name: field, member: true };
  }
  if (node.type === 'qualified_identifier' || node.type === 'template_function') {
    return calleeOf(node.childForFieldName('name'));
  }
  if (node.type === 'parenthesized_expression' || node.type === 'pointer_expression') {
    return calleeOf(node.namedChildren.at(-1) ?? null);
  }
  return undefined;
}

function callOf(node: SyntaxNode, within: string | undefined, code: string): FoundCall | undefined {
  const callee = calleeOf(node.childForFieldName('function'));
  const list = node.childForFieldName('arguments');
  if (callee === undefined || list === null) return undefined;
  const operands = list.namedChildren.filter(({ type }) => type !== 'comment');
  return {
    ...spanOf(node),
    callee: textOf(callee.name, code),
    calleeAt: spanOf(callee.name),
    member: callee.member,
    operands: operands.map((operand) => ({ ...spanOf(operand), text: textOf(operand, code) })),
    within,
    takenAs: takenAs(node, code),
  };
}

/** Looks through parentheses and casts; `static_cast<T *>(…)` is a call whose name has the type. */
function takenAs(node: SyntaxNode, code: string): WrittenType | undefined {
  const { parent } = node;
  switch (parent?.type) {
    case 'parenthesized_expression':
      return takenAs(parent, code);
    case 'cast_expression':
      return descriptorType(parent.childForFieldName('type'), code);
    case 'argument_list': {
      const cast = parent.parent?.childForFieldName('function');
      const list = cast?.type === 'template_function' ? cast.childForFieldName('arguments') : null;
      return descriptorType(list?.namedChildren.at(0) ?? null, code);
    }
    case 'init_declarator': {
      const declaration = parent.parent;
      return declaration?.type === 'declaration'
        ? writtenType(declaration, declared(parent, code).pointers, code)
        : undefined;
    }
    default:
      return undefined;
  }
}

function descriptorType(node: SyntaxNode | null, code: string): WrittenType | undefined {
  if (node?.type !== 'type_descriptor') return undefined;
  return writtenType(node, declared(node.childForFieldName('declarator'), code).pointers, code);
}

function assignmentOf(node: SyntaxNode, within: string | undefined, code: string): FoundAssignment | undefined {
  const left = node.childForFieldName('left');
  const right = node.childForFieldName('right');
  const field = left?.type === 'field_expression' ? left.childForFieldName('field') : null;
  if (field === null || right === null) return undefined;
  return {
    ...spanOf(node),
    member: textOf(field, code),
    value: { ...spanOf(right), text: textOf(right, code) },
    within,
  };
}

function includeOf(node: SyntaxNode, code: string): FoundInclude {
  const path = node.childForFieldName('path');
  const written = path === null ? '' : textOf(path, code);
  const inside = written.replace(/^[<"]|[>"]$/g, '').replaceAll('\\', '/');
  return { ...spanOf(node), path: inside, system: written.startsWith('<') };
}

/** The same thing `by` characters further on: whatever in it is called start or end. */
export function moved<T>(value: T, by: number): T {
  if (by === 0) return value;
  return shifted(value, by) as T;
}

function shifted(value: unknown, by: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.length === 0 ? value : value.map((each) => shifted(each, by));
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const each = copy[key];
    if (typeof each === 'number') copy[key] = key === 'start' || key === 'end' ? each + by : each;
    else if (typeof each === 'object') copy[key] = shifted(each, by);
  }
  return copy;
}
