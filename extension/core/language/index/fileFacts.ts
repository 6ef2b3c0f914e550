/** What one file says about callbacks, registrations, contexts and tests: the index of a workspace is made of these. */
import { CALLBACKS, FUNCTIONS, factsOf } from '../facts/index.js';
import type { CallbackRole } from '../facts/types.js';
import type { TextPosition, TextRange } from '../textTracking.js';
import type { FoundFunction, FoundParameter, Span } from '../tree/found.js';
import type { SourceTree } from '../tree/sourceTree.js';

export interface Role {
  readonly role: CallbackRole;
  readonly ex: boolean;
}

export interface FunctionEntry {
  readonly name: string;
  readonly scope: string;
  /** From the start of the declaration to the end of the name. */
  readonly head: TextRange;
  readonly nameAt: TextRange;
  /** The whole definition. */
  readonly range: TextRange;
  /**
   * What its parameters alone make of it: only the shapes of save and restore are telling. Of a lambda also what it is
   * registered as, since it has no name to be found by.
   */
  readonly bySignature: Role | undefined;
}

export interface RoleEntry extends Role {
  readonly name: string;
  readonly at: TextRange;
}

export interface RegisteredCallback extends Role {
  readonly name: string;
  readonly at: TextRange;
}

export interface RegistrationEntry {
  /** The library's function, or the member of the structure that is filled. */
  readonly through: string;
  readonly callbacks: readonly RegisteredCallback[];
  readonly at: TextRange;
  readonly within: string | undefined;
}

export interface ContextEntry {
  readonly of: 'packet' | 'channel';
  /** As written, stars aside: `PNIC_REQUEST`, `NIC_REQUEST`. */
  readonly type: string;
  readonly at: TextRange;
}

export interface NamedEntry {
  readonly name: string;
  readonly at: TextRange;
}

export interface RecordEntry extends NamedEntry {
  /** Tag, typedef names and names of pointers to it. */
  readonly names: readonly string[];
}

export interface FileFacts {
  readonly functions: readonly FunctionEntry[];
  readonly roles: readonly RoleEntry[];
  readonly registrations: readonly RegistrationEntry[];
  readonly contexts: readonly ContextEntry[];
  readonly tests: readonly (NamedEntry & { readonly head: TextRange })[];
  readonly records: readonly RecordEntry[];
}

const MEMBER_ROLES: ReadonlyMap<string, CallbackRole> = new Map([
  ['EvtChannelOpened', 'opened'],
  ['EvtChannelClosed', 'closed'],
  ['EvtChannelSuspend', 'suspend'],
  ['EvtChannelStarted', 'started'],
  ['EvtChannelPostStarted', 'postStarted'],
]);
const CONTEXT_CALLS: ReadonlyMap<string, ContextEntry['of']> = new Map([
  ['VmbPacketGetPointer', 'packet'],
  ['VmbPacketGetInlinePacketContextPointer', 'packet'],
  ['VmbChannelGetPointer', 'channel'],
]);

export function fileFacts(tree: SourceTree): FileFacts {
  const range = rangeIn(tree);
  const functions: FunctionEntry[] = [];
  const tests: (NamedEntry & { readonly head: TextRange })[] = [];
  for (const found of tree.functions()) {
    const { name, scope, nameAt, start, end } = found;
    const at = range(nameAt);
    if (found.macro !== undefined) {
      const macro = tree.macros.find((each) => each.start === start);
      if (found.macro === 'VSPLAB_TEST')
        tests.push({ name, at, head: range({ start, end: macro?.end ?? nameAt.end }) });
      continue;
    }
    functions.push({
      name,
      scope,
      head: range({ start: headStart(tree, start), end: nameAt.end }),
      nameAt: at,
      range: range({ start, end }),
      bySignature: roleBySignature(found),
    });
  }
  for (const { name, nameAt, start, end, ...found } of tree.lambdas()) {
    const role = roleByPlace(tree, start) ?? roleBySignature(found);
    if (role === undefined) continue;
    const at = range(nameAt);
    functions.push({ name, scope: '', head: at, nameAt: at, range: range({ start, end }), bySignature: role });
  }
  return {
    functions,
    tests,
    roles: rolesOf(tree, range),
    registrations: registrationsOf(tree, range),
    contexts: contextsOf(tree, range),
    records: tree.records().flatMap(({ tag, typedefs, pointerTypedefs, nameAt }) => {
      const names = [...(tag === undefined ? [] : [tag]), ...typedefs, ...pointerTypedefs];
      const [name] = [...typedefs, ...names];
      return name === undefined ? [] : [{ name, names, at: range(nameAt) }];
    }),
  };
}

type RangeOf = (span: Span) => TextRange;

function rangeIn(tree: SourceTree): RangeOf {
  const position = (offset: number): TextPosition => {
    const { row, column } = tree.positionAt(offset);
    return { line: row, character: column };
  };
  return ({ start, end }) => ({ start: position(start), end: position(end) });
}

/** Where annotations before a definition begin: they are blanks to the tree. */
function headStart(tree: SourceTree, start: number): number {
  let at = start;
  while (at > 0 && /\s/.test(tree.code.charAt(at - 1))) at -= 1;
  while (at < start && /\s/.test(tree.text.charAt(at))) at += 1;
  return at;
}

function rolesOf(tree: SourceTree, range: RangeOf): readonly RoleEntry[] {
  return tree.declarations().flatMap(({ type, names }) => {
    const known = factsOf(type.name);
    if (known?.kind !== 'callback' || known.pointer) return [];
    const { role } = known.facts;
    return names.map((name) => ({ role, ex: known.ex, name: name.name, at: range(name) }));
  });
}

