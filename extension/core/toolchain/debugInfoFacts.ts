/** What is read from the debug metadata of one translation unit. */

import type { BufferUse, FunctionInfo, PointerUse, RecordUse, TypeInfo } from './module.js';

/** A call in user code. */
export interface CallUse {
  readonly function: string;
  /**
   * Symbol called; for a call through a member function pointer the member's name with a leading `->`; '' when unknown.
   */
  readonly callee: string;
  /** Index into this unit's `locations`. */
  readonly location: number;
  /** Functions passed by name: operand number and symbol. */
  readonly functions: readonly { readonly operand: number; readonly symbol: string }[];
}

/** A variable of a function, for a debugger: `storage` is the alloca's name in the IR. */
export interface LocalVariable {
  readonly function: string;
  readonly name: string;
  readonly type: number;
  readonly line: number;
  /** 1-based parameter number, 0 for a local. */
  readonly parameter: number;
  readonly storage: string;
}

export interface UnitFacts {
  readonly functions: readonly FunctionInfo[];
  readonly types: readonly TypeInfo[];
  readonly variables: readonly LocalVariable[];
  readonly pointerUses: readonly PointerUse[];
  readonly recordUses: readonly RecordUse[];
  readonly bufferUses: readonly BufferUse[];
  readonly calls: readonly CallUse[];
}
