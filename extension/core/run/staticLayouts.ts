/**
 * Records of saved bytes where nobody noted the stores (checks off): what the callbacks' text says they do with SaveBuf,
 * through the functions they hand it to, and the size of what was saved.
 */
import type { BufferUse, CompiledDriver, TypeId, TypeInfo } from '../toolchain/module.js';
import { behind, layoutOf, openEnd, recordAt } from './recordLayout.js';
import type { RecordLayout } from './report.js';

/** A function and the parameter (from 0) that is SaveBuf. */
interface Buffer {
  readonly function: string;
  readonly parameter: number;
}

/** SaveBuf of a registered callback: its place by how many parameters it has; Ex callbacks have one more. */
export function saveBufferOf(
  driver: CompiledDriver,
  name: string | undefined,
  role: 'save' | 'restore',
): Buffer | undefined {
  const count = driver.functions.find((each) => each.name === name)?.parameters.length;
  const plain = role === 'save' ? 2 : 3;
  return name === undefined || (count !== 5 && count !== 6)
    ? undefined
    : { function: name, parameter: plain + count - 5 };
}

/** Types of the records that lie at the buffer's begin, by the functions that it reaches. */
function recordsAt(driver: CompiledDriver, buffers: readonly Buffer[]): readonly TypeId[] {
  const uses = new Map<string, BufferUse[]>();
  for (const use of driver.bufferUses) {
    const key = `${use.function} ${use.parameter}`;
    uses.set(key, [...(uses.get(key) ?? []), use]);
  }
  const names = new Map(driver.functions.map(({ symbol, name }) => [symbol, name]));
  const found = new Set<TypeId>();
  const seen = new Set<string>();
  const follow = ({ function: name, parameter }: Buffer): void => {
    const key = `${name} ${parameter}`;
    if (seen.has(key)) return;
    seen.add(key);
    for (const use of uses.get(key) ?? []) {
      if (use.at !== 0) continue;
      if (use.kind === 'record') found.add(use.type);
      else follow({ function: names.get(use.callee) ?? use.callee, parameter: use.argument });
    }
  };
  for (const buffer of buffers) follow(buffer);
  return [...found];
}

/** Whether records of the one type begin with one of the other, or are its shorter or longer form. */
function holds(types: readonly TypeInfo[], outer: TypeId, inner: TypeId): boolean {
  const record = recordAt(types, outer);
  const first = record?.fields[0];
  if (record === undefined || record === recordAt(types, inner)) return record !== undefined;
  if (record.union) return record.fields.some(({ type }) => holds(types, type, inner));
  return first !== undefined && behind(types, first.type)?.kind === 'record' && holds(types, first.type, inner);
}

export class StaticLayouts {
  readonly list: readonly RecordLayout[];
  readonly #types: readonly TypeInfo[];
  /** One per name and size: units declare the same record each for itself. */
  readonly #candidates: readonly TypeId[];
  readonly #bySize = new Map<number, number | undefined>();

  /** `longest`: bytes of the largest packet that a record which goes on is laid out for. */
  constructor(driver: CompiledDriver, buffers: readonly Buffer[], longest: number) {
    const { types } = driver;
    const named = new Map(
      recordsAt(driver, buffers).map((type) => [`${recordAt(types, type)?.name} ${recordAt(types, type)?.size}`, type]),
    );
    this.#types = types;
    this.#candidates = [...named.values()];
    this.list = this.#candidates.map((type) => {
      const size = recordAt(types, type)?.size ?? 0;
      return layoutOf(types, [
        { type, base: 0, count: 1, extent: this.#goesOn(type) ? Math.max(size, longest) : size },
      ]);
    });
  }

  /** Index of the layout of so many bytes; undefined where several types are as likely. */
  of(size: number): number | undefined {
    if (!this.#bySize.has(size)) this.#bySize.set(size, this.#pick(size));
    return this.#bySize.get(size);
  }

  /** The one record of just that size, else the one that all others are the begin of. */
  #pick(size: number): number | undefined {
    const exact = this.#candidates.filter((type) => recordAt(this.#types, type)?.size === size);
    const outermost = this.#candidates.filter((type) =>
      this.#candidates.every((other) => holds(this.#types, type, other)),
    );
    const [only, second] = exact.length > 0 ? this.#outer(exact) : outermost;
    return only === undefined || second !== undefined ? undefined : this.#candidates.indexOf(only);
  }

  /** Of records of one size those that no other of them holds. */
  #outer(candidates: readonly TypeId[]): readonly TypeId[] {
    return candidates.filter((type) => candidates.every((other) => other === type || !holds(this.#types, other, type)));
  }

  #goesOn(type: TypeId): boolean {
    const record = recordAt(this.#types, type);
    return record !== undefined && openEnd(this.#types, record) !== undefined;
  }
}
