/**
 * Rules that the syntax tree of one text decides for certain, without a compiler: for code that has never compiled, and
 * for workspaces that are not trusted. Each asks more of the code than the rule does, and says nothing about what it
 * cannot see: macros, helpers, text that is half typed.
 */
import { STATUSES } from '../../language/facts/statuses.js';
import type { CallbackRole } from '../../language/facts/types.js';
import type { FoundFunction, FoundRecord, Span } from '../../language/tree/found.js';
import type { SourceTree } from '../../language/tree/sourceTree.js';
import type { SyntaxNode } from '../../language/tree/syntax.js';
import type { RuleId } from '../catalogue.js';
import { bare, callOf, callsIn, isDeclared, isNull, textOf, userOf, usesOf, variableGiven } from './nodes.js';

export interface TreeFinding extends Span {
  readonly rule: RuleId;
  readonly message: string;
  /** Where what it follows from stands. */
  readonly related?: number;
  /** Name of the function it is in. */
  readonly within: string;
}

/** Before it is known which function it is in. */
type Found = Omit<TreeFinding, 'within'>;

export interface RoleOfFunction {
  readonly role: CallbackRole;
  /** It gets a context of its own in second place. */
  readonly ex: boolean;
}

interface Within {
  readonly tree: SourceTree;
  readonly code: string;
  readonly found: FoundFunction;
  readonly body: SyntaxNode;
  readonly role: RoleOfFunction | undefined;
}

/** Words without which no rule has anything to say: most functions have none of them. */
const HINTS = ['SetSaveRestorePacketCallbacks', 'VmbPacketRestore', 'VmbPacketAllocate', 'VmbChannelEnable'];

/** Findings of one text, kept while it is edited: a function that is the same says the same. */
export class TreeRules {
  readonly #tree: SourceTree;
  /** By what a function's findings follow from; places count from its body. */
  #known: ReadonlyMap<string, readonly TreeFinding[]> = new Map();

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  /** In the order of the text. */
  findings(roleOf: (found: FoundFunction) => RoleOfFunction | undefined): readonly TreeFinding[] {
    const { code } = this.#tree;
    const records = this.#tree.records().map(({ start, end }) => code.slice(start, end));
    const shared = records.join('\n');
    const known = new Map<string, readonly TreeFinding[]>();
    const all = this.#tree.functions().flatMap((found): readonly TreeFinding[] => {
      const role = roleOf(found);
      const text = code.slice(found.start, found.end);
      if (found.macro !== undefined || !isTold(text, role)) return [];
      const key = JSON.stringify([role?.role, role?.ex, role?.role === 'save' ? shared : '', text]);
      const own = this.#known.get(key) ?? this.#read(found, role, (read) => known.set(key, read));
      if (this.#known.has(key)) known.set(key, own);
      return own.map((each) => moved(each, found.body.start));
    });
    this.#known = known;
    return all.toSorted((a, b) => a.start - b.start);
  }

  /** What an error in the text is read as may change with the text around: only what is whole is kept. */
  #read(
    found: FoundFunction,
    role: RoleOfFunction | undefined,
    keep: (read: readonly TreeFinding[]) => void,
  ): readonly TreeFinding[] {
    const tree = this.#tree;
    const body = tree.root.descendantForIndex(found.body.start, found.body.end);
    if (body?.type !== 'compound_statement') return [];
    const within = { tree, code: tree.code, found, body, role };
    const read = findingsIn(within).map((each) => moved(each, -found.body.start));
    if (!body.hasError) keep(read);
    return read;
  }
}

/** Of functions of the driver, fixtures and their helpers aside, that some rule may speak of. */
function isTold(text: string, role: RoleOfFunction | undefined): boolean {
  const isCallback = role?.role === 'save' || role?.role === 'restore';
  return (isCallback || HINTS.some((hint) => text.includes(hint))) && !text.includes('VspLab');
}

