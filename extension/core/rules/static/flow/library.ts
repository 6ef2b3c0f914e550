/** What functions that are not walked into do to memory, and what they answer. */
import type { LibraryCall } from './check.js';
import type { Path } from './path.js';
import type { Pointer, Region, Value } from './values.js';

/** Answers the result; undefined for one that nobody knows anything of. */
export type Model = (call: LibraryCall, path: Path) => Value | undefined;

/** Where objects keep what they are told: offsets in the memory of their own that no driver sees. */
export const POINTER_OF = 0;
const CHANNEL_OF = 8;

/** Far from the bytes of the driver that an object may lie among. */
const APART = 2 ** 40;
const FIELDS = 16;

/** Where the object at that address keeps one of these; several may lie in one block of memory. */
export function keptAt({ offset }: Pointer, field: typeof POINTER_OF | typeof CHANNEL_OF): number {
  return APART + offset * FIELDS + field;
}

const STATUS_BITS = 32;

export const MODELS: ReadonlyMap<string, Model> = new Map<string, Model>([
  ...named(copyMemory, 'memcpy', 'memmove', 'RtlCopyMemory', 'RtlMoveMemory', 'RtlCopyBytes'),
  ...named(fillMemory, 'memset', 'RtlFillMemory', 'RtlZeroMemory'),
  ...named(allocatePool2, 'ExAllocatePool2', 'ExAllocatePool3'),
  ...named((call, path) => allocate(call, path, 0, 1), 'ExAllocatePool', 'ExAllocatePoolWithTag'),
  ...named(
    (call, path) => allocate(call, path, 0, 1),
    'ExAllocatePoolUninitialized',
    'ExAllocatePoolQuotaUninitialized',
  ),
  ...named((call, path) => allocate(call, path, 0, 1, 'zero'), 'ExAllocatePoolZero', 'ExAllocatePoolQuotaZero'),
  ...named(freePool, 'ExFreePool', 'ExFreePoolWithTag', 'ExFreePool2'),
  ...named(allocatePacket, 'VmbPacketAllocate'),
  ...named(keep(POINTER_OF), 'VmbPacketSetPointer', 'VmbChannelSetPointer'),
  ...named(kept(POINTER_OF), 'VmbPacketGetPointer', 'VmbChannelGetPointer'),
  ...named(kept(CHANNEL_OF), 'VmbPacketGetChannel'),
  ...named((call, path) => handOut(call, path, 2, 'object'), 'VmbChannelAllocate'),
  ...named((call, path) => handOut(call, path, 2, 'unknown'), 'VmbChannelPacketGetExternalData'),
  ...named((call, path) => handOut(call, path, 3, 'unknown'), 'VmbChannelMapGpadl'),
  ...named((call, path) => handOut(call, path, 1, 'object'), 'VmbConvertVmbusHandleToKernelHandle'),
  ...named((call, path) => path.answer('unknown', call.name, call.place), 'VspMapMdl_', 'MmMapLockedPagesSpecifyCache'),
]);

/** Functions that do not come back. */
export const ENDS: ReadonlySet<string> = new Set([
  'RtlAssert',
  'KeBugCheck',
  'KeBugCheckEx',
  'RtlFailFast',
  'VspLabAssertFailed_',
  'VspLabAssertEqualFailed_',
  'VspLabAssertStatusFailed_',
  'VspLabAssertSuccessFailed_',
  'VspLabAssertBytesFailed_',
  'llvm.trap',
  'llvm.ubsantrap',
]);

function named(model: Model, ...names: readonly string[]): readonly (readonly [string, Model])[] {
  return names.map((name) => [name, model] as const);
}

/** The answer of a function without a model; memory of the caller's own that it was given may have changed. */
export function answerUnknown(call: LibraryCall, path: Path): Value | undefined {
  for (const operand of call.operands) {
    const pointer = operand.kind === 'pointer' ? operand : undefined;
    if (pointer === undefined) continue;
    if (!call.isLibrary) release(pointer.region, path);
    else if (pointer.region.kind === 'local') path.state.memory.forget(pointer.region);
  }
  if (!call.isLibrary) forgetShared(path);
  return call.bits === 0 ? undefined : unknownResult(call, path);
}

function unknownResult(call: LibraryCall, path: Path): Value {
  return call.isPointer
    ? path.answer('unknown', call.name, call.place)
    : path.values.symbol(call.bits, { kind: 'result', callee: call.name, place: call.place });
}

/** Someone else knows the region and all it leads to, and may change both. */
function release(region: Region, path: Path): void {
  const { state } = path;
  if (region.kind === 'function') return;
  const before = state.memory.of(region).cells;
  const isNew = !state.escaped.has(region.id);
  state.escaped.add(region.id);
  state.memory.forget(region);
  if (!isNew) return;
  for (const { content } of before) {
    if (typeof content === 'object' && content.kind === 'pointer') release(content.region, path);
  }
}

