/**
 * One instance of a driver's module: typed memory, the shared state of vsp.h, and the only way from TypeScript into
 * driver code.
 */
import { type ApiName, apiName } from './api.js';
import { BUDGET_SPENT, Fault, type FaultPlace, toRunEnd, wrongCall } from './faults.js';
import { ARENA, FAULT, type FaultKind, IRQL, LASTING, LIBRARY_FRAME, MAX_FRAMES, NONE } from './layout.js';
import { LinearMemory } from './memory.js';
import { bindNative, type Native } from './native.js';
import { fromWasm, parametersOf, type Signature, toWasm, type WasmValue } from './signature.js';
import type { CallbackContext } from './simulation.js';

type WasmFunction = (...parameters: WasmValue[]) => WasmValue;

/** What runs when driver code is called: restored afterwards. */
export interface Flow {
  /** enum vsp_api of the callback, 0 for work of the driver's own. */
  readonly callback: number;
  readonly irql: number;
  readonly channel: number;
}

/** PsTerminateSystemThread: thrown through the thread's frames, caught where the thread was started. */
export class ThreadEnded extends Error {}

type LastingPointer = 'records' | 'simulator' | 'memory_limit' | 'save_buffer' | 'library_buffer';

interface SavedState {
  readonly channel: number;
  readonly packet: number;
  readonly pass: number;
  readonly callback: number;
  readonly irql: number;
  readonly spin_locks: number;
  readonly in_library: number;
  readonly depth: number;
}

const NULL_ZONE = 65536;
const PASSES = [null, 'query', 'write', 'restore'] as const;

export class Machine extends LinearMemory {
  readonly native: Native;
  /** A callback came back with another IRQL or other locks than it was called with. */
  onUnbalanced: (flow: Flow) => void = () => {};
  /** A differential run: what callbacks return is part of the way it takes. */
  watched = false;
  readonly #exports: WebAssembly.Exports;
  readonly #table: WebAssembly.Table;
  readonly #stackPointer: WebAssembly.Global | undefined;
  readonly #lasting: number;
  readonly #frames: number;
  readonly #depth: number;
  readonly #budget: number;
  readonly #called: number;
  readonly #stackTop: number | bigint;
  #scratch = 0;
  /** Table entries made for exports. */
  readonly #pointers = new Map<string, number>();