function registrationsOf(tree: SourceTree, range: RangeOf): readonly RegistrationEntry[] {
  const byCall = tree.calls(isRegistration).flatMap((call): readonly RegistrationEntry[] => {
    const known = factsOf(call.callee);
    if (known?.kind !== 'function') return [];
    const callbacks = known.facts.parameters.flatMap(({ type }, index) => {
      const taken = factsOf(type);
      const operand = call.operands[index];
      if (taken?.kind !== 'callback' || operand === undefined) return [];
      const name = functionName(operand.text);
      if (name === undefined) return [];
      return [{ role: taken.facts.role, ex: taken.ex, name, at: range(operand) }];
    });
    return callbacks.length === 0 ? [] : [{ through: call.callee, callbacks, at: range(call), within: call.within }];
  });
  const byMember = tree
    .assignments((member) => member.startsWith('Evt'))
    .flatMap((assignment): readonly RegistrationEntry[] => {
      const role = MEMBER_ROLES.get(assignment.member.replace(/Ex$/, ''));
      const name = functionName(assignment.value.text);
      if (role === undefined || name === undefined) return [];
      const callback = { role, ex: assignment.member.endsWith('Ex'), name, at: range(assignment.value) };
      return [{ through: assignment.member, callbacks: [callback], at: range(assignment), within: assignment.within }];
    });
  return [...byCall, ...byMember];
}

/** Functions that take a callback. */
const REGISTERING = new Set(
  FUNCTIONS.filter(({ parameters }) => parameters.some(({ type }) => factsOf(type)?.kind === 'callback')).map(
    ({ name }) => name,
  ),
);

/** The role of a lambda that is an operand of a registering call, or that a callback structure is filled with. */
function roleByPlace(tree: SourceTree, start: number): Role | undefined {
  for (const { callee, operands } of tree.calls(isRegistration)) {
    const index = operands.findIndex((operand) => operand.start <= start && start < operand.end);
    const known = index < 0 ? undefined : factsOf(callee);
    const taken = known?.kind === 'function' ? factsOf(known.facts.parameters[index]?.type ?? '') : undefined;
    if (taken?.kind === 'callback') return { role: taken.facts.role, ex: taken.ex };
  }
  const filled = tree
    .assignments((member) => member.startsWith('Evt'))
    .find(({ value }) => value.start <= start && start < value.end);
  const role = filled === undefined ? undefined : MEMBER_ROLES.get(filled.member.replace(/Ex$/, ''));
  return role === undefined ? undefined : { role, ex: filled?.member.endsWith('Ex') === true };
}

function isRegistration(callee: string): boolean {
  return REGISTERING.has(callee);
}

/** `Name`, `&Class::Name`, `(TYPE)Name`, `static_cast<TYPE>(Name)`; a lambda has none. */
function functionName(operand: string): string | undefined {
  const name = /^(?:\(\s*\w+\s*\)\s*|static_cast\s*<[^>]*>\s*\(\s*)?&?\s*(?:\w+\s*::\s*)*([A-Za-z_]\w*)\s*\)?$/.exec(
    operand,
  )?.[1];
  return name === 'NULL' || name === 'nullptr' ? undefined : name;
}

function contextsOf(tree: SourceTree, range: RangeOf): readonly ContextEntry[] {
  return tree
    .calls((callee) => CONTEXT_CALLS.has(callee))
    .flatMap((call) => {
      const of = CONTEXT_CALLS.get(call.callee);
      const type = call.takenAs?.name;
      if (of === undefined || type === undefined || /^(?:auto|void|PVOID)$/.test(type)) return [];
      return [{ of, type, at: range(call) }];
    });
}

const POINTER = /^(?:PVOID|LPVOID|PUCHAR|PUINT8|PBYTE)$/;
const WORD = /^(?:UINT32|ULONG|DWORD|uint32_t)$/;
const WORD_POINTER = /^(?:PUINT32|PULONG|LPDWORD)$/;

/** Parameters of save and restore callbacks by the kind of their types. */
const SHAPES = CALLBACKS.filter(({ role }) => role === 'save' || role === 'restore').map(({ role, parameters }) => ({
  role,
  kinds: parameters.map(({ type }) => kindOf({ name: type, pointers: 0 })),
}));

function kindOf({ name, pointers }: { readonly name: string; readonly pointers: number }): string {
  if (pointers === 0) {
    if (POINTER.test(name)) return 'pointer';
    if (WORD.test(name)) return 'word';
    return WORD_POINTER.test(name) ? 'word*' : name;
  }
  if (pointers > 1) return 'other';
  if (WORD.test(name)) return 'word*';
  return /^void$/i.test(name) || /^(?:UCHAR|UINT8|BYTE)$/.test(name) ? 'pointer' : 'other';
}

function roleBySignature({ parameters }: Pick<FoundFunction, 'parameters'>): Role | undefined {
  const kinds = parameters.map(({ type }: FoundParameter) => kindOf(type));
  const same = (wanted: readonly string[]): boolean =>
    wanted.length === kinds.length && wanted.every((kind, index) => kind === kinds[index]);
  for (const { role, kinds: plain } of SHAPES) {
    if (same(plain)) return { role, ex: false };
    if (same([...plain.slice(0, 1), 'pointer', ...plain.slice(1)])) return { role, ex: true };
  }
  return undefined;
}
