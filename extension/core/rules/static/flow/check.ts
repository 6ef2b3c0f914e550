/** What a group of rules looks at while paths are walked. */
import type { Finding, Position } from '../../../run/report.js';
import type { RuleId } from '../../catalogue.js';
import type { Surroundings } from '../fixes/fix.js';
import type { Path } from './path.js';
import type { Pointer, Region, Value } from './values.js';

/** A call of a function that is not walked into: the library's, or one nobody defines. */
export interface LibraryCall {
  readonly name: string;
  readonly operands: readonly Value[];
  readonly place: number;
  /** Bits of the answer, 0 for none. */
  readonly bits: number;
  readonly isPointer: boolean;
  readonly isLibrary: boolean;
}

export interface Access {
  readonly pointer: Pointer;
  /** Bytes; undefined when that is unknown. */
  readonly size: number | undefined;
  /** The length where a call was told one. */
  readonly length: Value | undefined;
  /** What is stored, by plain stores. */
  readonly value: Value | undefined;
  /** Where a copy comes from, or goes to. */
  readonly other: Pointer | undefined;
  /** Name of the function that accesses memory on behalf of the driver; '' for plain loads and stores. */
  readonly by: string;
  readonly place: number;
}

/** Hooks of one group, called in the order of events on each path. */
export interface Check {
  begin?(path: Path): void;
  /** Before the call has any effect. */
  call?(call: LibraryCall, path: Path): void;
  returned?(call: LibraryCall, result: Value | undefined, path: Path): void;
  read?(access: Access, path: Path): void;
  write?(access: Access, path: Path): void;
  /** An address that may be NULL on this path is used. */
  mayBeNull?(pointer: Pointer, place: number, path: Path): void;
  compare?(predicate: string, left: Value, right: Value, place: number, path: Path): void;
  /** The analysed function returns. */
  end?(result: Value | undefined, path: Path): void;
  /** All paths of all functions were walked. */
  finish?(report: (found: Reported) => void): void;
}

export interface Reported {
  readonly rule: RuleId;
  readonly message: string;
  readonly location: Position;
  readonly related: Finding['related'];
  /** The function that holds the place, for a quick fix. */
  readonly around?: Surroundings;
}

export type { Region };
