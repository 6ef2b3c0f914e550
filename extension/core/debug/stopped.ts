/** StoppedView over a live machine: everything is read when it is asked for. */
import type { Host } from '../kmcl/host.js';
import type { CompiledDriver } from '../toolchain/module.js';
import type { DebugControl } from './control.js';
import { type LiveFrame, scopeOf, siteOf, variableAddress, visibleVariables } from './frames.js';
import type { AddressDescription, KernelSnapshot } from './kernel.js';
import type { StageMemory } from './memory.js';
import type { Offsets } from './offsets.js';
import { describeAddress, kernelPicture } from './picture.js';
import type { Quiet } from './quiet.js';
import { type DebugTables, INDEX_MASK, UNIT_SHIFT } from './tables.js';
import type { BreakpointScope, DebugFrame, PlacedVariable, StoppedView } from './view.js';

/** Addresses of global variables: unit and index in its table. */
export class GlobalAddresses {
  readonly #known = new Map<number, number>();

  set(unit: number, index: number, address: number): void {
    this.#known.set((unit << UNIT_SHIFT) | index, address);
  }

  get(unit: number, index: number): number {
    return this.#known.get((unit << UNIT_SHIFT) | index) ?? 0;
  }

  get size(): number {
    return this.#known.size;
  }
}

/** What stays of a run from one stop to the next. */
export interface Stage {
  readonly host: Host;
  readonly exports: WebAssembly.Exports;
  readonly control: DebugControl;
  readonly quiet: Quiet;
  readonly driver: CompiledDriver;
  readonly tables: DebugTables;
  readonly offsets: Offsets;
  readonly globals: GlobalAddresses;
  readonly memory: StageMemory;
}

/** `frames` are the stop's; `write` notes an edit. */
export function stoppedView(
  stage: Stage,
  frames: readonly LiveFrame[],
  write: (address: number, bytes: Uint8Array) => boolean,
): StoppedView {
  const { host, driver, tables } = stage;
  const { machine } = host.simulator;
  return {
    driver,
    tables,
    memory: stage.memory,
    frames,
    variables: (frame) => frameVariables(stage, frames[frame.index] ?? frame),
    globals: (frame) => globalVariables(stage, frame),
    kernel: (): KernelSnapshot => stage.quiet.call(() => kernelPicture(host)),
    describe: (address): AddressDescription => stage.quiet.call(() => describeAddress(host, address)),
    functionAt: (pointer) => functionAt(stage, pointer),
    functionPointer: (name) => functionPointer(stage, name),
    saveBufferWriters: () => saveBufferWriters(stage),
    write: (address, bytes) => {
      const fits = address >= 0 && address + bytes.length <= machine.memoryBytes;
      return fits && write(address, bytes);
    },
  };
}

export function frameVariables(stage: Stage, frame: DebugFrame | LiveFrame): readonly PlacedVariable[] {
  if (!('owner' in frame) || frame.owner < 0 || frame.location === undefined) {
    return [];
  }
  const { tables } = stage;
  const place = { scope: frame.scope, inlinedAt: frame.inlinedAt, line: frame.location.line };
  return visibleVariables(tables, frame.owner, place).map(({ index, ...variable }) => ({
    ...variable,
    address: variableAddress(stage, tables, frame, index),
  }));
}

/** Those of the frame's unit first; a function's static variables only where they are seen. */
export function globalVariables({ tables, globals }: Stage, frame?: DebugFrame): readonly PlacedVariable[] {
  const unit = frame === undefined || frame.scope < 0 ? -1 : frame.scope >>> UNIT_SHIFT;
  return placedGlobals(tables, frame?.scope ?? -1, unit).map(({ unit: of, index, ...variable }) => ({
    ...variable,
    address: globals.get(of, index),
  }));
}

