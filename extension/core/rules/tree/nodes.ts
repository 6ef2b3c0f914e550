/** What the tree rules ask of syntax nodes. A node with an error in it says nothing for sure and answers nothing. */
import type { SyntaxNode } from '../../language/tree/syntax.js';

/** One function: its definition, its text and who plays which part in it. */
export interface TreeFunction {
  readonly body: SyntaxNode;
  /** The whole text; offsets of nodes count in it. */
  readonly code: string;
}

export interface TreeCall {
  readonly node: SyntaxNode;
  readonly name: string;
  readonly operands: readonly SyntaxNode[];
}

export function textOf(node: SyntaxNode, code: string): string {
  return code.slice(node.startIndex, node.endIndex);
}

/** Through round brackets and casts. */
export function bare(node: SyntaxNode): SyntaxNode {
  const inner =
    node.type === 'parenthesized_expression'
      ? node.namedChildren.at(0)
      : node.type === 'cast_expression'
        ? node.childForFieldName('value')
        : undefined;
  return inner === undefined || inner === null ? node : bare(inner);
}

/** Upwards through round brackets and casts: what the value is used in. */
export function userOf(node: SyntaxNode): SyntaxNode | null {
  const { parent } = node;
  const isTransparent = parent?.type === 'parenthesized_expression' || parent?.type === 'cast_expression';
  return isTransparent ? userOf(parent) : parent;
}

/** Of a whole call: the last name of what is called, `F` of `p->Kmcl.F(x)`. */
export function callOf(node: SyntaxNode, code: string): TreeCall | undefined {
  const called = node.type === 'call_expression' && !node.hasError ? node.childForFieldName('function') : null;
  const list = node.childForFieldName('arguments');
  const name = called?.type === 'field_expression' ? called.childForFieldName('field') : called;
  if (name === null || name === undefined || list === null || !/identifier$/.test(name.type)) return undefined;
  return { node, name: textOf(name, code), operands: list.namedChildren.filter(({ type }) => type !== 'comment') };
}

/** In the order of the text. */
export function callsIn(node: SyntaxNode, code: string, wanted: (name: string) => boolean): readonly TreeCall[] {
  return node.descendantsOfType(['call_expression']).flatMap((each) => {
    const call = callOf(each, code);
    return call !== undefined && wanted(call.name) ? [call] : [];
  });
}

/** Where a name is used, declarations of members aside. */
export function usesOf(node: SyntaxNode, name: string, code: string): readonly SyntaxNode[] {
  return node.descendantsOfType(['identifier']).filter((each) => textOf(each, code) === name);
}

/** The plain variable that the value of a call goes to, and nothing else sees it. */
export function variableGiven(call: SyntaxNode, code: string): string | undefined {
  const user = userOf(call);
  const target =
    user?.type === 'init_declarator'
      ? user.childForFieldName('declarator')
      : user?.type === 'assignment_expression' && isRightOf(call, user) && user.parent?.type === 'expression_statement'
        ? user.childForFieldName('left')
        : null;
  const name = target?.type === 'pointer_declarator' ? target.childForFieldName('declarator') : target;
  return name?.type === 'identifier' ? textOf(name, code) : undefined;
}

function isRightOf(node: SyntaxNode, assignment: SyntaxNode): boolean {
  const right = assignment.childForFieldName('right');
  return right !== null && right.startIndex <= node.startIndex && node.endIndex <= right.endIndex;
}

const NULLS = new Set(['NULL', 'nullptr', '0']);

export function isNull(node: SyntaxNode, code: string): boolean {
  return NULLS.has(textOf(bare(node), code));
}

/** Whether the name is what its declaration declares, and not part of a value. */
export function isDeclared(node: SyntaxNode): boolean {
  const { parent } = node;
  if (parent?.type === 'pointer_declarator') return isDeclared(parent);
  return (
    parent?.type === 'declaration' ||
    (parent?.type === 'init_declarator' && parent.childForFieldName('declarator')?.id === node.id)
  );
}
