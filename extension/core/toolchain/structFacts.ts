/**
 * Every structure that a source and its headers define, used or not, with the exact types of its members as the
 * compiler lays them out. For a file that is being worked on: function bodies are not looked at, and what does not
 * compile outside of them is left out.
 */
import { TypeSpeller } from './debugInfoSpelling.js';
import { DebugInfo } from './passes/locations.js';
import type { MetadataNode } from './passes/metadata.js';
import { parseModule } from './passes/module.js';

export interface StructFacts {
  /** As C spells the type: `NIC_RX_CONTEXT`, or `struct nic_rx` where no typedef names it. */
  readonly name: string;
  /** '' for a structure without one. */
  readonly tag: string;
  /** `PNIC_RX_CONTEXT`, if there is such a typedef. */
  readonly pointerName?: string;
  /** As reports name files. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Bytes. */
  readonly size: number;
  /** Base classes or virtual functions: not a structure that zeroed memory makes. */
  readonly isClass: boolean;
  readonly fields: readonly StructField[];
}

export interface StructField {
  /** '' for an anonymous structure or union. */
  readonly name: string;
  /** Bytes from the beginning of the structure around it. */
  readonly offset: number;
  /** Bits of a bit-field. */
  readonly width?: number;
  /** As C spells it. */
  readonly spelled: string;
  readonly type: FieldType;
  readonly isConst: boolean;
}

interface Named {
  /** Typedefs it was declared by, the outermost first: `['PHYSICAL_ADDRESS', 'LARGE_INTEGER']`. */
  readonly names: readonly string[];
  /** Bytes. */
  readonly size: number;
}

export type FieldType =
  | (Named & { readonly kind: 'integer'; readonly signed: boolean; readonly boolean: boolean })
  | (Named & { readonly kind: 'enum'; readonly signed: boolean })
  | (Named & { readonly kind: 'float' })
  | (Named & {
      readonly kind: 'pointer';
      /** Bytes of what it points to where that is plain numbers, 1 for void; absent for anything else. */
      readonly elementSize?: number;
    })
  /** `count` 0: a flexible array. */
  | (Named & { readonly kind: 'array'; readonly count: number; readonly element: FieldType })
  | (Named & {
      readonly kind: 'record';
      readonly tag: string;
      readonly union: boolean;
      readonly fields: readonly StructField[];
    })
  | (Named & { readonly kind: 'other' });

const RECORDS = /^DW_TAG_(?:structure|class|union)_type$/;
const STRUCTURES = /^DW_TAG_(?:structure|class)_type$/;
const POINTERS = /^DW_TAG_(?:pointer|reference|rvalue_reference|ptr_to_member)_type$/;
const QUALIFIERS = /^DW_TAG_(?:const|volatile|restrict|atomic)_type$/;
/** Structures in structures; deeper ones are told as `other`. */
const MOST_DEPTH = 6;

/** Reads the IR of a source compiled with the debug information of unused types; `isWanted` takes display paths. */
export function structFacts(
  ir: string,
  pathOf: (path: string) => string,
  isWanted: (file: string) => boolean,
): readonly StructFacts[] {
  return new StructReader(new DebugInfo(parseModule(ir).metadata, pathOf)).structs(isWanted);
}

class StructReader {
  readonly #debug: DebugInfo;
  readonly #speller: TypeSpeller;
  readonly #cpp: boolean;
  /** Typedefs of a node itself, and of a pointer to it. */
  readonly #typedefs = new Map<number, string>();
  readonly #pointers = new Map<number, string>();

