/** What a walk begins with: the parameters of the analysed function. */
import type { FlowFunction } from './code.js';
import type { Walk } from './path.js';
import type { Program } from './program.js';
import type { Entry } from './roles.js';
import type { State } from './state.js';
import type { Value, Values } from './values.js';

/** Number of that parameter of a save callback. */
const SAVE_BUF_SIZE = 3;

export interface Parameters {
  /** As the function takes them. */
  readonly parameters: readonly Value[];
  /** By the number each has in the callback's plain form. */
  readonly listed: readonly Value[];
}

export function parametersOf(entry: Entry, fn: FlowFunction, program: Program, values: Values): Parameters {
  const parameters = fn.parameters.map(({ bits, isPointer, type }, index): Value => {
    const origin = { kind: 'parameter', index } as const;
    return isPointer ? values.unknownPointer('parameter', origin, { name: type }) : values.symbol(bits, origin);
  });
  // A structure that is returned through memory comes before what the source lists.
  const hidden = Math.max(0, fn.parameters.length - program.signature(entry.routine).parameters.length);
  const listed = entry.parameters.map((number) => parameters[number + hidden]);
  return { parameters, listed: listed.filter((value) => value !== undefined) };
}

/** The size of SaveBuf tells the two calls of a save callback apart (kmcl-facts 6.3). */
export function suppose({ entry, pass, parameters, values }: Walk, state: State): void {
  const size = entry.role === 'savePacket' ? parameters[SAVE_BUF_SIZE] : undefined;
  if (size === undefined) return;
  state.facts.assumeCompare(pass === 'query' ? 'eq' : 'ne', size, values.constant(0n, size.bits), true, values);
}
