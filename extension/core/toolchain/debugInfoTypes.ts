/**
 * Types of a translation unit from its debug metadata. Sizes and offsets are those of the MSVC ABI the front end
 * compiled for.
 */

import { POINTERS, QUALIFIERS, suffix, TypeSpeller } from './debugInfoSpelling.js';
import type { FieldInfo, TypeId, TypeInfo } from './module.js';
import type { DebugInfo } from './passes/locations.js';
import type { MetadataNode } from './passes/metadata.js';

const RECORDS = /^DW_TAG_(structure|class|union)_type$/;

function remembered(known: Map<number, TypeId | null>, node: number, find: () => TypeId | null): TypeId | null {
  const before = known.get(node);
  if (before !== undefined) {
    return before;
  }
  const found = find();
  known.set(node, found);
  return found;
}

/** Turns metadata nodes into entries of one type table, each node once. */
export class TypeReader {
  readonly types: TypeInfo[] = [];
  readonly #debug: DebugInfo;
  readonly #ids = new Map<number, TypeId | null>();
  readonly #arrays = new Map<string, TypeId>();
  /** Answers of `record` and `pointee`, which each pointer of the code asks for. */
  readonly #asRecord = new Map<number, TypeId | null>();
  readonly #asPointer = new Map<number, TypeId | null>();
  readonly #speller: TypeSpeller;
  #records: Map<string, number> | undefined;

  constructor(debug: DebugInfo, cpp: boolean) {
    this.#debug = debug;
    this.#speller = new TypeSpeller(debug, cpp);
  }

  /** Table entry of a type node; null for void and for a record nobody defined. Qualifiers are dropped. */
  id(node: number): TypeId | null {
    if (node < 0) {
      return null;
    }
    const known = this.#ids.get(node);
    if (known !== undefined) {
      return known;
    }
    const meta = this.#debug.reader.node(node);
    const tag = meta.fields.get('tag') ?? '';
    if (QUALIFIERS.has(tag)) {
      const id = this.id(meta.reference('baseType'));
      this.#ids.set(node, id);
      return id;
    }
    if (tag === 'DW_TAG_typedef') {
      return this.#typedef(node, meta);
    }
    if (RECORDS.test(tag)) {
      return this.#record(node, meta, tag === 'DW_TAG_union_type');
    }
    if (POINTERS.has(tag)) {
      return this.#pointer(node, meta);
    }
    return this.#add(node, this.#simple(node, meta, tag));
  }

  /** The type as C spells it, typedef names kept: `const PAIR *`, `NTSTATUS (*)(PVOID, ULONG)`. */
  spell(node: number): string {
    return this.#speller.spell(node);
  }

  /** The type a pointer leads to as C spells it, without qualifiers; '' for what is no pointer. */
  spelledTarget(node: number): string {
    const own = node < 0 ? -1 : this.stripped(node);
    const pointer = own < 0 ? undefined : this.#debug.reader.node(own);
    if (pointer === undefined || !POINTERS.has(pointer.fields.get('tag') ?? '')) return '';
    return this.spell(pointer.reference('baseType')).replace(/^(?:const |volatile )+/, '');
  }

  /** `return type, parameter types` of a subroutine type; a null last one is `...`. */
  signature(subroutine: number): { readonly returns: number; readonly parameters: readonly number[] } {
    const list = subroutine < 0 ? -1 : this.#debug.reader.node(subroutine).reference('types');
    const [returns = -1, ...parameters] = list < 0 ? [] : this.#debug.reader.node(list).elements();
    return { returns, parameters };
  }

