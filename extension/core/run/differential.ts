/**
 * Differential runs (interfaces section 5): the whole test runs again, each time with one thing changed, and what it
 * saves and the way it takes are compared. Fresh memory that holds something else shows bytes nobody wrote and
 * decisions nobody made; memory that lies elsewhere shows addresses; saving once more shows side effects and what does
 * not survive; a changed context field shows whether it comes through. What goes wrong inside these runs is no finding.
 */
import type { Differential, FlowDifference, OrderDifference, RecordDifference } from '../kmcl/differences.js';
import { FAULT } from '../kmcl/layout.js';
import type {
  BreachRecord,
  LoadedDriver,
  Program,
  Simulate,
  SimulationOptions,
  SimulationResult,
} from '../kmcl/simulation.js';
import type { Variant } from '../kmcl/vary.js';
import { type Divergence, divergenceOf, FIRST_WINDOW, type Observed } from './divergence.js';
import { contextTypes, FieldChanges } from './fieldChanges.js';
import { FIRST_RECORDS, laterRange, RecordDifferences } from './recordDifferences.js';

/** The reference's byte of fresh memory. */
const REFERENCE = 0;
/** The others': a large positive number with most bits set, and a negative one. */
const FILLS = [0x7f, 0xc3] as const;
/** A fixture-less run of more packets is compared with one other fill. */
const MANY_PACKETS = 10_000;
/** Of those variants take a quarter, and so many at most: four of them cost as much as one run, whatever its size. */
const VARIED_SHARE = 4;
const VARIED_PACKETS = 250_000;
/** As many packets show what fields survive (interfaces section 5: at most 32 per context type). */
const FIELD_PACKETS = 32;
/** Units of the budget that all changes of fields may spend, and a variant more than the run itself. */
const FIELD_UNITS = 20_000_000;
const SPARE_UNITS = 1_000_000;

const ENDLESS: readonly number[] = [
  FAULT.TIMEOUT,
  FAULT.OUT_OF_MEMORY,
  FAULT.STACK_OVERFLOW,
  FAULT.UNSUPPORTED,
  FAULT.STUB,
];

/** What the variants want to know of the ordinary run. */
export interface RunSummary {
  readonly completed: boolean;
  /** Kind of the fault that ended it, 0 for none. */
  readonly fault: number;
  readonly saved: boolean;
  readonly units: number;
}

export function summaryOf({ ended, fault, records, units }: SimulationResult): RunSummary {
  return { completed: ended === 'completed', fault: fault?.kind ?? 0, saved: records.length > 0, units };
}

/** Whether there is anything to compare: a run that ended before anything was saved shows no more than it has. */
function isWorthIt({ completed, fault, saved }: RunSummary): boolean {
  return completed || (saved && !ENDLESS.includes(fault));
}

/** How many packets of a fixture-less run its variants take. */
function variedPackets(count: number): number {
  if (count <= MANY_PACKETS) return count;
  return Math.min(Math.max(Math.ceil(count / VARIED_SHARE), MANY_PACKETS), VARIED_PACKETS);
}

/** The fixture-less run of fewer packets; a test is what it is. */
function atMost(program: Program, count: number): Program {
  return program.kind === 'packets' && program.count > count ? { ...program, count } : program;
}

/** Undefined where there was nothing to compare. `base` is the ordinary run of the same program. */
export function differential(
  simulate: Simulate,
  loaded: LoadedDriver,
  program: Program,
  options: SimulationOptions,
  base: RunSummary,
): Differential | undefined {
  return isWorthIt(base) ? new Variants(simulate, loaded, program, options, base).compare() : undefined;
}

/**
 * Answers to guest packets that differ between two runs (in-completion-init): a watched run notes each with a checksum.
 * What comes after the runs called from different places answers other packets.
 */