function placedGlobals(
  tables: DebugTables,
  scope: number,
  unit: number,
): readonly (PlacedVariable & { readonly unit: number; readonly index: number })[] {
  const scopes = new Set<number>();
  for (let at = scope; at >= 0; at = scopeOf(tables, at)?.parent ?? -1) {
    scopes.add(at);
  }
  const order = [...tables.keys()].sort((a, b) => Number(b === unit) - Number(a === unit) || a - b);
  const names = new Set<string>();
  return order.flatMap((of) =>
    (tables[of]?.globals ?? []).flatMap((global, index) => {
      if (global.scope >= 0 && !scopes.has(global.scope)) {
        return [];
      }
      const shadowed = names.has(global.name);
      names.add(global.name);
      const { name, type, line, scope: own } = global;
      return [{ name, type, parameter: 0, line, scope: own, address: 0, shadowed, declared: true, unit: of, index }];
    }),
  );
}

/** What a breakpoint's expression may name at a site. */
export function breakpointScope(
  driver: CompiledDriver,
  tables: DebugTables,
  site: number,
): {
  readonly scope: BreakpointScope;
  readonly resolve: (stage: Stage) => (variable: number) => number;
} {
  const at = siteOf(tables, site);
  const place = tables[(at?.location ?? 0) >>> UNIT_SHIFT]?.places[(at?.location ?? 0) & INDEX_MASK];
  const owner = ownerOf(tables, at?.location ?? 0);
  const locals = visibleVariables(tables, owner, {
    scope: at?.scope ?? -1,
    inlinedAt: place?.inlinedAt ?? 0,
    line: at?.line ?? 0,
  }).filter(({ shadowed }) => !shadowed);
  const globals = placedGlobals(tables, at?.scope ?? -1, site >>> UNIT_SHIFT).filter(({ shadowed }) => !shadowed);
  return {
    scope: { driver, tables, site, variables: [...locals, ...globals] },
    resolve: (stage) => {
      const { machine } = stage.host.simulator;
      return (variable) => {
        const local = locals[variable];
        if (local !== undefined) {
          const frame = { owner, depth: machine.depth };
          return variableAddress(stage, tables, frame, local.index);
        }
        const global = globals[variable - locals.length];
        return global === undefined ? 0 : stage.globals.get(global.unit, global.index);
      };
    },
  };
}

/** The function whose frame holds the variables of code at that location. */
export function ownerOf(tables: DebugTables, location: number): number {
  let scope = -1;
  for (let at = location; at !== 0; ) {
    const place = tables[at >>> UNIT_SHIFT]?.places[at & INDEX_MASK];
    scope = place?.scope ?? -1;
    at = place?.inlinedAt ?? 0;
  }
  return scopeOf(tables, scope)?.function ?? -1;
}

function functionAt({ exports, driver }: Stage, pointer: number): string | undefined {
  const table = exports['__indirect_function_table'] as WebAssembly.Table;
  if (!(pointer > 0 && pointer < Number(table.length))) {
    return undefined;
  }
  const target = table.get(BigInt(pointer)) as { readonly name?: string } | null;
  if (target === null) {
    return undefined;
  }
  const exported = Object.keys(exports).find((name) => exports[name] === (target as unknown));
  return driver.functions.find(({ symbol }) => symbol === exported)?.name;
}

function functionPointer({ exports, driver }: Stage, name: string): number {
  const table = exports['__indirect_function_table'] as WebAssembly.Table;
  const symbol = driver.functions.find((fn) => fn.name === name)?.symbol;
  const target = symbol === undefined ? undefined : exports[symbol];
  if (typeof target !== 'function') {
    return 0;
  }
  for (let slot = 1; slot < Number(table.length); slot++) {
    if (table.get(BigInt(slot)) === (target as unknown)) {
      return slot;
    }
  }
  return 0;
}

function saveBufferWriters({ host, quiet }: Stage): Uint32Array {
  const { simulator } = host;
  const { machine } = simulator;
  const size = machine.lasting('save_size');
  if (machine.lastingPointer('save_buffer') === 0 || simulator.options.checks === 'off') {
    return new Uint32Array(0);
  }
  const locations = new Map<number, number>([[0, 0]]);
  return quiet.call(() =>
    Uint32Array.from({ length: Math.min(size, 1 << 20) }, (_, offset) => {
      const stack = machine.native.vsp_debug_writer(offset);
      const known = locations.get(stack) ?? simulator.stack(stack).at(-1) ?? 0;
      locations.set(stack, known);
      return known;
    }),
  );
}
