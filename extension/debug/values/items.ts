/** What a tree of variables is made of, before it becomes text and numbers. */
import type { Format } from '../expressions/ast.js';
import type { Bits } from '../expressions/memory.js';
import type { Type } from '../expressions/types.js';

/** Something typed in memory. */
export interface Place {
  readonly type: Type;
  readonly address: number;
  readonly bits?: Bits;
}

/** One line of a tree. */
export interface Item {
  readonly name: string;
  /** Either it lies in memory... */
  readonly place?: Place;
  /** ...or it is a value of its own, with what it is made of. */
  readonly text?: string;
  readonly type?: string;
  readonly container?: Container;
  readonly memoryAddress?: number;
  /** An expression that gives it again. */
  readonly evaluateName?: string;
  readonly format?: Format;
  /** Shown instead of the value: why there is none. */
  readonly missing?: string;
  readonly declaration?: { readonly file: string; readonly line: number };
  /** Not of the driver: it cannot be changed. */
  readonly virtual?: boolean;
  /** The role of the function whose parameter it is. */
  readonly role?: string;
}

/** What can be opened. Either its children have names, or numbers. */
export interface Container {
  readonly named: number;
  readonly indexed: number;
  /** Of the named ones all are asked for; of the indexed ones a page. */
  items(kind: 'named' | 'indexed', start: number, count: number): readonly Item[];
}

/** A container of named children that are few. */
export function namedContainer(make: () => readonly Item[], count: number): Container {
  return { named: count, indexed: 0, items: (kind) => (kind === 'named' ? make() : []) };
}

/** A container of numbered children, made when a page of them is looked at. */
export function indexedContainer(count: number, item: (index: number) => Item): Container {
  return {
    named: 0,
    indexed: count,
    items: (kind, start, wanted) => {
      if (kind === 'named') return [];
      const end = Math.min(count, start + wanted);
      return Array.from({ length: Math.max(0, end - start) }, (_each, index) => item(start + index));
    },
  };
}
