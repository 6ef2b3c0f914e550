/** Words for a fault: what was accessed, and whose memory it is (wdk/runtime/describe.h). */
import { bugcheckText } from './bugchecks.js';
import { BUDGET_SPENT } from './faults.js';
import { ACCESS_WRITE, DESCRIBED, DESCRIPTION, FAULT, type FaultKind } from './layout.js';
import type { LentMemory, RelatedPlace } from './simulation.js';
import type { Simulator } from './simulator.js';

export interface FaultText {
  readonly text: string;
  readonly lent?: LentMemory;
  readonly related?: readonly RelatedPlace[];
}

export const MEMORY_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  FAULT.OUT_OF_BOUNDS,
  FAULT.USE_AFTER_FREE,
  FAULT.NULL,
  FAULT.WILD,
]);

/** Address, size and detail as vsp_fault was given them: what is shown of them is exact. */
export function memoryFaultText(
  simulator: Simulator,
  kind: FaultKind,
  address: bigint,
  size: bigint,
  detail: bigint,
): FaultText {
  const { machine } = simulator;
  switch (kind) {
    case FAULT.BUGCHECK: {
      const [code = 0n, ...parameters] = machine.bugcheck();
      const values = parameters.map((value) => `0x${value.toString(16).toUpperCase()}`).join(', ');
      return { text: `KeBugCheckEx(${bugcheckText(Number(code))}, ${values})` };
    }
    case FAULT.UNSUPPORTED:
      return { text: machine.text(Number(address)) };
    case FAULT.ASSERT:
      return { text: address === 0n ? 'an assertion of the driver failed' : machine.text(Number(address)) };
    case FAULT.TIMEOUT:
      return { text: BUDGET_SPENT };
    case FAULT.STACK_OVERFLOW:
      return { text: 'the stack is exhausted' };
    case FAULT.OUT_OF_MEMORY:
      return {
        text: `the memory limit of ${machine.memoryLimit} bytes (--memory) is reached: ${size} more are asked for`,
      };
    case FAULT.DIVIDE:
      return { text: 'division by zero' };
    case FAULT.DEADLOCK:
      return { text: 'a lock is taken that the same thread holds: nothing can release it' };
    case FAULT.DOUBLE_FREE:
      return describe(simulator, `frees ${hex(address)} again`, address);
    case FAULT.BAD_FREE:
      return badFree(simulator, address, size, detail);
    default:
      break;
  }
  if (!MEMORY_KINDS.has(kind)) {
    return { text: `fault ${kind}` };
  }
  const verb = detail === BigInt(ACCESS_WRITE) ? 'writes' : 'reads';
  return describe(simulator, `${verb} ${size} byte${size === 1n ? '' : 's'} at ${hex(address)}`, address);
}

function badFree(simulator: Simulator, address: bigint, given: bigint, actual: bigint): FaultText {
  const text =
    given !== 0n && actual !== 0n && given !== actual
      ? `frees ${hex(address)} with tag '${tagText(Number(given))}', allocated with '${tagText(Number(actual))}'`
      : `frees ${hex(address)}, which is no block of the pool`;
  return describe(simulator, text, address);
}

/** Where numbers cease to be exact; no memory reaches as far. */
const BEYOND_MEMORY = 2n ** 53n;

function describe(simulator: Simulator, text: string, address: bigint): FaultText {
  const { machine } = simulator;
  const at = machine.native.vsp_describe(Number(address < BEYOND_MEMORY ? address : BEYOND_MEMORY));
  const kind = machine.u32(at + DESCRIPTION.kind);
  const size = machine.pointer(at + DESCRIPTION.size);
  const offset = Number(machine.i64(at + DESCRIPTION.offset));
  const where = place(offset, size);
  const name = machine.utf8(machine.pointer(at + DESCRIPTION.name), Number(machine.u64(at + DESCRIPTION.name_length)));
  const tag = machine.u32(at + DESCRIPTION.tag);
  const lent = LENT.get(tag);
  const whose =
    lent === undefined
      ? owner(kind, where, size, name, tag)
      : lentText(lent.what, kind, Number(machine.i64(at + DESCRIPTION.offset)), size);
  const allocated = simulator.stack(machine.u32(at + DESCRIPTION.allocated_stack));
  const freed = simulator.stack(machine.u32(at + DESCRIPTION.freed_stack));
  const related: RelatedPlace[] = [
    ...(freed.length === 0 ? [] : [{ message: 'freed here', frames: freed }]),
    ...(allocated.length === 0 ? [] : [{ message: 'allocated here', frames: allocated }]),
  ];
  return {
    text: whose === '' ? text : `${text}, ${whose}`,
    ...(lent?.kind === undefined ? {} : { lent: lent.kind }),
    ...(related.length === 0 || lent !== undefined ? {} : { related }),
  };
}

