/** One path through a function: where it is, what it knows, what happened on it. */
import type { FlowFunction } from './code.js';
import { Facts } from './facts.js';
import { Memory } from './memory.js';
import type { Pointer, Region, Value } from './values.js';

/** A call that has not returned yet. */
export interface Frame {
  readonly fn: FlowFunction;
  readonly values: (Value | undefined)[];
  block: number;
  /** Where it came from, for phi. */
  previous: number;
  /** Next instruction. */
  next: number;
  /** Location of the last jump: the `return` statement taken, where the function has one common exit. */
  jumped: number;
  /** How often each loop was entered at its head, with the memory there the first time. */
  readonly loops: Map<number, { readonly count: number; readonly memory: Memory }>;
  /** Slot of the caller that takes the result. */
  readonly result: number | undefined;
  /** Location of the call. */
  readonly calledAt: number;
}

/** Something on the way that explains a finding. */
export interface Step {
  readonly place: number;
  readonly unit: number;
  readonly text: string;
  readonly before: Step | undefined;
}

/** Data of one check on one path; values must never be changed, only replaced. */
export class PathKey<T> {
  readonly initial: T;

  constructor(initial: T) {
    this.initial = initial;
  }
}

export class State {
  readonly frames: Frame[];
  readonly memory: Memory;
  facts: Facts;
  /** Library objects and statuses whose fate a check follows. */
  readonly #data: Map<object, unknown>;
  /** Regions that someone outside of what is analysed may know. */
  readonly escaped: Set<number>;
  steps: Step | undefined;
  /** Location of the `return` that the analysed function was left by. */
  exit = 0;
  /** Unknown conditions that were decided on the way. */
  decisions: number;
  /** Values that a condition looked at, or that left the function: by id. */
  readonly used: Set<number>;

  constructor(from?: State) {
    this.frames = from === undefined ? [] : from.frames.map(copyFrame);
    this.memory = from === undefined ? new Memory() : from.memory.copy();
    this.facts = from === undefined ? new Facts() : from.facts.copy();
    this.#data = new Map(from === undefined ? [] : from.#data);
    this.escaped = new Set(from === undefined ? [] : from.escaped);
    this.used = new Set(from === undefined ? [] : from.used);
    this.steps = from?.steps;
    this.decisions = from?.decisions ?? 0;
  }

  copy(): State {
    return new State(this);
  }

  get frame(): Frame {
    const top = this.frames.at(-1);
    if (top === undefined) throw new Error('a path without a function');
    return top;
  }

  get<T>(key: PathKey<T>): T {
    return this.#data.has(key) ? (this.#data.get(key) as T) : key.initial;
  }

  set<T>(key: PathKey<T>, value: T): void {
    this.#data.set(key, value);
  }

  /** The place of the instruction at work is told to whoever reads a finding. */
  step(place: number, text: string): void {
    this.steps = { place, unit: this.frame.fn.unit, text, before: this.steps };
  }

  /** Marks what a value is made of as looked at. */
  use(value: Value): void {
    if (value.kind === 'symbol') this.used.add(value.id);
    else if (value.kind === 'operation') {
      if (this.used.has(value.id)) return;
      this.used.add(value.id);
      this.use(value.left);
      if (value.right !== value.left) this.use(value.right);
    } else if (value.kind === 'pointer' && value.region.address !== undefined) this.used.add(value.region.address.id);
  }

  /**
   * From the third round of a loop on nobody knows what it has made of the memory that it changes. What a structure or
   * an array took in one round it still holds in the next, at a place that is not known any more.
   */
  widen(before: Memory, another: (value: Value) => Value): void {
    for (const { region, cells } of [...this.memory.all()]) {
      const known = before.of(region).cells;
      for (const { content, start, end } of cells.filter((cell) => !known.includes(cell))) {
        const isPart = start > 0 || end - start !== region.size;
        if (isPart && typeof content === 'object' && content.kind === 'pointer') this.escaped.add(content.region.id);
      }
      this.memory.soften(before.of(region), another);
    }
  }

  /** Regions that can be reached from outside when the path ends with that result. */
  reachable(result: Value | undefined): ReadonlySet<number> {
    const reached = new Set<number>();
    const work: Region[] = [];
    const enter = (region: Region): void => {
      if (reached.has(region.id)) return;
      reached.add(region.id);
      work.push(region);
    };
    if (result?.kind === 'pointer') enter(result.region);
    for (const { region } of this.memory.all()) {
      const owned = region.kind === 'local' || region.kind === 'heap' || region.kind === 'object';
      if (!owned || this.escaped.has(region.id)) enter(region);
    }
    for (const id of this.escaped) reached.add(id);
    for (let region = work.pop(); region !== undefined; region = work.pop()) {
      for (const { content } of this.memory.of(region).cells) {
        if (typeof content === 'object' && content.kind === 'pointer') enter(content.region);
      }
    }
    return reached;
  }
}

function copyFrame(frame: Frame): Frame {
  return { ...frame, values: [...frame.values], loops: new Map(frame.loops) };
}

export function isPointer(value: Value | undefined): value is Pointer {
  return value?.kind === 'pointer';
}
