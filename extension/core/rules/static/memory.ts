/** Rules of pool memory that paths decide (kmcl-facts 7.8). */
import type { Position } from '../../run/report.js';
import type { Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Pointer, Region, Value } from './flow/values.js';
import { bytesText, operandNumber, regionOf } from './helpers.js';
import { hex32 } from './words.js';

interface Block {
  readonly isPaged: boolean;
  /** It is handed out as it is. */
  readonly isRaw: boolean;
  /** Instead of NULL there is an exception. */
  readonly isRaising: boolean;
  readonly tag: bigint | undefined;
  readonly place: Position | undefined;
  readonly freed: Position | undefined;
}

const BLOCKS = new PathKey<ReadonlyMap<number, Block>>(new Map());

/** wdm:exallocatepool2. */
const POOL_FLAG = { UNINITIALIZED: 2n, RAISE_ON_FAILURE: 0x20n, PAGED: 0x100n };
/** POOL_TYPE: paged types are the odd ones, and quota is raised for unless the caller says otherwise. */
const PAGED_TYPE = 1n;
const FAIL_INSTEAD_OF_RAISE = 8n;
const WITH_FLAGS = new Set(['ExAllocatePool2', 'ExAllocatePool3']);
const ZEROING = /Zero$/;
const QUOTA = /Quota/;
const PAGED_LOOKASIDE = 'ExAllocateFromPagedLookasideList';
const SENDS = /^VmbPacketSend/;
const PAGED_BUFFER = 4n;

export function memoryCheck(): Check {
  return { call, returned, mayBeNull };
}

function blockOf(value: Value | undefined, path: Path): { readonly region: Region; readonly block: Block } | undefined {
  const region = regionOf(value, path);
  const block = region === undefined ? undefined : path.state.get(BLOCKS).get(region.id);
  return region === undefined || block === undefined ? undefined : { region, block };
}

function put(path: Path, region: Region, block: Block): void {
  path.state.set(BLOCKS, new Map(path.state.get(BLOCKS)).set(region.id, block));
}

function call(call: LibraryCall, path: Path): void {
  const { name } = call;
  if (name.startsWith('ExAllocatePool')) allocation(call, path);
  if (name === 'ExFreePool' || name === 'ExFreePoolWithTag' || name === 'ExFreePool2') free(call, path);
  if (SENDS.test(name)) sent(call, path);
  if (name === 'VmbPacketInitialize') initialised(call, path);
}

function allocation(call: LibraryCall, path: Path): void {
  const { name, place } = call;
  const size = operandNumber(call, 1, path);
  if (size === 0n) path.report('mem-pool2-tag', place, `${name} of 0 bytes`);
  const tag = operandNumber(call, 2, path);
  if (tag === 0n) path.report('mem-pool2-tag', place, `${name} with tag 0`);
  else if (tag !== undefined && name !== 'ExAllocatePool' && !isPrintable(tag))
    path.report(
      'mem-pool2-tag',
      place,
      `${name} with tag ${hex32(tag)}, which is not one to four printable characters`,
    );
}

/** Shorter tags end in zeros; the highest bit protects the block (ExAllocatePoolWithTag). */
function isPrintable(tag: bigint): boolean {
  const bytes = [0n, 8n, 16n, 24n].map((shift) => ((tag & 0x7fffffffn) >> shift) & 0xffn);
  const length = bytes.findLastIndex((byte) => byte !== 0n) + 1;
  return bytes.slice(0, length).every((byte) => byte >= 0x20n && byte <= 0x7en);
}

function returned(call: LibraryCall, result: Value | undefined, path: Path): void {
  const { name } = call;
  const region = regionOf(result, path);
  if (name === PAGED_LOOKASIDE && region !== undefined) {
    const place = path.position(call.place);
    put(path, region, { isPaged: true, isRaw: false, isRaising: false, tag: undefined, place, freed: undefined });
  }
  if (!name.startsWith('ExAllocatePool')) return;
  const flags = operandNumber(call, 0, path);
  if (region === undefined || flags === undefined) return;
  const isFlags = WITH_FLAGS.has(name);
  put(path, region, {
    isPaged: isPagedPool(name, flags),
    isRaw: isFlags ? (flags & POOL_FLAG.UNINITIALIZED) !== 0n : !ZEROING.test(name),
    isRaising: isFlags
      ? (flags & POOL_FLAG.RAISE_ON_FAILURE) !== 0n
      : QUOTA.test(name) && (flags & FAIL_INSTEAD_OF_RAISE) === 0n,
    tag: operandNumber(call, 2, path),
    place: path.position(call.place),
    freed: undefined,
  });
}

