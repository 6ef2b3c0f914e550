/** The breakpoints of a session: what they are bound to, how often each was reached, and whether it stops the run. */
import type { CompiledDriver } from '../toolchain/module.js';
import { Binder, type Binding } from './bind.js';
import type { Watch } from './control.js';
import type { BoundBreakpoint, DataBreakpoint, FunctionBreakpoint, SourceBreakpoint } from './goals.js';
import { DEBUG_WATCHED_BYTES, DEBUG_WATCHES, MOST_WATCHED_BYTES } from './layout.js';
import { breakpointScope, type Stage } from './stopped.js';
import type { DebugTables, SiteId } from './tables.js';
import type { BreakpointScope, BreakpointView, Compiled, DebugServices, StoppedView } from './view.js';

/** What reaching a place comes to. */
export interface Reached {
  readonly ids: readonly number[];
  readonly kind: 'breakpoint' | 'function breakpoint';
  /** A condition that could not be evaluated: the run stops, so that its author sees it. */
  readonly error?: string;
}

interface Site {
  readonly condition: Compiled<boolean> | undefined;
  readonly message: Compiled<string> | undefined;
  readonly resolve: (stage: Stage) => (variable: number) => number;
  /** What its expressions see in the present execution. */
  view: BreakpointView | undefined;
}

interface Point {
  readonly id: number;
  readonly kind: 'breakpoint' | 'function breakpoint';
  readonly sites: ReadonlyMap<SiteId, Site>;
  readonly stops: ((hits: number) => boolean) | undefined;
  /** Hits before this event were not counted when they happened, and are not when they happen again. */
  readonly since: number;
  hits: number;
}

interface DataPoint {
  readonly id: number;
  readonly address: number;
  readonly size: number;
  readonly condition: string | undefined;
  /** The condition as it was compiled where the bytes were written. */
  readonly places: Map<SiteId, Site & { readonly scope: BreakpointScope; readonly compiled: Compiled<boolean> }>;
  readonly stops: ((hits: number) => boolean) | undefined;
  hits: number;
}

type Asked = Pick<SourceBreakpoint, 'id' | 'condition' | 'hitCondition' | 'logMessage'>;

