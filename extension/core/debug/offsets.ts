/** Distances of variables from their frame's base: the same in all frames, told when their function first runs. */
import { flagOf } from './control.js';
import { functionOf } from './frames.js';
import { type DebugTables, type FunctionId, UNIT_SHIFT } from './tables.js';

export class Offsets {
  readonly #tables: DebugTables;
  readonly #known = new Map<FunctionId, (number | undefined)[]>();
  /** By flag, functions that have not told yet: the flag is set when none is left. */
  readonly #untold = new Map<number, Set<FunctionId>>();

  constructor(tables: DebugTables) {
    this.#tables = tables;
    tables.forEach(({ functions }, unit) => {
      functions.forEach(({ variables, symbol }, index) => {
        const id = (unit << UNIT_SHIFT) | index;
        if (variables.length > 0 && symbol !== '') {
          const flag = flagOf(id);
          this.#untold.set(flag, (this.#untold.get(flag) ?? new Set()).add(id));
        }
      });
    });
  }

  /** A variable's; a flag that can be set now. */
  tell(fn: FunctionId, variable: number, offset: number): number | undefined {
    const known = this.#known.get(fn) ?? [];
    known[variable] = offset;
    this.#known.set(fn, known);
    if (variable < (functionOf(this.#tables, fn)?.variables.length ?? 0) - 1) {
      return undefined;
    }
    const flag = flagOf(fn);
    const untold = this.#untold.get(flag);
    untold?.delete(fn);
    return untold?.size === 0 ? flag : undefined;
  }

  get(fn: FunctionId, variable: number): number | undefined {
    return this.#known.get(fn)?.[variable];
  }

  /** Flags of functions that need not tell any more. */
  get told(): readonly number[] {
    return [...this.#untold].flatMap(([flag, untold]) => (untold.size === 0 ? [flag] : []));
  }
}
