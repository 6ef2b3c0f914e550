/**
 * A run under a debugger: executions of the same program, one after the other, each as far as somebody wants to see.
 * Everything here happens in the thread of the run, inside the imports its hooks call.
 */

import type { RunDebugger } from '../kmcl/debugger.js';
import type { Host } from '../kmcl/host.js';
import type { Machine } from '../kmcl/machine.js';
import { simulate } from '../kmcl/simulate.js';
import type { BreachRecord, SimulationResult } from '../kmcl/simulation.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { globalsFunction } from '../toolchain/passes/debugHooks.js';
import { flaggedSites, isStopAt, POLL, wantsOf } from './aim.js';
import { Breakpoints } from './breakpoints.js';
import { DebugControl, type Watch } from './control.js';
import { dataStop } from './dataStops.js';
import { Edits } from './edits.js';
import { FrameReader, siteOf } from './frames.js';
import type { ExceptionFilters, Goal, Moment, StopAt, StopReason } from './goals.js';
import {
  brokenRule,
  explainedBreach,
  failedCallback,
  type Incident,
  isFiltered,
  isSought,
  runEnd,
  UNTOLD,
} from './incidents.js';
import { AT, STACK_BOTTOM } from './layout.js';
import { OutputTap, Refused } from './link.js';
import { StageMemory } from './memory.js';
import { Offsets } from './offsets.js';
import { beginOfLine } from './past.js';
import { courseTo, refusalOf, type Standstill } from './planning.js';
import { Abandoned, atEvent, BEGINNING, isBefore, isSameMoment, type Plan } from './plans.js';
import { Quiet } from './quiet.js';
import { afterEnd, Finder, type Met, type Search } from './search.js';
import type { DebugSettings } from './settings.js';
import { isAt, isOver } from './steps.js';
import { GlobalAddresses, type Stage, stoppedView } from './stopped.js';
import type { DebugSite, DebugTables } from './tables.js';
import type { StoppedView } from './view.js';

const NONE_WATCHED: readonly Watch[] = [];

export class DebugRun implements RunDebugger {
  readonly breakpoints: Breakpoints;
  filters: ExceptionFilters = {};
  readonly #settings: DebugSettings;
  readonly #driver: CompiledDriver;
  readonly #tables: DebugTables;
  readonly #reader: FrameReader;
  readonly #offsets: Offsets;
  readonly #globals = new GlobalAddresses();
  readonly #edits = new Edits();
  readonly #tap: OutputTap;
  #stage: Stage | undefined;
  /** What the present execution is for. */
  plan: Plan = { kind: 'go' };
  #watched: readonly Watch[] = NONE_WATCHED;
  /** Of the event they belong to. */
  #incidents = 0;
  #incidentEvent = 0;
  #findings = 0;
  /** The null zone as it was before the stack grew into it. */
  #notes: Uint8Array | undefined;
  /** Where breakpoints are looked at. */
  #here: DebugSite | undefined;
  #goal: Goal | undefined;
  #standstill: Standstill | undefined;
  readonly #finder: Finder;

