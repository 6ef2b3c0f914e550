/** What debug info and the IR say of a unit's types, globals and functions. */

import type { TypeReader } from './debugInfoTypes.js';
import { IrLayouts } from './irLayouts.js';
import type { TypeId, TypeInfo } from './module.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction, IrModule } from './passes/module.js';
import { attachment } from './passes/module.js';

export class UnitTypes {
  readonly debug: DebugInfo;
  readonly types: TypeReader;
  readonly layouts: IrLayouts;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #functions: ReadonlyMap<string, IrFunction>;

  constructor(module: IrModule, debug: DebugInfo, types: TypeReader) {
    this.debug = debug;
    this.types = types;
    this.layouts = new IrLayouts(module.types);
    this.#globals = new Map(module.globals.map(({ name, rest }) => [name, rest]));
    this.#functions = new Map(module.functions.map((fn) => [fn.name, fn]));
  }

  /** Node of a global variable's type, -1 where debug info has none. */
  global(name: string): number {
    const expression = attachment(this.#globals.get(name) ?? '', 'dbg');
    const variable = expression < 0 ? -1 : this.debug.reader.node(expression).reference('var');
    return variable < 0 ? -1 : this.debug.reader.node(variable).reference('type');
  }

  /** The record that a function defined here returns a pointer to. */
  returned(name: string): TypeId | null {
    const header = this.#functions.get(name)?.header ?? '';
    const node = attachment(header, 'dbg');
    if (node < 0) {
      return null;
    }
    const { returns } = this.types.signature(this.debug.reader.node(node).reference('type'));
    return this.types.pointee(returns);
  }

  /** Bytes of a record. */
  sizeOf(record: TypeId): number {
    const type = this.types.types[record];
    return type?.kind === 'record' ? type.size : 0;
  }

  /** The record that a pointer at that offset of a record leads to; null when there is no such pointer. */
  pointerAt(record: TypeId, offset: number): TypeId | null {
    const type = this.#behind(record);
    if (type?.kind === 'array') {
      const element = this.#behind(type.element);
      const size = type.count === 0 ? 0 : type.size / type.count;
      return element === undefined || size === 0 ? null : this.pointerAt(type.element, offset % size);
    }
    if (type?.kind === 'pointer') {
      const target = offset === 0 && type.target !== null ? this.#behindId(type.target) : null;
      return target !== null && this.types.types[target]?.kind === 'record' ? target : null;
    }
    if (type?.kind !== 'record') {
      return null;
    }
    const field = type.fields.findLast((each) => each.offset <= offset && each.bits === undefined);
    return field === undefined ? null : this.pointerAt(field.type, offset - field.offset);
  }

  #behindId(id: TypeId): TypeId {
    const type = this.types.types[id];
    return type?.kind === 'typedef' ? this.#behindId(type.target) : id;
  }

  #behind(id: TypeId): TypeInfo | undefined {
    return this.types.types[this.#behindId(id)];
  }
}
