/** Places in memory as far as types tell, and how the IR's address computations lead from one to another. */

import type { UnitTypes } from './debugInfoUnit.js';
import type { TypeId } from './module.js';
import { nameOf } from './passes/lexer.js';

/** A record that holds the place, and where in it the place is. */
export interface Layer {
  readonly type: TypeId;
  /** Bytes from the record's start. */
  readonly offset: number;
}

export interface Place {
  /** Records with the place in them, outermost first; empty when none is known. */
  readonly layers: readonly Layer[];
  /** The record that the pointer points to as a whole: not to its first member. */
  readonly object: TypeId | null;
  /** Memory of a local variable. */
  readonly local?: { readonly allocation: string; readonly offset: number };
  /** Bytes from what this parameter points to; null: that moves. */
  readonly parameter?: { readonly number: number; readonly offset: number | null };
}

/** `%struct._REC.3` → `_REC`. */
export function irName(type: string): string {
  return type.startsWith('%')
    ? nameOf(type)
        .replace(/^(?:struct|class|union)\./, '')
        .replace(/\.\d+$/, '')
    : '';
}

/** Where `getelementptr type, ptr base, indices...` leads. */
export function address(base: Place, type: string, indices: readonly string[], unit: UnitTypes): Place {
  return new Walk(base, type, unit).follow(indices);
}

/** One address computation. */
class Walk {
  readonly #unit: UnitTypes;
  #type: string;
  #place: Place;

  constructor(base: Place, type: string, unit: UnitTypes) {
    this.#unit = unit;
    this.#type = type;
    this.#place = base;
  }

  follow([first = 'i64 0', ...rest]: readonly string[]): Place {
    this.#element(first);
    for (const index of rest) {
      this.#inner(index);
    }
    return this.#place;
  }

  /** The nth object of the pointer's type. A constant n leads behind a record, to whatever follows it. */
  #element(index: string): void {
    const number = constant(index);
    const moved = number === null ? null : number * this.#unit.layouts.stride(this.#type);
    if (moved !== 0) {
      this.#move(moved);
    }
    if (moved === 0 || moved === null) {
      const record = this.#enter();
      // Bytes counted from a record: nothing added, it is still meant.
      this.#place = { ...this.#place, object: this.#type === 'i8' ? this.#place.object : record };
    }
  }

  /** A structure's member or an array's element. */
  #inner(index: string): void {
    const number = constant(index);
    const array = this.#unit.layouts.array(this.#type);
    if (array !== undefined) {
      this.#type = array.element;
      this.#move(number === null ? null : number * this.#unit.layouts.stride(array.element));
    } else {
      const member = this.#unit.layouts.structure(this.#type)?.members[number ?? 0];
      this.#type = member?.type ?? 'i8';
      this.#move(member?.offset ?? null);
    }
    this.#place = { ...this.#place, object: this.#enter() ?? this.#elementHere() };
  }

  /** An array of records points to its first. */
  #elementHere(): TypeId | null {
    let type = this.#type;
    for (let array = this.#unit.layouts.array(type); array !== undefined; array = this.#unit.layouts.array(type)) {
      type = array.element;
    }
    return this.#unit.types.recordNamed(irName(type));
  }

  /** By that many bytes; null: by nobody knows how many. */
  #move(bytes: number | null): void {
    const { local, parameter, layers } = this.#place;
    const offset = parameter === undefined || bytes === null ? null : parameter.offset;
    this.#place = {
      layers:
        bytes === null
          ? []
          : layers
              .map(({ type, offset: before }) => ({ type, offset: before + bytes }))
              .filter(({ type, offset: now }) => now >= 0 && now < this.#unit.sizeOf(type)),
      object: bytes === 0 ? this.#place.object : null,
      ...(local === undefined || bytes === null ? {} : { local: { ...local, offset: local.offset + bytes } }),
      ...(parameter === undefined
        ? {}
        : { parameter: { number: parameter.number, offset: offset === null ? null : offset + (bytes ?? 0) } }),
    };
  }

  /** What lies here is a record by the IR, unless it is known as one already. */
  #enter(): TypeId | null {
    const record = this.#unit.types.recordNamed(irName(this.#type));
    const { layers } = this.#place;
    const known = record !== null && layers.some(({ type, offset }) => type === record && offset === 0);
    const inside = record === null || known ? layers : [...layers, { type: record, offset: 0 }];
    this.#place = { ...this.#place, layers: inside };
    return record;
  }
}

/** Of `i32 3`; null for anything that is computed. */
function constant(index: string): number | null {
  const text = /^i\d+ (-?\d+)$/.exec(index)?.[1];
  return text === undefined ? null : Number(text);
}
