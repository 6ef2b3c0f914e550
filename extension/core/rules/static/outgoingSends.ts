/** Rules of the arguments that packets are sent with (kmcl-facts 1.2, 5.2, 7.4). */
import type { Access, Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import type { Value } from './flow/values.js';
import { hasRole, operandNumber, uncoveredEnd } from './helpers.js';
import { SENDS } from './outgoingState.js';
import { hex32 } from './words.js';

const FLAG = { WAIT: 1n, FORCE_MDL_LENGTH: 2n, ALL: 0x1fn };
/** kmcl-facts K11: with at least 16 bytes of packet header, a packet stays below this. */
const MOST_BYTES = 524_280n;
const LEAST_HEADER = 16n;
const POINTER_SIZE = 8n;
const SYNCHRONOUS = 'VmbChannelSendSynchronousRequest';

/** A length whose limit is known once all functions were walked. */
interface Sized {
  readonly bytes: bigint;
  readonly found: Reported;
  readonly message: (limit: bigint) => string;
}

export function outgoingSendsCheck(): Check {
  return new Sends();
}

class Sends implements Check {
  /** External data and waiting requests: they count once it is known that the driver's channels are a server's. */
  readonly #ofServers: Reported[] = [];
  readonly #sides = new Set<string>();
  /** Maximum packet sizes the driver sets; `undefined` for one that is no number. */
  readonly #limits = new Set<bigint | undefined>();
  readonly #long: Sized[] = [];
  readonly #small: Sized[] = [];

  call(call: LibraryCall, path: Path): void {
    const { name } = call;
    this.#noteDriver(call, path);
    if (name === 'VmbPacketInitialize') this.#initialise(call, path);
    if (name === SYNCHRONOUS) {
      completionSize(call, path);
      this.#waiting(call, path);
    }
    if (SENDS.has(name) || name === SYNCHRONOUS) this.#noteLength(call, path);
    if (!SENDS.has(name)) return;
    const flags = operandNumber(call, SENDS.get(name) ?? -1, path);
    if (flags !== undefined) sendFlags(name, flags, call.place, path);
    this.#externalData(call, path);
  }

  read(access: Access, path: Path): void {
    if (!hasRole(path, 'completion')) return;
    const [buffer, length] = [path.parameter(2), path.parameter(3)];
    if (length === undefined || buffer?.kind !== 'pointer' || buffer.region !== access.pointer.region) return;
    const end = uncoveredEnd(access, length, path);
    if (end === undefined) return;
    path.report(
      'out-completion-status',
      access.place,
      `reads up to byte ${end} of the peer's answer, and BufferLength is only known to be ${path.lowest(length)} or more`,
    );
  }

  finish(report: (found: Reported) => void): void {
    if (this.#sides.size === 1 && this.#sides.has('server')) for (const each of this.#ofServers) report(each);
    const limits = [...this.#limits];
    const known = limits.flatMap((limit) => (limit === undefined ? [] : [limit]));
    // A packet of several kinds of channels is too long when it is for all of them.
    const most = known.length === 0 || known.length < limits.length ? MOST_BYTES - LEAST_HEADER - 1n : greatest(known);
    for (const { bytes, found, message } of this.#long) {
      if (bytes > most) report({ ...found, message: message(most) });
    }
    const least = known.length === 0 ? 0n : smallest(known);
    for (const { bytes, found, message } of this.#small) {
      if (bytes <= least + POINTER_SIZE) report({ ...found, message: message(least) });
    }
  }

  #noteDriver(call: LibraryCall, path: Path): void {
    const { name } = call;
    if (name === 'VmbChannelAllocate') {
      const isServer = operandNumber(call, 1, path);
      this.#sides.add(isServer === undefined ? 'unknown' : isServer === 0n ? 'client' : 'server');
    }
    if (name.startsWith('VmbServerChannelInit')) this.#sides.add('server');
    if (name.startsWith('VmbClientChannelInit')) this.#sides.add('client');
    if (name === 'VmbChannelInitSetMaximumPacketSize') this.#limits.add(operandNumber(call, 1, path));
  }

  #noteLength(call: LibraryCall, path: Path): void {
    const length = call.operands[2];
    if (length === undefined) return;
    const bytes = path.lowest(length);
    const isExact = path.number(length) !== undefined;
    const found = path.finding('out-size-limit', call.place, '');
    const message = (most: bigint): string =>
      `${call.name} of ${isExact ? '' : 'at least '}${bytes} bytes: a channel of this driver takes ${most} at most`;
    if (found !== undefined) this.#long.push({ bytes, found, message });
  }

  #initialise(call: LibraryCall, path: Path): void {
    const size = call.operands[2];
    const target = path.pointer(call.operands[1]);
    const bytes = path.number(size);
    if (size !== undefined && target?.region.size !== undefined && target.index === undefined) {
      const room = BigInt(target.region.size - target.offset);
      if (path.lowest(size) > room) {
        const message = `ByteCount is ${path.lowest(size)}, and the memory holds ${room} bytes: the packet ends behind it`;
        path.report('out-init-size', call.place, message, [path.remark('memory', path.position(target.region.place))]);
        return;
      }
    }
    const found = path.finding('out-init-size', call.place, '');
    if (bytes === undefined || found === undefined) return;
    const message = (most: bigint): string =>
      `ByteCount is ${bytes}: a packet takes more than its longest message, ${most} bytes here, and a pointer`;
    this.#small.push({ bytes, found, message });
  }

  /** A guest that never answers keeps the host waiting. */
  #waiting(call: LibraryCall, path: Path): void {
    const flags = operandNumber(call, 4, path) ?? 0n;
    const why = (flags & FLAG.WAIT) !== 0n ? 'WAIT_FOR_COMPLETION is set' : deadlineText(call.operands[7], path);
    if (why === undefined) return;
    const found = path.finding(
      'out-sync-root',
      call.place,
      `${SYNCHRONOUS} waits for the guest, as ${why}: on the host it is for a *Timeout of 0 without WAIT_FOR_COMPLETION`,
    );
    if (found !== undefined) this.#ofServers.push(found);
  }

  #externalData({ name, operands, place }: LibraryCall, path: Path): void {
    const mdl = operands[3];
    const isExternal = name !== 'VmbPacketSend' || (mdl !== undefined && path.isNull(mdl) === false);
    if (!isExternal) return;
    const found = path.finding(
      'out-server-no-external',
      place,
      `${name} with external data: this driver's channels are those of a server, which sends inline data only`,
    );
    if (found !== undefined) this.#ofServers.push(found);
  }
}

