/**
 * `Debug to This Finding`: the run stops where the finding is made; one that is only known at the end (a leak, what
 * differential runs tell) at the line it names, in a run begun anew.
 */
import type { Report } from '../core/run/report.js';
import type { SourceBreakpoint, Stop } from '../worker/debugProtocol.js';
import type { Sources } from './sources.js';
import type { DebugTarget } from './target.js';

/** Ids of the client's own breakpoints count up from 1. */
const OWN_ID = 2 ** 31 - 1;

interface Wanted {
  readonly rule: string;
  /** As a client names it. */
  readonly file: string;
  readonly line: number;
  readonly packet?: number;
}

export class Seeker {
  readonly #wanted: Wanted;
  /** First the finding itself, then its line. */
  #phase: 'finding' | 'line' | 'done' = 'finding';

  private constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Of a launch with `__finding`. */
  static of(given: Readonly<Record<string, unknown>>): Seeker | undefined {
    const finding = given['__finding'];
    if (typeof finding !== 'object' || finding === null) return undefined;
    const { rule, file, line, packet } = finding as Readonly<Record<string, unknown>>;
    if (typeof rule !== 'string' || typeof file !== 'string' || typeof line !== 'number') return undefined;
    return new Seeker({ rule, file, line, ...(typeof packet === 'number' ? { packet } : {}) });
  }

  /** Before the run begins. */
  async begin(target: DebugTarget, sources: Sources): Promise<void> {
    if (this.#phase === 'finding') {
      await target.request('setExceptionFilters', { filters: { finding: true, assertion: true, bugcheck: true } });
      return;
    }
    const { line, packet } = this.#wanted;
    const breakpoint: SourceBreakpoint = {
      id: OWN_ID,
      line,
      ...(packet === undefined ? {} : { condition: `$packet == ${packet}` }),
    };
    const file = sources.file({ path: this.#wanted.file }) ?? this.#wanted.file;
    await target.request('setBreakpoints', { file, breakpoints: [breakpoint] });
  }

  /** True: this is not the place yet, and the run has been told to go on. */
  async goesOn(stop: Stop, target: DebugTarget, sources: Sources): Promise<boolean> {
    if (this.#phase === 'done') return false;
    const { reason } = stop;
    const found =
      this.#phase === 'line'
        ? 'ids' in reason && reason.ids.includes(OWN_ID)
        : 'rule' in reason && reason.rule === this.#wanted.rule && this.#isPlace(stop, sources);
    const other = reason.kind === 'pause' || reason.kind === 'step' || ('final' in reason && reason.final);
    if (found || other) {
      this.#phase = 'done';
      return false;
    }
    await target.request('resume', { goal: { kind: 'continue' } });
    return true;
  }

  /** At the end: is it worth another run, towards the line? */
  again(report: Report): boolean {
    if (this.#phase !== 'finding') return false;
    this.#phase = 'line';
    return report.runs.some(({ findings }) => findings.some(({ rule }) => rule === this.#wanted.rule));
  }

  /** One of its frames is the line: findings name the innermost line of the user, or the caller's. */
  #isPlace({ frames }: Stop, sources: Sources): boolean {
    const file = sources.file({ path: this.#wanted.file }) ?? this.#wanted.file;
    return frames.some(
      ({ location }) => location?.line === this.#wanted.line && sources.same(sources.absolute(location.file), file),
    );
  }
}