function moved(finding: TreeFinding, by: number): TreeFinding {
  const { start, end, related } = finding;
  return { ...finding, start: start + by, end: end + by, ...(related === undefined ? {} : { related: related + by }) };
}

function findingsIn(within: Within): readonly TreeFinding[] {
  return foundIn(within).map((each) => ({ ...each, within: within.found.name }));
}

function foundIn(within: Within): readonly Found[] {
  const { body } = within;
  const certain = [returnedStatuses, oneCallback, ignoredRestore].flatMap((rule) => rule(within));
  // What is absent from half a function may be about to be typed.
  if (body.hasError || hasDirectives(body)) return certain;
  return [...certain, ...[uncheckedPackets, settingsAfterEnable, wholeContext].flatMap((rule) => rule(within))];
}

function hasDirectives(body: SyntaxNode): boolean {
  const directives = ['preproc_if', 'preproc_ifdef', 'preproc_def', 'preproc_function_def'];
  return body.descendantsOfType(directives).length > 0;
}

function at(rule: RuleId, { startIndex, endIndex }: SyntaxNode, message: string): Found {
  return { rule, message, start: startIndex, end: endIndex };
}

const DOUBTFUL = new Map(
  STATUSES.filter(({ severity, name }) => severity !== 'error' && name !== 'STATUS_SUCCESS').map((each) => [
    each.name,
    each,
  ]),
);

/** A status of a save or restore callback that is neither done nor failed (M7), written in its `return`. */
function returnedStatuses({ body, code, role }: Within): readonly Found[] {
  if (role?.role !== 'save' && role?.role !== 'restore') return [];
  return body.descendantsOfType(['return_statement']).flatMap((statement) => {
    const value = statement.hasError ? undefined : statement.namedChildren.at(0);
    // Of a lambda inside the callback it would be another's answer.
    if (value === undefined || isInLambda(statement, body)) return [];
    const known = DOUBTFUL.get(textOf(bare(value), code));
    if (known === undefined) return [];
    const why = known.severity === 'success' ? 'counts as success' : 'is a warning';
    return [at('savepkt-status-severity', statement, `returns ${known.name}, which ${why}: neither done nor failed`)];
  });
}

function isInLambda(node: SyntaxNode, body: SyntaxNode): boolean {
  for (let each = node.parent; each !== null && each.id !== body.id; each = each.parent) {
    if (each.type === 'lambda_expression' || each.type === 'function_definition') return true;
  }
  return false;
}

const REGISTERS = /^Vmb\w*ChannelInitSetSaveRestorePacketCallbacks(?:Ex)?$/;

/** One of the two callbacks is NULL, and the other is not. */
function oneCallback({ body, code }: Within): readonly Found[] {
  return callsIn(body, code, (name) => REGISTERS.test(name)).flatMap(({ node, name, operands }) => {
    const [save, restore] = operands.slice(-2);
    if (operands.length < 3 || save === undefined || restore === undefined) return [];
    if (isNull(save, code) === isNull(restore, code)) return [];
    const missing = isNull(save, code) ? 'save' : 'restore';
    return [
      at(
        'save-callbacks-registered',
        node,
        `${name} without a ${missing} callback: what one writes the other has to read`,
      ),
    ];
  });
}

/** The call is a statement of its own. */
function ignoredRestore({ body, code }: Within): readonly Found[] {
  return callsIn(body, code, (name) => name === 'VmbPacketRestore').flatMap(({ node }) =>
    userOf(node)?.type === 'expression_statement'
      ? [at('restorepkt-status', node, 'nothing looks at the status of VmbPacketRestore')]
      : [],
  );
}

