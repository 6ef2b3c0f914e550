/** Rules of a save callback that its paths decide (kmcl-facts 6.3 and 7.6). */

import type { Access, Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import { core, type Region, type Value } from './flow/values.js';
import { hasRole, isParameter, sameValue } from './helpers.js';
import { recordEnd, sizeArithmetic } from './savedRecord.js';
import { hex32, plural } from './words.js';

/** Parameters of EVT_VMB_CHANNEL_SAVE_PACKET. */
const SAVE_BUF = 2;
const SAVE_BUF_SIZE = 3;
const BYTES_NEEDED = 4;

const SUCCESS = 0n;
const BUFFER_TOO_SMALL = 0xc0000023n;

interface Story {
  /** What *BytesNeeded holds. */
  readonly needed: Value | undefined;
  readonly neededAt: number;
  readonly isWritten: boolean;
  /** As many bytes as SaveBufSize says went to SaveBuf. */
  readonly isFilled: boolean;
}

const STORY = new PathKey<Story>({ needed: undefined, neededAt: 0, isWritten: false, isFilled: false });

export function savePacketCheck(): Check {
  return { write, read, call, mayBeNull, end };
}

function isSave(path: Path): boolean {
  return hasRole(path, 'savePacket');
}

const PACKET = 1;
const PACKET_OPERATIONS = /^VmbPacket(?:Free|Send|Set|Restore)|^VmbChannelPacket(?:Complete|Fail|Defer)/;
/** Memory that is there when the callback has returned. */
const LASTING = new Set(['global', 'unknown', 'parameter', 'object']);

function write(access: Access, path: Path): void {
  if (!isSave(path)) return;
  const { pointer, value, place } = access;
  if (isParameter(pointer, BYTES_NEEDED, path)) {
    path.state.set(STORY, { ...path.state.get(STORY), needed: value, neededAt: place, isWritten: true });
    if (value !== undefined) sizeArithmetic(value, place, path);
  } else if (isParameter(pointer, SAVE_BUF, path)) {
    touch(access, 'writes to', path);
    const room = path.parameter(SAVE_BUF_SIZE);
    if (access.other !== undefined && sameValue(access.length, room))
      path.state.set(STORY, { ...path.state.get(STORY), isFilled: true });
    fits(access, path);
  } else if (value?.kind === 'pointer' && LASTING.has(pointer.region.kind)) {
    retained(value.region, place, path);
  }
}

function retained(region: Region, place: number, path: Path): void {
  const names = new Map([
    [SAVE_BUF, 'SaveBuf'],
    [BYTES_NEEDED, 'BytesNeeded'],
  ]);
  for (const [index, name] of names) {
    const parameter = path.parameter(index);
    if (parameter?.kind === 'pointer' && parameter.region === region)
      path.report('savepkt-no-retain', place, `keeps ${name}, which is gone when the callback returns`);
  }
}

/** hdr: a packet may be without a pointer. */
function mayBeNull({ region }: { readonly region: Region }, place: number, path: Path): void {
  if (isSave(path) && region.name === 'VmbPacketGetPointer')
    path.report(
      'savepkt-null-context',
      place,
      'VmbPacketGetPointer may have answered NULL: a packet without a context',
    );
}

function read(access: Access, path: Path): void {
  if (isSave(path) && isParameter(access.pointer, SAVE_BUF, path)) touch(access, 'reads', path);
}

/** M8: with SaveBufSize 0 there is no buffer. */
function touch({ place, by, length, size }: Access, does: string, path: Path): void {
  if (path.walk.pass !== 'query') return;
  // A length that may be 0 on this call is no access for sure.
  if (size === undefined && (length === undefined || path.lowest(length) === 0n)) return;
  const what = by === '' ? `this ${does} SaveBuf` : `${by} ${does} ${lengthText(size)}of SaveBuf`;
  path.report('savepkt-zero-size-no-write', place, `SaveBufSize is 0 here, and ${what}, which may be NULL`);
}

function lengthText(size: number | undefined): string {
  return size === undefined ? '' : `${plural(size, 'byte')} `;
}

/** The write pass may come with less room than this call needs by now. */
function fits({ pointer, size, length, place }: Access, path: Path): void {
  const room = path.parameter(SAVE_BUF_SIZE);
  if (path.walk.pass !== 'write' || room === undefined || pointer.index !== undefined) return;
  if (length !== undefined && core(length) === core(room)) return;
  const isUnchecked = path.lowest(room) <= 1n && !path.isTied(room);
  if (isUnchecked) {
    path.report(
      'savepkt-recheck-size',
      place,
      `${size === undefined ? 'Bytes' : plural(size, 'byte')} go to SaveBuf, and nothing has compared SaveBufSize with what is needed`,
    );
    return;
  }
  if (size === undefined || path.isTied(room)) return;
  const end = BigInt(pointer.offset + size);
  if (path.lowest(room) < end) {
    path.report(
      'savepkt-no-overrun',
      place,
      `Writes up to byte ${end} of SaveBuf, and SaveBufSize is only known to be ${path.lowest(room)} or more`,
    );
  }
}

function call({ operands, isLibrary, name, place }: LibraryCall, path: Path): void {
  if (!isSave(path)) return;
  if (PACKET_OPERATIONS.test(name)) {
    const own = isParameter(path.pointer(operands[0]), PACKET, path)
      ? 'of the packet that is being saved'
      : 'inside a save';
    path.report('savepkt-no-packet-ops', place, `${name} ${own}`);
  }
  if (isLibrary) return;
  for (const operand of operands) {
    const pointer = path.pointer(operand);
    if (pointer === undefined) continue;
    if (isParameter(pointer, BYTES_NEEDED, path)) {
      path.state.set(STORY, { ...path.state.get(STORY), needed: undefined, isWritten: true });
    }
  }
}

function end(result: Value | undefined, path: Path): void {
  if (!isSave(path) || result === undefined) return;
  const story = path.state.get(STORY);
  const status = path.number(result);
  const isQuery = path.walk.pass === 'query';
  if (!story.isWritten) {
    const when = isQuery ? 'called with SaveBufSize 0' : 'called with a buffer';
    path.report(
      'savepkt-bytesneeded-written',
      path.state.exit,
      `${when}, it returns here${status === undefined ? '' : ` with ${hex32(status)}`} without having stored *BytesNeeded`,
    );
  }
  severity(status, path);
  if (isQuery) query(story, result, path);
  else written(story, result, path);
}

/** M7: positive codes other than 0 and warnings are no answer of a callback. */
export function severity(status: bigint | undefined, path: Path): void {
  if (status === undefined || status === SUCCESS || status >= 0xc0000000n) return;
  const why = status < 0x80000000n ? 'counts as success' : 'is a warning';
  path.report(
    'savepkt-status-severity',
    path.state.exit,
    `returns ${hex32(status)}, which ${why}: neither done nor failed`,
  );
}

function query({ needed }: Story, result: Value, path: Path): void {
  const size = needed === undefined ? undefined : path.number(needed);
  if (path.succeeded(result) === true && needed !== undefined && path.lowest(needed) > 0n) {
    const told = size === undefined ? 'a size above 0' : plural(Number(size), 'byte');
    path.report(
      'savepkt-query-must-fail',
      path.state.exit,
      `called with SaveBufSize 0, it asks for ${told} and returns success: there is no second call`,
    );
  }
  if (path.number(result) === BUFFER_TOO_SMALL && size === 0n) {
    path.report(
      'savepkt-query-succeed-empty',
      path.state.exit,
      'returns STATUS_BUFFER_TOO_SMALL with *BytesNeeded 0: a packet without state is told by STATUS_SUCCESS',
    );
  }
}

/** M13. */
function written({ needed, isFilled }: Story, result: Value, path: Path): void {
  const room = path.parameter(SAVE_BUF_SIZE);
  if (needed === undefined || room === undefined || path.succeeded(result) !== true) return;
  // The lesser of both was copied: it is all there only if they are equal.
  const isLesser = isFilled && path.decide('ule', room, needed) === true && path.decide('eq', room, needed) !== true;
  if (isLesser || path.decide('ult', room, needed) === true) {
    path.report(
      'savepkt-no-truncate',
      path.state.exit,
      'SaveBufSize is below *BytesNeeded on this way, and it returns success: what was saved is cut off',
    );
  } else if (path.number(result) === SUCCESS) {
    recordEnd(needed, path);
  }
}
