/** A linked module of driver and C runtime, started with stand-ins for the simulator's imports. */

import { accessOf, closedByte } from '../../extension/core/kmcl/faultText.js';
import { LASTING } from '../../extension/core/kmcl/layout.js';
import type { LocationTable, SourceLocation } from '../../extension/core/toolchain/module.js';

/** enum vsp_fault_kind by number. */
export const FAULT_NAMES = [
  '',
  'out-of-bounds',
  'use-after-free',
  'double-free',
  'null',
  'wild',
  'stack-overflow',
  'out-of-memory',
  'timeout',
  'bugcheck',
  'deadlock',
  'unsupported',
  'bad-free',
  'divide',
  'assert',
] as const;

/** Of an access the first byte that may not be touched counts. */
const ACCESSES: readonly string[] = ['out-of-bounds', 'use-after-free', 'null', 'wild'];

export class RuntimeFault extends Error {
  readonly kind: string;
  readonly address: bigint;
  readonly size: bigint;
  readonly detail: bigint;

  constructor(kind: number, address: bigint, size: bigint, detail: bigint) {
    super(`${FAULT_NAMES[kind]} at ${address}, size ${size}, detail ${detail}`);
    this.kind = FAULT_NAMES[kind] ?? '';
    this.address = address;
    this.size = size;
    this.detail = detail;
  }
}

export interface Breach {
  readonly rule: number;
  readonly object: bigint;
  readonly detail: bigint;
}

/** struct vsp_description. */
export interface Description {
  readonly kind: number;
  readonly tag: number;
  readonly start: bigint;
  readonly size: bigint;
  readonly offset: bigint;
  readonly allocatedStack: number;
  readonly freedStack: number;
  readonly name: string;
  readonly flags: number;
}

export interface RunOptions {
  readonly checks?: 0 | 1 | 2;
  readonly memoryLimit?: bigint;
  readonly fill?: number;
  readonly imports?: Readonly<Record<string, (...values: never[]) => unknown>>;
}

export interface RuntimeInstance {
  readonly breaches: readonly Breach[];
  readonly output: readonly string[];
  /** Calls an export; 64-bit values are bigints. */
  call(name: string, ...values: readonly (number | bigint)[]): number | bigint | undefined;
  /** The fault a call ends with; throws when it returns. */
  faultOf(name: string, ...values: readonly (number | bigint)[]): RuntimeFault;
  view(): DataView;
  lasting(field: keyof typeof LASTING): number;
  setLasting(field: keyof typeof LASTING, value: number): void;
  text(address: bigint, length?: bigint): string;
  describe(address: bigint): Description;
  /** Positions of a kept call stack, outermost first. */
  stack(id: number): readonly (SourceLocation | undefined)[];
}

const BUDGET = 1_000_000_000n;
const DESCRIPTION = {
  kind: 0,
  tag: 4,
  start: 8,
  size: 16,
  offset: 24,
  allocated: 32,
  freed: 36,
  name: 40,
  length: 48,
  flags: 56,
};
const STACK = { count: 16, frames: 20 };

/** Instantiates the module as the simulator does: state set, runtime initialised, constructors run, globals kept. */
export function startRuntime(module: WebAssembly.Module, locations: LocationTable, run: RunOptions): RuntimeInstance {
  const breaches: Breach[] = [];
  const output: string[] = [];
  const functions: Record<string, unknown> = {
    vsp_fault: (kind: number, address: bigint, size: bigint, detail: bigint) => {
      const isAccess = ACCESSES.includes(FAULT_NAMES[kind] ?? '');
      throw new RuntimeFault(
        kind,
        isAccess ? closedByte(address, detail) : address,
        size,
        isAccess ? BigInt(accessOf(detail)) : detail,
      );
    },
    vsp_breach: (rule: number, object: bigint, detail: bigint) => {
      breaches.push({ rule, object, detail });
    },
    vsp_print: (text: bigint, length: bigint) => {
      output.push(instance.text(text, length));
    },
    vsp_kmcl_visit_roots: () => undefined,
    vsp_is_save_memory: () => 0,
    vsp_describe_object: () => undefined,
    KeGetCurrentThread: () => 0x1000n,
    ...run.imports,
  };
  for (const { name } of WebAssembly.Module.imports(module)) {
    functions[name] ??= () => {
      throw new Error(`${name} is not served in this test`);
    };
  }
  const { exports } = new WebAssembly.Instance(module, { env: functions as WebAssembly.Imports[string] });
  const call: RuntimeInstance['call'] = (name, ...values) => {
    const target = exports[name];
    if (typeof target !== 'function') {
      throw new Error(`${name} is not exported`);
    }
    return (target as (...values: readonly (number | bigint)[]) => number | bigint | undefined)(...values);
  };
  const view = (): DataView => new DataView((exports['memory'] as WebAssembly.Memory).buffer);
  const lasting = Number(call('vsp_lasting_address'));
  const positionOf = (id: number): SourceLocation | undefined => locations[id >>> 20]?.[id & 0xfffff];
  const instance: RuntimeInstance = {
    breaches,
    output,
    call,
    view,
    faultOf: (name, ...values) => {
      try {
        call(name, ...values);
      } catch (thrown) {
        if (thrown instanceof RuntimeFault) {
          return thrown;
        }
        throw thrown;
      }
      throw new Error(`${name} returned`);
    },
    lasting: (field) => view().getUint32(lasting + LASTING[field], true),
    setLasting: (field, value) => view().setUint32(lasting + LASTING[field], value, true),
    text: (address, length) => {
      const bytes = new Uint8Array(view().buffer, Number(address));
      return new TextDecoder().decode(bytes.subarray(0, length === undefined ? bytes.indexOf(0) : Number(length)));
    },
    describe: (address) => {
      const at = Number(call('vsp_describe', address));
      const data = view();
      const name = data.getBigUint64(at + DESCRIPTION.name, true);
      return {
        kind: data.getUint32(at + DESCRIPTION.kind, true),
        tag: data.getUint32(at + DESCRIPTION.tag, true),
        start: data.getBigUint64(at + DESCRIPTION.start, true),
        size: data.getBigUint64(at + DESCRIPTION.size, true),
        offset: data.getBigInt64(at + DESCRIPTION.offset, true),
        allocatedStack: data.getUint32(at + DESCRIPTION.allocated, true),
        freedStack: data.getUint32(at + DESCRIPTION.freed, true),
        name: name === 0n ? '' : instance.text(name, data.getBigUint64(at + DESCRIPTION.length, true)),
        flags: data.getUint32(at + DESCRIPTION.flags, true),
      };
    },
    stack: (id) => {
      const at = Number(call('vsp_stack', id));
      const count = at === 0 ? 0 : view().getUint32(at + STACK.count, true);
      return Array.from({ length: count }, (_, index) =>
        positionOf(view().getUint32(at + STACK.frames + 4 * index, true)),
      );
    },
  };
  view().setBigUint64(lasting + LASTING.memory_limit, run.memoryLimit ?? 1n << 28n, true);
  view().setBigUint64(lasting + LASTING.random, 1n, true);
  view().setBigInt64(Number(call('vsp_budget_address')), BUDGET, true);
  instance.setLasting('checks', run.checks ?? 0);
  instance.setLasting('fill', run.fill ?? 0xcd);
  call('vsp_initialize');
  call('__wasm_call_ctors');
  call('vsp_snapshot_globals');
  return instance;
}
