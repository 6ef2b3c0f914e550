/** Names every driver may use in an expression: statuses, and constants and macros of the platform's headers. */
import { statusNamed } from '../../core/kmcl/statusNames.js';
import type { Types } from './types.js';
import { INT, integerType, pointerTo, type Type, UINT, VOID } from './types.js';

const NTSTATUS = integerType('NTSTATUS', 4, true);

const CONSTANTS: ReadonlyMap<string, readonly [Type, number | bigint]> = new Map<
  string,
  readonly [Type, number | bigint]
>([
  ['TRUE', [INT, 1]],
  ['FALSE', [INT, 0]],
  ['true', [INT, 1]],
  ['false', [INT, 0]],
  ['NULL', [pointerTo(VOID), 0n]],
  ['nullptr', [pointerTo(VOID), 0n]],
  ['PASSIVE_LEVEL', [INT, 0]],
  ['APC_LEVEL', [INT, 1]],
  ['DISPATCH_LEVEL', [INT, 2]],
  ['MAXUCHAR', [INT, 0xff]],
  ['MAXUSHORT', [INT, 0xffff]],
  ['MAXULONG', [UINT, 0xffffffff]],
  ['MAXUINT32', [UINT, 0xffffffff]],
  ['MAXLONG', [INT, 0x7fffffff]],
  ['PAGE_SIZE', [INT, 4096]],
]);

export interface Constant {
  readonly type: Type;
  readonly value: number | bigint;
}

/** Undefined for a name nobody knows. */
export function platformConstant(name: string, types: Types): Constant | undefined {
  const known = CONSTANTS.get(name);
  if (known !== undefined) return { type: known[0], value: known[1] };
  const status = name.startsWith('STATUS_') ? statusNamed(name) : undefined;
  return status === undefined ? undefined : { type: types.named('NTSTATUS') ?? NTSTATUS, value: status | 0 };
}

export function platformNames(): readonly string[] {
  return [...CONSTANTS.keys()];
}

/** Macros with arguments: name and number of arguments. CONTAINING_RECORD and its like are known to the parser. */
export const PLATFORM_MACROS: ReadonlyMap<string, number> = new Map([
  ['NT_SUCCESS', 1],
  ['NT_ERROR', 1],
  ['NT_WARNING', 1],
  ['NT_INFORMATION', 1],
  ['RTL_NUMBER_OF', 1],
  ['ARRAYSIZE', 1],
  ['FlagOn', 2],
  ['BooleanFlagOn', 2],
  ['min', 2],
  ['max', 2],
]);