/** The object at an address in words, as a remark about it needs them: `the global Table of 64 bytes`. */
export function objectText(simulator: Simulator, address: number): string {
  const { machine } = simulator;
  const at = machine.native.vsp_describe(address);
  const name = machine.utf8(machine.pointer(at + DESCRIPTION.name), Number(machine.u64(at + DESCRIPTION.name_length)));
  const kind = machine.u32(at + DESCRIPTION.kind);
  return owner(kind, '', machine.pointer(at + DESCRIPTION.size), name, machine.u32(at + DESCRIPTION.tag)).trim();
}

/** Memory the library lends the driver, by the tags of its blocks: what it is to the driver. */
const LENT: ReadonlyMap<number, { readonly what: string; readonly kind?: LentMemory }> = new Map([
  [0x4b426d56, { what: "a guest packet's data or MDL", kind: 'incoming' }],
  [0x43426d56, { what: "a completion routine's Buffer" }],
  [0x53426d56, { what: 'SaveBuf, LibBuf or *BytesNeeded', kind: 'record' }],
  [0x6c644d56, { what: 'the MDL of a GPADL', kind: 'gpadl' }],
  [0x74736547, { what: "guest memory of a GPADL or of a packet's external data", kind: 'gpadl' }],
  [0x69766544, { what: 'a device object' }],
  [0x53626c56, { what: 'the bytes of VspLabStateBytes' }],
]);

function lentText(what: string, kind: number, offset: number, size: number): string {
  if (offset >= size) return `behind the end of ${what}`;
  if (offset < 0) return `before the beginning of ${what}`;
  return kind === DESCRIBED.FREED || kind === DESCRIBED.BLOCK ? `in ${what}, which is no longer valid` : `in ${what}`;
}

function owner(kind: number, where: string, size: number, name: string, tag: number): string {
  const tagged = tag === 0 ? '' : ` '${tagText(tag)}'`;
  switch (kind) {
    case DESCRIBED.BLOCK:
      return `${where} a block${tagged} of ${size} bytes`;
    case DESCRIBED.FREED:
      return `${where} a block${tagged} of ${size} bytes that was freed`;
    case DESCRIBED.GLOBAL:
      return `${where} the global ${name} of ${size} bytes`;
    case DESCRIBED.STACK:
      return `${where} the local variable ${name} of ${size} bytes`;
    case DESCRIBED.NULL:
      return 'through a NULL pointer';
    case DESCRIBED.RUNTIME:
      return 'memory of the simulator';
    case DESCRIBED.LIBRARY:
      return 'inside an object of the library';
    case DESCRIBED.CALLBACK:
      return 'a buffer whose callback has returned';
    default:
      return 'outside everything that was handed out';
  }
}

/** "8 bytes behind", "4 bytes before", "in". */
function place(offset: number, size: number): string {
  if (offset < 0) {
    return `${-offset} byte${offset === -1 ? '' : 's'} before`;
  }
  if (offset < size) {
    return `${offset} byte${offset === 1 ? '' : 's'} into`;
  }
  const behind = offset - size;
  return behind === 0 ? 'directly behind' : `${behind} byte${behind === 1 ? '' : 's'} behind the end of`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16).toUpperCase()}`;
}

/** A pool tag as it reads in memory. */
export function tagText(tag: number): string {
  return String.fromCharCode(tag & 0xff, (tag >>> 8) & 0xff, (tag >>> 16) & 0xff, tag >>> 24).replace(
    /[^\x20-\x7e]/g,
    '.',
  );
}