function changedAnswers(a: readonly BreachRecord[], b: readonly BreachRecord[]): readonly BreachRecord[] {
  const [here, there] = [a, b].map((all) => all.filter(({ rule }) => rule === 'in-completion-init'));
  const changed: BreachRecord[] = [];
  for (const [index, answer] of (here ?? []).entries()) {
    const other = there?.[index];
    if (other === undefined || other.frames.at(-1) !== answer.frames.at(-1)) break;
    if (other.detail !== answer.detail) changed.push(answer);
  }
  return changed;
}

class Variants {
  readonly #simulate: Simulate;
  readonly #loaded: LoadedDriver;
  readonly #program: Program;
  readonly #options: SimulationOptions;
  readonly #base: RunSummary;
  readonly #fresh = new RecordDifferences('fill');
  #answers: readonly BreachRecord[] = [];
  #watched: Omit<Variant, 'fill'> = {};
  readonly #placed = new RecordDifferences('address', this.#fresh);

  constructor(
    simulate: Simulate,
    loaded: LoadedDriver,
    program: Program,
    options: SimulationOptions,
    base: RunSummary,
  ) {
    this.#simulate = simulate;
    this.#loaded = loaded;
    this.#program = program.kind === 'packets' ? atMost(program, variedPackets(program.count)) : program;
    const budget = Math.min(options.budget, 2 * base.units + SPARE_UNITS);
    // What would be checked has been checked by the run itself; without shadow memory a variant takes a third of its time.
    this.#options = { ...options, checks: 'off', captureLimit: 0, budget };
    this.#base = base;
  }

  compare(): Differential | undefined {
    const types = contextTypes(
      this.#loaded.driver,
      this.#program.kind === 'packets' ? this.#program.contextType : undefined,
    );
    const few = this.#fewPackets();
    const contextSizes = few === this.#program ? types.map(({ size }) => size) : [];
    // What variants keep of themselves lies in their memory: those that are compared must keep the same.
    this.#watched = { log: FIRST_WINDOW, keep: FIRST_RECORDS, contextSizes };
    const reference = this.#run({ fill: REFERENCE, ...this.#watched });
    if (reference === undefined) return undefined;
    const flow = this.#fills(reference);
    const saves = reference.observation.writes > 0;
    if (saves) this.#elsewhere(reference);
    const { completed, saved } = this.#base;
    const breaches = [...this.#answers, ...(completed && saved ? this.#again() : [])];
    const records = [...this.#fresh.all, ...this.#placed.all];
    const contexts = completed && saves ? this.#fields(types, few, reference) : [];
    const order = this.#otherOrder(reference);
    return {
      records,
      ...(flow === undefined ? {} : { flow }),
      breaches,
      contexts,
      ...(order === undefined ? {} : { order }),
    };
  }

  #run(variant: Variant, program = this.#program): Observed | undefined {
    const result = this.#simulate(this.#loaded, program, { ...this.#options, variant });
    const { observation } = result;
    return observation === undefined ? undefined : { ...result, observation };
  }

  // ---- Fresh memory

  #fills(reference: Observed): FlowDifference | undefined {
    const many = this.#program.kind === 'packets' && this.#program.count > MANY_PACKETS;
    let first: Divergence | undefined;
    for (const fill of many ? FILLS.slice(0, 1) : FILLS) {
      const other = this.#run({ fill, ...this.#watched });
      if (other === undefined) continue;
      const parted = divergenceOf(reference, other, [REFERENCE, fill], (variant) => this.#run(variant));
      if (parted !== undefined && (first === undefined || parted.step < first.step)) first = parted;
      this.#compareRecords(reference, other, fill, parted);
      if (this.#answers.length === 0) this.#answers = changedAnswers(reference.breaches, other.breaches);
    }
    return first === undefined ? undefined : this.#explained(first.difference);
  }

  /** What was saved after the ways parted follows from that, but for the record in whose callback they did. */
  #compareRecords(reference: Observed, other: Observed, fill: number, parted: Divergence | undefined): void {
    const { observation: a } = reference;
    const { observation: b } = other;
    const inside = parted?.difference.context;
    const isTold = (record: { readonly steps: number; readonly channel: number; readonly packet: number }): boolean =>
      parted === undefined ||
      record.steps <= parted.step ||
      (inside?.pass === 'write' && inside.channel === record.channel && inside.packet === record.packet);
    this.#fresh.add(a.kept, b.kept, isTold);
    const later = laterRange(a, b);
    if (later === undefined || this.#fresh.all.length > 0) return;
    const [again, changed] = [REFERENCE, fill].map(
      (each) => this.#run({ ...this.#watched, fill: each, keep: later })?.observation.kept,
    );
    this.#fresh.add(again ?? [], changed ?? [], isTold);
  }

  #explained(flow: FlowDifference): FlowDifference {
    const { channel, packet, pass } = flow.context;
    const explains =
      pass === 'write' || pass === 'query'
        ? this.#fresh.all.find((record) => record.channel === channel && record.packet === packet)
        : undefined;
    return explains === undefined ? flow : { ...flow, explains };
  }

  // ---- Addresses

  #elsewhere(reference: Observed): void {
    const other = this.#run({ fill: REFERENCE, elsewhere: true, ...this.#watched });
    if (other === undefined) return;
    this.#placed.add(reference.observation.kept, other.observation.kept);
    const later = laterRange(reference.observation, other.observation);
    if (later === undefined || this.#placed.all.length > 0 || this.#fresh.all.length > 0) return;
    const [here, there] = [false, true].map(
      (elsewhere) => this.#run({ fill: REFERENCE, elsewhere, keep: later })?.observation.kept,
    );
    this.#placed.add(here ?? [], there ?? []);
  }

  // ---- Saving once more

  #again(): readonly BreachRecord[] {
    const { breaches = [] } = this.#run({ fill: REFERENCE, again: true }) ?? {};
    return breaches.filter(({ rule }) => rule === 'savepkt-idempotent' || rule === 'roundtrip-differs');
  }

