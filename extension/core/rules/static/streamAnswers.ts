/**
 * Answers that NT_SUCCESS takes for failures and that are none (kmcl-facts 8.2): judged over all paths behind each call,
 * since what is a failure on one of them may have been told apart on another.
 */
import type { Position } from '../../run/report.js';
import type { RuleId } from '../catalogue.js';
import type { Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Value } from './flow/values.js';
import { outcomeOf } from './helpers.js';

/** One function and those of its answers that are regular though they fail NT_SUCCESS. */
export interface Regular {
  readonly rule: RuleId;
  /** By name. */
  readonly regular: ReadonlyMap<string, bigint>;
  readonly meaning: string;
}

interface Asked {
  readonly name: string;
  readonly status: Value;
  readonly key: string;
}

interface Judged {
  readonly name: string;
  readonly found: Reported | undefined;
  /** Numbers it was compared with where it may have been those. */
  readonly numbers: Set<bigint>;
  /** Numbers it may have been where the function has failed for it. */
  readonly refused: Set<bigint>;
  /** Some path has made something else of it than the answer of the function. */
  isJudged: boolean;
}

const ASKED = new PathKey<readonly Asked[]>([]);

export class Answers {
  readonly #functions: ReadonlyMap<string, Regular>;
  readonly #judged = new Map<string, Judged>();

  constructor(functions: ReadonlyMap<string, Regular>) {
    this.#functions = functions;
  }

  asked(name: string, status: Value, place: Position | undefined, path: Path): void {
    const rule = this.#functions.get(name)?.rule;
    if (place === undefined || rule === undefined) return;
    const key = `${path.walk.entry.routine.key} ${place.file}:${place.line}:${place.column}`;
    path.state.set(ASKED, [...path.state.get(ASKED), { name, status, key }]);
    if (this.#judged.has(key)) return;
    const found = path.finding(rule, place, '');
    this.#judged.set(key, { name, found, numbers: new Set(), refused: new Set(), isJudged: false });
  }

  compared(predicate: string, left: Value, right: Value, path: Path): void {
    const asked = path.state.get(ASKED).find(({ status }) => status === left || status === right);
    if (asked === undefined || (predicate !== 'eq' && predicate !== 'ne')) return;
    const other = asked.status === left ? right : left;
    if (other.kind !== 'constant' || path.decide('eq', asked.status, other) === false) return;
    this.#judged.get(asked.key)?.numbers.add(other.value);
  }

  ended(result: Value | undefined, path: Path): void {
    const outcome = outcomeOf(result, path);
    for (const { name, status, key } of path.state.get(ASKED)) {
      const judged = this.#judged.get(key);
      if (judged === undefined) continue;
      if (result !== status && !isStored(status, path)) judged.isJudged = true;
      // A VOID function cannot say that it has failed: that it took a failure for one is enough.
      const isFailure = result === status || outcome === 'failing' || result === undefined;
      if (!isFailure || !hasFailed(status, path, result === undefined)) continue;
      for (const number of this.#functions.get(name)?.regular.values() ?? []) {
        if (path.decide('eq', status, path.values.constant(number, status.bits)) !== false) judged.refused.add(number);
      }
    }
  }

  finish(report: (found: Reported) => void): void {
    for (const { name, found, numbers, refused, isJudged } of this.#judged.values()) {
      const facts = this.#functions.get(name);
      if (facts === undefined || found === undefined || !isJudged) continue;
      const missing = [...facts.regular]
        .filter(([, number]) => refused.has(number) && !numbers.has(number))
        .map(([status]) => status);
      if (missing.length === 0) continue;
      const are = missing.length === 1 ? 'is no error' : 'are no errors';
      const message = `${missing.join(' and ')} of ${name} ${are}, and ends as one here: it means that ${facts.meaning}`;
      report({ ...found, message });
    }
  }
}

/** Whether this path knows the status for something other than a success. */
function hasFailed(status: Value, path: Path, bySeverity: boolean): boolean {
  if (path.succeeded(status) === false) return true;
  return !bySeverity && path.decide('eq', status, path.values.constant(0n, status.bits)) === false;
}

/** Whether someone else can look at the status later. */
function isStored(status: Value, path: Path): boolean {
  for (const { region, cells } of path.state.memory.all()) {
    if (region.kind !== 'local' && cells.some(({ content }) => content === status)) return true;
  }
  return false;
}
