/**
 * Stress over all runs of a driver: notes what there is, tries everything, follows up what looks wrong in a run of its
 * own, and keeps of each fault the smallest input that shows it. What is found depends on the driver, its tests and the
 * seed alone, never on which of the runs ended first.
 */
import type { SimulationOptions } from '../kmcl/simulation.js';
import { succeeded } from '../kmcl/status.js';
import type { RecordChange } from '../kmcl/stressing.js';
import type { Draft } from '../rules/draft.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { Inputs, type StressFinding } from './stressFindings.js';
import {
  type Injection,
  kindOf,
  recordKind,
  type StressKind,
  type StressLevel,
  type StressSettings,
  settingsOf,
} from './stressInjection.js';
import { judge, judgeLies } from './stressJudge.js';
import { injectionsOf, type NotedRun, type PlannedRecord, recordsOf } from './stressPlan.js';
import type { Stressed } from './stressRun.js';

/** Changed records of one packet that get a run of their own: more say nothing new. */
const MOST_FOLLOWED = 256;
/** Runs of probes of one record: each ends at a fault. */
const MOST_PROBES = 512;

export interface StressCall {
  /** Number of the run. */
  readonly run: number;
  readonly settings: StressSettings;
}

export interface StressContext {
  readonly driver: CompiledDriver;
  readonly level: StressLevel;
  readonly options: Pick<SimulationOptions, 'modes' | 'seed'>;
  /** Runs that came to their end by themselves, with what they noted. */
  readonly runs: readonly NotedRun[];
  /** In the order of the calls; undefined for what could not be run. */
  readonly stress: (calls: readonly StressCall[]) => Promise<readonly (Stressed | undefined)[]>;
  /** What is found without stress already, by run. */
  readonly known: (run: number, draft: Draft) => boolean;
}

export interface RunStress {
  readonly level: StressLevel;
  /** How often what was tried. */
  readonly tried: ReadonlyMap<StressKind, number>;
  readonly findings: readonly StressFinding[];
}

export async function searchStress(context: StressContext): Promise<ReadonlyMap<number, RunStress>> {
  const search = new Search(context);
  await search.injections();
  await search.records();
  return search.result();
}

/** One input again, in the run of that number; `given`: the bytes of its record. */
export async function replayStress(
  context: StressContext,
  run: number,
  injection: Injection,
  given: Uint8Array | undefined,
): Promise<ReadonlyMap<number, RunStress>> {
  const search = new Search(context);
  await search.again(run, injection, given);
  return search.result();
}

class Search {
  readonly #context: StressContext;
  readonly #runs: readonly NotedRun[];
  readonly #tried = new Map<number, Map<StressKind, number>>();
  readonly #inputs: Inputs;

  constructor(context: StressContext) {
    this.#context = context;
    this.#runs = [...context.runs].sort((a, b) => a.units - b.units || a.run - b.run);
    this.#inputs = new Inputs(context.known);
  }

  // ---- One injection, one run

  async injections(): Promise<void> {
    const { driver, level, options } = this.#context;
    const planned = injectionsOf(driver, this.#runs, level, options.modes);
    const ends = await this.#context.stress(
      planned.map(({ run, injection }) => ({ run, settings: settingsOf(injection, options.modes) })),
    );
    for (const [at, { run, injection }] of planned.entries()) {
      const end = ends[at];
      if (end === undefined) continue;
      this.#count(run, kindOf(injection));
      const site = injection.kind === 'failure' ? this.#site(run, injection) : undefined;
      for (const draft of judge(driver, injection, end, site)) this.#inputs.add({ run, injection, draft });
    }
  }