/** Of a deadline that is not now; undefined for one that may be. */
function deadlineText(timeout: Value | undefined, path: Path): string | undefined {
  if (timeout === undefined) return undefined;
  if (path.isNull(timeout) === true) return 'Timeout is NULL';
  const pointer = path.pointer(timeout);
  if (pointer === undefined || pointer.index !== undefined) return undefined;
  const time = path.state.memory.read(pointer.region, pointer.offset, 8, path.values, 64);
  const number = typeof time === 'object' ? path.number(time) : undefined;
  return number === undefined || number === 0n ? undefined : `*Timeout is ${BigInt.asIntN(64, number)}`;
}

function greatest(list: readonly bigint[]): bigint {
  return list.reduce((a, b) => (a > b ? a : b));
}

function smallest(list: readonly bigint[]): bigint {
  return list.reduce((a, b) => (a < b ? a : b));
}

function sendFlags(name: string, flags: bigint, place: number, path: Path): void {
  if ((flags & ~FLAG.ALL) !== 0n)
    path.report('out-flags', place, `flags ${hex32(flags)}: only bits of 0x1F mean something`);
  const isMdl = name === 'VmbPacketSendWithExternalMdl';
  if ((flags & FLAG.FORCE_MDL_LENGTH) !== 0n && !isMdl)
    path.report('out-flags', place, `FORCE_MDL_LENGTH belongs to VmbPacketSendWithExternalMdl, not to ${name}`);
  if (name !== 'VmbPacketSend' && (flags & FLAG.WAIT) === 0n)
    path.report(
      'out-external-wait',
      place,
      `${name} without WAIT_FOR_COMPLETION: the peer may still use the memory after it completes`,
    );
}

function completionSize(call: LibraryCall, path: Path): void {
  const size = path.pointer(call.operands[6]);
  const bytes =
    size === undefined || size.index !== undefined
      ? undefined
      : path.state.memory.read(size.region, size.offset, 4, path.values, 32);
  const number = typeof bytes === 'object' ? path.number(bytes) : undefined;
  if (number === undefined || number % 8n === 0n) return;
  path.report(
    'out-sync-size8',
    call.place,
    `*CompletionBufferSize is ${number}, no multiple of 8: the call fails, ${number - (number % 8n) + 8n} would do`,
  );
}
