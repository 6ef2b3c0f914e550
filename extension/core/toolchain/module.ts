/**
 * What the toolchain hands to the simulator: one linked driver, with everything its IR said about it. Plain data: it is
 * cached and posted.
 */

import type { DebugTables } from '../debug/tables.js';

/** One position of the driver's source. Inlined code has the position it was inlined at as `inlinedAt`. */
export interface SourceLocation {
  /** Relative to the working directory, with `/`; `<wdk>/name.h` for our own headers. */
  readonly file: string;
  /** From 1; 0 when the compiler knew none. */
  readonly line: number;
  readonly column: number;
  readonly function: string;
  readonly inlinedAt?: SourceLocation;
}

/** Location tables per translation unit; a location id is `unit << 20 | index`, index 0 is "unknown". */
export type LocationTable = readonly (readonly SourceLocation[])[];

export interface FunctionInfo {
  /** Source name. */
  readonly name: string;
  /** Symbol in the module. */
  readonly symbol: string;
  readonly file: string;
  readonly line: number;
  /** Parameter types as spelled by debug info, typedef names kept: `VMBCHANNEL`, `PUINT32`. */
  readonly parameters: readonly string[];
  readonly returns: string;
}

/** A `VSPLAB_TEST`, `VSPLAB_SETUP`, `VSPLAB_TEARDOWN` or `VSPLAB_CONTEXT` of a fixture file. */
export interface FixtureEntry {
  readonly kind: 'test' | 'setup' | 'teardown' | 'context';
  /** Test name, or the struct's name for a context. */
  readonly name: string;
  /** Exported function of the module. */
  readonly symbol: string;
  readonly file: string;
  readonly line: number;
}

/** A type of the driver, from debug info; sizes and offsets are MSVC x64. */
export type TypeInfo =
  | { readonly kind: 'integer'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly size: number;
      readonly values: readonly { readonly name: string; readonly value: number }[];
    }
  | { readonly kind: 'pointer'; readonly name: string; readonly target: TypeId | null }
  | {
      readonly kind: 'array';
      readonly name: string;
      readonly size: number;
      readonly element: TypeId;
      readonly count: number;
    }
  | {
      readonly kind: 'record';
      readonly name: string;
      readonly size: number;
      readonly union: boolean;
      readonly fields: readonly FieldInfo[];
    }
  | { readonly kind: 'typedef'; readonly name: string; readonly target: TypeId }
  | { readonly kind: 'function'; readonly name: string };

/** Index into `CompiledDriver.types`. */
export type TypeId = number;

export interface FieldInfo {
  readonly name: string;
  /** Bytes from the record's start. */
  readonly offset: number;
  readonly type: TypeId;
  /** Bit-fields: first bit within the storage unit at `offset`, and width. */
  readonly bits?: { readonly start: number; readonly width: number };
}

/**
 * A function whose body calls VmbPacketGetPointer or VmbChannelGetPointer and what record type receives the pointer.
 */
export interface PointerUse {
  readonly function: string;
  readonly api: 'VmbPacketGetPointer' | 'VmbChannelGetPointer' | 'VmbPacketGetInlinePacketContextPointer';
  readonly type: TypeId;
  /** Found in a helper that takes the pointer as PVOID, or behind one that returns it so: a guess where others know. */
  readonly viaHelper?: true;
}

/** What a place of the source says about the records it writes memory through. Locations are location ids. */
export type RecordUse =
  /** A store, or the target of a copy: a record of that type begins `offset` bytes before it. */
  | { readonly kind: 'write'; readonly location: number; readonly type: TypeId; readonly offset: number }
  /** A copy of such a record. */
  | { readonly kind: 'copy'; readonly location: number; readonly type: TypeId }
  /** A copy of what a parameter (from 0) points to. */
  | { readonly kind: 'relay'; readonly location: number; readonly parameter: number }
  /** A call whose argument (from 0) points to such a record... */
  | { readonly kind: 'pass'; readonly location: number; readonly argument: number; readonly type: TypeId }
  /** ...or to what a parameter points to. */
  | { readonly kind: 'hand'; readonly location: number; readonly argument: number; readonly parameter: number };