  #site(run: number, { what, at }: Injection & { readonly kind: 'failure' }): readonly number[] | undefined {
    const noted = this.#runs.find((each) => each.run === run);
    return noted?.observation.sites.find((site) => site.what === what && site.at === at)?.frames;
  }

  #count(run: number, kind: StressKind, times = 1): void {
    const mine = this.#tried.get(run) ?? new Map<StressKind, number>();
    mine.set(kind, (mine.get(kind) ?? 0) + times);
    this.#tried.set(run, mine);
  }

  async again(run: number, injection: Injection, given: Uint8Array | undefined): Promise<void> {
    const { driver, options, stress } = this.#context;
    const [end] = await stress([{ run, settings: settingsOf(injection, options.modes, given) }]);
    if (end === undefined) return;
    this.#count(run, kindOf(injection));
    const site = injection.kind === 'failure' ? this.#site(run, injection) : undefined;
    for (const draft of judge(driver, injection, end, site)) this.#inputs.add({ run, injection, draft });
    if (injection.kind !== 'record') return;
    const before = this.#runs[0]?.observation.resaved.find(({ at }) => at === injection.at);
    for (const { draft } of judgeLies(driver, [{ injection, end }], before, false)) {
      this.#inputs.add({ run, injection, draft });
    }
  }

  // ---- Records

  async records(): Promise<void> {
    const { level, options } = this.#context;
    await Promise.all(recordsOf(this.#runs, level, options.seed).map((planned) => this.#record(planned)));
  }

  async #record(planned: PlannedRecord): Promise<void> {
    const { run, record, changes } = planned;
    const { suspects, accepted } = await this.#probe(planned);
    for (const change of changes) this.#count(run, recordKind(change, record.bytes.length));
    await this.#confirm(planned, suspects);
    await this.#follow(
      planned,
      accepted.filter((at) => !suspects.has(at)),
    );
  }

  /** All changes in as few runs as faults allow: which of them showed something, and which were not refused. */
  async #probe({ run, record, changes }: PlannedRecord): Promise<{
    readonly suspects: ReadonlySet<number>;
    readonly accepted: readonly number[];
  }> {
    const suspects = new Set<number>();
    const accepted: number[] = [];
    for (let from = 0, runs = 0; from < changes.length && runs < MOST_PROBES; runs += 1) {
      const restore = { at: record.at, probe: true, changes: changes.slice(from) };
      const [end] = await this.#context.stress([
        { run, settings: { stress: { restore }, modes: this.#context.options.modes } },
      ]);
      if (end === undefined) break;
      for (const { change } of end.shown) if (change !== undefined) suspects.add(from + change);
      for (const { change, status } of end.observation.outcomes) if (succeeded(status)) accepted.push(from + change);
      const { current } = end.observation;
      if (current === null) break;
      suspects.add(from + current);
      from += current + 1;
    }
    return { suspects, accepted };
  }

  /** What a probe showed counts once the change shows it in a run of its own. */
  async #confirm({ run, record, changes }: PlannedRecord, suspects: ReadonlySet<number>): Promise<void> {
    const list = [...suspects].sort((a, b) => a - b).slice(0, MOST_FOLLOWED);
    await this.#alone(
      run,
      record,
      list.map((at) => changes[at] as RecordChange),
    );
  }

  async #follow({ run, record, changes, follow }: PlannedRecord, accepted: readonly number[]): Promise<void> {
    const saved = record.bytes.length;
    const isResized = (at: number): boolean => (changes[at]?.size ?? saved) !== saved;
    const followed = accepted.filter((at) => follow || isResized(at)).slice(0, MOST_FOLLOWED);
    // A larger buffer is the library's right: what refuses it is looked at, too.
    const refused = changes.flatMap(({ size }, at) => (size > saved && !accepted.includes(at) ? [at] : []));
    const list = [...new Set([...followed, ...refused])].sort((a, b) => a - b);
    await this.#alone(
      run,
      record,
      list.map((at) => changes[at] as RecordChange),
    );
  }

  /** Each change in a run to its end. */
  async #alone(run: number, record: PlannedRecord['record'], changes: readonly RecordChange[]): Promise<void> {
    const { driver, options, stress } = this.#context;
    const injections = changes.map((change) => {
      return { kind: 'record', at: record.at, saved: record.bytes.length, change } as const;
    });
    const ends = await stress(injections.map((injection) => ({ run, settings: settingsOf(injection, options.modes) })));
    const control = this.#runs.find((each) => each.run === run)?.observation.resaved;
    const before = control?.find(({ at }) => at === record.at);
    for (const [at, injection] of injections.entries()) {
      const end = ends[at];
      if (end === undefined) continue;
      for (const draft of judge(driver, injection, end)) this.#inputs.add({ run, injection, draft, record });
    }
    const accepted = injections.flatMap((injection, at) => {
      const end = ends[at];
      return end === undefined ? [] : [{ injection, end }];
    });
    for (const { injection, draft } of judgeLies(driver, accepted, before)) {
      this.#inputs.add({ run, injection, draft, record });
    }
  }

  // ---- The result

  async result(): Promise<ReadonlyMap<number, RunStress>> {
    const findings = this.#inputs.findings();
    const smallest = await Promise.all(findings.map((each) => this.#minimised(each)));
    const { level } = this.#context;
    return new Map(
      this.#runs.map(({ run }) => {
        const mine = smallest.filter((each) => each.run === run);
        return [run, { level, tried: this.#tried.get(run) ?? new Map(), findings: mine }] as const;
      }),
    );
  }

  /** A changed byte that a single changed bit of it stands for. */
  async #minimised(finding: StressFinding): Promise<StressFinding> {
    const { run, injection, record } = finding;
    if (injection.kind !== 'record' || record === undefined) return finding;
    const { driver, options, stress } = this.#context;
    const smaller = singleBits(injection.change).map((change) => ({ ...injection, change }));
    const ends = await stress(smaller.map((each) => ({ run, settings: settingsOf(each, options.modes) })));
    for (const [at, each] of smaller.entries()) {
      const end = ends[at];
      const draft = end === undefined ? undefined : judge(driver, each, end).find((other) => finding.isSame(other));
      if (draft !== undefined) return { ...finding, injection: each, draft };
    }
    return finding;
  }
}

/** The changes of one bit that a change of several in one byte consists of. */
export function singleBits(change: RecordChange): readonly RecordChange[] {
  const { mask = 0 } = change;
  const bits = [1, 2, 4, 8, 16, 32, 64, 128].filter((bit) => (mask & bit) !== 0);
  return bits.length < 2 ? [] : bits.map((bit) => ({ ...change, mask: bit }));
}
