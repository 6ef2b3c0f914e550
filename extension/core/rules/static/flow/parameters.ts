/** What a walk begins with: the parameters of the analysed function. */
import type { FlowFunction } from './code.js';
import type { Walk } from './path.js';
import type { Program } from './program.js';
import type { Entry, Role } from './roles.js';
import type { State } from './state.js';
import type { Value, Values } from './values.js';

/** Numbers of parameters of a save callback. */
const SAVE_BUF = 2;
const SAVE_BUF_SIZE = 3;

export interface Parameters {
  /** As the function takes them. */
  readonly parameters: readonly Value[];
  /** By the number each has in the callback's plain form. */
  readonly listed: readonly Value[];
}

export function parametersOf(entry: Entry, fn: FlowFunction, program: Program, values: Values): Parameters {
  // A structure that is returned through memory comes before what the source lists.
  const hidden = Math.max(0, fn.parameters.length - program.signature(entry.routine).parameters.length);
  const saveBuf = entry.role === 'savePacket' ? (entry.parameters[SAVE_BUF] ?? -1) + hidden : -1;
  const parameters = fn.parameters.map(({ bits, isPointer, type }, index): Value => {
    const origin = { kind: 'parameter', index } as const;
    // Nobody has written the bytes that a save callback is to write.
    const fresh = index === saveBuf ? 'uninitialised' : 'unknown';
    return isPointer ? values.unknownPointer('parameter', origin, { name: type, fresh }) : values.symbol(bits, origin);
  });
  const listed = entry.parameters.map((number) => parameters[number + hidden]);
  return { parameters, listed: listed.filter((value) => value !== undefined) };
}

/** Parameters of each callback that the library never gives as NULL. */
const PRESENT: Partial<Record<Role, readonly number[]>> = {
  savePacket: [0, 1, 4],
  restorePacket: [0, 1],
  processPacket: [0, 1, 2],
  processingComplete: [0],
  completion: [0],
  opened: [0],
  closed: [0],
  suspend: [0],
  started: [0],
  postStarted: [0],
};

/** What the callback may rely on; the size of SaveBuf tells the two calls of a save callback apart (kmcl-facts 6.3). */
export function suppose({ entry, pass, parameters, values }: Walk, state: State): void {
  const nothing = values.constant(0n, 64);
  for (const index of PRESENT[entry.role] ?? []) {
    const parameter = parameters[index];
    if (parameter?.bits === 64) state.facts.assumeCompare('ne', parameter, nothing, true, values);
  }
  const size = entry.role === 'savePacket' ? parameters[SAVE_BUF_SIZE] : undefined;
  if (size === undefined) return;
  state.facts.assumeCompare(pass === 'query' ? 'eq' : 'ne', size, values.constant(0n, size.bits), true, values);
  const buffer = parameters[SAVE_BUF];
  if (pass === 'write' && buffer?.bits === 64) state.facts.assumeCompare('ne', buffer, nothing, true, values);
}
