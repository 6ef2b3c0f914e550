/** One path as checks and models see it: its state, and the words to ask about it. */
import type { Finding, Position } from '../../../run/report.js';
import type { RuleId } from '../../catalogue.js';
import type { Surroundings } from '../fixes/fix.js';
import type { Reported } from './check.js';
import type { Program } from './program.js';
import { highest, lowest, type Ranges, single } from './ranges.js';
import type { Entry } from './roles.js';
import type { State, Step } from './state.js';
import type { Pointer, Region, RegionKind, Value, Values } from './values.js';

/** The two calls of a save callback are walked apart; everything else is `call`. */
export type Pass = 'query' | 'write' | 'call';

/** What all paths of one walk share. */
export interface Walk {
  readonly program: Program;
  readonly values: Values;
  readonly entry: Entry;
  readonly pass: Pass;
  /** By the number of the role's parameter. */
  readonly parameters: readonly Value[];
  readonly reported: (found: Reported) => void;
}

export class Path {
  readonly state: State;
  readonly walk: Walk;
  readonly #pointers: Map<number, Pointer>;

  constructor(state: State, walk: Walk, pointers: Map<number, Pointer>) {
    this.state = state;
    this.walk = walk;
    this.#pointers = pointers;
  }

  get values(): Values {
    return this.walk.values;
  }

  /** Parameter of the analysed callback, by the number it has in its plain form. */
  parameter(index: number): Value | undefined {
    return this.walk.parameters[index];
  }

  /** A value that is used as an address. */
  pointer(value: Value | undefined): Pointer | undefined {
    if (value?.kind === 'pointer') return value;
    if (value === undefined || value.kind === 'constant' || value.bits !== 64) return undefined;
    const known = this.#pointers.get(value.id);
    if (known !== undefined) return known;
    const sum = value.kind === 'operation' && value.operation === 'add' ? this.pointer(value.left) : undefined;
    const made =
      sum !== undefined && value.kind === 'operation' && sum.region.kind !== 'unknown'
        ? this.values.pointer(sum.region, sum.offset, value.right)
        : value.kind === 'symbol'
          ? this.values.pointer(this.values.region('unknown', { address: value, ...sourceOf(value) }), 0)
          : this.values.pointer(this.values.region('unknown'), 0);
    this.#pointers.set(value.id, made);
    return made;
  }

  /** Whether the value is that one on every way to here; undefined where both may be. */
  decide(predicate: string, left: Value, right: Value): boolean | undefined {
    return this.state.facts.decide(predicate, left, right);
  }

  isNull(value: Value): boolean | undefined {
    return this.decide('eq', value, this.values.constant(0n, value.bits));
  }

  range(value: Value): Ranges {
    return this.state.facts.rangeOf(value);
  }

  /** The number it is here, where it can be only one. */
  number(value: Value | undefined): bigint | undefined {
    return value === undefined ? undefined : single(this.range(value));
  }

  lowest(value: Value): bigint {
    return lowest(this.range(value));
  }

  highest(value: Value): bigint {
    return highest(this.range(value));
  }

  /** Whether the value was compared with something that is no number. */
  isTied(value: Value): boolean {
    return this.state.facts.isTied(value);
  }

  /** NT_SUCCESS of a status: undefined where it may be either. */
  succeeded(status: Value): boolean | undefined {
    return this.decide('sge', status, this.values.constant(0n, status.bits));
  }

  /** A fresh address, NULL or not, of something the named call hands out. */
  answer(kind: RegionKind, name: string, place: number, fresh: Region['fresh'] = 'unknown', size?: number): Pointer {
    return this.values.unknownPointer(
      kind,
      { kind: 'result', callee: name, place },
      { name, place, fresh, ...(size === undefined ? {} : { size }) },
    );
  }

  /** Where the instruction at work stands in the user's own files. */
  position(place: number, unit: number = this.state.frame.fn.unit): Position | undefined {
    return this.walk.program.position(unit, place) ?? this.#callerPosition();
  }

  /** The place for something that has none of its own: the analysed function's first line. */
  #callerPosition(): Position | undefined {
    for (let at = this.state.frames.length - 1; at > 0; at--) {
      const caller = this.state.frames[at - 1];
      const frame = this.state.frames[at];
      const found =
        caller === undefined || frame === undefined
          ? undefined
          : this.walk.program.position(caller.fn.unit, frame.calledAt);
      if (found !== undefined) return found;
    }
    const [first] = this.state.frames;
    return first === undefined ? undefined : this.walk.program.position(first.fn.unit, first.fn.place);
  }

  report(rule: RuleId, place: number | Position | undefined, message: string, related: Finding['related'] = []): void {
    const found = this.finding(rule, place, message, related);
    if (found !== undefined) this.walk.reported(found);
  }

  /** What `report` reports, for a check that decides only at the end whether to; undefined for code without a line. */
  finding(
    rule: RuleId,
    place: number | Position | undefined,
    message: string,
    related: Finding['related'] = [],
  ): Reported | undefined {
    const location = typeof place === 'number' ? this.position(place) : place;
    if (location === undefined) return undefined;
    const around = this.#around(location);
    return { rule, message, location, related, ...(around === undefined ? {} : { around }) };
  }

  /** The function a place stands in: it may have returned already. */
  #around({ file, function: name }: Position): Surroundings | undefined {
    const { program, entry } = this.walk;
    const frame = this.state.frames.findLast(({ fn }) => fn.name === name);
    const key = frame?.fn.key ?? program.keyOf(name, file);
    return key === undefined
      ? undefined
      : program.surroundings(key, key === entry.routine.key ? entry.parameters : undefined);
  }

  /** A remark for `related`. */
  remark(message: string, place: Position | undefined): Finding['related'][number] {
    return { message, location: place ?? null };
  }

  /** Steps on the way here, oldest first. */
  steps(): readonly Step[] {
    const steps: Step[] = [];
    for (let step = this.state.steps; step !== undefined; step = step.before) steps.unshift(step);
    return steps;
  }
}

function sourceOf(value: Value & { kind: 'symbol' }): Partial<Pick<Region, 'source' | 'name'>> {
  const { origin } = value;
  return origin.kind === 'memory' ? { source: { region: origin.region, offset: origin.offset } } : {};
}