/** What others can reach may have changed. */
function forgetShared(path: Path): void {
  const { memory, escaped } = path.state;
  for (const { region } of [...memory.all()]) {
    if (region.kind === 'global' || escaped.has(region.id)) memory.forget(region);
  }
}

function copyMemory(call: LibraryCall, path: Path): Value | undefined {
  const [to, from, length] = call.operands;
  const [target, source] = [path.pointer(to), path.pointer(from)];
  const size = path.number(length);
  if (target === undefined) return to;
  if (size === undefined) {
    blur(target, path);
    return to;
  }
  const { memory } = path.state;
  if (target.index !== undefined) memory.forget(target.region);
  else if (source === undefined || source.index !== undefined || size > MOST)
    memory.write(target.region, target.offset, Number(size), 'unknown', call.place);
  else memory.copyRange(target.region, target.offset, source.region, source.offset, Number(size), call.place);
  return to;
}

const MOST = 1n << 24n;

function fillMemory(call: LibraryCall, path: Path): Value | undefined {
  const [to, byte, length] = call.operands;
  const target = path.pointer(to);
  if (target === undefined || length === undefined) return to;
  const size = path.number(length);
  const content = path.number(byte) === 0n ? 'zero' : 'unknown';
  const { memory } = path.state;
  if (target.index !== undefined) memory.forget(target.region);
  else if (size !== undefined && size <= MOST)
    memory.write(target.region, target.offset, Number(size), content, call.place);
  else memory.fill(target.region, target.offset, content);
  return to;
}

/** Some bytes from there on are others now. */
function blur(target: Pointer, path: Path): void {
  if (target.index === undefined) path.state.memory.fill(target.region, target.offset, 'unknown');
  else path.state.memory.forget(target.region);
}

/** wdm:exallocatepool2: flags, bytes, tag. 0x2 leaves the memory as it is. */
function allocatePool2(call: LibraryCall, path: Path): Value | undefined {
  const flags = path.number(call.operands[0]);
  return allocate(call, path, 0, 1, flags !== undefined && (flags & 2n) === 0n ? 'zero' : 'uninitialised');
}

function allocate(
  call: LibraryCall,
  path: Path,
  _type: number,
  length: number,
  fresh: Region['fresh'] = 'uninitialised',
): Value | undefined {
  const size = path.number(call.operands[length]);
  return path.answer('heap', call.name, call.place, fresh, size === undefined ? undefined : Number(size));
}

function freePool(call: LibraryCall, path: Path): undefined {
  const block = path.pointer(call.operands[0]);
  if (block !== undefined) path.state.memory.forget(block.region);
}

function allocatePacket(call: LibraryCall, path: Path): Value | undefined {
  const packet = path.answer('object', call.name, call.place);
  const [channel] = call.operands;
  if (channel !== undefined) path.state.memory.write(packet.region, keptAt(packet, CHANNEL_OF), 8, channel, call.place);
  path.state.memory.write(packet.region, keptAt(packet, POINTER_OF), 8, path.values.constant(0n, 64), call.place);
  return packet;
}

function keep(field: typeof POINTER_OF): Model {
  return (call, path) => {
    const object = path.pointer(call.operands[0]);
    const [, value] = call.operands;
    if (object === undefined || value === undefined) return undefined;
    if (object.index === undefined) path.state.memory.write(object.region, keptAt(object, field), 8, value, call.place);
    // Nobody knows which object it is: any may have it now.
    else if (value.kind === 'pointer') path.state.escaped.add(value.region.id);
    return undefined;
  };
}

function kept(field: typeof POINTER_OF | typeof CHANNEL_OF): Model {
  return (call, path) => {
    const object = path.pointer(call.operands[0]);
    if (object === undefined || object.index !== undefined) return unknownResult(call, path);
    const { memory } = path.state;
    const known = memory.read(object.region, keptAt(object, field), 8, path.values, 64);
    if (known !== undefined && known !== 'uninitialised') return known;
    const made = path.answer('unknown', call.name, call.place);
    memory.write(object.region, keptAt(object, field), 8, made, call.place);
    return made;
  };
}

/**
 * A new thing through an out parameter, and a status. A variable that was NULL before still is when the call fails: the
 * new address may be NULL then, and comparing it is as good as looking at the status.
 */
function handOut(call: LibraryCall, path: Path, parameter: number, kind: 'object' | 'unknown'): Value | undefined {
  const target = path.pointer(call.operands[parameter]);
  const status = path.values.symbol(STATUS_BITS, { kind: 'result', callee: call.name, place: call.place });
  if (target === undefined || target.index !== undefined) return status;
  const { memory } = path.state;
  const before = memory.read(target.region, target.offset, 8, path.values, 64);
  const wasNull = typeof before === 'object' && path.isNull(before) === true;
  const facts = { name: call.name, place: call.place };
  const pointer = wasNull
    ? path.values.unknownPointer(kind, { kind: 'result', callee: call.name, place: call.place }, facts)
    : path.values.pointer(path.values.region(kind, facts), 0);
  memory.write(target.region, target.offset, 8, pointer, call.place);
  return status;
}
