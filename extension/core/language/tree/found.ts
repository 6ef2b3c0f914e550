/** What a source text has in it. Offsets count UTF-16 units from the start of the text. */

export interface Span {
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

/** A declared type without annotations: `_In_ const VOID *Buffer` → `VOID`, one pointer, constant. */
export interface WrittenType {
  /** As written, blanks made one: `struct _NIC`, `unsigned int`, `Nic::Context`. */
  readonly name: string;
  readonly pointers: number;
  readonly constant: boolean;
}

export interface FoundParameter extends Span {
  /** Undefined where it has none. */
  readonly name: string | undefined;
  readonly nameAt: Span | undefined;
  readonly type: WrittenType;
}

export interface FoundFunction extends Span {
  readonly name: string;
  readonly nameAt: Span;
  /** `Nic::` of `Nic::Save`, and the classes and namespaces around; empty at file level. */
  readonly scope: string;
  readonly returns: WrittenType;
  readonly isStatic: boolean;
  readonly parameters: readonly FoundParameter[];
  /** With its braces. */
  readonly body: Span;
  /** Made by one of the VSPLAB macros, by its name: VSPLAB_TEST. */
  readonly macro: string | undefined;
}

/** A declaration at file or class level: prototypes, roles, variables. */
export interface FoundDeclaration extends Span {
  readonly type: WrittenType;
  readonly names: readonly (Span & { readonly name: string; readonly parameters: boolean })[];
}

export interface FoundField extends Span {
  /** Empty for an unnamed bit-field or an anonymous member. */
  readonly name: string;
  readonly nameAt: Span;
  readonly type: WrittenType;
  /** Sizes of its dimensions as written; an empty one is a flexible array. */
  readonly dimensions: readonly string[];
  /** Width of a bit-field as written. */
  readonly bits: string | undefined;
  /** The type is written right here; members of an anonymous one belong to the record around too. */
  readonly record: FoundRecord | undefined;
  readonly isFunctionPointer: boolean;
}

export interface FoundRecord extends Span {
  readonly kind: 'struct' | 'union' | 'class';
  /** Undefined where it has none. */
  readonly tag: string | undefined;
  /** Names a typedef gives it, pointers to it aside. */
  readonly typedefs: readonly string[];
  /** Names a typedef gives to pointers to it. */
  readonly pointerTypedefs: readonly string[];
  readonly nameAt: Span;
  readonly fields: readonly FoundField[];
  /** Brace to brace. */
  readonly body: Span;
}

export interface FoundOperand extends Span {
  readonly text: string;
}

export interface FoundCall extends Span {
  /** The last name of what is called: `Fn` of `p->If.Fn(x)` and of `Nic::Fn(x)`. */
  readonly callee: string;
  readonly calleeAt: Span;
  /** Called through a member: `p->Fn(x)`. */
  readonly member: boolean;
  readonly operands: readonly FoundOperand[];
  /** Name of the innermost function around. */
  readonly within: string | undefined;
  /** What its result is cast to, or the type of the variable it initialises. */
  readonly takenAs: WrittenType | undefined;
}

/** `Callbacks.EvtChannelOpened = NicOpened;` */
export interface FoundAssignment extends Span {
  /** The member that is written. */
  readonly member: string;
  readonly value: FoundOperand;
  readonly within: string | undefined;
}

export interface FoundInclude extends Span {
  /** With `/`. */
  readonly path: string;
  readonly system: boolean;
}

export interface FoundTypedef extends Span {
  readonly name: string;
  readonly type: WrittenType;
}

export function covers({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}
