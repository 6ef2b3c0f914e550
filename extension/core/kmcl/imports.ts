/** Everything a module can import: functions TypeScript serves, the doors of vsp.h, and stubs for the rest. */
import { Fault } from './faults.js';
import { accessOf, closedByte, MEMORY_KINDS, memoryFaultText } from './faultText.js';
import { EVENT, FAULT, type FaultKind, LIBRARY_FRAME } from './layout.js';
import { objectAt, objectText } from './memoryObject.js';
import { fromWasm, parametersOf, toWasm, type WasmValue } from './signature.js';
import { apiOf, type FunctionTable, type LibraryFunction, type Simulator } from './simulator.js';

/** Parameters of every import are i64 or i32 values as the engine hands them over. */
type ImportFunction = (...parameters: WasmValue[]) => WasmValue | string;

export interface Stub {
  readonly name: string;
  calls: number;
  /** Location id of the first call. */
  location: number;
}

/** Fixture functions that only look: called by driver code they let nothing else run. */
const GETTERS: ReadonlySet<string> = new Set(['VspLabDevice', 'VspLabVmbusHandle', 'VspLabIrql']);

/** The one fixture function whose failure can be planned: a client's offer that fails to connect (guest.ts). */
const OFFER = 'VspLabGuestOpenChannel';

/**
 * Units of the budget: a call served here takes as long as that many loop turns, printing and complaining longer. What is
 * wrong with each of many packets is only counted after a while, and costs no more than a call.
 */
const CALL_COST = 200;
const DOOR_COST = 20;
const PRINT_COST = 500;
const BREACH_COST = 2000;

export interface ImportHooks {
  /** A served library call begins. */
  called(): void;
  /** A stress run's restore callback refused a record and has allocated pool. */
  refused(): void;
}

/** What a module imports: the same for each of its instances, and slow to ask for. */
const IMPORTS = new WeakMap<WebAssembly.Module, readonly WebAssembly.ModuleImportDescriptor[]>();

function importsOf(module: WebAssembly.Module): readonly WebAssembly.ModuleImportDescriptor[] {
  const known = IMPORTS.get(module) ?? WebAssembly.Module.imports(module);
  IMPORTS.set(module, known);
  return known;
}

export class Imports {
  readonly stubs: Stub[] = [];
  readonly #simulator: Simulator;
  readonly #functions: FunctionTable;
  readonly #hooks: ImportHooks;

  constructor(simulator: Simulator, tables: readonly FunctionTable[], hooks: ImportHooks) {
    this.#simulator = simulator;
    this.#functions = Object.assign({}, ...tables) as FunctionTable;
    this.#hooks = hooks;
  }

  /** Served functions that answer an NTSTATUS: VspLabFailNext can plan for them. */
  canFail(name: string): boolean {
    const served = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    return served?.signature.startsWith('s') === true && (!name.startsWith('VspLab') || name === OFFER);
  }

