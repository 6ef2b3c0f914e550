/** Who wrote the bytes of captured packets: runs of stores as the C half hands them out, copied into columns. */
import { STORE_RUN, STORE_RUN_SIZE } from './layout.js';
import type { LinearMemory } from './memory.js';
import type { StoreRuns } from './simulation.js';

/** Words of one run in `StoreRuns.runs`. */
export const RUN_WORDS = STORE_RUN_SIZE / 4;
const STACK_WORD = STORE_RUN.stack / 4;
const NOT_NOTED = 0xffffffff;

/** The same content with room for `length` entries at least, twice as many as now. */
function withRoom(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length <= column.length) {
    return column;
  }
  const larger = new Uint32Array(Math.max(2 * column.length, length)).fill(NOT_NOTED, column.length);
  larger.set(column);
  return larger;
}

export class StoreLog {
  readonly #memory: () => LinearMemory;
  readonly #stackOf: (id: number) => readonly number[];
  readonly #numbers = new Map<number, number>();
  readonly #stacks: (readonly number[])[] = [];
  #ranges = new Uint32Array(256).fill(NOT_NOTED);
  #runs = new Uint32Array(1024);
  #records = 0;
  #count = 0;

  constructor(memory: () => LinearMemory, stackOf: (id: number) => readonly number[]) {
    this.#memory = memory;
    this.#stackOf = stackOf;
  }

  /** `count` runs of record `index` at `address`. */
  add(index: number, address: number, count: number): void {
    const words = count * RUN_WORDS;
    const first = this.#count * RUN_WORDS;
    this.#runs = withRoom(this.#runs, first + words);
    this.#ranges = withRoom(this.#ranges, 2 * index + 2);
    this.#runs.set(new Uint32Array(this.#memory().slice(address, words * 4).buffer), first);
    for (let run = 0; run < count; run++) {
      const at = first + run * RUN_WORDS + STACK_WORD;
      this.#runs[at] = this.#numberOf(this.#runs[at] ?? 0);
    }
    this.#ranges[2 * index] = this.#count;
    this.#count += count;
    this.#ranges[2 * index + 1] = this.#count;
    this.#records = Math.max(this.#records, index + 1);
  }

  /** Undefined when nothing was noted: checks are off. */
  result(): StoreRuns | undefined {
    if (this.#records === 0) {
      return undefined;
    }
    const ranges = this.#ranges.slice(0, 2 * this.#records);
    return { ranges, runs: this.#runs.slice(0, this.#count * RUN_WORDS), stacks: this.#stacks };
  }

  #numberOf(stack: number): number {
    const known = this.#numbers.get(stack);
    if (known !== undefined) {
      return known;
    }
    this.#numbers.set(stack, this.#stacks.length);
    return this.#stacks.push(this.#stackOf(stack)) - 1;
  }
}