  /**
   * The record a pointer type leads to (through typedefs and qualifiers), null when it is no pointer to a known record.
   */
  pointee(node: number): TypeId | null {
    return remembered(this.#asPointer, node, () => this.#pointee(node));
  }

  #pointee(node: number): TypeId | null {
    const pointer = this.#debug.reader.node(this.stripped(node));
    if (node < 0 || !POINTERS.has(pointer.fields.get('tag') ?? '')) {
      return null;
    }
    const target = this.stripped(pointer.reference('baseType'));
    const isRecord = target >= 0 && RECORDS.test(this.#debug.reader.node(target).fields.get('tag') ?? '');
    return isRecord ? this.id(target) : null;
  }

  /** The record that a type is, or that an array of it consists of; null for any other type. */
  record(node: number): TypeId | null {
    return remembered(this.#asRecord, node, () => this.#recordOf(node));
  }

  #recordOf(node: number): TypeId | null {
    let at = this.stripped(node);
    while (at >= 0 && this.#debug.reader.node(at).fields.get('tag') === 'DW_TAG_array_type') {
      at = this.stripped(this.#debug.reader.node(at).reference('baseType'));
    }
    const isRecord = at >= 0 && RECORDS.test(this.#debug.reader.node(at).fields.get('tag') ?? '');
    return isRecord ? this.id(at) : null;
  }

  /** The node behind typedefs and qualifiers, -1 for void. */
  stripped(node: number): number {
    let at = node;
    while (at >= 0) {
      const meta = this.#debug.reader.node(at);
      const tag = meta.fields.get('tag') ?? '';
      if (tag !== 'DW_TAG_typedef' && !QUALIFIERS.has(tag)) {
        break;
      }
      at = meta.reference('baseType');
    }
    return at;
  }

  /** Every record, enumeration and typedef of the unit enters the table, used by a variable or not. */
  addNamedTypes(): void {
    const { reader } = this.#debug;
    for (let i = 0; i < reader.count; i++) {
      const text = reader.text(i);
      if (text.includes('!DICompositeType(') || text.startsWith('!DIDerivedType(tag: DW_TAG_typedef')) {
        this.id(i);
      }
    }
    this.#nameUntagged();
  }

  /**
   * A record as the IR names it: by its tag or the typedef that stands for one; a template by its name alone if it has
   * one instance.
   */
  recordNamed(name: string): TypeId | null {
    const node = this.#nodeNamed(name);
    return node < 0 ? null : this.id(node);
  }

  /** Type node of a named member, -1 when there is none. */
  memberType(record: string, member: string): number {
    return (
      this.#members(record)
        .find((m) => m.string('name') === member)
        ?.reference('baseType') ?? -1
    );
  }

  /**
   * Name of the member with this number, where the IR's structure has the same members as the source's (no bit-fields
   * before it).
   */
  memberNumber(record: string, index: number): string | undefined {
    return this.#members(record)[index]?.string('name');
  }

  #members(record: string): MetadataNode[] {
    const node = this.#nodeNamed(record);
    const elements = node < 0 ? -1 : this.#debug.reader.node(node).reference('elements');
    const metas = elements < 0 ? [] : this.#debug.reader.node(elements).elements();
    return metas
      .filter((element) => element >= 0)
      .map((element) => this.#debug.reader.node(element))
      .filter((meta) => meta.fields.get('tag') === 'DW_TAG_member');
  }

  /**
   * `typedef struct { ... } REQUEST, *PREQUEST;` gives the record the name REQUEST, as the IR does. If only PREQUEST is
   * used, debug info has only that: by the custom of this platform the record's name is then what follows the P.
   */
  #nameUntagged(): void {
    const names = new Map<TypeId, string>();
    for (const [direct, pattern] of [
      [true, /^(.+)$/],
      [false, /^L?P(\w+)$/],
    ] as const) {
      for (const type of this.types) {
        const target = type.kind === 'typedef' ? this.types[type.target] : undefined;
        const record =
          type.kind !== 'typedef' ? null : direct ? type.target : target?.kind === 'pointer' ? target.target : null;
        const name = pattern.exec(type.name)?.[1];
        if (record !== null && name !== undefined && !names.has(record)) {
          names.set(record, name);
        }
      }
    }
    for (const [id, name] of names) {
      const record = this.types[id];
      if (record?.kind === 'record' && record.name === '') {
        this.types[id] = { ...record, name };
      }
    }
  }

  #nodeNamed(name: string): number {
    if (this.#records === undefined) {
      this.#records = new Map();
      for (const [node, id] of this.#ids) {
        const type = id === null ? undefined : this.types[id];
        const known = type?.kind === 'record' ? type.name.replace(/<.*>$/, '') : '';
        if (known !== '' && RECORDS.test(this.#debug.reader.node(node).fields.get('tag') ?? '')) {
          const other = this.#records.get(known);
          this.#records.set(known, other === undefined || this.#ids.get(other) === id ? node : -1);
        }
      }
    }
    return this.#records.get(name) ?? -1;
  }

  #add(node: number, type: TypeInfo): TypeId {
    const id = this.types.push(type) - 1;
    this.#ids.set(node, id);
    return id;
  }

  #typedef(node: number, meta: MetadataNode): TypeId | null {
    const target = this.id(meta.reference('baseType'));
    const name = this.#speller.qualified(meta);
    if (target === null) {
      this.#ids.set(node, null);
      return null;
    }
    return this.#ids.get(node) ?? this.#add(node, { kind: 'typedef', name, target });
  }