/** The packet goes to the library and nowhere else: nobody can have compared it with NULL. */
function uncheckedPackets({ body, code, role }: Within): readonly Found[] {
  return callsIn(body, code, (name) => name === 'VmbPacketAllocate').flatMap(({ node }) => {
    const name = variableGiven(node, code);
    const uses = name === undefined ? [] : usesOf(body, name, code).filter((use) => !isTarget(use));
    const calls = uses.map((use) => libraryCallWith(use, code));
    const [first] = calls;
    if (first === undefined || calls.includes(undefined)) return [];
    const rule = role?.role === 'restore' ? 'restorepkt-alloc-null' : 'out-alloc-null';
    const message = `${first.name} gets the packet, and VmbPacketAllocate may have answered NULL`;
    return [{ ...at(rule, first.node, message), related: node.startIndex }];
  });
}

/** Where the variable is declared or gets a value. */
function isTarget(use: SyntaxNode): boolean {
  const { parent } = use;
  if (parent?.type === 'init_declarator') return parent.childForFieldName('declarator')?.id === use.id;
  if (parent?.type === 'assignment_expression') return parent.childForFieldName('left')?.id === use.id;
  return parent?.type === 'declaration';
}

function libraryCallWith(use: SyntaxNode, code: string): ReturnType<typeof callOf> {
  const list = userOf(use);
  const call = list?.type === 'argument_list' && list.parent !== null ? callOf(list.parent, code) : undefined;
  return call !== undefined && /^VmbPacket(?:Set|Send|Restore|Free|Get)/.test(call.name) ? call : undefined;
}

const SETTING = /^Vmb\w*ChannelInit(?:Set|Enable)\w+/;

/** Both are statements of the same block, the same channel by name, and nothing between them could lead around. */
function settingsAfterEnable({ body, code }: Within): readonly Found[] {
  return callsIn(body, code, (name) => name === 'VmbChannelEnable').flatMap(({ node, operands }) => {
    const channel = operands[0] === undefined ? '' : textOf(operands[0], code);
    const statement = statementOf(node);
    const found: Found[] = [];
    if (statement === undefined || leadsElsewhere(statement, code)) return [];
    for (
      let next: SyntaxNode | null = statement.nextNamedSibling ?? null;
      next !== null;
      next = next.nextNamedSibling
    ) {
      if (channel === '' || leadsElsewhere(next, code)) break;
      const setting = ownCall(next, code);
      if (setting === undefined || !SETTING.test(setting.name)) continue;
      if (setting.operands[0] === undefined || textOf(setting.operands[0], code) !== channel) continue;
      const message = `${setting.name} after VmbChannelEnable: the setting is not applied`;
      found.push({ ...at('init-before-enable', setting.node, message), related: node.startIndex });
    }
    return found;
  });
}

/** The statement of a block whose own value the call is, or that it decides: `if (!NT_SUCCESS(F()))` as well. */
function statementOf(call: SyntaxNode): SyntaxNode | undefined {
  for (let node = call; node.parent !== null; node = node.parent) {
    const { parent } = node;
    if (parent.type === 'compound_statement') return node;
    const isCondition = parent.type === 'if_statement' && parent.childForFieldName('condition')?.id === node.id;
    const isPlain = parent.type !== 'if_statement' && !/statement$|^conditional|^lambda/.test(parent.type);
    const isLogical =
      parent.type === 'binary_expression' && parent.children.some(({ type }) => type === '&&' || type === '||');
    if (isLogical || !(isCondition || isPlain || parent.type === 'expression_statement')) return undefined;
  }
  return undefined;
}

/** Labels are jumped to; these calls make another channel, or another state, of it; a way out may be that of success. */
function leadsElsewhere(node: SyntaxNode, code: string): boolean {
  if (node.type === 'labeled_statement' || node.type === 'case_statement' || node.hasError) return true;
  if (node.descendantsOfType(JUMPS).length > 0 && !isFailureTest(node, code)) return true;
  return callsIn(node, code, (name) => /^VmbChannel(?:Disable|Cleanup|Allocate)$/.test(name)).length > 0;
}

const JUMPS = ['return_statement', 'goto_statement', 'break_statement', 'continue_statement', 'co_return_statement'];