  constructor(debug: DebugInfo) {
    this.#debug = debug;
    this.#cpp = this.#nodes().some((node) => this.#text(node).includes('DW_LANG_C_plus_plus'));
    this.#speller = new TypeSpeller(debug, this.#cpp);
    for (const node of this.#nodes()) {
      if (!this.#text(node).startsWith('!DIDerivedType(tag: DW_TAG_typedef')) continue;
      const meta = this.#debug.reader.node(node);
      const target = meta.reference('baseType');
      if (target < 0) continue;
      const name = this.#speller.qualified(meta);
      const targetMeta = this.#debug.reader.node(target);
      if (POINTERS.test(targetMeta.fields.get('tag') ?? '')) this.#note(this.#pointers, targetMeta, name);
      else if (!this.#typedefs.has(target)) this.#typedefs.set(target, name);
    }
  }

  structs(isWanted: (file: string) => boolean): readonly StructFacts[] {
    const found: StructFacts[] = [];
    for (const node of this.#nodes()) {
      if (!this.#text(node).includes('!DICompositeType(')) continue;
      const meta = this.#debug.reader.node(node);
      if (!STRUCTURES.test(meta.fields.get('tag') ?? '') || isForward(meta)) continue;
      const file = this.#debug.file(meta.reference('file'));
      const name = this.#nameOf(node, meta);
      if (name === undefined || !isWanted(file)) continue;
      const pointerName = this.#pointers.get(node);
      found.push({
        name,
        tag: meta.string('name'),
        ...(pointerName === undefined ? {} : { pointerName }),
        file,
        line: meta.number('line'),
        size: meta.number('size') / 8,
        isClass: this.#elements(meta).some((each) => isOfClasses(each)),
        fields: this.#fields(meta, 0),
      });
    }
    return found;
  }

  #nodes(): readonly number[] {
    return Array.from({ length: this.#debug.reader.count }, (_, index) => index);
  }

  #text(node: number): string {
    const text = this.#debug.reader.text(node);
    return text.startsWith('distinct ') ? text.slice('distinct '.length) : text;
  }

  #note(into: Map<number, string>, pointer: MetadataNode, name: string): void {
    const target = pointer.reference('baseType');
    const own = target < 0 ? undefined : this.#debug.reader.node(target);
    const record = own?.fields.get('tag') === 'DW_TAG_typedef' ? own.reference('baseType') : target;
    if (record >= 0 && !into.has(record)) into.set(record, name);
  }

  /** Undefined for a structure inside another that nothing names. */
  #nameOf(node: number, meta: MetadataNode): string | undefined {
    const typedef = this.#typedefs.get(node);
    if (typedef !== undefined) return typedef;
    const tag = this.#speller.qualified(meta);
    if (tag === '') return undefined;
    return this.#cpp ? tag : `struct ${tag}`;
  }

  #elements(meta: MetadataNode): readonly MetadataNode[] {
    const list = meta.reference('elements');
    const elements = list < 0 ? [] : this.#debug.reader.node(list).elements();
    return elements.filter((each) => each >= 0).map((each) => this.#debug.reader.node(each));
  }

  #fields(meta: MetadataNode, depth: number): readonly StructField[] {
    return this.#elements(meta).flatMap((each) => {
      const flags = each.fields.get('flags') ?? '';
      const isMember = each.fields.get('tag') === 'DW_TAG_member' && !flags.includes('DIFlagStaticMember');
      return isMember && !flags.includes('DIFlagArtificial') ? [this.#field(each, flags, depth)] : [];
    });
  }

  #field(meta: MetadataNode, flags: string, depth: number): StructField {
    const base = meta.reference('baseType');
    const isBits = flags.includes('DIFlagBitField');
    return {
      name: meta.string('name'),
      offset: Math.floor(meta.number('offset') / 8),
      ...(isBits ? { width: meta.number('size') } : {}),
      spelled: this.#speller.spell(base),
      type: this.#type(base, depth),
      isConst: this.#isConst(base),
    };
  }

  #isConst(node: number): boolean {
    for (let at = node; at >= 0; ) {
      const meta = this.#debug.reader.node(at);
      const tag = meta.fields.get('tag') ?? '';
      if (tag === 'DW_TAG_const_type') return true;
      if (tag !== 'DW_TAG_typedef' && !QUALIFIERS.test(tag)) return false;
      at = meta.reference('baseType');
    }
    return false;
  }

  #type(node: number, depth: number): FieldType {
    const names: string[] = [];
    let at = node;
    let meta = at < 0 ? undefined : this.#debug.reader.node(at);
    for (;;) {
      const tag = meta?.fields.get('tag') ?? '';
      if (meta === undefined || (tag !== 'DW_TAG_typedef' && !QUALIFIERS.test(tag))) break;
      if (tag === 'DW_TAG_typedef') names.push(meta.string('name'));
      at = meta.reference('baseType');
      meta = at < 0 ? undefined : this.#debug.reader.node(at);
    }
    if (meta === undefined) return { kind: 'other', names, size: 0 };
    return this.#bareType(meta, names, depth);
  }

  #bareType(meta: MetadataNode, names: readonly string[], depth: number): FieldType {
    const tag = meta.fields.get('tag') ?? '';
    const size = meta.number('size') / 8;
    if (POINTERS.test(tag)) return this.#pointer(meta, names);
    if (tag === 'DW_TAG_array_type') return this.#array(meta, names, depth);
    if (RECORDS.test(tag)) return this.#record(meta, names, depth);
    const encoding = meta.fields.get('encoding') ?? '';
    if (tag === 'DW_TAG_enumeration_type') {
      const base = meta.reference('baseType');
      const signed = base < 0 || !(this.#debug.reader.node(base).fields.get('encoding') ?? '').includes('unsigned');
      return { kind: 'enum', names: [...names, meta.string('name')], size, signed };
    }
    if (meta.kind !== 'DIBasicType') return { kind: 'other', names, size };
    if (encoding === 'DW_ATE_float') return { kind: 'float', names: [...names, meta.string('name')], size };
    const signed = /^DW_ATE_signed/.test(encoding);
    const boolean = encoding === 'DW_ATE_boolean';
    return { kind: 'integer', names: [...names, meta.string('name')], size, signed, boolean };
  }

  #pointer(meta: MetadataNode, names: readonly string[]): FieldType {
    const base = meta.reference('baseType');
    const target = this.#type(base, MOST_DEPTH);
    const isPlain = target.kind === 'integer' || target.kind === 'float' || target.kind === 'enum';
    const isVoid = target.kind === 'other' && base < 0;
    const behind = isVoid ? 1 : isPlain ? target.size : this.#isVoid(base) ? 1 : undefined;
    const isData = (meta.fields.get('tag') ?? '') === 'DW_TAG_pointer_type';
    return { kind: 'pointer', names, size: 8, ...(behind === undefined || !isData ? {} : { elementSize: behind }) };
  }

  /** `VOID` is a typedef of nothing. */
  #isVoid(node: number): boolean {
    for (let at = node; at >= 0; at = this.#debug.reader.node(at).reference('baseType')) {
      const tag = this.#debug.reader.node(at).fields.get('tag') ?? '';
      if (tag !== 'DW_TAG_typedef' && !QUALIFIERS.test(tag)) return false;
    }
    return true;
  }

  #array(meta: MetadataNode, names: readonly string[], depth: number): FieldType {
    let element = this.#type(meta.reference('baseType'), depth);
    const counts = this.#speller.counts(meta);
    for (const count of counts.slice(1).reverse()) {
      element = { kind: 'array', names: [], size: element.size * count, count, element };
    }
    const count = counts[0] ?? 0;
    return { kind: 'array', names, size: element.size * count, count, element };
  }

  #record(meta: MetadataNode, names: readonly string[], depth: number): FieldType {
    const tag = meta.string('name');
    const size = meta.number('size') / 8;
    if (depth >= MOST_DEPTH || isForward(meta)) return { kind: 'other', names: [...names, tag], size };
    const union = meta.fields.get('tag') === 'DW_TAG_union_type';
    return { kind: 'record', names: [...names, tag], tag, size, union, fields: this.#fields(meta, depth + 1) };
  }
}

function isForward(meta: MetadataNode): boolean {
  return meta.fields.get('flags')?.includes('DIFlagFwdDecl') === true;
}

function isOfClasses(element: MetadataNode): boolean {
  const isVirtual = /DIFlag(?:Pure)?Virtual|DISPFlag(?:Pure)?Virtual/.test(
    `${element.fields.get('flags') ?? ''} ${element.fields.get('spFlags') ?? ''}`,
  );
  const isPointer = element.string('name').startsWith('_vptr$');
  return element.fields.get('tag') === 'DW_TAG_inheritance' || isVirtual || isPointer;
}
