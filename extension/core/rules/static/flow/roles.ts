/** Which functions the library calls, and as what: known by their signature, state callbacks by where they are stored. */
import { parseCall } from '../../../toolchain/passes/calls.js';
import { nameOf, nameTokenAt } from '../../../toolchain/passes/lexer.js';
import type { Program, Routine } from './program.js';

export type Role =
  | 'savePacket'
  | 'restorePacket'
  | 'processPacket'
  | 'processingComplete'
  | 'completion'
  | 'opened'
  | 'closed'
  | 'suspend'
  | 'started'
  | 'postStarted'
  | 'dpc'
  /** A work item or a thread of its own. */
  | 'worker'
  | 'routine';

/** A function that is analysed from its first line, as the library or nobody we know calls it. */
export interface Entry {
  readonly routine: Routine;
  readonly role: Role;
  /** Parameters without the context that the Ex variants pass second: by the plain variant's number. */
  readonly parameters: readonly number[];
}

/** kmcl-facts 3.1: types of the parameters of each callback. */
const SIGNATURES: readonly { readonly role: Role; readonly types: readonly (readonly string[])[] }[] = [
  { role: 'savePacket', types: [['VMBCHANNEL'], ['VMBPACKET'], [], [], []] },
  { role: 'restorePacket', types: [['VMBCHANNEL'], ['PVOID', 'void *'], [], ['PVOID', 'void *'], []] },
  { role: 'processPacket', types: [['VMBCHANNEL'], ['VMBPACKETCOMPLETION'], [], [], []] },
  { role: 'completion', types: [['VMBPACKET'], ['NTSTATUS', 'LONG', 'long'], [], []] },
  { role: 'dpc', types: [['PKDPC', 'struct _KDPC *', '_KDPC *', 'PRKDPC'], [], [], []] },
  { role: 'worker', types: [['WDFWORKITEM']] },
];
const CHANNEL = ['VMBCHANNEL'];
const PASSES_A_FUNCTION = /call .*ptr (?:noundef |nonnull )*@/;

/** Functions that have another one called later, by the operand that names it. */
const STARTS: ReadonlyMap<string, number> = new Map([
  ['IoQueueWorkItem', 1],
  ['IoQueueWorkItemEx', 1],
  ['PsCreateSystemThread', 5],
]);

/** Members of VMB_CHANNEL_STATE_CHANGE_CALLBACKS and its V5 form, and what they are called for. */
const STATE_MEMBERS: ReadonlyMap<string, Role> = new Map([
  ['EvtChannelOpened', 'opened'],
  ['EvtChannelClosed', 'closed'],
  ['EvtChannelSuspend', 'suspend'],
  ['EvtChannelStarted', 'started'],
  ['EvtChannelPostStarted', 'postStarted'],
]);
const STATE_ORDER: readonly Role[] = ['opened', 'closed', 'suspend', 'started', 'postStarted'];