/** `if (!NT_SUCCESS(...))` without an `else`. */
function isFailureTest(node: SyntaxNode, code: string): boolean {
  const condition = node.type === 'if_statement' ? node.childForFieldName('condition') : null;
  if (condition === null || node.childForFieldName('alternative') !== null) return false;
  const test = condition.type === 'condition_clause' ? condition.childForFieldName('value') : bare(condition);
  const operand = test?.type === 'unary_expression' ? test.childForFieldName('argument') : null;
  const call = operand === null ? undefined : callOf(bare(operand), code);
  return call?.name === 'NT_SUCCESS';
}

function ownCall(statement: SyntaxNode, code: string): ReturnType<typeof callOf> {
  const value = statement.type === 'expression_statement' ? statement.namedChildren.at(0) : undefined;
  const right = value?.type === 'assignment_expression' ? value.childForFieldName('right') : value;
  return right === undefined || right === null ? undefined : callOf(bare(right), code);
}

const COPIES = new Set(['RtlCopyMemory', 'RtlMoveMemory', 'memcpy', 'memmove']);
const ADDRESSES =
  /^(?:PVOID|LIST_ENTRY|SINGLE_LIST_ENTRY|PMDL|VMBCHANNEL|VMBPACKET|VMBPACKETCOMPLETION|HANDLE|PDEVICE_OBJECT)$/;

/** The whole context is copied to SaveBuf, and its structure, in this text, has an address in it. */
function wholeContext({ tree, body, code, found, role }: Within): readonly Found[] {
  const buffer = role?.role === 'save' ? found.parameters[role.ex ? 3 : 2]?.name : undefined;
  if (buffer === undefined) return [];
  return callsIn(body, code, (name) => COPIES.has(name)).flatMap(({ node, operands }) => {
    const [to, from, size] = operands;
    if (to === undefined || from === undefined || size === undefined) return [];
    const name = textOf(bare(from), code);
    const type =
      bare(from).type === 'identifier' && textOf(bare(to), code) === buffer ? typeOf(name, body, code) : undefined;
    const record = type === undefined ? undefined : tree.recordNamed(type);
    if (record === undefined || !isWhole(size, name, record, code)) return [];
    // What is written to the record or to the context itself may be the mending of it.
    if (usesOf(body, buffer, code).some((use) => use.startIndex > node.endIndex) || isChanged(name, body, code))
      return [];
    const address = addressIn(record);
    return address === undefined
      ? []
      : [at('savepkt-no-pointers', node, `${address} is an address or a handle: it means nothing on another host`)];
  });
}

/** Of a pointer that is declared in the function, without its stars. */
function typeOf(name: string, body: SyntaxNode, code: string): string | undefined {
  for (const declaration of body.descendantsOfType(['declaration'])) {
    const type = declaration.childForFieldName('type');
    const declares = declaration
      .descendantsOfType(['identifier'])
      .some((each) => textOf(each, code) === name && isDeclared(each));
    if (declares && type !== null) return textOf(type, code);
  }
  return undefined;
}

function isWhole(size: SyntaxNode, name: string, { tag, typedefs }: FoundRecord, code: string): boolean {
  const node = bare(size);
  if (node.type !== 'sizeof_expression') return false;
  const operand = node.namedChildren.at(0);
  const measured = operand === undefined ? '' : textOf(bare(operand), code);
  const types = [...typedefs, ...(tag === undefined ? [] : [tag, `struct ${tag}`])];
  return measured === `*${name}` || types.includes(measured);
}

function isChanged(name: string, body: SyntaxNode, code: string): boolean {
  return body.descendantsOfType(['assignment_expression']).some((each) => {
    const left = each.childForFieldName('left');
    return left?.type === 'field_expression' && usesOf(left, name, code).length > 0;
  });
}

function addressIn({ fields }: FoundRecord): string | undefined {
  return fields.find(
    ({ type, isFunctionPointer }) => isFunctionPointer || type.pointers > 0 || ADDRESSES.test(type.name),
  )?.name;
}