function isPagedPool(name: string, flags: bigint): boolean {
  return WITH_FLAGS.has(name) ? (flags & POOL_FLAG.PAGED) !== 0n : (flags & PAGED_TYPE) !== 0n;
}

/** Whether a call asks for paged pool; false where that is not known. */
export function asksForPagedPool(call: LibraryCall, path: Path): boolean {
  if (call.name === PAGED_LOOKASIDE) return true;
  const flags = operandNumber(call, 0, path);
  return call.name.startsWith('ExAllocatePool') && flags !== undefined && isPagedPool(call.name, flags);
}

function free(call: LibraryCall, path: Path): void {
  const found = blockOf(call.operands[0], path);
  if (found === undefined) return;
  const { region, block } = found;
  const { offset, index } = path.pointer(call.operands[0]) ?? { offset: 0, index: undefined };
  const tag = call.name === 'ExFreePoolWithTag' ? operandNumber(call, 1, path) : undefined;
  if (block.freed !== undefined) {
    path.report('mem-free-once', call.place, 'this block was freed before', [path.remark('freed', block.freed)]);
  } else if (offset !== 0 && index === undefined) {
    path.report('mem-free-once', call.place, `frees an address ${offset} bytes into the block`, [
      path.remark('allocated', block.place),
    ]);
  } else if (tag !== undefined && block.tag !== undefined && tag !== 0n && tag !== block.tag) {
    path.report(
      'mem-free-once',
      call.place,
      `frees with tag ${hex32(tag)} what was allocated with ${hex32(block.tag)}`,
      [path.remark('allocated', block.place)],
    );
  }
  put(path, region, { ...block, freed: path.position(call.place) });
}

function sent(call: LibraryCall, path: Path): void {
  const [, buffer] = call.operands;
  const flags = operandNumber(call, call.operands.length - 1, path);
  const found = blockOf(buffer, path);
  if (found?.block.isPaged === true && flags !== undefined && (flags & PAGED_BUFFER) === 0n)
    path.report(
      'out-paged-flag',
      call.place,
      `${call.name} of paged pool with flags ${hex32(flags)}: PAGED_BUFFER is missing`,
      [path.remark('allocated', found.block.place)],
    );
  const size = operandNumber(call, 2, path);
  const pointer = path.pointer(buffer);
  if (found?.block.isRaw !== true || size === undefined || pointer === undefined || pointer.index !== undefined) return;
  const [gap] = path.state.memory.uninitialised(pointer.region, pointer.offset, pointer.offset + Number(size));
  if (gap !== undefined)
    path.report(
      'mem-uninit-to-guest',
      call.place,
      `${bytesText(gap)} of this block were never initialised and go to the guest`,
      [path.remark('allocated', found.block.place)],
    );
}

function initialised(call: LibraryCall, path: Path): void {
  const found = blockOf(call.operands[1], path);
  if (found?.block.isPaged === true)
    path.report('out-init-size', call.place, 'the memory of this packet is paged pool', [
      path.remark('allocated', found.block.place),
    ]);
}

function mayBeNull({ region }: { readonly region: Region }, place: number, path: Path): void {
  const isRaising = path.state.get(BLOCKS).get(region.id)?.isRaising === true;
  if (region.kind === 'heap' && region.name.startsWith('ExAllocatePool') && !isRaising)
    path.report('mem-pool2-tag', place, `${region.name} may have answered NULL here`, [
      path.remark('allocated', path.position(region.place)),
    ]);
}

/** Where the block that the pointer leads to was allocated, if it is paged pool. */
export function pagedBlock(pointer: Pointer, path: Path): Position | undefined {
  const block = path.state.get(BLOCKS).get(pointer.region.id);
  return block?.isPaged === true ? block.place : undefined;
}
