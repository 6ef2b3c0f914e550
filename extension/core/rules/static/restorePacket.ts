/** Rules of a restore callback that its paths decide (kmcl-facts 6.6 and 7.7). */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, isParameter, regionOf, sameValue, sizeText, uncoveredEnd } from './helpers.js';
import { severity } from './savePacket.js';
import { hex32 } from './words.js';

/** Parameters of EVT_VMB_CHANNEL_RESTORE_PACKET. */
const LIB_BUF = 1;
const LIB_BUF_SIZE = 2;
const SAVE_BUF = 3;
const SAVE_BUF_SIZE = 4;

interface Restored {
  readonly packet: Region | undefined;
  readonly status: Value | undefined;
  readonly place: Position | undefined;
}

interface Story {
  readonly packets: readonly { readonly region: Region; readonly place: Position | undefined }[];
  readonly blocks: readonly { readonly region: Region; readonly place: Position | undefined }[];
  readonly freed: ReadonlySet<number>;
  readonly restored: readonly Restored[];
  readonly hasRoutine: boolean;
  readonly hasPointer: boolean;
  /** Someone nobody knows got the channel or the library's bytes and may have done the rest. */
  readonly isHandedOn: boolean;
}

const STORY = new PathKey<Story>({
  packets: [],
  blocks: [],
  freed: new Set(),
  restored: [],
  hasRoutine: false,
  hasPointer: false,
  isHandedOn: false,
});

const ALLOCATES = /^ExAllocatePool/;
const FREES = new Set(['ExFreePool', 'ExFreePoolWithTag', 'ExFreePool2', 'VmbPacketFree']);
const SENDS = /^VmbPacketSend/;