/** Entries in the order of units and lines: callbacks, and what nobody in the driver calls. */
export function entriesOf(program: Program): readonly Entry[] {
  const states = new Map([...passedFunctions(program), ...stateCallbacks(program)]);
  const entries: Entry[] = [];
  for (const routine of program.routines.values()) {
    if (routine.isFixture || routine.name.startsWith('<')) continue;
    const entry = entryOf(routine, states, program);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function entryOf(routine: Routine, states: ReadonlyMap<string, Role>, program: Program): Entry | undefined {
  const isAddressed = program.addressed.has(routine.key);
  const isCalled = program.called.has(routine.key);
  const spelled = program.signature(routine).parameters;
  const state = states.get(routine.key);
  if (state !== undefined) return { routine, role: state, parameters: parametersIn(state, spelled) };
  if (isCalled && !isAddressed) return undefined;
  for (const { role, types } of SIGNATURES) {
    const parameters = matching(spelled, types);
    if (parameters !== undefined) return { routine, role, parameters };
  }
  return isCalled ? undefined : { routine, role: 'routine', parameters: spelled.map((_, index) => index) };
}

/** A channel's callbacks get it first; what a worker gets is its own affair. */
function parametersIn(role: Role, spelled: readonly string[]): readonly number[] {
  return role === 'worker' ? spelled.map((_, index) => index) : [0];
}

/**
 * Functions whose part is known by the call they are passed to: work items and threads, and the callback that ends a
 * batch, which is registered behind the one that takes packets, directly or through the interface's table.
 */
function passedFunctions(program: Program): ReadonlyMap<string, Role> {
  const found = new Map<string, Role>();
  for (const { unit, ir } of program.routines.values()) {
    for (const { instructions } of ir.blocks) {
      for (const text of instructions) {
        const call = PASSES_A_FUNCTION.test(text) ? parseCall(text) : undefined;
        if (call === undefined) continue;
        const targets = call.operands.map((operand) => {
          const token = /^ptr (?:noundef |nonnull )*(@"[^"]*"|@[-\w.$]+)$/.exec(operand)?.[1];
          return token === undefined ? undefined : program.routine(unit, nameOf(token));
        });
        const started = targets[STARTS.get(call.callee.startsWith('@') ? nameOf(call.callee) : '') ?? -1];
        if (started !== undefined) found.set(started.key, 'worker');
        targets.forEach((target, index) => {
          const next = targets[index + 1];
          if (target === undefined || next === undefined) return;
          if (isProcessPacket(target, program) && endsBatches(next, program)) found.set(next.key, 'processingComplete');
        });
      }
    }
  }
  return found;
}

function isProcessPacket(routine: Routine, program: Program): boolean {
  const row = SIGNATURES.find(({ role }) => role === 'processPacket');
  return row !== undefined && matching(program.signature(routine).parameters, row.types) !== undefined;
}

function endsBatches(routine: Routine, program: Program): boolean {
  return matching(program.signature(routine).parameters, [CHANNEL, []]) !== undefined;
}

/** Numbers of the parameters that have those types, with or without a context in second place. */
function matching(spelled: readonly string[], types: readonly (readonly string[])[]): readonly number[] | undefined {
  const numbers = types.map((_, index) => index);
  const plain = spelled.length === types.length ? numbers : undefined;
  const extended = spelled.length === types.length + 1 ? numbers.map((n) => (n === 0 ? 0 : n + 1)) : undefined;
  const chosen = plain ?? extended;
  const fits = chosen?.every((number, index) => {
    const wanted = types[index] ?? [];
    const type = (spelled[number] ?? '')
      .replace(/^const /, '')
      .replace(/__ \*$/, '')
      .replace(/^struct /, '');
    return wanted.length === 0 || wanted.includes(type);
  });
  return fits === true ? chosen : undefined;
}

/** Functions stored into members of the state callbacks' structure, by name or by place. */
function stateCallbacks(program: Program): ReadonlyMap<string, Role> {
  const found = new Map<string, Role>();
  const note = (unit: number, symbol: string, role: Role | undefined): void => {
    const target = role === undefined ? undefined : program.routine(unit, symbol);
    if (target !== undefined && role !== undefined) found.set(target.key, role);
  };
  for (const { unit, ir } of program.routines.values()) {
    const instructions = ir.blocks.flatMap((block) => block.instructions);
    for (const text of instructions) {
      if (!text.startsWith('store ptr ')) continue;
      const token = nameTokenAt(text, 'store ptr '.length);
      const role = storedRole(text.slice('store ptr '.length + token.length + ', ptr '.length));
      if (role === undefined) continue;
      for (const symbol of functionsOf(token, instructions)) note(unit, symbol, role);
    }
  }
  program.units.forEach(({ module }, unit) => {
    for (const { rest } of module.globals) {
      if (!rest.includes('_VMB_CHANNEL_STATE_CHANGE_CALLBACKS')) continue;
      const members = [...rest.slice(rest.indexOf('{')).matchAll(/ptr (?:null|(@"[^"]*"|@[-\w.$]+))/g)].slice(-5);
      members.forEach(([, token], index) => {
        if (token !== undefined) note(unit, nameOf(token), STATE_ORDER[index]);
      });
    }
  });
  return found;
}

/** Functions a stored value may be: one, or those of a `condition ? one : other`. */
function functionsOf(token: string, instructions: readonly string[]): readonly string[] {
  if (token.startsWith('@')) return [nameOf(token)];
  const made = instructions.find(
    (text) => text.startsWith(`${token} = phi ptr `) || text.startsWith(`${token} = select `),
  );
  return [...(made ?? '').matchAll(/@"[^"]*"|@[-\w.$]+/g)].map(([symbol]) => nameOf(symbol));
}

/** By the member that is stored to: its name, or its number where the address is a constant. */
function storedRole(target: string): Role | undefined {
  if (target.startsWith('%')) {
    const name = nameOf(nameTokenAt(target, 0))
      .replace(/\.i\d*$/, '')
      .replace(/\d+$/, '');
    return STATE_MEMBERS.get(name) ?? STATE_MEMBERS.get(name.replace(/Ex$/, ''));
  }
  const [, version, member] =
    /_VMB_CHANNEL_STATE_CHANGE_CALLBACKS(_V5)?, ptr .*, i32 0, i32 (\d+)\)/.exec(target) ?? [];
  return member === undefined ? undefined : STATE_ORDER[Number(member) - (version === undefined ? 2 : 3)];
}