  /** Names of everything a module can import and get no stub for. */
  get names(): ReadonlySet<string> {
    return new Set([...Object.keys(this.#functions), ...Object.keys(this.#doors())]);
  }

  /** The import object for a module: `env` holds all of them. */
  build(module: WebAssembly.Module): WebAssembly.Imports {
    const doors = this.#doors();
    const result: Record<string, Record<string, WebAssembly.FunctionValue>> = {};
    for (const { module: space, name, kind } of importsOf(module)) {
      if (kind !== 'function') {
        throw new TypeError(`the module imports ${kind} ${name}`);
      }
      const served = this.#functions[name];
      const target = doors[name] ?? (served === undefined ? this.#stub(name) : this.#serve(name, served));
      result[space] ??= {};
      (result[space] as Record<string, unknown>)[name] = target;
    }
    return result;
  }

  #serve(name: string, { signature, call }: LibraryFunction): ImportFunction {
    const api = apiOf(name);
    const result = signature[0] as string;
    const letters = parametersOf(signature);
    const fixture = name.startsWith('VspLab') && !name.endsWith('_');
    const cost = name.startsWith('vsp_') ? DOOR_COST : CALL_COST;
    return (...parameters) => {
      const { machine, scheduler } = this.#simulator;
      machine.spend(cost);
      const values = parameters.map((value, index) => fromWasm(letters[index] ?? 'p', value));
      const [object = 0, a = 0, b = 0] = values;
      let depth = -1;
      if (api !== 0) {
        machine.event(EVENT.CALL, api, object, a, b);
        depth = machine.pushFrame(api);
      }
      this.#hooks.called();
      const planned = result === 's' && !fixture ? this.#simulator.takePlanned(name) : undefined;
      const answer = planned ?? call(...values) ?? 0;
      if (fixture && (!GETTERS.has(name) || this.#simulator.atTopLevel)) {
        scheduler.runPending();
      }
      if (api !== 0) {
        machine.depth = depth;
        machine.event(EVENT.RETURN, api, object, answer);
      }
      return toWasm(result, answer);
    };
  }

  /** A function nobody provides. A string answer converts to whichever number type the caller wants. */
  #stub(name: string): ImportFunction {
    const value = String(this.#simulator.options.stubValues.get(name) ?? 0);
    const stub: Stub = { name, calls: 0, location: 0 };
    this.stubs.push(stub);
    return () => {
      const { machine, options } = this.#simulator;
      machine.spend(CALL_COST);
      if (stub.calls++ === 0) {
        stub.location = userLocation(machine.frames());
      }
      if (!options.stubsAllowed) {
        machine.fault(FAULT.STUB, `${name} is not simulated and stubs are denied`);
      }
      this.#simulator.stubCalled = true;
      machine.native.vsp_mark_stubbed();
      return value;
    };
  }

  /** vsp.h. */
  #doors(): Record<string, ImportFunction> {
    const number = (value: WasmValue): number => Number(value);
    const unsigned = (value: WasmValue): bigint => BigInt.asUintN(64, value as bigint);
    return {
      vsp_fault: (kind, address, size, detail) =>
        this.#fault(number(kind) as FaultKind, unsigned(address), unsigned(size), unsigned(detail)),
      vsp_breach: (rule, object, detail) => {
        const isKept = this.#breach(number(rule), fromWasm('p', object), fromWasm('p', detail));
        this.#simulator.machine.spend(isKept ? BREACH_COST : CALL_COST);
        return undefined;
      },
      vsp_print: (text, length) => {
        const { machine, output } = this.#simulator;
        machine.spend(PRINT_COST);
        output.push({ text: machine.utf8(fromWasm('p', text), fromWasm('p', length)), frames: machine.frames() });
        return undefined;
      },
      vsp_capture_state: (index, bytes, size) => {
        const { machine, states } = this.#simulator;
        states[number(index)] = machine.slice(fromWasm('p', bytes), fromWasm('p', size));
        return undefined;
      },
      vsp_stress_refused: () => {
        this.#hooks.refused();
        return undefined;
      },
      ...this.#debugDoors(),
      vsp_capture_stores: (index, runs, count) => {
        this.#simulator.stores.add(number(index), fromWasm('p', runs), number(count));
        return undefined;
      },
    };
  }

  /** wdk/runtime/debug.h. Without a debugger nothing is asked for, and nothing called but what every module does once. */
  #debugDoors(): Record<string, ImportFunction> {
    const { debugger: told } = this.#simulator.options;
    const unsigned = (value: WasmValue): number => (value as number) >>> 0;
    return {
      vsp_debug_stop: (site, why) => {
        told?.stopped(unsigned(site), unsigned(why));
        return undefined;
      },
      vsp_debug_variable: (fn, index, address) => {
        told?.variable(unsigned(fn), unsigned(index), fromWasm('p', address));
        return undefined;
      },
      vsp_debug_global: (unit, index, address) => {
        told?.global(unsigned(unit), unsigned(index), fromWasm('p', address));
        return undefined;
      },
      vsp_debug_over: () => {
        told?.overflowed();
        return undefined;
      },
      vsp_debug_failed: (location, status) => {
        told?.failing(unsigned(location), unsigned(status));
        return undefined;
      },
    };
  }

  #fault(told: FaultKind, address: bigint, size: bigint, detail: bigint): never {
    const { machine } = this.#simulator;
    // Without checks a local variable beyond the stack's end looks like any other access near NULL.
    const kind = told === FAULT.NULL && machine.stackExhausted ? FAULT.STACK_OVERFLOW : told;
    const described = memoryFaultText(this.#simulator, kind, address, size, detail);
    const isAccess = MEMORY_KINDS.has(kind);
    const closed = Number(isAccess ? closedByte(address, detail) : address);
    throw new Fault({
      kind,
      address: Number(address),
      size: Number(size),
      detail: isAccess ? accessOf(detail) : Number(detail),
      ...described,
      ...this.#simulator.findingExtras(),
      ...(isAccess && this.#simulator.isOfOldHost(closed) ? { ofOldHost: true } : {}),
      frames: machine.frames(),
      context: machine.context(),
    });
  }

  #breach(rule: number, object: number, detail: number): boolean {
    const name = this.#simulator.options.ruleNames[rule] ?? `rule ${rule}`;
    const message = this.#breachMessage(name, object, detail);
    return this.#simulator.record(name, { object, detail, ...(message === undefined ? {} : { message }) });
  }

  /** Words that need the memory as it is now. */
  #breachMessage(rule: string, object: number, detail: number): string | undefined {
    if (rule === 'irql-call') {
      return this.#irqlMessage(object);
    }
    const named = (address: number): string => objectText(objectAt(this.#simulator, BigInt(address)));
    switch (rule) {
      case 'in-external-restartable':
        return (
          `the callback changed ${named(detail)} before STATUS_PENDING and is called again with the same packet: it ` +
          'will happen twice'
        );
      case 'mem-nonpaged-at-dispatch':
        return `${named(object)} is paged pool and is touched at IRQL ${detail}`;
      case 'savepkt-irql':
        return `${named(object)} is touched at IRQL ${detail}: it may be pageable`;
      default:
        return undefined;
    }
  }

  /** The kernel half names the function it complains about; the channel half gives a handle. */
  #irqlMessage(object: number): string | undefined {
    const { machine } = this.#simulator;
    const text = object > 65536 && object < machine.memoryBytes ? machine.text(object, 64) : '';
    return /^[A-Za-z_]\w{3,60}$/.test(text) ? `${text} called at IRQL ${machine.irql}` : undefined;
  }
}

/** The innermost frame that is no library function's. */
export function userLocation(frames: readonly number[]): number {
  return frames.findLast((frame) => frame < LIBRARY_FRAME && frame !== 0) ?? 0;
}