  constructor(settings: DebugSettings) {
    this.#settings = settings;
    this.#driver = settings.loaded.driver;
    this.#tables = this.#driver.debug ?? [];
    this.#finder = new Finder(this.#tables);
    this.#reader = new FrameReader(this.#tables, this.#driver.locations);
    this.breakpoints = new Breakpoints(this.#driver, this.#tables, settings.services, settings.cwd);
    this.#offsets = new Offsets(this.#tables);
    this.#tap = new OutputTap(settings.link, (id) => this.#reader.location(id));
  }

  /** Runs to the end, whatever travels come in between. */
  run(start: { readonly stopOnEntry?: boolean; readonly stopAt?: StopAt }): SimulationResult {
    this.plan =
      start.stopOnEntry === true
        ? { kind: 'reach', moment: BEGINNING, reason: { kind: 'entry' } }
        : { kind: 'go', ...(start.stopAt === undefined ? {} : { stopAt: start.stopAt }) };
    for (;;) {
      const result = this.#execute();
      if (result !== undefined) {
        return result;
      }
    }
  }

  #execute(): SimulationResult | undefined {
    const { loaded, program, options } = this.#settings;
    this.#incidents = 0;
    this.#incidentEvent = 0;
    this.#findings = 0;
    this.#watched = NONE_WATCHED;
    this.#notes = undefined;
    this.#standstill = undefined;
    this.#edits.rewind();
    try {
      const result = simulate(loaded, program, { ...options, debugger: this });
      this.#tap.flush(this.#live().host.simulator.output);
      const next = afterEnd(this.plan, this.#finder);
      if (next === undefined) return result;
      this.plan = next;
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof Abandoned)) throw thrown;
      return undefined;
    }
  }

  // ---- While it runs

  attached(host: Host, exports: WebAssembly.Exports): void {
    const { machine } = host.simulator;
    const control = new DebugControl(machine);
    const quiet = new Quiet(machine, exports);
    const [offsets, globals, tables, driver] = [this.#offsets, this.#globals, this.#tables, this.#driver];
    const memory = new StageMemory(machine);
    this.#stage = { host, exports, control, quiet, driver, tables, offsets, globals, memory };
    this.breakpoints.attach(this.#stage, () => this.#viewAt());
    if (globals.size === 0) {
      for (const unit of tables.keys()) {
        const name = globalsFunction(unit);
        if (machine.hasExport(name)) machine.callExport(name);
      }
    }
    this.#offsets.told.forEach((flag) => {
      control.flagDescribed(flag);
    });
    this.arm();
  }

  variable(fn: number, index: number, address: number): void {
    const { control, host } = this.#live();
    const flag = this.#offsets.tell(fn, index, address - control.base(host.simulator.machine.depth));
    if (flag !== undefined) control.flagDescribed(flag);
  }

  global(unit: number, index: number, address: number): void {
    this.#globals.set(unit, index, address);
  }

  stopped(site: number, why: number): void {
    const { control, host, memory } = this.#live();
    memory.refresh();
    const id = (site & 0x7fffffff) >>> 0;
    const at = siteOf(this.#tables, id);
    if (at === undefined) {
      return;
    }
    const event = { id, at, why, depth: host.simulator.machine.depth };
    const isStopped = this.#met(event);
    if ((why & AT.TARGET) === 0) {
      return;
    }
    if (!isStopped && control.count % POLL === 0) {
      this.#poll(event);
    }
    this.#want();
  }

  /** Whether the run has stood still here. */
  #met(event: Met): boolean {
    this.#applyEdits();
    const { plan } = this;
    switch (plan.kind) {
      case 'go':
        return this.#going(plan, event);
      case 'reach':
        return this.#reaching(plan, event);
      case 'reachRecord':
        return (event.why & AT.RECORD) !== 0 ? this.#stop(event, { kind: 'goto' }) : this.#passed(event);
      case 'reachFinding':
        return this.#passed(event);
      default:
        return this.#searching(plan, event);
    }
  }

  #poll(event: Met): void {
    const { link } = this.#settings;
    this.#tap.flush(this.#live().host.simulator.output);
    link.poll();
    if (link.takePause()) this.#stop(event, { kind: 'pause' });
  }

  failing(location: number, status: number): void {
    const incident = failedCallback(this.#machine, location, status);
    if (incident !== undefined) this.#incident(incident);
  }

  overflowed(): void {
    this.#notes = this.#machine.slice(0, STACK_BOTTOM);
  }

  broken(breach: BreachRecord): void {
    const { simulator } = this.#live().host;
    const isAsked = this.plan.kind !== 'go' || this.filters.finding !== undefined;
    const told = isAsked ? explainedBreach(breach, simulator.machine, this.#settings.explain) : UNTOLD;
    const isExpected = this.filters.finding === true && simulator.expected.some(({ rule }) => rule === told?.rule);
    const incident = brokenRule(breach, told ?? UNTOLD, simulator.machine.frames());
    this.#incident(incident, told === undefined || isExpected);
  }

  ending(end: Parameters<RunDebugger['ending']>[0]): void {
    if (this.#notes !== undefined) this.#machine.bytes.set(this.#notes);
    this.#incident(runEnd(end, this.#settings.explain));
  }

  /** `isQuiet`: counted, and no reason to stop. */
  #incident(incident: Incident, isQuiet = false): void {
    const { control, host } = this.#live();
    const { machine } = host.simulator;
    this.#incidents = control.count === this.#incidentEvent ? this.#incidents + 1 : 1;
    this.#incidentEvent = control.count;
    const { plan } = this;
    const moment = this.#now();
    this.#applyEdits();
    const isReached = plan.kind === 'reach' && isSameMoment(plan.moment, moment);
    const isWanted =
      (plan.kind === 'go' && !isQuiet && isFiltered(incident, this.filters)) ||
      isSought(incident, plan, this.#findings, (id) => this.#reader.location(id));
    this.#findings += incident.isFinding ? 1 : 0;
    if (isReached || isWanted) {
      const isPlain = plan.kind !== 'reach' || plan.reason.kind === 'goto' || plan.reason.kind === 'step';
      const frames = this.#reader.frames(incident.frames, undefined);
      // Without a live frame there is no memory of variables either.
      const standing = machine.depth > 0 ? frames : frames.map((frame) => ({ ...frame, owner: -1 as const }));
      const reason = isPlain ? incident.reason : plan.reason;
      this.#stand({ moment, site: undefined, depth: machine.depth, frames: standing }, reason);
    }
  }

  // ---- Plans at an event

  #going(plan: Plan & { kind: 'go' }, event: Met): boolean {
    const { at } = event;
    const reason = this.#changed(event) ?? this.#breakpointAt(event, false);
    if (reason !== undefined) {
      return this.#stop(event, reason);
    }
    if (plan.stopAt !== undefined && at.kind === 'entry' && isStopAt(plan.stopAt, this.#machine)) {
      return this.#stop(event, { kind: 'stopAt', at: plan.stopAt });
    }
    if (plan.until !== undefined && isAt(plan.until, event.depth, at)) {
      return this.#stop(event, { kind: 'goto' });
    }
    if (plan.until !== undefined && event.depth < plan.until.depth) {
      return this.#stop(event, { kind: 'goto', instead: { kind: 'line', line: plan.until.line } });
    }
    return plan.step !== undefined && isOver(plan.step, event.depth, at) && this.#stop(event, { kind: 'step' });
  }

  #reaching(plan: Plan & { kind: 'reach' }, event: Met): boolean {
    const { control } = this.#live();
    const now = this.#now();
    if (isBefore(now, plan.moment)) {
      return this.#passed(event);
    }
    if (plan.lineOf !== undefined) {
      const begin = beginOfLine(control, this.#tables, now.event, plan.lineOf.granularity);
      if (begin.kind === 'event' && begin.event < now.event) {
        this.#travel({ kind: 'reach', moment: atEvent(begin.event), reason: plan.reason });
      }
      if (begin.kind === 'unknown') {
        this.#travel({ kind: 'findLine', until: now, depth: event.depth, inlined: event.at.inlined });
      }
    }
    return this.#stop(event, plan.reason);
  }

  /** On the way to somewhere else hits are only counted. */
  #passed({ id, at, why }: Met): false {
    if ((why & AT.FLAG) !== 0 && at.kind !== 'resume') {
      this.breakpoints.count(id, this.#live().control.count);
    }
    return false;
  }

  #searching(plan: Search, event: Met): boolean {
    const moment = this.#now();
    if (plan.kind === 'findPlace') {
      this.#finder.place(plan, event, moment, this.#machine);
      return false;
    }
    if (plan.kind === 'findLine') {
      this.#finder.line(plan, event, moment);
    }
    if (!isBefore(moment, plan.until)) {
      return this.#searched(plan);
    }
    if (plan.kind === 'findReached') {
      this.#finder.reached(plan, event, moment);
    }
    if (plan.kind === 'findEntry') {
      this.#finder.entry(plan, event, moment);
    }
    if (plan.kind === 'findBreakpoint') {
      const reason = this.#changed(event) ?? this.#breakpointAt(event, true);
      if (reason !== undefined) this.#finder.found = { moment, reason };
    }
    return false;
  }

  #searched(plan: Exclude<Search, { kind: 'findPlace' }>): false {
    if (plan.kind === 'findReached' && this.#finder.isNothing) {
      // Not yet: this very execution goes on to it.
      this.plan = { kind: 'go', until: plan.place };
      this.arm();
      return false;
    }
    if (plan.kind === 'findStatement') {
      const { match } = this.#live().control;
      const moment = match === 0 ? BEGINNING : atEvent(match);
      return this.#travel({ kind: 'reach', moment, reason: { kind: 'step' }, lineOf: plan.back });
    }
    const { moment, reason } = this.#finder.found;
    return this.#travel({ kind: 'reach', moment, reason });
  }

  #breakpointAt({ id, at, why }: Met, isSilent: boolean): StopReason | undefined {
    if ((why & AT.FLAG) === 0 || at.kind === 'resume') {
      return undefined;
    }
    const log = (text: string): void => {
      const location = this.#reader.siteLocation(at);
      if (!isSilent)
        this.#settings.link.output({ source: 'logpoint', text, ...(location === undefined ? {} : { location }) });
    };
    this.#here = at;
    return this.breakpoints.reach(id, log);
  }

  #changed(event: Met): StopReason | undefined {
    const { breakpoints } = this;
    return dataStop(event, { control: this.#live().control, breakpoints, tables: this.#tables, reader: this.#reader });
  }

  // ---- Standing still

  #stop({ at, depth }: Met, reason: StopReason): true {
    const frames = this.#reader.frames(this.#machine.frames(), at);
    this.#stand({ moment: this.#now(), site: at, depth, frames }, reason);
    return true;
  }

  #stand(standstill: Standstill, reason: StopReason): void {
    this.#live().memory.refresh();
    this.#standstill = standstill;
    // However it came here: what was changed later has not happened.
    this.#edits.dropAfter(standstill.moment);
    this.#goal = undefined;
    this.plan = { kind: 'go' };
    this.#finder.forget();
    this.#tap.flush(this.#live().host.simulator.output);
    const { link } = this.#settings;
    link.takePause();
    link.stopped({
      reason,
      moment: standstill.moment,
      frames: standstill.frames,
      canStepBack: standstill.moment.event > 1 || standstill.moment.incident > 0,
    });
    while (this.#goal === undefined) {
      link.wait();
    }
    const goal: Goal = this.#goal;
    this.#goal = undefined;
    const here = { standstill, control: this.#live().control, tables: this.#tables };
    const { plan, back } = courseTo(goal, here);
    if (back) {
      this.#travel(plan);
    }
    this.plan = plan;
    this.#standstill = undefined;
    this.arm();
  }

  #travel(plan: Plan): never {
    this.plan = plan;
    this.#finder.forget();
    throw new Abandoned();
  }

  // ---- Requests

  resume(goal: Goal): void {
    const problem = refusalOf(goal, this.#still(), this.#tables, this.breakpoints.binder);
    if (problem !== undefined) throw new Refused(problem);
    this.#goal = goal;
  }

  get view(): StoppedView {
    const { frames } = this.#still();
    return stoppedView(this.#live(), frames, (address, bytes) => this.write(address, bytes));
  }

  get stage(): Stage {
    this.#still();
    return this.#live();
  }

  /** Events so far; 0 before the run. */
  get event(): number {
    return this.#stage?.control.count ?? 0;
  }

  get machine(): Machine | undefined {
    return this.#stage?.host.simulator.machine;
  }

  write(address: number, bytes: Uint8Array): boolean {
    const { moment } = this.#still();
    const machine = this.#machine;
    if (!(address >= 65536 && address + bytes.length <= machine.memoryBytes)) {
      return false;
    }
    machine.bytes.set(bytes, address);
    this.#edits.add({ moment, address, bytes: bytes.slice() });
    this.#tap.mark(this.#live().host.simulator.output.length);
    return true;
  }

  #viewAt(): StoppedView {
    const frames = this.#reader.frames(this.#machine.frames(), this.#here);
    return stoppedView(this.#live(), frames, () => false);
  }

  #applyEdits(): void {
    if (this.#edits.nextEvent === undefined) {
      return;
    }
    this.#edits.applyUpTo(this.#now(), ({ address, bytes }) => {
      this.#machine.bytes.set(bytes, address);
    });
  }

  // ---- What the hooks look for

  /** For a plan that begins, or breakpoints that have changed. */
  arm(): void {
    if (this.#stage === undefined) {
      return;
    }
    const { control } = this.#stage;
    control.flagSites(flaggedSites(this.plan, this.breakpoints, this.#tables));
    const watches =
      this.plan.kind === 'go' || this.plan.kind === 'findBreakpoint' ? this.breakpoints.watches : NONE_WATCHED;
    if (watches !== this.#watched) {
      // Compared with what is there now; those that go on are not asked anew, or a change on the way would be lost.
      this.#watched = watches;
      control.watch(watches);
    }
    this.#want();
  }

  #want(): void {
    const { control } = this.#live();
    control.want(wantsOf(this.plan, control.count, this.#edits.nextEvent));
  }

  #now(): Moment {
    const event = this.#live().control.count;
    return { event, incident: event === this.#incidentEvent ? this.#incidents : 0 };
  }

  #still(): Standstill {
    if (this.#standstill === undefined || this.#goal !== undefined) {
      throw new Refused(this.#stage === undefined ? 'the run has not begun' : 'the run goes on: pause it first');
    }
    return this.#standstill;
  }

  #live(): Stage {
    if (this.#stage === undefined) {
      throw new Refused('the run has not begun');
    }
    return this.#stage;
  }

  get #machine(): Machine {
    return this.#live().host.simulator.machine;
  }
}
