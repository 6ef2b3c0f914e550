/** What lies at an address, in words (wdk/runtime/describe.h): the object, the place in it, where it came from. */
import { DESCRIBED, DESCRIPTION } from './layout.js';
import type { LentMemory, RelatedPlace } from './simulation.js';
import type { Simulator } from './simulator.js';

export interface MemoryObject {
  readonly kind: number;
  readonly size: number;
  /** Of the address, from the object's first byte: negative before it. */
  readonly offset: number;
  /** Of a global or a local variable. */
  readonly name: string;
  readonly tag: number;
  readonly freed: boolean;
  readonly related: readonly RelatedPlace[];
  /** The library's memory, lent to the driver. */
  readonly lent: Lent | undefined;
}

/** Memory that the library gives the driver for a time. */
interface Lent {
  readonly what: string;
  readonly kind?: LentMemory;
  /** How its time ends, as a clause about it. */
  readonly ended: string;
  /** What is said of the call that ended it. */
  readonly endedHere: string;
}

const RECORD = { kind: 'record', ended: 'whose callback has returned', endedHere: 'taken back in this call' } as const;
const PACKET = { kind: 'incoming', ended: 'whose packet was completed', endedHere: 'completed here' } as const;
const GPADL = { kind: 'gpadl', ended: 'which is not mapped any more', endedHere: 'unmapped here' } as const;

/** By the tags of its blocks. */
const LENT: ReadonlyMap<number, Lent> = new Map<number, Lent>([
  [0x4b426d56, { what: "a guest packet's Buffer", ...PACKET }],
  [0x4d426d56, { what: "the MDL of a guest packet's external data", ...PACKET }],
  [0x58426d56, { what: "a guest packet's client context", ...PACKET }],
  [
    0x43426d56,
    {
      what: "a completion routine's Buffer",
      ended: 'whose completion routine has returned',
      endedHere: 'taken back in this call',
    },
  ],
  [0x53426d56, { what: 'SaveBuf', ...RECORD }],
  [0x4c426d56, { what: 'LibBuf', ...RECORD }],
  [0x4e426d56, { what: '*BytesNeeded', ...RECORD }],
  [0x6c644d56, { what: 'the MDL of a GPADL', ...GPADL }],
  [0x74736547, { what: "guest memory of a GPADL or of a packet's external data", ...GPADL }],
  [0x69766544, { what: 'a device object', ended: 'which was deleted', endedHere: 'deleted here' }],
  [0x53626c56, { what: 'the bytes of VspLabStateBytes', ended: 'whose state was freed', endedHere: 'freed here' }],
]);

/** Where numbers cease to be exact; no memory reaches as far. */
const BEYOND_MEMORY = 2n ** 53n;

/** The object at an address, or nearest to it. */
export function objectAt(simulator: Simulator, address: bigint): MemoryObject {
  const { machine } = simulator;
  const at = machine.native.vsp_describe(Number(address < BEYOND_MEMORY ? address : BEYOND_MEMORY));
  const nameBytes = machine.pointer(at + DESCRIPTION.name);
  const kind = machine.u32(at + DESCRIPTION.kind);
  const tag = machine.u32(at + DESCRIPTION.tag);
  const lent = LENT.get(tag);
  const described = {
    kind,
    size: machine.pointer(at + DESCRIPTION.size),
    offset: Number(machine.i64(at + DESCRIPTION.offset)),
    name: machine.utf8(nameBytes, Number(machine.u64(at + DESCRIPTION.name_length))),
    tag,
    freed: kind === DESCRIBED.FREED || machine.u32(at + DESCRIPTION.freed_stack) !== 0,
    lent,
  };
  const isPacket = kind === DESCRIBED.PACKET || kind === DESCRIBED.CONTEXT;
  const line = Number(machine.u64(at + DESCRIPTION.line));
  const freedBy = machine.u32(at + DESCRIPTION.freed_stack);
  const allocatedBy = machine.u32(at + DESCRIPTION.allocated_stack);
  const freed = simulator.stack(freedBy);
  const allocated = isPacket && line !== 0 ? [line] : simulator.stack(allocatedBy);
  return {
    ...described,
    related: [
      ...(freed.length === 0 ? [] : [{ message: lent?.endedHere ?? 'freed here', frames: freed }]),
      ...(allocated.length === 0
        ? []
        : [{ message: lent === undefined ? 'allocated here' : 'given to the driver in this call', frames: allocated }]),
    ],
  };
}

