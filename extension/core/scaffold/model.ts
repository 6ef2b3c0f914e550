/** Everything that the text of callbacks depends on, decided: the templates only write it down. */
import type { CodeStyle } from './codeStyle.js';
import type { BackPointer, DeviceWay } from './device.js';
import type { FieldChoice } from './fields.js';
import type { ScaffoldNames } from './names.js';
import type { Packing, SavedRecord } from './record.js';
import type { ContextWay, LockWay, PoolWay, TableVariable, TraceWay } from './ways.js';

export type ScaffoldStyle = 'direct' | 'interface';
export type ScaffoldLanguage = 'c' | 'cpp';

/** What is written, in the order in which it stands in a file. */
export type PieceKind =
  | 'record'
  | 'declarations'
  | 'table'
  | 'checksum'
  | 'length'
  | 'capture'
  | 'tail'
  | 'context'
  | 'complete'
  | 'save'
  | 'read'
  | 'giveTail'
  | 'restore'
  | 'register';

export interface InterfaceTable {
  /** What stands before a function: `NicRxKmcl.`. */
  readonly expression: string;
  /** Whether it is new: a variable, and functions that fill it and give it back. */
  readonly isNew: boolean;
  /** Of one that was there, if it is known. */
  readonly variable?: TableVariable;
}

export interface ScaffoldModel {
  /** As C spells it. */
  readonly context: string;
  /** `PNIC_RX_CONTEXT`, or `NIC_RX_CONTEXT *`. */
  readonly pointer: string;
  readonly names: ScaffoldNames;
  readonly record: SavedRecord;
  readonly packing: Packing;
  readonly language: ScaffoldLanguage;
  readonly style: ScaffoldStyle;
  readonly table?: InterfaceTable;
  readonly code: CodeStyle;
  readonly pool: Required<PoolWay> & { readonly isNewTag: boolean };
  /** Functions of the file for contexts. */
  readonly ways?: ContextWay;
  readonly lock?: LockWay;
  /** What the driver's channels point to. */
  readonly device?: DeviceWay;
  /** Members of a context that lead to where its packet is. */
  readonly backs: readonly BackPointer[];
  readonly trace?: TraceWay;
  /** Callbacks whose roles are declared. */
  readonly roles: ReadonlySet<string>;
  /** The completion routine is one that was there. */
  readonly hasComplete: boolean;
  /** Members that are initialised when a context is made: lists, locks, objects. */
  readonly objects: readonly FieldChoice[];
  /** Members that are not saved and that nobody sets. */
  readonly lost: readonly FieldChoice[];
  /** What of all this is to be written. */
  readonly pieces: ReadonlySet<PieceKind>;
}

/** Elements at the end of a context: there is one such tail at most. */
export function flexibleTail({ record }: Pick<ScaffoldModel, 'record'>): SavedRecord['tails'][number] | undefined {
  return record.tails.find(({ tail }) => tail.where === 'flexible');
}

export function pointerTails({ record }: Pick<ScaffoldModel, 'record'>): SavedRecord['tails'] {
  return record.tails.filter(({ tail }) => tail.where === 'pointer');
}
