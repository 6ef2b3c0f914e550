/** One fault, one finding (interfaces section 5): what many inputs show becomes one, with the smallest of them. */
import type { NotedRecord } from '../kmcl/stressing.js';
import type { Draft } from '../rules/draft.js';
import { type Injection, smallerFirst } from './stressInjection.js';

/** An input that showed something. */
export interface Input {
  /** Number of the run it was tried in. */
  readonly run: number;
  readonly injection: Injection;
  readonly draft: Draft;
  /** The record that was changed. */
  readonly record?: NotedRecord;
}

export interface StressFinding extends Input {
  /** How many inputs show it. */
  readonly inputs: number;
  /** Whether another draft speaks of the same fault. */
  readonly isSame: (other: Draft) => boolean;
}

/** Places of other inputs of the same fault that are named. */
const MOST_PLACES = 8;

function placeOf({ location }: Draft): string {
  return location === null ? '' : `${location.file}:${location.line}:${location.column}`;
}

/** Records cut short that a restore callback reads past their end show one missing check, wherever it reads first. */
function isCut({ injection, draft }: Input): boolean {
  return (
    injection.kind === 'record' &&
    injection.change.size < injection.saved &&
    draft.rule === 'restorepkt-validate' &&
    draft.pass === 'restore'
  );
}

function keyOf(input: Input): string {
  return isCut(input)
    ? `cut ${input.record?.callback ?? ''}`
    : `${input.draft.rule} ${placeOf(input.draft)}${input.draft.subject ?? ''}`;
}

/** The smallest first; what faults before what only looks wrong, since it says more. */
function order(a: Input, b: Input): number {
  const lies = (input: Input): number => (input.draft.related.length > 0 || input.injection.kind !== 'record' ? 0 : 1);
  return (
    lies(a) - lies(b) ||
    smallerFirst(a.injection, b.injection) ||
    a.run - b.run ||
    a.injection.kind.localeCompare(b.injection.kind, 'en')
  );
}

function inputText(count: number): string {
  return count === 1 ? '' : ` (${count} inputs show it)`;
}

export class Inputs {
  readonly #known: (run: number, draft: Draft) => boolean;
  readonly #groups = new Map<string, Input[]>();

  /** `known`: what the run finds without stress. */
  constructor(known: (run: number, draft: Draft) => boolean) {
    this.#known = known;
  }

  add(input: Input): void {
    if (this.#known(input.run, input.draft)) return;
    const key = keyOf(input);
    this.#groups.set(key, [...(this.#groups.get(key) ?? []), input]);
  }

  /** Whatever the order they were added in. */
  findings(): readonly StressFinding[] {
    return this.#merged()
      .map((inputs) => {
        const [head] = inputs as [Input, ...Input[]];
        const sorted = [...inputs].sort(
          (a, b) => Number(keyOf(b) === keyOf(head)) - Number(keyOf(a) === keyOf(head)) || order(a, b),
        );
        const [smallest] = sorted as [Input, ...Input[]];
        return { ...smallest, draft: withPlaces(smallest.draft, sorted), inputs: distinct(sorted), isSame };
        function isSame(draft: Draft): boolean {
          return draft.rule === smallest.draft.rule && placeOf(draft) === placeOf(smallest.draft);
        }
      })
      .sort((a, b) => a.run - b.run || compareText(keyOf(a), keyOf(b)));
  }

  /** Groups of one missing check. */
  #merged(): readonly Input[][] {
    const cuts = new Map<string, Input[]>();
    const others: Input[][] = [];
    for (const [key, inputs] of this.#groups) {
      if (key.startsWith('cut ')) cuts.set(key, [...inputs]);
      else others.push([...inputs]);
    }
    const apart = others.filter((inputs) => {
      const cut = [...cuts.values()].find((each) => sharesPlace(each, inputs));
      cut?.push(...inputs);
      return cut === undefined;
    });
    return [...cuts.values(), ...joined(apart)];
  }
}

/** A changed byte that leads to a place where short records fault, too, shows the same missing check. */
function sharesPlace(cuts: readonly Input[], inputs: readonly Input[]): boolean {
  const [one] = inputs;
  const place = one === undefined ? '' : `${one.draft.rule} ${placeOf(one.draft)}`;
  return cuts.some(({ draft }) => `${draft.rule} ${placeOf(draft)}` === place);
}

/** The bytes of records whose change shows it, by record. */
function changedOffsets(inputs: readonly Input[]): ReadonlyMap<string, readonly number[]> {
  const offsets = new Map<string, number[]>();
  for (const { injection, record, draft } of inputs) {
    if (injection.kind !== 'record' || injection.change.size !== injection.saved) continue;
    if (draft.rule !== 'restorepkt-validate') continue;
    const key = `${record?.callback ?? ''} ${injection.saved}`;
    offsets.set(key, [...(offsets.get(key) ?? []), injection.change.offset ?? 0]);
  }
  return offsets;
}

/** What a wild store ends in: another byte of the same field does not say where. */
const CORRUPTION = /^(?:mem-free-once|mem-double-free|run-bugcheck|run-trap): /;
/** Bytes of one field. */
const FIELD = 8;

function isCorruption(inputs: readonly Input[]): boolean {
  return inputs.every(({ draft }) => draft.related.some(({ message }) => CORRUPTION.test(message)));
}

/** Whether a byte that shows one shows the other; of corrupted memory, a byte near it. */
function isOneCheck(a: readonly Input[], b: readonly Input[]): boolean {
  const reach = isCorruption(b) ? FIELD : 1;
  const others = changedOffsets(b);
  return [...changedOffsets(a)].some(([key, offsets]) =>
    offsets.some((offset) => (others.get(key) ?? []).some((other) => Math.abs(offset - other) < reach)),
  );
}

/** A byte that nobody checked does harm at one place or another: groups that share one are one, the clearest ahead. */
function joined(groups: readonly Input[][]): readonly Input[][] {
  const list: Input[][] = [];
  for (const inputs of [...groups].sort(clearestFirst)) {
    const known = list.find((each) => isOneCheck(each, inputs));
    if (known === undefined) list.push([...inputs]);
    else known.push(...inputs);
  }
  return list;
}

function clearestFirst(a: readonly Input[], b: readonly Input[]): number {
  const [one, other] = [a[0], b[0]] as [Input, Input];
  return (
    Number(isCorruption(a)) - Number(isCorruption(b)) || b.length - a.length || compareText(keyOf(one), keyOf(other))
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function distinct(inputs: readonly Input[]): number {
  return new Set(inputs.map(({ run, injection }) => `${run} ${JSON.stringify(injection)}`)).size;
}

/** How many inputs there are, and where else they show it. */
function withPlaces(draft: Draft, inputs: readonly Input[]): Draft {
  const places = new Map(inputs.map((each) => [placeOf(each.draft), each.draft.location]));
  places.delete(placeOf(draft));
  const others = [...places.values()].slice(0, MOST_PLACES);
  return {
    ...draft,
    repeated: inputText(distinct(inputs)),
    related: [...draft.related, ...others.map((location) => ({ message: 'other inputs show it here', location }))],
  };
}
