/**
 * Types of a driver as expressions use them: the compiler's type table with names to find types by, and the types that
 * only an expression makes (`ULONG *`, `int[4]`). Sizes are MSVC x64: `long` has 4 bytes, pointers have 8.
 */
import type { FieldInfo, TypeId, TypeInfo } from '../../core/toolchain/module.js';

export const POINTER_SIZE = 8;

export interface IntegerShape {
  readonly kind: 'integer';
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  /** `_Bool` and `bool`: any other value converts to 1. */
  readonly boolean: boolean;
  /** `char`, `wchar_t` and their like: shown as characters too. */
  readonly character: boolean;
}

export interface EnumShape {
  readonly kind: 'enum';
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface RecordField {
  /** '' for an anonymous member: its own members are reached through it. */
  readonly name: string;
  readonly offset: number;
  readonly type: Type;
  readonly bits?: { readonly start: number; readonly width: number };
}

/** A type with typedefs resolved. */
export type Shape =
  | { readonly kind: 'void' }
  | IntegerShape
  | { readonly kind: 'float'; readonly size: 4 | 8 }
  | EnumShape
  | { readonly kind: 'pointer'; readonly target: Type }
  | { readonly kind: 'array'; readonly element: Type; readonly count: number }
  | { readonly kind: 'record'; readonly tag: string; readonly union: boolean; readonly fields: readonly RecordField[] }
  | { readonly kind: 'function' };

export interface Type {
  /** As the source writes it, typedef names kept. */
  readonly name: string;
  /** Bytes; 0 for void, functions and records nobody defined. */
  readonly size: number;
  readonly shape: Shape;
  /** The type a typedef stands for, as written. */
  readonly alias?: Type;
}

const CHARACTERS = /^(?:(?:un)?signed )?char$|^wchar_t$|^WCHAR$|^char(?:8|16|32)_t$/;

function makeType(name: string, size: number, shape: Shape): Type {
  return { name, size, shape };
}

export function integerType(name: string, size: 1 | 2 | 4 | 8, signed: boolean): Type {
  const boolean = name === '_Bool' || name === 'bool';
  return makeType(name, size, { kind: 'integer', size, signed, boolean, character: CHARACTERS.test(name) });
}

/** Types that need no table. */
export const VOID: Type = makeType('void', 0, { kind: 'void' });
export const INT = integerType('int', 4, true);
export const UINT = integerType('unsigned int', 4, false);
export const LONG = integerType('long', 4, true);
export const ULONG = integerType('unsigned long', 4, false);
export const INT64 = integerType('long long', 8, true);
export const UINT64 = integerType('unsigned long long', 8, false);
export const CHAR = integerType('char', 1, true);
export const WCHAR = integerType('wchar_t', 2, false);
export const FLOAT: Type = makeType('float', 4, { kind: 'float', size: 4 });
export const DOUBLE: Type = makeType('double', 8, { kind: 'float', size: 8 });
export const BOOL = integerType('bool', 1, false);

/** Pointer type to `target`: one object for each target. */
const pointers = new WeakMap<Type, Type>();

const BUILT_IN = new Map<string, Type>([
  ...[VOID, INT, UINT, LONG, ULONG, INT64, UINT64, CHAR, FLOAT, DOUBLE, WCHAR, BOOL].map((t) => [t.name, t] as const),
  ['signed char', integerType('signed char', 1, true)],
  ['unsigned char', integerType('unsigned char', 1, false)],
  ['short', integerType('short', 2, true)],
  ['unsigned short', integerType('unsigned short', 2, false)],
  ['_Bool', integerType('_Bool', 1, false)],
  ['long double', makeType('long double', 8, { kind: 'float', size: 8 })],
  // The platform's own names, where the driver's debug information does not mention them.
  ...(
    [
      ['UCHAR', 1, false],
      ['BYTE', 1, false],
      ['BOOLEAN', 1, false],
      ['CHAR', 1, true],
      ['USHORT', 2, false],
      ['SHORT', 2, true],
      ['ULONG', 4, false],
      ['LONG', 4, true],
      ['DWORD', 4, false],
      ['NTSTATUS', 4, true],
      ['UINT8', 1, false],
      ['UINT16', 2, false],
      ['UINT32', 4, false],
      ['UINT64', 8, false],
      ['INT8', 1, true],
      ['INT16', 2, true],
      ['INT32', 4, true],
      ['INT64', 8, true],
      ['ULONGLONG', 8, false],
      ['LONGLONG', 8, true],
      ['ULONG64', 8, false],
      ['LONG64', 8, true],
      ['ULONG_PTR', 8, false],
      ['LONG_PTR', 8, true],
      ['SIZE_T', 8, false],
      ['size_t', 8, false],
    ] as const
  ).map(([name, size, signed]) => [name, integerType(name, size, signed)] as const),
]);

export function pointerTo(target: Type): Type {
  const known = pointers.get(target);
  if (known !== undefined) return known;
  const name = target.name.endsWith('*') ? `${target.name}*` : `${target.name} *`;
  const type = makeType(name, POINTER_SIZE, { kind: 'pointer', target });
  pointers.set(target, type);
  return type;
}

for (const [name, target] of [
  ['PVOID', VOID],
  ['HANDLE', VOID],
  ['PUCHAR', BUILT_IN.get('unsigned char')],
  ['PCHAR', CHAR],
  ['PULONG', ULONG],
] as const) {
  if (target !== undefined) BUILT_IN.set(name, { ...pointerTo(target), name });
}

export function arrayOf(element: Type, count: number): Type {
  const at = element.name.indexOf('[');
  const name = at < 0 ? `${element.name}[${count}]` : `${element.name.slice(0, at)}[${count}]${element.name.slice(at)}`;
  return makeType(name, element.size * count, { kind: 'array', element, count });
}

function integerSize(size: number): 1 | 2 | 4 | 8 {
  return size === 1 || size === 2 || size === 8 ? size : 4;
}

/** The table of one driver, by id and by name. Entries are made when they are first asked for: types refer to each other. */
export class Types {
  readonly #table: readonly TypeInfo[];
  readonly #made: (Type | undefined)[] = [];
  #names: Map<string, TypeId> | undefined;
  #constants: Map<string, { readonly type: Type; readonly value: number }> | undefined;