  #pointer(node: number, meta: MetadataNode): TypeId {
    const name = this.#speller.spell(node);
    const id = this.#add(node, { kind: 'pointer', name, target: null });
    this.types[id] = { kind: 'pointer', name, target: this.id(meta.reference('baseType')) };
    return id;
  }

  #record(node: number, meta: MetadataNode, union: boolean): TypeId | null {
    if (meta.fields.get('flags')?.includes('DIFlagFwdDecl') === true) {
      this.#ids.set(node, null);
      return null;
    }
    const fields: FieldInfo[] = [];
    const id = this.#add(node, {
      kind: 'record',
      name: this.#speller.qualified(meta),
      size: meta.number('size') / 8,
      union,
      fields,
    });
    const elements = meta.reference('elements');
    for (const element of elements < 0 ? [] : this.#debug.reader.node(elements).elements()) {
      const field = element < 0 ? undefined : this.#field(this.#debug.reader.node(element));
      if (field !== undefined) {
        fields.push(field);
      }
    }
    return id;
  }

  /** Members and base classes; a base class is a field named after it. Methods and static members are none. */
  #field(meta: MetadataNode): FieldInfo | undefined {
    const tag = meta.fields.get('tag');
    const flags = meta.fields.get('flags') ?? '';
    if ((tag !== 'DW_TAG_member' && tag !== 'DW_TAG_inheritance') || flags.includes('DIFlagStaticMember')) {
      return undefined;
    }
    const base = meta.reference('baseType');
    const type = this.id(base);
    if (type === null) {
      return undefined;
    }
    const name =
      tag === 'DW_TAG_inheritance' ? this.#speller.spell(base).replace(/^(?:struct|class) /, '') : meta.string('name');
    const offset = meta.number('offset');
    if (!flags.includes('DIFlagBitField')) {
      return { name, offset: offset / 8, type };
    }
    const storage = Number(/^i64 (\d+)$/.exec(meta.fields.get('extraData') ?? '')?.[1] ?? '0');
    return { name, offset: storage / 8, type, bits: { start: offset - storage, width: meta.number('size') } };
  }

  #simple(node: number, meta: MetadataNode, tag: string): TypeInfo {
    const size = meta.number('size') / 8;
    if (tag === 'DW_TAG_array_type') {
      return this.#array(meta);
    }
    if (tag === 'DW_TAG_enumeration_type') {
      const elements = meta.reference('elements');
      const values = (elements < 0 ? [] : this.#debug.reader.node(elements).elements()).map((e) => {
        const value = this.#debug.reader.node(e);
        return { name: value.string('name'), value: value.number('value') };
      });
      return { kind: 'enum', name: this.#speller.qualified(meta), size, values };
    }
    if (meta.kind === 'DISubroutineType') {
      return { kind: 'function', name: this.#speller.spell(node) };
    }
    const name = meta.string('name');
    const encoding = meta.fields.get('encoding') ?? '';
    if (encoding === 'DW_ATE_float') {
      return { kind: 'float', name, size };
    }
    return { kind: 'integer', name, size, signed: /^DW_ATE_signed/.test(encoding) };
  }

  /** `int a[2][3]` is an array of 2 arrays of 3; one node lists both counts. */
  #array(meta: MetadataNode): TypeInfo {
    const element = this.id(meta.reference('baseType')) ?? this.#voidElement();
    const total = meta.number('size') / 8;
    const counts = this.#speller.counts(meta);
    const spelled = this.#speller.spell(meta.reference('baseType'));
    let inner = element;
    let size = counts.reduce((product, count) => (count > 0 ? product / count : product), total);
    for (let i = counts.length - 1; i > 0; i--) {
      const count = counts[i] ?? 0;
      size *= count;
      inner = this.#innerArray(`${spelled}${suffix(counts.slice(i))}`, size, inner, count);
    }
    return { kind: 'array', name: `${spelled}${suffix(counts)}`, size: total, element: inner, count: counts[0] ?? 0 };
  }

  #innerArray(name: string, size: number, element: TypeId, count: number): TypeId {
    const key = `${name}:${element}`;
    const known = this.#arrays.get(key);
    if (known !== undefined) {
      return known;
    }
    const id = this.types.push({ kind: 'array', name, size, element, count }) - 1;
    this.#arrays.set(key, id);
    return id;
  }

  #voidElement(): TypeId {
    return this.types.push({ kind: 'integer', name: 'void', size: 0, signed: false }) - 1;
  }
}