/** The object alone: `the global Table of 64 bytes`. */
export function objectText({ kind, size, name, tag, lent }: MemoryObject): string {
  const ofSize = ` of ${bytes(size)}`;
  if (lent !== undefined) return `${lent.what}${ofSize}`;
  switch (kind) {
    case DESCRIBED.BLOCK:
    case DESCRIBED.FREED:
      return `a block${tag === 0 ? '' : ` '${tagText(tag)}'`}${ofSize}`;
    case DESCRIBED.GLOBAL:
      return `${globalText(name)}${ofSize}`;
    case DESCRIBED.STACK:
      return `the local variable ${name}${ofSize}`;
    case DESCRIBED.CHANNEL:
      return 'a VMBCHANNEL';
    case DESCRIBED.PACKET:
      return 'a VMBPACKET';
    case DESCRIBED.CONTEXT:
      return `a packet's inline context${ofSize}`;
    case DESCRIBED.COMPLETION:
      return 'a VMBPACKETCOMPLETION';
    case DESCRIBED.RUNTIME:
      return 'memory of the simulator';
    case DESCRIBED.LIBRARY:
      return 'an object of the library';
    case DESCRIBED.CALLBACK:
      return 'a buffer whose callback has returned';
    default:
      return '';
  }
}

/** A static of a function is `function.name` in C and ends in `'::name` in C++. */
function globalText(name: string): string {
  if (name.startsWith('"')) return `the text ${name}`;
  const local = /^[\w$]+\.([\w$]+)$|'::([\w$]+)$/.exec(name);
  return local === null ? `the global ${name}` : `the static variable ${local[1] ?? local[2]}`;
}

const HANDLES: readonly number[] = [DESCRIBED.CHANNEL, DESCRIBED.PACKET, DESCRIBED.COMPLETION];
const UNMEASURED: readonly number[] = [DESCRIBED.RUNTIME, DESCRIBED.LIBRARY, DESCRIBED.CALLBACK];

/**
 * Where an access of `length` bytes lies; the object is the one at its first byte that may not be touched, `skipped`
 * bytes on.
 */
export function accessText(object: MemoryObject, skipped: number, length: number): string {
  const { kind, size, freed, lent } = object;
  const what = objectText(object);
  if (what === '') return 'outside everything that was handed out';
  if (UNMEASURED.includes(kind)) return `in ${what}`;
  const start = object.offset - skipped;
  const over = start >= 0 && start < size ? Math.min(start + length - size, length) : 0;
  const ends =
    freed || over <= 0
      ? ''
      : over === 1
        ? ': the last one lies behind its end'
        : `: the last ${over} lie behind its end`;
  return `${place(start, size)} ${what}${remark(object, HANDLES.includes(kind), freed, lent)}${ends}`;
}

function remark(object: MemoryObject, isHandle: boolean, freed: boolean, lent: Lent | undefined): string {
  if (isHandle) return ", whose memory is the library's";
  if (lent === undefined) return freed ? ' that was freed' : '';
  return freed || (object.offset >= 0 && object.offset < object.size) ? `, ${lent.ended}` : '';
}

/** `8 bytes behind the end of`, `4 bytes before`, `12 bytes into`. */
function place(offset: number, size: number): string {
  if (offset < 0) return `${bytes(-offset)} before`;
  if (offset === 0) return 'at the start of';
  if (offset < size) return `${bytes(offset)} into`;
  return offset === size ? 'directly behind' : `${bytes(offset - size)} behind the end of`;
}

export function bytes(count: number | bigint): string {
  return `${count} byte${Number(count) === 1 ? '' : 's'}`;
}

/** A pool tag as it reads in memory. */
export function tagText(tag: number): string {
  return String.fromCharCode(tag & 0xff, (tag >>> 8) & 0xff, (tag >>> 16) & 0xff, tag >>> 24).replace(
    /[^\x20-\x7e]/g,
    '.',
  );
}