  constructor(table: readonly TypeInfo[]) {
    this.#table = table;
  }

  /** Null is void. */
  byId(id: TypeId | null): Type {
    if (id === null) return VOID;
    const known = this.#made[id];
    if (known !== undefined) return known;
    const info = this.#table[id];
    if (info === undefined) return VOID;
    const type = this.#make(info);
    this.#made[id] = type;
    return type;
  }

  /** A type by the name the source gives it: a typedef, a record's or enum's tag, or one of C's own. */
  named(name: string): Type | undefined {
    this.#names ??= namesOf(this.#table);
    const id = this.#names.get(name);
    return id === undefined ? BUILT_IN.get(name) : this.byId(id);
  }

  /** An enumerator. */
  constant(name: string): { readonly type: Type; readonly value: number } | undefined {
    if (this.#constants === undefined) {
      this.#constants = new Map();
      for (const [id, info] of this.#table.entries()) {
        if (info.kind !== 'enum') continue;
        const type = this.byId(id);
        for (const { name, value } of info.values) {
          // A scoped enumeration is only told from a plain one by how its names are used: both forms are known.
          const names = info.name === '' ? [name] : [name, `${info.name}::${name}`];
          for (const each of names) {
            if (!this.#constants.has(each)) this.#constants.set(each, { type, value });
          }
        }
      }
    }
    return this.#constants.get(name);
  }

  /** Names of types and enumerators, for completion. */
  names(): readonly string[] {
    this.#names ??= namesOf(this.#table);
    this.constant('');
    return [...this.#names.keys(), ...(this.#constants?.keys() ?? [])];
  }

  #make(info: TypeInfo): Type {
    switch (info.kind) {
      case 'integer':
        return info.size === 0 ? VOID : integerType(info.name, integerSize(info.size), info.signed);
      case 'float':
        return makeType(info.name, info.size, { kind: 'float', size: info.size === 4 ? 4 : 8 });
      case 'enum':
        return makeType(info.name, info.size, enumShape(info.size, info.values));
      case 'function':
        return makeType(info.name, 0, { kind: 'function' });
      case 'typedef':
        return this.#alias(info.name, info.target);
      case 'pointer':
        return this.#lazy(info.name, POINTER_SIZE, () => ({ kind: 'pointer', target: this.byId(info.target) }));
      case 'array':
        return this.#lazy(info.name, info.size, () => ({
          kind: 'array',
          element: this.byId(info.element),
          count: info.count,
        }));
      case 'record':
        return this.#lazy(info.name, info.size, () => ({
          kind: 'record',
          tag: info.name,
          union: info.union,
          fields: info.fields.map((field) => this.#field(field)),
        }));
    }
  }

  #field({ name, offset, type, bits }: FieldInfo): RecordField {
    return { name, offset, type: this.byId(type), ...(bits === undefined ? {} : { bits }) };
  }

  #alias(name: string, target: TypeId): Type {
    const alias = this.byId(target);
    const character = CHARACTERS.test(name) || CHARACTERS.test(alias.name);
    if (alias.shape.kind === 'integer' && alias.shape.character !== character) {
      return { name, size: alias.size, shape: { ...alias.shape, character }, alias };
    }
    const type: Type = {
      name,
      alias,
      get size() {
        return alias.size;
      },
      get shape() {
        return alias.shape;
      },
    };
    return type;
  }

  /** A type whose shape names others, which may name it. */
  #lazy(name: string, size: number, make: () => Shape): Type {
    let shape: Shape | undefined;
    return {
      name,
      size,
      get shape() {
        shape ??= make();
        return shape;
      },
    };
  }
}

