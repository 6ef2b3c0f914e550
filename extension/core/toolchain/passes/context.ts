/** What passes share: the options of one translation unit, and what they find out about it. */

import type { DebugUnit } from '../../debug/tables.js';
import type { CallUse, LocalVariable, UnitFacts } from '../debugInfoFacts.js';
import type { TypeReader } from '../debugInfoTypes.js';
import type {
  BufferUse,
  Diagnostic,
  FixtureEntry,
  FunctionInfo,
  IndirectCall,
  PointerUse,
  RecordUse,
  SourceLocation,
  TransientField,
  TypeInfo,
  UndefinedFunction,
} from '../module.js';
import type { DebugInfo } from './locations.js';

export interface TransformOptions {
  /** Number of this translation unit in its driver, from 0; below 2048, so that bit 31 of a location id stays free. */
  readonly unit: number;
  /** Positions and budget are inserted. False for our own runtime. */
  readonly instrument: boolean;
  /** The IR carries memory checks (kernel-address sanitizer). */
  readonly checked: boolean;
  readonly optimize: 0 | 2;
  /** Locals are filled when their scope begins, and branches are noted (differential runs). */
  readonly differential?: boolean;
  /** Statements tell that they begin (debugHooks.ts), and their tables are made. */
  readonly debug?: boolean;
  /** Text of a source as the compiler saw its path: where statements begin, for `debug`. */
  readonly textOf?: (path: string) => string | undefined;
  /** External definitions of this unit that another unit (a fixture) defines too: they become weak here. */
  readonly weakSymbols?: ReadonlySet<string>;
  /** Maps a path as the compiler saw it to what the user calls it (working directory relative, `<wdk>/name.h`). */
  readonly pathOf: (path: string) => string;
  /**
   * Debug metadata stays in the IR (for a native debugger); by default it is dropped: it costs half of the back end's
   * time.
   */
  readonly keepDebugInfo?: boolean;
}

/** A function with a body in this unit. */
export interface DefinedFunction {
  /** Symbol as it is after renaming. */
  readonly symbol: string;
  /**
   * `external`: strong and seen by other units; `weak`: may be overridden or merged; `internal`: of this unit alone.
   */
  readonly linkage: 'external' | 'weak' | 'internal';
}

export interface TransformResult {
  readonly ir: string;
  /** With `TransformOptions.debug`. */
  readonly debug?: DebugUnit;
  /** This unit's row of the LocationTable; index 0 is "unknown". */
  readonly locations: readonly SourceLocation[];
  readonly functions: readonly FunctionInfo[];
  readonly fixtures: readonly FixtureEntry[];
  /** `VSPLAB_TRANSIENT(StructName, Field)` declarations. */
  readonly transients: readonly TransientField[];
  readonly types: readonly TypeInfo[];
  readonly variables: readonly LocalVariable[];
  readonly pointerUses: readonly PointerUse[];
  readonly recordUses: readonly RecordUse[];
  readonly bufferUses: readonly BufferUse[];
  readonly calls: readonly CallUse[];
  /** Locations are indices of this unit's table. */
  readonly indirectCalls: readonly IndirectCall[];
  /**
   * External variables this unit uses and does not define. A driver's real ones are errors once all units are known.
   */
  readonly undefinedData: readonly UndefinedFunction[];
  readonly undefinedFunctions: readonly UndefinedFunction[];
  readonly definedFunctions: readonly DefinedFunction[];
  /** Symbols of variables defined here that other units see. */
  readonly definedData: readonly string[];
  /** Remarks, severity `note`. */
  readonly notes: readonly Diagnostic[];
  /** What the simulator cannot run, severity `error`: inline assembly, x86 intrinsics. */
  readonly errors: readonly Diagnostic[];
}

/** The mutable side of a transformation: each pass adds what it learned. */
export interface PassContext {
  readonly options: TransformOptions;
  readonly debug: DebugInfo;
  /** Ids of types by their metadata; set with the facts. */
  types: TypeReader | undefined;
  /** Set by debugHooks. */
  tables: DebugUnit | undefined;
  facts: UnitFacts;
  fixtures: FixtureEntry[];
  transients: TransientField[];
  indirectCalls: IndirectCall[];
  undefinedData: UndefinedFunction[];
  undefinedFunctions: UndefinedFunction[];
  definedFunctions: DefinedFunction[];
  definedData: string[];
  notes: Diagnostic[];
  errors: Diagnostic[];
}
