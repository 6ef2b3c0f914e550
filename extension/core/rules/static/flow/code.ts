/** A function as the analysis walks it: the IR's instructions taken apart once, values numbered by slots. */

/** Number of bits of an integer; pointers have 64; 0 for what the analysis does not follow (structures, floats). */
export type Bits = number;

export type Operand =
  /** What the instruction or parameter of that slot made. */
  | { readonly kind: 'slot'; readonly slot: number; readonly bits: Bits }
  | { readonly kind: 'constant'; readonly value: bigint; readonly bits: Bits }
  /** Address of a global or function, `offset` bytes into it. `member` is the field's name where the IR tells. */
  | { readonly kind: 'global'; readonly name: string; readonly offset: number; readonly member?: string }
  | { readonly kind: 'unknown'; readonly bits: Bits };

/** `place` is an index into the unit's locations, 0 for code without a line. */
interface Placed {
  readonly place: number;
}

export type Instruction = Placed &
  (
    | { readonly op: 'alloca'; readonly to: number; readonly name: string; readonly size: number }
    | {
        readonly op: 'load';
        readonly to: number;
        readonly size: number;
        readonly bits: Bits;
        readonly isPointer: boolean;
        readonly from: Operand;
      }
    | { readonly op: 'store'; readonly value: Operand; readonly size: number; readonly to: Operand }
    /** `base + constant + Σ index · stride`; `record` and `member` name the field that is reached. */
    | {
        readonly op: 'address';
        readonly to: number;
        readonly base: Operand;
        readonly constant: number;
        readonly scaled: readonly { readonly index: Operand; readonly stride: number }[];
        readonly member?: string;
      }
    | {
        readonly op: 'binary';
        readonly to: number;
        readonly operation: string;
        readonly bits: Bits;
        readonly left: Operand;
        readonly right: Operand;
      }
    | {
        readonly op: 'compare';
        readonly to: number;
        readonly predicate: string;
        readonly left: Operand;
        readonly right: Operand;
      }
    | {
        readonly op: 'cast';
        readonly to: number;
        readonly operation: string;
        readonly bits: Bits;
        readonly value: Operand;
      }
    | {
        readonly op: 'select';
        readonly to: number;
        readonly condition: Operand;
        readonly yes: Operand;
        readonly no: Operand;
      }
    | {
        readonly op: 'phi';
        readonly to: number;
        readonly incoming: readonly { readonly block: number; readonly value: Operand }[];
      }
    | Call
    | {
        readonly op: 'branch';
        readonly condition: Operand | undefined;
        readonly targets: readonly number[];
      }
    | {
        readonly op: 'switch';
        readonly value: Operand;
        readonly otherwise: number;
        readonly cases: readonly { readonly value: bigint; readonly block: number }[];
      }
    | { readonly op: 'return'; readonly value: Operand | undefined }
    /** Nothing comes after it. */
    | { readonly op: 'stop' }
    /** Reads, changes and writes at once; the result is what was there before. */
    | {
        readonly op: 'atomic';
        readonly to: number;
        readonly operation: string;
        readonly bits: Bits;
        readonly size: number;
        readonly at: Operand;
        readonly value: Operand;
      }
    /** Anything else: an unknown result; `writes` is memory that it may change. */
    | { readonly op: 'other'; readonly to: number | undefined; readonly bits: Bits; readonly writes?: Operand }
  );

export interface Call extends Placed {
  readonly op: 'call';
  readonly to: number | undefined;
  /** Bits of the result. */
  readonly bits: Bits;
  readonly isPointer: boolean;
  /** Name of the function, or the value that points to it. */
  readonly callee: string | Operand;
  readonly operands: readonly Operand[];
}

export interface Block {
  readonly index: number;
  readonly instructions: readonly Instruction[];
  /** The one exit of a function with several `return`s. */
  readonly isExit: boolean;
  /** Some loop comes back to it. */
  readonly isLoopHead: boolean;
}

export interface Parameter {
  readonly slot: number;
  readonly bits: Bits;
  readonly isPointer: boolean;
  /** As the source spells its type: `PUINT32`; '' where debug info has none. */
  readonly type: string;
}

export interface FlowFunction {
  /** Unique among the units of a driver: that of another unit's static function differs. */
  readonly key: string;
  readonly symbol: string;
  /** As the source calls it. */
  readonly name: string;
  readonly unit: number;
  readonly parameters: readonly Parameter[];
  /** Index into the unit's locations. */
  readonly place: number;
  readonly slots: number;
  /** By slot of a loaded pointer: the record's member it was loaded from. */
  readonly members: ReadonlyMap<number, string>;
  /** Slot of the variable that holds the answer until the function returns, where it has several `return`s. */
  readonly answer: number | undefined;
  /** Of the entry first; decoded when asked for. */
  readonly blocks: readonly Block[];
}