  // ---- Order

  /** No order is promised (S-04, S-25): a test that ends otherwise with another one is worth knowing. */
  #otherOrder({ ended, observation }: Observed): OrderDifference | undefined {
    const { modes } = this.#options;
    const isOrdered = modes['S-04'] === undefined || modes['S-04'] === 'send-order';
    if (!this.#base.completed || ended !== 'completed' || observation.writes < 2 || !isOrdered) return undefined;
    if (this.#program.kind === 'packets') return undefined; // packets that are all alike
    const options = { ...this.#options, modes: { ...modes, 'S-04': 'shuffle' }, variant: { fill: REFERENCE } };
    const { fault, assertion } = this.#simulate(this.#loaded, this.#program, options);
    const context = { channel: null, packet: null, pass: null, callback: null } as const;
    if (assertion !== undefined) return { text: assertion.message, frames: assertion.frames, context };
    return fault === undefined ? undefined : { text: fault.text, frames: fault.frames, context: fault.context };
  }

  // ---- Fields

  /** Without a fixture a few packets show what many would. */
  #fewPackets(): Program {
    return atMost(this.#program, FIELD_PACKETS);
  }

  #fields(types: ReturnType<typeof contextTypes>, program: Program, reference: Observed): Differential['contexts'] {
    if (types.length === 0) return [];
    this.#watched = { ...this.#watched, contextSizes: types.map(({ size }) => size) };
    const plain = program === this.#program ? reference : this.#run({ fill: REFERENCE, ...this.#watched }, program);
    if (plain === undefined || plain.ended !== 'completed') return [];
    let left = FIELD_UNITS;
    const rerun = (variant: Variant): Observed | undefined => {
      if (left <= 0) return undefined;
      const result = this.#run(variant, program);
      left -= result?.units ?? 0;
      return result;
    };
    return new FieldChanges(types, plain.observation, (changes) =>
      rerun({ fill: REFERENCE, ...this.#watched, changes }),
    ).tables();
  }
}

export type { RecordDifference };
