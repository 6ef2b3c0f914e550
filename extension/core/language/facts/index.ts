/** The facts by name. */
import { CALLBACKS, EX_CONTEXT } from './callbacks.js';
import { FLAGS } from './flags.js';
import { CONFIGURATION } from './functions/configuration.js';
import { CONTROL } from './functions/control.js';
import { GPADL } from './functions/gpadl.js';
import { LATER } from './functions/later.js';
import { PACKETS } from './functions/packets.js';
import { SAVE_RESTORE } from './functions/saveRestore.js';
import { TYPES } from './handles.js';
import { INTERFACES } from './interfaces.js';
import { STATUSES } from './statuses.js';
import type { CallbackFacts, FlagFacts, FunctionFacts, ParameterFacts, StatusFacts, TypeFacts } from './types.js';

export { CALLBACKS, FLAGS, INTERFACES, STATUSES, TYPES };

/** In the order of kmcl-facts 2.1 and 2.8. */
export const FUNCTIONS: readonly FunctionFacts[] = [
  ...[...CONFIGURATION, ...CONTROL, ...SAVE_RESTORE, ...PACKETS, ...GPADL, ...LATER],
].sort((a, b) => a.number - b.number);

export type NameFacts =
  | { readonly kind: 'function'; readonly facts: FunctionFacts }
  | { readonly kind: 'callback'; readonly facts: CallbackFacts; readonly ex: boolean; readonly pointer: boolean }
  | { readonly kind: 'flag'; readonly facts: FlagFacts }
  | { readonly kind: 'status'; readonly facts: StatusFacts }
  | { readonly kind: 'type'; readonly facts: TypeFacts };

/** `VmbChannelSaveBegin` → `VMB_CHANNEL_SAVE_BEGIN`: FN_ and PFN_ before it are its function type and pointer to it. */
function typeName(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

const BY_NAME: ReadonlyMap<string, NameFacts> = new Map<string, NameFacts>([
  ...FUNCTIONS.flatMap((facts) =>
    ['FN_', 'PFN_'].map((prefix) => [prefix + typeName(facts.name), { kind: 'function', facts }] as const),
  ),
  ...FUNCTIONS.map((facts) => [facts.name, { kind: 'function', facts }] as const),
  ...CALLBACKS.flatMap((facts) =>
    spellings(facts).map(({ name, ex, pointer }) => [name, { kind: 'callback', facts, ex, pointer }] as const),
  ),
  ...FLAGS.map((facts) => [facts.name, { kind: 'flag', facts }] as const),
  ...STATUSES.map((facts) => [facts.name, { kind: 'status', facts }] as const),
  ...[...TYPES, ...INTERFACES].map((facts) => [facts.name, { kind: 'type', facts }] as const),
]);

/** Of a name as it stands in a source; undefined for names that are not KMCL's. */
export function factsOf(name: string): NameFacts | undefined {
  // Members of the interface tables have the names without their prefix only in the documentation: they are spelled out.
  return BY_NAME.get(name);
}

/** All names of a callback type: EVT_ and PFN_, plain and Ex. */
export function spellings({ name, hasEx }: CallbackFacts) {
  return [false, true]
    .filter((ex) => !ex || hasEx)
    .flatMap((ex) => {
      const plain = ex ? `${name}_EX` : name;
      return [
        { name: plain, ex, pointer: false },
        { name: plain.replace('EVT_', 'PFN_'), ex, pointer: true },
      ];
    });
}

/** Parameters of the plain or the Ex type. */
export function callbackParameters({ parameters }: CallbackFacts, ex: boolean): readonly ParameterFacts[] {
  const [first, ...rest] = parameters;
  return ex && first !== undefined ? [first, EX_CONTEXT, ...rest] : parameters;
}