export class Breakpoints {
  readonly binder: Binder;
  readonly #driver: CompiledDriver;
  readonly #tables: DebugTables;
  readonly #services: DebugServices;
  #sources = new Map<string, readonly Point[]>();
  #functions: readonly Point[] = [];
  #data: readonly DataPoint[] = [];
  #watches: readonly Watch[] = [];
  #stage: Stage | undefined;
  #stopped: () => StoppedView = () => {
    throw new TypeError('nothing runs yet');
  };
  #bySite = new Map<SiteId, readonly Point[]>();

  constructor(driver: CompiledDriver, tables: DebugTables, services: DebugServices, cwd: string) {
    this.binder = new Binder(driver, tables, cwd);
    this.#driver = driver;
    this.#tables = tables;
    this.#services = services;
  }

  setSource(file: string, wanted: readonly SourceBreakpoint[], since: number): readonly BoundBreakpoint[] {
    const bound = wanted.map((each) =>
      this.#bind(each, 'breakpoint', this.binder.line(file, each.line, each.column), since),
    );
    this.#sources.set(
      file,
      bound.flatMap(({ point }) => point ?? []),
    );
    this.#index();
    return bound.map(({ answer }) => answer);
  }

  setFunctions(wanted: readonly FunctionBreakpoint[], since: number): readonly BoundBreakpoint[] {
    const bound = wanted.map((each) => this.#bind(each, 'function breakpoint', this.binder.function(each.name), since));
    this.#functions = bound.flatMap(({ point }) => point ?? []);
    this.#index();
    return bound.map(({ answer }) => answer);
  }

  /** Ranges are watched in pieces of DEBUG_WATCHED_BYTES. */
  setData(wanted: readonly DataBreakpoint[], memoryBytes: number): readonly BoundBreakpoint[] {
    let left = DEBUG_WATCHES;
    const data: DataPoint[] = [];
    const answers = wanted.map(({ id, address, size, condition, hitCondition }): BoundBreakpoint => {
      const pieces = Math.ceil(size / DEBUG_WATCHED_BYTES);
      const hits = hitCondition === undefined ? undefined : this.#services.hitCondition(hitCondition);
      const problem =
        size < 1 || address < 65536 || address + size > memoryBytes
          ? 'there is no memory at that address'
          : pieces > left
            ? `${size} bytes are too many: at most ${MOST_WATCHED_BYTES} can be watched at the same time, ${left * DEBUG_WATCHED_BYTES} are left`
            : hits?.ok === false
              ? hits.message
              : undefined;
      if (problem !== undefined) {
        return { id, verified: false, message: problem };
      }
      left -= pieces;
      const stops = hits?.ok === true ? hits.stops : undefined;
      data.push({ id, address, size, condition, places: new Map(), stops, hits: 0 });
      return { id, verified: true, file: '', line: 0, column: 0, endLine: 0 };
    });
    this.#data = data;
    this.#watches = data.flatMap(({ address, size }) =>
      Array.from({ length: Math.ceil(size / DEBUG_WATCHED_BYTES) }, (_, piece) => ({
        address: address + piece * DEBUG_WATCHED_BYTES,
        size: Math.min(DEBUG_WATCHED_BYTES, size - piece * DEBUG_WATCHED_BYTES),
      })),
    );
    return answers;
  }

  /** The same array until other data breakpoints are set. */
  get watches(): readonly Watch[] {
    return this.#watches;
  }

  /** Ids of the data breakpoints that pieces of memory belong to, where their conditions hold; told at that site. */
  dataHits(addresses: readonly number[], site: SiteId): readonly number[] {
    return this.#data
      .filter((each) => addresses.some((address) => each.address <= address && address < each.address + each.size))
      .filter((each) => this.#dataHolds(each, site))
      .filter((each) => each.stops === undefined || each.stops(++each.hits))
      .map(({ id }) => id);
  }

  /** Whether one of these data breakpoints watches the byte. */
  areOf(ids: readonly number[], address: number): boolean {
    return this.#data.some(
      (each) => ids.includes(each.id) && each.address <= address && address < each.address + each.size,
    );
  }

  /** Nobody knows before where bytes are written: a condition is compiled where they are. One that cannot be stops. */
  #dataHolds({ condition, places }: DataPoint, site: SiteId): boolean {
    if (condition === undefined) {
      return true;
    }
    const known = places.get(site);
    const { scope, resolve } = known ?? breakpointScope(this.#driver, this.#tables, site);
    const compiled = known?.compiled ?? this.#services.condition(condition, scope);
    const at = known ?? { scope, resolve, compiled, message: undefined, condition: undefined, view: undefined };
    places.set(site, at);
    try {
      return !compiled.ok || compiled.run(this.#viewOf(at));
    } catch {
      return true;
    }
  }

  /** Sites that the run has to tell of. */
  get sites(): Iterable<SiteId> {
    return this.#bySite.keys();
  }

  /** The same while nothing is to stop: those whose hits are counted. */
  get countedSites(): Iterable<SiteId> {
    return [...this.#bySite].flatMap(([site, points]) =>
      points.some(({ stops }) => stops !== undefined) ? [site] : [],
    );
  }

  /** A new execution; `stopped` is the whole picture for expressions that need it. */
  attach(stage: Stage, stopped: () => StoppedView): void {
    this.#stage = stage;
    this.#stopped = stopped;
    for (const points of this.#bySite.values()) {
      for (const point of points) {
        point.hits = 0;
        for (const site of point.sites.values()) site.view = undefined;
      }
    }
    for (const point of this.#data) {
      point.hits = 0;
      point.places.clear();
    }
  }

  /** The site was passed on the way to somewhere else. */
  count(site: SiteId, event: number): void {
    for (const point of this.#bySite.get(site) ?? []) {
      if (point.stops !== undefined && event > point.since && this.#holds(point, site) === true) {
        point.hits++;
      }
    }
  }

  /** What reaching the site means; undefined: nothing. `log` takes the messages of logpoints. */
  reach(site: SiteId, log: (message: string) => void): Reached | undefined {
    let reached: { ids: number[]; kind: Reached['kind']; error?: string } | undefined;
    for (const point of this.#bySite.get(site) ?? []) {
      const holds = this.#holds(point, site);
      if (holds === false || (holds === true && point.stops?.(++point.hits) === false)) {
        continue;
      }
      const at = point.sites.get(site);
      if (holds === true && at?.message?.ok === true) {
        const { run } = at.message;
        log(evaluated(() => run(this.#viewOf(at))));
        continue;
      }
      reached ??= { ids: [], kind: point.kind };
      reached.ids.push(point.id);
      reached.kind = reached.kind === 'breakpoint' ? reached.kind : point.kind;
      if (typeof holds === 'string') reached.error = holds;
    }
    return reached;
  }

  #viewOf(site: Site): BreakpointView {
    const stage = this.#stage;
    if (stage === undefined) throw new TypeError('nothing runs yet');
    const stopped = this.#stopped;
    site.view ??= {
      memory: stage.memory,
      address: site.resolve(stage),
      get stopped() {
        return stopped();
      },
    };
    return site.view;
  }

  /** A text: the condition could not be evaluated. */
  #holds(point: Point, site: SiteId): boolean | string {
    const at = point.sites.get(site);
    if (at?.condition?.ok !== true) {
      return at !== undefined;
    }
    try {
      return at.condition.run(this.#viewOf(at));
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  #bind(
    asked: Asked,
    kind: Point['kind'],
    binding: Binding,
    since: number,
  ): { readonly answer: BoundBreakpoint; readonly point?: Point } {
    const { id, condition, hitCondition, logMessage } = asked;
    if (!binding.ok) {
      return { answer: { id, verified: false, message: binding.message } };
    }
    const hits = hitCondition === undefined ? undefined : this.#services.hitCondition(hitCondition);
    if (hits?.ok === false) {
      return { answer: { id, verified: false, message: hits.message } };
    }
    const sites = new Map<SiteId, Site>();
    for (const site of binding.sites) {
      const { scope, resolve } = breakpointScope(this.#driver, this.#tables, site);
      const compiled = condition === undefined ? undefined : this.#services.condition(condition, scope);
      const message = logMessage === undefined ? undefined : this.#services.logMessage(logMessage, scope);
      const problem = compiled?.ok === false ? compiled.message : message?.ok === false ? message.message : undefined;
      if (problem !== undefined) {
        return { answer: { id, verified: false, message: problem } };
      }
      sites.set(site, { condition: compiled, message, resolve, view: undefined });
    }
    const { file, line, column, endLine } = binding;
    return {
      answer: { id, verified: true, file, line, column, endLine },
      point: { id, kind, sites, stops: hits?.ok === true ? hits.stops : undefined, since, hits: 0 },
    };
  }

  #index(): void {
    const index = new Map<SiteId, Point[]>();
    for (const point of [...[...this.#sources.values()].flat(), ...this.#functions]) {
      for (const site of point.sites.keys()) {
        const known = index.get(site);
        if (known === undefined) index.set(site, [point]);
        else known.push(point);
      }
    }
    this.#bySite = index;
  }
}

function evaluated(text: () => string): string {
  try {
    return text();
  } catch (thrown) {
    return `(${thrown instanceof Error ? thrown.message : String(thrown)})`;
  }
}