  constructor(instance: WebAssembly.Instance) {
    super(instance.exports['memory'] as WebAssembly.Memory);
    this.#exports = instance.exports;
    this.#table = instance.exports['__indirect_function_table'] as WebAssembly.Table;
    this.#stackPointer = instance.exports['__stack_pointer'] as WebAssembly.Global | undefined;
    this.#stackTop = this.#stackPointer?.value ?? 0;
    this.native = bindNative(instance.exports, (call) => this.#guard(call));
    this.#lasting = this.native.vsp_lasting_address();
    this.#frames = this.native.vsp_frames_address();
    this.#depth = this.native.vsp_depth_address();
    this.#budget = this.native.vsp_budget_address();
    this.#called = this.native.vsp_called_address();
  }

  /** Stores a zero-terminated copy in internal memory of the lasting arena, for the run's whole life. */
  storeText(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const address = this.native.vsp_allocate(1, bytes.length + 1);
    this.bytes.set(bytes, address);
    return address;
  }

  // ---- struct vsp_lasting

  get lastingAddress(): number {
    return this.#lasting;
  }

  lasting(field: Exclude<keyof typeof LASTING, LastingPointer | 'time' | 'random' | 'bugcheck' | 'modes'>): number {
    return this.u32(this.#lasting + LASTING[field]);
  }

  setLasting(field: keyof typeof LASTING, value: number): void {
    this.setU32(this.#lasting + LASTING[field], value);
  }

  lastingPointer(field: LastingPointer): number {
    return this.pointer(this.#lasting + LASTING[field]);
  }

  setLastingU64(field: 'time' | 'random' | 'memory_limit', value: bigint): void {
    this.setU64(this.#lasting + LASTING[field], value);
  }

  /** Bytes of linear memory that may be reached. */
  get memoryLimit(): number {
    return this.lastingPointer('memory_limit');
  }

  /** Simulated interrupt time in 100 ns units. */
  get time(): number {
    return Number(this.u64(this.#lasting + LASTING.time));
  }

  set time(value: number) {
    this.setU64(this.#lasting + LASTING.time, BigInt(value));
  }

  get irql(): number {
    return this.lasting('irql');
  }

  /** Units left. */
  get budget(): number {
    return Number(this.i64(this.#budget));
  }

  set budget(units: number) {
    this.setU64(this.#budget, BigInt(units));
  }

  mode(index: number): number {
    return this.u32(this.#lasting + LASTING.modes + 4 * index);
  }

  setMode(index: number, value: number): void {
    this.setU32(this.#lasting + LASTING.modes + 4 * index, value);
  }

  /** The stack begins that many bytes further down, a multiple of 16; before any code has run. */
  lowerStack(bytes: number): void {
    if (this.#stackPointer !== undefined) {
      this.#stackPointer.value = BigInt(this.#stackTop) - BigInt(bytes);
    }
  }

  /** The aligned words of the stack in linear memory that are in use. */
  *stackWords(): Generator<number> {
    const top = Number(this.#stackTop);
    for (let at = (Number(this.#stackPointer?.value ?? top) + 7) & ~7; at + 8 <= top; at += 8) yield this.pointer(at);
  }

  /** After a fault the stack is where it was: library functions that read results need room. */
  resetStack(): void {
    if (this.#stackPointer !== undefined) {
      this.#stackPointer.value = this.#stackTop;
    }
  }

  /** 64 bytes of internal memory for out parameters of the C half. */
  get scratch(): number {
    this.#scratch ||= this.native.vsp_allocate(ARENA.LASTING, 64);
    return this.#scratch;
  }

  bugcheck(): readonly bigint[] {
    return [0, 1, 2, 3, 4].map((index) => this.u64(this.#lasting + LASTING.bugcheck + 8 * index));
  }

  // ---- Frames

  /** Location ids of the live frames, innermost last. */
  frames(): number[] {
    const depth = Math.min(this.u32(this.#depth), MAX_FRAMES - 1);
    const view = this.view;
    return Array.from({ length: depth }, (_, index) => view.getUint32(this.#frames + 4 * (index + 1), true));
  }

  /**
   * The same, with what the next frames held last: of one, where a callback that just ended returned; of two, where one
   * that a library function called did.
   */
  framesAtReturn(levels = 1): number[] {
    const depth = this.u32(this.#depth);
    const more = Math.max(0, Math.min(levels, MAX_FRAMES - 1 - depth));
    return [
      ...this.frames(),
      ...Array.from({ length: more }, (_, level) => this.u32(this.#frames + 4 * (depth + 1 + level))),
    ];
  }

  get depth(): number {
    return this.u32(this.#depth);
  }

  set depth(value: number) {
    this.setU32(this.#depth, value);
  }

  /** A library function is on the stack from here on; give the answer to `popFrame` when it returns normally. */
  pushFrame(api: number): number {
    const depth = this.u32(this.#depth);
    if (depth + 2 >= MAX_FRAMES) {
      this.fault(FAULT.STACK_OVERFLOW, 'the stack is exhausted');
    }
    this.setU32(this.#frames + 4 * (depth + 1), (LIBRARY_FRAME | api) >>> 0);
    this.setU32(this.#depth, depth + 1);
    return depth;
  }

  context(): CallbackContext {
    const channel = this.lasting('channel');
    const packet = this.lasting('packet');
    return {
      channel: channel === NONE ? null : channel,
      packet: packet === NONE ? null : packet,
      pass: PASSES[this.lasting('pass')] ?? null,
      callback: apiName(this.lasting('callback')) ?? null,
    };
  }

  /** Ends the test. */
  fault(kind: FaultKind, text: string, address = 0, size = 0, detail = 0): never {
    throw new Fault({ kind, address, size, detail, text, frames: this.frames(), context: this.context() });
  }

  event(kind: number, api: number, object: number, a = 0, b = 0): void {
    if (this.lasting('trace') !== 0) {
      this.native.vsp_event(kind, api, object, a, b);
    }
  }

  // ---- Calls

  /** Calls an exported function without parameters: a fixture's test, the constructors. */
  callExport(name: string): void {
    const target = this.#exports[name] as WasmFunction | undefined;
    if (target === undefined) {
      throw new TypeError(`the module does not export ${name}`);
    }
    this.#guard(() => target());
  }

  hasExport(name: string): boolean {
    return typeof this.#exports[name] === 'function';
  }

  callExportWith(name: string, signature: Signature, parameters: readonly number[]): number {
    const target = this.#exports[name] as WasmFunction | undefined;
    if (target === undefined) {
      throw new TypeError(`the module does not export ${name}`);
    }
    return this.#call(target, 0, signature, parameters);
  }

  /** A function pointer to an exported function; 0 if there is none of that name. */
  exportPointer(name: string): number {
    const target = this.#exports[name];
    if (typeof target !== 'function') {
      return 0;
    }
    const known = this.#pointers.get(name) ?? this.#slotOf(target) ?? Number(this.#table.grow(1n, target));
    this.#pointers.set(name, known);
    return known;
  }

  /** Where the driver's own pointers to that function point, if it has any. */
  #slotOf(target: unknown): number | undefined {
    const length = Number(this.#table.length);
    for (let slot = 0; slot < length; slot++) {
      if (this.#table.get(BigInt(slot)) === target) {
        return slot;
      }
    }
    return undefined;
  }

  /** Calls through a function pointer, as instrumented code does itself: no frame, no context. */
  callPointer(pointer: number, signature: Signature, parameters: readonly number[]): number {
    const target = this.#function(BigInt(pointer));
    if (target === null) {
      return this.#wrongCall(pointer);
    }
    return this.#call(target, pointer, signature, parameters);
  }

  /** The function a pointer names, null if there is none. */
  #function(pointer: bigint): WasmFunction | null {
    return pointer < BigInt(this.#table.length) ? (this.#table.get(pointer) as WasmFunction | null) : null;
  }

  /**
   * Runs driver code on behalf of the library as `flow`: sets callback, IRQL and channel of the shared state, restores
   * them, and reports through onUnbalanced what the code left behind. A fault leaves everything as it was at that
   * moment.
   */
  invoke(flow: Flow, pointer: number, signature: Signature, parameters: readonly number[]): number {
    const before = this.#enter(flow);
    const result = this.callPointer(pointer, signature, parameters);
    this.#balance(flow, before);
    if (this.watched && signature[0] === 's') {
      this.native.vsp_flow_status(result);
    }
    this.#restore(before);
    return result;
  }

  /**
   * As invoke, for code that may end itself by throwing ThreadEnded out of an import: its frames and stack are given
   * back then.
   */
  invokeThread(flow: Flow, pointer: number, signature: Signature, parameters: readonly number[]): void {
    const before = this.#enter(flow);
    const stack = this.#stackPointer?.value;
    try {
      this.callPointer(pointer, signature, parameters);
    } catch (thrown) {
      if (!(thrown instanceof ThreadEnded)) {
        throw thrown;
      }
      if (this.#stackPointer !== undefined && stack !== undefined) {
        const low = Number(this.#stackPointer.value);
        this.#stackPointer.value = stack;
        this.native.vsp_unpoison(low, Number(stack) - low);
      }
    }
    this.#balance(flow, before);
    this.#restore(before);
  }

  /** As calls in instrumented code: callbacks that cause each other without end must end too. */
  spend(units = 1): void {
    const left = this.i64(this.#budget) - BigInt(units);
    this.setU64(this.#budget, left);
    if (left < 0n) {
      this.fault(FAULT.TIMEOUT, BUDGET_SPENT);
    }
  }

  #enter(flow: Flow): SavedState {
    this.spend();
    const before: SavedState = {
      channel: this.lasting('channel'),
      packet: this.lasting('packet'),
      pass: this.lasting('pass'),
      callback: this.lasting('callback'),
      irql: this.lasting('irql'),
      spin_locks: this.lasting('spin_locks'),
      in_library: this.lasting('in_library'),
      depth: this.depth,
    };
    this.setLasting('channel', flow.channel);
    this.setLasting('packet', NONE);
    this.setLasting('pass', 0);
    this.setLasting('callback', flow.callback);
    this.setLasting('irql', flow.irql);
    this.setLasting('spin_locks', 0);
    this.setLasting('in_library', 0);
    return before;
  }

  #balance(flow: Flow, before: SavedState): void {
    this.depth = before.depth;
    if (this.lasting('irql') !== flow.irql || this.lasting('spin_locks') !== 0) {
      this.onUnbalanced(flow);
    }
  }

  #restore(before: SavedState): void {
    this.setLasting('channel', before.channel);
    this.setLasting('packet', before.packet);
    this.setLasting('pass', before.pass);
    this.setLasting('callback', before.callback);
    this.setLasting('irql', before.irql);
    this.setLasting('spin_locks', before.spin_locks);
    this.setLasting('in_library', before.in_library);
  }

  /** Is the running callback one of these? */
  inCallback(names: ReadonlySet<ApiName>): boolean {
    const name = apiName(this.lasting('callback'));
    return name !== undefined && names.has(name);
  }

  get passive(): boolean {
    return this.irql === IRQL.PASSIVE;
  }

  #call(target: WasmFunction, pointer: number, signature: Signature, parameters: readonly number[]): number {
    const letters = parametersOf(signature);
    const values = parameters.map((value, index) => toWasm(letters[index] ?? 'u', value));
    if (target.length !== values.length) {
      this.#wrongCall(pointer);
    }
    const result = this.#guard(() => target(...values), pointer);
    const expected = signature[0] === 'v' ? 'undefined' : 'pq'.includes(signature[0] as string) ? 'bigint' : 'number';
    if (expected !== 'undefined' && typeof result !== expected) {
      this.#wrongCall(pointer);
    }
    return expected === 'undefined' ? 0 : fromWasm(signature[0] as string, result);
  }

  /** The pointer is NULL, names no function, or one of another type. */
  #wrongCall(pointer: number): never {
    const cause = wrongCall(BigInt(pointer), this.#function(BigInt(pointer)) !== null);
    throw new Fault({ ...cause, address: 0, size: 0, detail: 0, frames: this.frames(), context: this.context() });
  }

  #guard(call: () => WasmValue, pointer = 0): WasmValue {
    try {
      return call();
    } catch (thrown) {
      if (thrown instanceof TypeError && pointer !== 0 && /BigInt|convert/i.test(thrown.message)) {
        this.#wrongCall(pointer);
      }
      throw toRunEnd(thrown, () => this.#place());
    }
  }

  /** The stack in linear memory has grown into the null zone below it: whatever is said to be wrong, this is. */
  get stackExhausted(): boolean {
    return this.#stackPointer !== undefined && Number(this.#stackPointer.value) < NULL_ZONE;
  }

  #place(): FaultPlace {
    const pointer = this.u64(this.#called);
    return {
      frames: this.frames(),
      context: this.context(),
      stackExhausted: this.stackExhausted,
      called: { pointer, isFunction: this.#function(pointer) !== null },
    };
  }
}
