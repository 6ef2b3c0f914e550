/**
 * What code beside the paused driver sees: conditions, log messages, expressions and values are computed in the worker,
 * synchronously, without a message per read.
 */
import type { CompiledDriver, SourceLocation } from '../toolchain/module.js';
import type { AddressDescription, KernelSnapshot } from './kernel.js';
import type { DebugTables, ScopeId, SiteId } from './tables.js';

/** Bytes of the linear memory. Reads beyond its end throw RangeError; check with `isReadable` first. */
export interface DebugMemory {
  readonly size: number;
  u8(address: number): number;
  u16(address: number): number;
  u32(address: number): number;
  u64(address: number): bigint;
  i32(address: number): number;
  /** An address; beyond 2^53 its low bits are lost. */
  pointer(address: number): number;
  /** A copy. */
  slice(address: number, length: number): Uint8Array;
  isReadable(address: number, length: number): boolean;
}

/** A variable with the address it has in a live frame, or of the file. */
export interface PlacedVariable {
  readonly name: string;
  readonly type: number;
  /** 1-based parameter number, 0 for a local. */
  readonly parameter: number;
  /** Line of the declaration. */
  readonly line: number;
  readonly scope: ScopeId | -1;
  /** 0: it has no memory now (its function has not begun). */
  readonly address: number;
  /** An inner scope declares the same name. */
  readonly shadowed: boolean;
  /** Its declaration lies before the place where the frame is: else its bytes mean nothing yet. */
  readonly declared: boolean;
}

/** One entry of a call stack. */
export interface DebugFrame {
  /** 0 is the innermost; valid until the run goes on. */
  readonly index: number;
  /**
   * `user`: code of the driver. `inlined`: the same, inlined into the next frame. `library`: a function of the
   * simulated library that led here; it has a name only.
   */
  readonly kind: 'user' | 'inlined' | 'library';
  /** Qualified source name, or the name of the library function. */
  readonly name: string;
  /** Where it is; of the innermost frame where its statement begins. Absent for library frames. */
  readonly location?: SourceLocation;
  /** Last line of that statement. */
  readonly endLine?: number;
  /** Innermost scope; -1 for library frames. */
  readonly scope: ScopeId | -1;
  /** Depth in the module's own stack of frames (vsp_depth); equal for a function and what is inlined into it. */
  readonly depth: number;
}

/** The run while it stands still. Everything in it is what it is now: nothing may be kept. */
export interface StoppedView {
  readonly driver: Omit<CompiledDriver, 'wasm'>;
  readonly tables: DebugTables;
  readonly memory: DebugMemory;
  /** Innermost first. */
  readonly frames: readonly DebugFrame[];
  /** Parameters and locals in scope, parameters first, inner scopes before outer ones. */
  variables(frame: DebugFrame): readonly PlacedVariable[];
  /** Of all units; those of the frame's unit first. */
  globals(frame?: DebugFrame): readonly PlacedVariable[];
  /** Channels, packets, IRQL, ...: see kernel.ts. */
  kernel(): KernelSnapshot;
  /** What lies at an address. */
  describe(address: number): AddressDescription;
  /** Source name of the function that a function pointer of the driver leads to. */
  functionAt(pointer: number): string | undefined;
  /** The way back: what a pointer to the function of that source name holds; 0 if nothing points to it. */
  functionPointer(name: string): number;
  /** As DebugRequests.saveBufferWriters. */
  saveBufferWriters(): Uint32Array;
  /** An edit by the user: noted, replayed when time is travelled forward over it. Refused beyond the memory's end. */
  write(address: number, bytes: Uint8Array): boolean;
}

/** What a condition or a log message sees each time its breakpoint is reached. */
export interface BreakpointView {
  readonly memory: DebugMemory;
  /** Address of a variable of `BreakpointScope.variables`, by its index there; now. */
  address(variable: number): number;
  /** The whole, for expressions that need more; slower. */
  readonly stopped: StoppedView;
}

/** Where a breakpoint's expression is compiled: known before the first instruction runs. */
export interface BreakpointScope {
  readonly driver: Omit<CompiledDriver, 'wasm'>;
  readonly tables: DebugTables;
  readonly site: SiteId;
  /** Variables in scope, inner scopes first, then globals; `shadowed` ones left out. Addresses are 0. */
  readonly variables: readonly PlacedVariable[];
}

export type Compiled<Result> =
  | { readonly ok: true; readonly run: (view: BreakpointView) => Result }
  /** One sentence for the user. */
  | { readonly ok: false; readonly message: string };

/**
 * Pure code that the debug worker is built with (extension/debug provides it). It may throw an Error with a sentence
 * for the user: of a condition it stops the run and is told; of a request it is the answer.
 */
export interface DebugServices {
  /** A breakpoint's condition: true stops. Called up to millions of times: compile to closures, read memory only. */
  condition(expression: string, scope: BreakpointScope): Compiled<boolean>;
  /** A logpoint's message with `{expression}` parts. */
  logMessage(template: string, scope: BreakpointScope): Compiled<string>;
  /** A hit condition such as `5`, `>= 3`, `% 10`: told the number of this hit, from 1. */
  hitCondition(
    text: string,
  ):
    | { readonly ok: true; readonly stops: (hits: number) => boolean }
    | { readonly ok: false; readonly message: string };
  /** Object-like macros of the driver's files, which debug information has not: before breakpoints are set. */
  define(macros: readonly (readonly [name: string, text: string])[]): void;
  /** Anything else about the paused run: plain data in, plain data out (DebugClient.ask). */
  ask(request: unknown, view: StoppedView): unknown;
}