/** The front end's enums are `int` unless a value does not fit (C++ may say otherwise, which the size shows). */
function enumShape(size: number, values: EnumShape['values']): EnumShape {
  const most = 2 ** (8 * integerSize(size) - 1);
  const signed = values.some(({ value }) => value < 0) || (size >= 4 && values.every(({ value }) => value < most));
  return { kind: 'enum', size: integerSize(size), signed, values };
}

/** Typedefs go before tags, what is complete before what is not; the first of a name wins. */
function namesOf(table: readonly TypeInfo[]): Map<string, TypeId> {
  const names = new Map<string, TypeId>();
  for (const kinds of [['typedef'], ['record', 'enum'], ['integer', 'float']]) {
    for (const [id, info] of table.entries()) {
      if (kinds.includes(info.kind) && info.name !== '' && !names.has(info.name)) names.set(info.name, id);
    }
  }
  return names;
}

/** A member by name, those of anonymous members included: where it lies from the record's start. */
export function memberOf(record: Type, name: string): RecordField | undefined {
  if (record.shape.kind !== 'record') return undefined;
  for (const field of record.shape.fields) {
    if (field.name === name) return field;
  }
  for (const field of record.shape.fields) {
    if (field.name !== '' && !isBase(field)) continue;
    const inner = memberOf(field.type, name);
    if (inner !== undefined) return { ...inner, offset: field.offset + inner.offset };
  }
  return undefined;
}

/** A C++ base class is a field that has the name of its record. */
function isBase(field: RecordField): boolean {
  return field.type.shape.kind === 'record' && field.type.shape.tag === field.name;
}

/** Names that may follow `.` or `->`. */
export function memberNames(record: Type): readonly string[] {
  if (record.shape.kind !== 'record') return [];
  return record.shape.fields.flatMap((field) =>
    field.name === '' ? memberNames(field.type) : isBase(field) ? memberNames(field.type) : [field.name],
  );
}

export function isInteger(type: Type): boolean {
  return type.shape.kind === 'integer' || type.shape.kind === 'enum';
}

export function isArithmetic(type: Type): boolean {
  return isInteger(type) || type.shape.kind === 'float';
}

export function isPointer(type: Type): boolean {
  return type.shape.kind === 'pointer';
}

export function isScalar(type: Type): boolean {
  return isArithmetic(type) || isPointer(type);
}

/** Type a pointer or an array leads to. */
export function targetOf(type: Type): Type | undefined {
  if (type.shape.kind === 'pointer') return type.shape.target;
  return type.shape.kind === 'array' ? type.shape.element : undefined;
}

/** Size and sign of an integer or enum. */
export function integerShape(type: Type): { readonly size: 1 | 2 | 4 | 8; readonly signed: boolean } {
  const { shape } = type;
  if (shape.kind === 'integer' || shape.kind === 'enum') return shape;
  return { size: 8, signed: false };
}