export function restorePacketCheck(): Check {
  return {
    read: (access, path) => {
      if (hasRole(path, 'restorePacket') && isParameter(access.pointer, SAVE_BUF, path)) read(access, path);
    },
    write: (access, path) => {
      if (hasRole(path, 'restorePacket')) write(access, path);
    },
    call: (call, path) => {
      if (hasRole(path, 'restorePacket')) before(call, path);
    },
    returned: (call, result, path) => {
      if (hasRole(path, 'restorePacket')) after(call, result, path);
    },
    end: (result, path) => {
      if (hasRole(path, 'restorePacket') && result !== undefined) end(result, path);
    },
  };
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function read(access: Access, path: Path): void {
  const length = path.parameter(SAVE_BUF_SIZE);
  const { place, size, by } = access;
  const end = length === undefined ? undefined : uncoveredEnd(access, length, path);
  if (end !== undefined && length !== undefined) {
    const what = size === undefined ? 'bytes' : `up to byte ${end}`;
    path.report(
      'restorepkt-validate',
      place,
      `reads ${what} of SaveBuf, and SaveBufSize is only known to be ${path.lowest(length)} or more`,
    );
  }
  if (by === '' && size !== undefined && size > 1) {
    path.report(
      'restorepkt-copy',
      place,
      `reads ${sizeText(size)} of SaveBuf in place: it is neither aligned for them nor the driver's own`,
    );
  }
}

function write({ pointer, value, place }: Access, path: Path): void {
  if (isParameter(pointer, LIB_BUF, path)) {
    path.report('restorepkt-libbuf', place, "writes to LibBuf: the library's bytes go back to it as they came");
  }
  const isOutside =
    pointer.region.kind === 'global' || pointer.region.kind === 'unknown' || pointer.region.kind === 'heap';
  if (isOutside && value?.kind === 'pointer' && isParameter(value, SAVE_BUF, path)) {
    path.report('restorepkt-copy', place, 'keeps a pointer into SaveBuf, which is gone when the callback returns');
  }
}

function before(call: LibraryCall, path: Path): void {
  const { name, operands, place, isLibrary } = call;
  const story = path.state.get(STORY);
  const region = regionOf(operands[0], path);
  if (name === 'VmbPacketSetPointer' && isParameter(path.pointer(operands[1]), SAVE_BUF, path)) {
    path.report('restorepkt-copy', place, 'keeps SaveBuf as the context, which is gone when the callback returns');
  }
  if (name === 'VmbPacketSetPointer' || name === 'VmbPacketSetPointerEx') update(path, { hasPointer: true });
  if (/^VmbPacketSetCompletionRoutine/.test(name)) update(path, { hasRoutine: true });
  if (FREES.has(name) && region !== undefined) update(path, { freed: new Set([...story.freed, region.id]) });
  if (SENDS.test(name) && story.restored.some(({ packet }) => packet === region && packet !== undefined)) {
    path.report('restorepkt-no-send', place, `${name} of a packet that VmbPacketRestore has put in flight already`);
  }
  if (name === 'VmbPacketRestore') restoreCall(call, story, path);
  if (!isLibrary && name !== 'memcpy') update(path, { isHandedOn: true });
}

function restoreCall({ operands, place }: LibraryCall, { restored }: Story, path: Path): void {
  const [, buffer, size] = operands;
  const given = path.parameter(LIB_BUF);
  const length = path.parameter(LIB_BUF_SIZE);
  const pointer = path.pointer(buffer);
  const isOther =
    pointer !== undefined && given?.kind === 'pointer' && (pointer.region !== given.region || pointer.offset !== 0);
  if (isOther) {
    const what = isParameter(pointer, SAVE_BUF, path) ? 'SaveBuf' : 'other bytes than LibBuf';
    path.report('restorepkt-libbuf', place, `VmbPacketRestore gets ${what}: it takes LibBuf as the callback got it`);
  } else if (
    size !== undefined &&
    length !== undefined &&
    !sameValue(size, length) &&
    path.decide('eq', size, length) !== true
  ) {
    path.report('restorepkt-libbuf', place, 'VmbPacketRestore gets another length than LibBufSize');
  }
  if (restored.length > 0) {
    path.report('restorepkt-libbuf', place, 'VmbPacketRestore gets the same LibBuf a second time', [
      path.remark('first', restored[0]?.place),
    ]);
  }
}

function after(call: LibraryCall, result: Value | undefined, path: Path): void {
  const story = path.state.get(STORY);
  const region = regionOf(result, path);
  const place = path.position(call.place);
  if (call.name === 'VmbPacketAllocate' && region !== undefined)
    update(path, { packets: [...story.packets, { region, place }] });
  if (ALLOCATES.test(call.name) && region !== undefined) update(path, { blocks: [...story.blocks, { region, place }] });
  if (call.name === 'VmbPacketRestore') {
    const packet = regionOf(call.operands[0], path);
    update(path, { restored: [...story.restored, { packet, status: result, place }] });
  }
}

function end(result: Value, path: Path): void {
  const story = path.state.get(STORY);
  severity(path.number(result), path);
  if (path.succeeded(result) === true) succeeded(story, path);
  else failed(story, result, path);
}

function succeeded(story: Story, path: Path): void {
  const { exit } = path.state;
  const { packets, restored } = story;
  const missing = packets.find(({ region }) => region.address !== undefined && path.isNull(region.address) === true);
  if (missing !== undefined) {
    path.report('restorepkt-alloc-null', exit, 'VmbPacketAllocate answered NULL, and the callback returns success', [
      path.remark('allocated', missing.place),
    ]);
    return;
  }
  const [first] = restored;
  if (first === undefined) {
    if (story.isHandedOn) return;
    if (packets.length === 0)
      path.report('restorepkt-allocate', exit, 'returns success without a packet from VmbPacketAllocate');
    else path.report('restorepkt-libbuf', exit, 'returns success, and LibBuf has not gone to VmbPacketRestore');
    return;
  }
  status(first, path);
  needs(story, first, path);
}

/** Success although VmbPacketRestore may have failed. */
function status({ status: value, place }: Restored, path: Path): void {
  if (value === undefined || path.succeeded(value) === true) return;
  const isLookedAt = value.kind === 'symbol' && path.state.used.has(value.id);
  if (!isLookedAt) {
    path.report(
      'restorepkt-status',
      place,
      'nothing looks at the status of VmbPacketRestore, and the callback returns success',
    );
  } else if (path.succeeded(value) === false) {
    path.report(
      'restorepkt-propagate',
      path.state.exit,
      'VmbPacketRestore has failed, and the callback returns success',
      [path.remark('failed', place)],
    );
  }
}

/** What the driver gives the packets it sends, a restored one needs as well. */
function needs({ hasRoutine, hasPointer, isHandedOn }: Story, { place }: Restored, path: Path): void {
  const { program } = path.walk;
  if (isHandedOn) return;
  const lacks = [
    ...(!hasRoutine && program.mentions('VmbPacketSetCompletionRoutine') ? ['a completion routine'] : []),
    ...(!hasPointer && program.mentions('VmbPacketSetPointer') ? ['a pointer'] : []),
  ];
  if (lacks.length > 0) {
    path.report(
      'restorepkt-routine',
      path.state.exit,
      `the driver gives its packets ${lacks.join(' and ')}; this one is restored without`,
      [path.remark('restored here', place)],
    );
  }
}

/** What was taken on the way to a failure is given back. */
function failed(story: Story, result: Value, path: Path): void {
  const { packets, blocks, freed, restored } = story;
  const reached = path.state.reachable(undefined);
  const isLost = ({ region }: { readonly region: Region }): boolean =>
    !freed.has(region.id) &&
    !reached.has(region.id) &&
    region.address !== undefined &&
    path.isNull(region.address) !== true;
  const isLibrarys = (region: Region): boolean =>
    restored.some(
      ({ packet, status: value }) => packet === region && (value === undefined || path.succeeded(value) === true),
    );
  const number = path.number(result);
  const how = number === undefined ? 'with a failure' : `with ${hex32(number)}`;
  const packet = packets.find((each) => isLost(each) && !isLibrarys(each.region));
  const lost = packet ?? (packets.some(({ region }) => isLibrarys(region)) ? undefined : blocks.find(isLost));
  if (lost === undefined) return;
  path.report(
    'restorepkt-free-on-failure',
    lost.place,
    `${packet === undefined ? 'the block' : 'the packet'} is not freed when the callback returns ${how}`,
    [path.remark('returns here', path.position(path.state.exit))],
  );
}