/** What a function does, as far as its text tells, with memory that one of its parameters (from 0) points to. */
export type BufferUse =
  /** It reads or writes a record of that type there, `at` bytes from where the parameter points. */
  | {
      readonly kind: 'record';
      readonly function: string;
      readonly parameter: number;
      readonly type: TypeId;
      readonly at: number;
    }
  /** It hands that place on as an argument (from 0). */
  | {
      readonly kind: 'call';
      readonly function: string;
      readonly parameter: number;
      /** Source name where it is defined in the same unit, else its symbol. */
      readonly callee: string;
      readonly argument: number;
      readonly at: number;
    };

/**
 * An external function nobody defines, with the first place that names it. It becomes a stub if the simulator has no
 * such import.
 */
export interface UndefinedFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A call through a function pointer, with the type the call has, in the words of LLVM: `i32 (ptr, i64)`. */
export interface IndirectCall {
  /** Location id. */
  readonly location: number;
  readonly type: string;
}

/** A field named by VSPLAB_TRANSIENT. */
export interface TransientField {
  /** Tag or typedef name, as the macro was given it. */
  readonly record: string;
  readonly field: string;
}

export interface CompiledDriver {
  readonly name: string;
  readonly wasm: Uint8Array;
  /** Compiled for differential runs (`CompileOptions.differential`). */
  readonly differential?: boolean;
  /** For differential runs: the same, but variables and functions have other addresses. */
  readonly moved?: Uint8Array;
  readonly files: readonly string[];
  readonly locations: LocationTable;
  readonly functions: readonly FunctionInfo[];
  readonly fixtures: readonly FixtureEntry[];
  readonly types: readonly TypeInfo[];
  readonly pointerUses: readonly PointerUse[];
  readonly recordUses: readonly RecordUse[];
  readonly bufferUses: readonly BufferUse[];
  readonly indirectCalls: readonly IndirectCall[];
  readonly transients: readonly TransientField[];
  readonly undefinedFunctions: readonly UndefinedFunction[];
  readonly callbacks: CallbackFacts;
  /** Compiled for a debugger (`CompileOptions.debug`): its statements, scopes and variables. */
  readonly debug?: DebugTables;
  /**
   * Severity `note`: remarks of ours the user should see (`__try` handlers dropped, a declaration that does not fit its
   * definition). Severity `warning`: the compiler's own warnings, not printed unless asked for.
   */
  readonly notes: readonly Diagnostic[];
}

/** How the driver names its callbacks, from its source text. */
export interface CallbackFacts {
  /** `EVT_VMB_CHANNEL_SAVE_PACKET Name;` role declarations: type → function names. */
  readonly roles: readonly {
    readonly type: string;
    readonly function: string;
    readonly file: string;
    readonly line: number;
  }[];
  /** `VmbServerChannelInitSetSaveRestorePacketCallbacks[Ex](..., Save, Restore)` calls. */
  readonly registrations: readonly {
    readonly api: string;
    readonly save: string;
    readonly restore: string;
    readonly file: string;
    readonly line: number;
  }[];
}

/** A compiler message. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'note';
  readonly file: string;
  /** 0 when the message has no place. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The user's source line, if there is one. */
  readonly sourceLine?: string;
}

export interface CompileOptions {
  /** 0: as written, for checking; 2: optimised, checks off. */
  readonly optimize: 0 | 2;
  /** Memory checking compiled in. */
  readonly checked: boolean;
  /** Made for differential runs: locals are fresh memory too, and branches are noted (wdk/runtime/variant.h). */
  readonly differential?: boolean;
  /** Made for a debugger: statements tell that they begin, and the tables of core/debug are there. */
  readonly debug?: boolean;
  readonly arch: 'x64' | 'arm64';
  readonly defines: readonly string[];
  /** Folders given by --include, absolute. */
  readonly includes: readonly string[];
}

/** One driver to compile: sources are absolute paths with `/`. */
export interface DriverSources {
  readonly name: string;
  readonly sources: readonly string[];
}

export type CompileResult =
  | {
      readonly ok: true;
      readonly driver: CompiledDriver;
      readonly fromCache: boolean;
      /** Names this very driver: the same content has the same key. Absent where nothing is cached. */
      readonly key?: string;
    }
  | {
      readonly ok: false;
      readonly diagnostics: readonly Diagnostic[];
      /** What was read before it failed, as in CompiledDriver; absent when the compiler itself gave up. */
      readonly files?: readonly string[];
    };
