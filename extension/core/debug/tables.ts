/**
 * What a driver compiled for debugging says about itself beside its module: where its statements begin, what its scopes
 * and variables are. Plain data, per unit, cached with the unit. Types are ids of CompiledDriver.types.
 */

/** `unit << 20 | index` into that unit's `sites`. */
export type SiteId = number;
/** `unit << 20 | index` into that unit's `functions`. */
export type FunctionId = number;
/** `unit << 20 | index` into that unit's `scopes`. */
export type ScopeId = number;

export const UNIT_SHIFT = 20;
export const INDEX_MASK = 0xfffff;

/** A place of the module that tells the debugger it has been reached, each time. */
export interface DebugSite {
  /** Location id of its instruction (CompiledDriver.locations): column of the instruction, not of the statement. */
  readonly location: number;
  /** As in SourceLocation. */
  readonly file: string;
  /** First line of the statement, from 1. */
  readonly line: number;
  /** Column where the statement begins, from 1. */
  readonly column: number;
  /** Last line of the statement. */
  readonly endLine: number;
  readonly function: FunctionId;
  /** Innermost scope. */
  readonly scope: ScopeId;
  /**
   * `entry`: the first statement of a function's run. `statement`: any other. `resume`: a call has come back, in the
   * middle of its statement: where stepping out ends; no place for a breakpoint.
   */
  readonly kind: 'entry' | 'statement' | 'resume';
  /** Code of a function inlined here: so many levels. Stepping takes them for frames. */
  readonly inlined: number;
}

export interface DebugFunction {
  /** Source name, qualified in C++. */
  readonly name: string;
  /** Symbol in the module. */
  readonly symbol: string;
  readonly file: string;
  readonly line: number;
  /** Last line that has code. */
  readonly endLine: number;
  /** Spelled type of the result. */
  readonly returns: string;
  /** Type of the result; null for void. */
  readonly returnType: number | null;
  /** In the order of their records in the IR; parameters first. `variables` of frames refer to them by index. */
  readonly variables: readonly DebugVariable[];
}

export interface DebugVariable {
  readonly name: string;
  readonly type: number;
  /** 1-based parameter number, 0 for a local. */
  readonly parameter: number;
  readonly scope: ScopeId;
  /** Line of the declaration. */
  readonly line: number;
  /** Its memory holds a pointer to the variable (structures by value, what a function answers in the caller's memory). */
  readonly indirect: boolean;
  /** Bytes from the memory that is known by address to the variable. */
  readonly offset: number;
  /** Location id of the call its function was inlined at, 0: it was not. */
  readonly inlinedAt: number;
}

export interface DebugScope {
  /** The scope around it; -1 for a function's outermost. */
  readonly parent: ScopeId | -1;
  readonly function: FunctionId;
  readonly line: number;
}

/** A variable of a file or a function's `static`. */
export interface DebugGlobal {
  readonly name: string;
  readonly type: number;
  readonly file: string;
  readonly line: number;
  /** Seen in this unit only. */
  readonly internal: boolean;
  /** A function's static variable is seen in its scope only; -1 for a file's. */
  readonly scope: ScopeId | -1;
}

/** Where a location of the driver's table lies among the scopes. */
export interface DebugPlace {
  /** -1 for an unknown place. */
  readonly scope: ScopeId | -1;
  /** Location id of the call it was inlined at, 0: it was not. */
  readonly inlinedAt: number;
}

export interface DebugUnit {
  readonly sites: readonly DebugSite[];
  readonly functions: readonly DebugFunction[];
  readonly scopes: readonly DebugScope[];
  readonly globals: readonly DebugGlobal[];
  /** By location index (CompiledDriver.locations of the unit). */
  readonly places: readonly DebugPlace[];
}

/** By unit number. */
export type DebugTables = readonly DebugUnit[];
