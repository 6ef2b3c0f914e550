/** Sizes and offsets of the IR's own types, as LLVM lays them out for the MSVC targets: every alignment is natural. */

import { splitList } from './passes/lexer.js';

interface Layout {
  readonly size: number;
  readonly align: number;
}

/** A structure's members by number. */
export interface IrStructure extends Layout {
  readonly members: readonly { readonly type: string; readonly offset: number }[];
}

const NOTHING: Layout = { size: 0, align: 1 };
const DEFINITION = /^(%"[^"]*"|%[-\w.$]+) = type (.*)$/;
const FLOATS: Readonly<Record<string, number>> = { half: 2, float: 4, double: 8, fp128: 16 };

function rounded(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

export class IrLayouts {
  readonly #definitions = new Map<string, string>();
  readonly #structures = new Map<string, IrStructure | undefined>();

  /** From the `%name = type ...` lines of a module. */
  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [, name = '', text = ''] = DEFINITION.exec(line) ?? [];
      this.#definitions.set(name, text);
    }
  }

  /** Bytes from one element of an array of that type to the next; 0 for a type without a size. */
  stride(type: string): number {
    const { size, align } = this.#layout(type);
    return rounded(size, align);
  }

  /** A structure by its name or its text; undefined for any other type. */
  structure(type: string): IrStructure | undefined {
    if (this.#structures.has(type)) {
      return this.#structures.get(type);
    }
    this.#structures.set(type, undefined);
    const text = type.startsWith('%') ? (this.#definitions.get(type) ?? '') : type;
    const packed = text.startsWith('<{');
    const made =
      packed || text.startsWith('{') ? this.#place(text.slice(packed ? 2 : 1, packed ? -2 : -1), packed) : undefined;
    this.#structures.set(type, made);
    return made;
  }

  /** `[N x T]` apart; undefined for any other type. */
  array(type: string): { readonly count: number; readonly element: string } | undefined {
    const [, count = '', element = ''] = /^\[(\d+) x (.*)\]$/s.exec(type) ?? [];
    return count === '' ? undefined : { count: Number(count), element };
  }

  #place(members: string, packed: boolean): IrStructure {
    let size = 0;
    let align = 1;
    const placed = splitList(members).map((type) => {
      const layout = this.#layout(type);
      const offset = packed ? size : rounded(size, layout.align);
      size = offset + rounded(layout.size, packed ? 1 : layout.align);
      align = packed ? 1 : Math.max(align, layout.align);
      return { type, offset };
    });
    return { size: rounded(size, align), align, members: placed };
  }

  #layout(type: string): Layout {
    if (type === 'ptr') {
      return { size: 8, align: 8 };
    }
    const bits = /^i(\d+)$/.exec(type)?.[1];
    if (bits !== undefined) {
      const bytes = Math.ceil(Number(bits) / 8);
      const size = 2 ** Math.ceil(Math.log2(bytes));
      return { size, align: Math.min(size, 16) };
    }
    const float = FLOATS[type];
    if (float !== undefined) {
      return { size: float, align: float };
    }
    const array = this.array(type);
    if (array !== undefined) {
      const element = this.#layout(array.element);
      return { size: array.count * rounded(element.size, element.align), align: element.align };
    }
    const vector = /^<(\d+) x (.*)>$/.exec(type);
    if (vector !== null) {
      const size = Number(vector[1]) * this.#layout(vector[2] ?? '').size;
      return { size, align: Math.max(1, size) };
    }
    return this.structure(type) ?? NOTHING;
  }
}
