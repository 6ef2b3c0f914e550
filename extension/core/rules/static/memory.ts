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
  /** POOL_FLAG_UNINITIALIZED was asked for. */
  readonly isRaw: boolean;
  readonly tag: bigint | undefined;
  readonly place: Position | undefined;
  readonly freed: Position | undefined;
}

const BLOCKS = new PathKey<ReadonlyMap<number, Block>>(new Map());

/** wdm:exallocatepool2. */
const POOL_FLAG = { UNINITIALIZED: 2n, PAGED: 0x100n };
const PAGED_POOL = 1n;
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
    path.report('mem-pool2-tag', place, `${name} with tag ${hex32(tag)}, which is not four printable characters`);
}

function isPrintable(tag: bigint): boolean {
  return [0n, 8n, 16n, 24n].every((shift) => {
    const byte = (tag >> shift) & 0xffn;
    return byte >= 0x20n && byte <= 0x7en;
  });
}

function returned(call: LibraryCall, result: Value | undefined, path: Path): void {
  if (!call.name.startsWith('ExAllocatePool')) return;
  const region = regionOf(result, path);
  const flags = operandNumber(call, 0, path);
  if (region === undefined || flags === undefined) return;
  const isFlags = call.name === 'ExAllocatePool2';
  put(path, region, {
    isPaged: asksForPagedPool(call, path),
    isRaw: isFlags && (flags & POOL_FLAG.UNINITIALIZED) !== 0n,
    tag: operandNumber(call, 2, path),
    place: path.position(call.place),
    freed: undefined,
  });
}

/** Whether the call asks for memory that may be paged out. */
export function asksForPagedPool(call: LibraryCall, path: Path): boolean {
  if (!call.name.startsWith('ExAllocatePool')) return false;
  const flags = operandNumber(call, 0, path);
  if (flags === undefined) return false;
  return call.name === 'ExAllocatePool2' ? (flags & POOL_FLAG.PAGED) !== 0n : flags === PAGED_POOL;
}

function free(call: LibraryCall, path: Path): void {
  const found = blockOf(call.operands[0], path);
  if (found === undefined) return;
  const { region, block } = found;
  const tag = call.name === 'ExFreePoolWithTag' ? operandNumber(call, 1, path) : undefined;
  if (block.freed !== undefined) {
    path.report('mem-free-once', call.place, 'this block was freed before', [path.remark('freed', block.freed)]);
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
    path.report('out-paged-flag', call.place, 'Buffer is paged pool, and the flags lack PAGED_BUFFER', [
      path.remark('allocated', found.block.place),
    ]);
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
  if (region.kind === 'heap' && region.name.startsWith('ExAllocatePool'))
    path.report('mem-pool2-tag', place, `${region.name} may have answered NULL here`, [
      path.remark('allocated', path.position(region.place)),
    ]);
}

/** Where the block that the pointer leads to was allocated, if it is paged pool. */
export function pagedBlock(pointer: Pointer, path: Path): Position | undefined {
  const block = path.state.get(BLOCKS).get(pointer.region.id);
  return block?.isPaged === true ? block.place : undefined;
}
