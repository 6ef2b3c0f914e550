/** Spells types as C and C++ write them. */

import type { DebugInfo } from './passes/locations.js';
import type { MetadataNode } from './passes/metadata.js';

export const QUALIFIERS: ReadonlyMap<string, string> = new Map([
  ['DW_TAG_const_type', 'const'],
  ['DW_TAG_volatile_type', 'volatile'],
  ['DW_TAG_restrict_type', ''],
  ['DW_TAG_atomic_type', '_Atomic'],
]);
export const POINTERS: ReadonlyMap<string, string> = new Map([
  ['DW_TAG_pointer_type', '*'],
  ['DW_TAG_reference_type', '&'],
  ['DW_TAG_rvalue_reference_type', '&&'],
  ['DW_TAG_ptr_to_member_type', '::*'],
]);

export class TypeSpeller {
  readonly #debug: DebugInfo;
  readonly #cpp: boolean;
  readonly #spelled = new Map<number, string>();

  constructor(debug: DebugInfo, cpp: boolean) {
    this.#debug = debug;
    this.#cpp = cpp;
  }

  /** The type as C spells it, typedef names kept: `const PAIR *`, `NTSTATUS (*)(PVOID, ULONG)`. */
  spell(node: number): string {
    if (node < 0) {
      return 'void';
    }
    let text = this.#spelled.get(node);
    if (text === undefined) {
      this.#spelled.set(node, '…');
      text = this.#spell(this.#debug.reader.node(node));
      this.#spelled.set(node, text);
    }
    return text;
  }

  /** Element count per dimension; 0 for a flexible array. */
  counts(meta: MetadataNode): number[] {
    const elements = meta.reference('elements');
    const ranges = elements < 0 ? [] : this.#debug.reader.node(elements).elements();
    return ranges.map((range) => Math.max(0, Number(this.#debug.reader.node(range).fields.get('count') ?? '0') || 0));
  }

  /** Name with namespaces and classes around it in C++; '' for a type without one. */
  qualified(meta: MetadataNode): string {
    const name = meta.string('name');
    return this.#cpp && name !== '' ? this.#debug.qualifier(meta.reference('scope')) + name : name;
  }

  #spell(meta: MetadataNode): string {
    const tag = meta.fields.get('tag') ?? '';
    const base = meta.reference('baseType');
    const qualifier = QUALIFIERS.get(tag);
    const pointer = POINTERS.get(tag);
    if (qualifier !== undefined) {
      const inner = this.spell(base);
      return /[*)]$/.test(inner) ? `${inner} ${qualifier}`.trim() : `${qualifier} ${inner}`.trim();
    }
    if (pointer !== undefined) {
      return this.#spellPointer(base, pointer);
    }
    if (tag === 'DW_TAG_array_type') {
      return this.spell(base) + suffix(this.counts(meta));
    }
    if (meta.kind === 'DISubroutineType') {
      const list = meta.reference('types');
      const [returns = -1, ...parameters] = list < 0 ? [] : this.#debug.reader.node(list).elements();
      return `${this.spell(returns)} ${this.#spellParameters(parameters)}`;
    }
    const name = this.qualified(meta);
    if (this.#cpp || meta.kind !== 'DICompositeType') {
      return name === '' ? '<unnamed>' : name;
    }
    const keyword = /^DW_TAG_(structure|union|enumeration)_type$/.exec(tag)?.[1] ?? '';
    const word = keyword === 'structure' ? 'struct' : keyword === 'enumeration' ? 'enum' : keyword;
    return `${word} ${name === '' ? '<unnamed>' : name}`;
  }

  #spellParameters(parameters: readonly number[]): string {
    const list = parameters.map((p, i) => (p < 0 && i === parameters.length - 1 ? '...' : this.spell(p)));
    return `(${list.length === 0 ? 'void' : list.join(', ')})`;
  }

  #spellPointer(base: number, mark: string): string {
    const inner = this.spell(base);
    const target = base < 0 ? undefined : this.#debug.reader.node(base);
    if (target?.kind === 'DISubroutineType') {
      const open = inner.indexOf(' (');
      return `${inner.slice(0, open)} (${mark})${inner.slice(open + 1)}`;
    }
    return inner.endsWith('*') ? inner + mark : `${inner} ${mark}`;
  }
}

/** `[2][3]`; a flexible array's is `[]`. */
export function suffix(counts: readonly number[]): string {
  return counts.map((count) => `[${count === 0 ? '' : count}]`).join('');
}
