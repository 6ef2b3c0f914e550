/** Words for a fault: what was accessed, and whose memory it is (wdk/runtime/describe.h). */
import { bugcheckText } from './bugchecks.js';
import { BUDGET_SPENT } from './faults.js';
import { ACCESS_WRITE, FAULT, type FaultKind } from './layout.js';
import { accessText, bytes, type MemoryObject, objectAt, objectText, tagText } from './memoryObject.js';
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
      return { text: BUDGET_SPENT.replace('budget of', `budget of ${simulator.options.budget}`) };
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
      return doubleFree(objectAt(simulator, address), address);
    case FAULT.BAD_FREE:
      return badFree(simulator, address, size, detail);
    default:
      return MEMORY_KINDS.has(kind) ? accessFault(simulator, address, size, detail) : { text: `fault ${kind}` };
  }
}

/** vsp_access_fault: below, what the access is; above, how many of its bytes lie before the first that is closed. */
const ACCESS_BITS = 8n;

export function accessOf(detail: bigint): number {
  return Number(BigInt.asUintN(Number(ACCESS_BITS), detail));
}

/** Address of the first byte that may not be touched. */
export function closedByte(address: bigint, detail: bigint): bigint {
  return address + (detail >> ACCESS_BITS);
}

function accessFault(simulator: Simulator, address: bigint, size: bigint, detail: bigint): FaultText {
  const verb = accessOf(detail) === ACCESS_WRITE ? 'writes' : 'reads';
  const text = `${verb} ${bytes(size)} at ${hex(address)}`;
  const member = memberOfNull(address);
  if (member !== undefined) return { text: `${text}, through a NULL pointer${member}` };
  const closed = closedByte(address, detail);
  const object = objectAt(simulator, closed);
  return { text: `${text}, ${accessText(object, Number(closed - address), Number(size))}`, ...extras(object) };
}

const NULL_ZONE = 65536n;
const ADDRESSES = 2n ** 64n;

/** Members of a record lie behind its address, with CONTAINING_RECORD also before it. */
function memberOfNull(address: bigint): string | undefined {
  if (address === 0n) return '';
  if (address < NULL_ZONE) return `, ${bytes(address)} behind it`;
  return address >= ADDRESSES - NULL_ZONE ? `, ${bytes(ADDRESSES - address)} before it` : undefined;
}

function doubleFree(object: MemoryObject, address: bigint): FaultText {
  const what = object.freed ? `${objectText(object)} at ${hex(address)}` : `the block at ${hex(address)}`;
  return { text: `frees ${what} a second time`, ...extras(object) };
}

function badFree(simulator: Simulator, address: bigint, given: bigint, actual: bigint): FaultText {
  if (address === 0n) return { text: 'frees a NULL pointer' };
  const object = objectAt(simulator, address);
  const text =
    given !== 0n && actual !== 0n && given !== actual
      ? `frees ${objectText(object)} at ${hex(address)} with tag '${tagText(Number(given))}', not with its own`
      : `frees ${hex(address)}, which is no block of the pool: it is ${accessText(object, 0, 0)}`;
  return { text, ...extras(object) };
}

function extras({ lent, related }: MemoryObject): Omit<FaultText, 'text'> {
  return {
    ...(lent?.kind === undefined ? {} : { lent: lent.kind }),
    ...(related.length === 0 ? {} : { related }),
  };
}

function hex(value: bigint): string {
  return `0x${value.toString(16).toUpperCase()}`;
}
