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
        const sorted = [...inputs].sort(order);
        const [smallest] = sorted as [Input, ...Input[]];
        return { ...smallest, draft: withPlaces(smallest.draft, sorted), inputs: distinct(sorted), isSame };
        function isSame(draft: Draft): boolean {
          return draft.rule === smallest.draft.rule && placeOf(draft) === placeOf(smallest.draft);
        }
      })
      .sort((a, b) => a.run - b.run || compareText(keyOf(a), keyOf(b)));
  }

  /** A changed byte that leads to a place where short records fault, too, shows the same missing check. */
  #merged(): readonly Input[][] {
    const cuts = [...this.#groups].filter(([key]) => key.startsWith('cut '));
    const merged = new Map(this.#groups);
    for (const [key, inputs] of this.#groups) {
      if (key.startsWith('cut ')) continue;
      const place = placeOf(inputs[0]?.draft ?? ({ location: null } as Draft));
      const cut = cuts.find(([, others]) =>
        others.some((other) => placeOf(other.draft) === place && other.draft.rule === inputs[0]?.draft.rule),
      );
      if (cut === undefined) continue;
      merged.delete(key);
      merged.set(cut[0], [...(merged.get(cut[0]) ?? []), ...inputs]);
    }
    return [...merged.values()];
  }
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
