/** Quick fixes of what the tree alone finds: those of the static rules, with what the text says of the function. */
import { spelledType } from '../../language/tree/declarators.js';
import type { FoundFunction, WrittenType } from '../../language/tree/found.js';
import type { SourceTree } from '../../language/tree/sourceTree.js';
import type { SyntaxNode } from '../../language/tree/syntax.js';
import type { Surroundings, Variable } from '../static/fixes/fix.js';
import { fixFor, type OfferedFix } from '../static/fixes/offer.js';
import { isDeclared, textOf } from './nodes.js';
import type { RoleOfFunction, TreeFinding } from './treeRules.js';

export function treeFix(
  finding: TreeFinding,
  tree: SourceTree,
  role: RoleOfFunction | undefined,
): Pick<OfferedFix, 'title' | 'edits'> | undefined {
  const found = tree.functions().findLast(({ start, end }) => start <= finding.start && finding.end <= end);
  if (found === undefined) return undefined;
  const related = finding.related === undefined ? [] : [finding.related];
  return fixFor(finding.rule, { text: tree.text, offset: finding.start, around: around(found, tree, role), related });
}

function around(found: FoundFunction, tree: SourceTree, role: RoleOfFunction | undefined): Surroundings {
  const parameters = found.parameters.map(({ name, type }) => variable(name ?? '', type));
  const names = parameters.map(({ name }) => name);
  const body = tree.root.descendantForIndex(found.body.start, found.body.end);
  return {
    returns: spelledType(found.returns),
    parameters,
    variables: body === null ? [] : variablesIn(body, tree.code),
    bodyLine: tree.positionAt(found.body.start).row + 1,
    ...(role === undefined ? {} : { callback: role.ex ? names.filter((_, index) => index !== 1) : names }),
  };
}

function variable(name: string, type: WrittenType): Variable {
  const target = type.pointers > 0 ? type.name : pointedBy(type.name);
  return { name, type: spelledType(type), target };
}

/** `UINT32` of `PUINT32`: the names of KMCL and the WDK are made so. */
function pointedBy(type: string): string {
  return /^P[A-Z]/.test(type) ? type.slice(1) : '';
}

function variablesIn(body: SyntaxNode, code: string): readonly Variable[] {
  return body.descendantsOfType(['declaration']).flatMap((declaration) => {
    const type = declaration.childForFieldName('type');
    const names = declaration.descendantsOfType(['identifier']).filter(isDeclared);
    if (type === null) return [];
    return names.map((each) => {
      const pointers = each.parent?.type === 'pointer_declarator' ? 1 : 0;
      return variable(textOf(each, code), { name: textOf(type, code), pointers, constant: false });
    });
  });
}
