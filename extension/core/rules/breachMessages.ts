/**
 * Words for breaches that the simulator reports with a number only: `detail` as vsp_misuse and vsp_breach were given
 * it.
 */
import { apiName } from '../kmcl/api.js';
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { BreachRecord } from '../kmcl/simulation.js';
import { statusName } from '../kmcl/statusNames.js';
import type { RuleId } from './catalogue.js';
import { bytes } from './draft.js';

type Words = (detail: number, breach: BreachRecord) => string;

const IRQL_NAMES = ['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL'] as const;

/** A KIRQL as the documentation writes it. */
export function irqlText(irql: number): string {
  return IRQL_NAMES[irql] ?? `IRQL ${irql}`;
}

/** The library function that was called, by the innermost frame. */
function libraryFunction({ frames }: BreachRecord, otherwise: string): string {
  const last = frames.at(-1) ?? 0;
  return (last >= LIBRARY_FRAME ? apiName(last - LIBRARY_FRAME) : undefined) ?? otherwise;
}

function passiveText(irql: number): string {
  return irql === 0 ? 'with a spin lock held' : `at ${irqlText(irql)}; it needs PASSIVE_LEVEL`;
}

/** What has become of a packet object (enum vsp_packet_state). */
const PACKET_STATES = ['free', 'not sent', 'queued', 'in flight', 'completing'] as const;

/** What has become of an incoming packet (enum vsp_incoming_state). */
const INCOMING_STATES = ['free', 'being processed', 'pending', 'deferred', 'held', 'completed', 'failed'] as const;
const DEFERRED = 3;

function packetState(state: number): string {
  return PACKET_STATES[state] ?? 'not usable';
}

function incomingState(state: number): string {
  return INCOMING_STATES[state] ?? 'not usable';
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase()}`;
}

/** enum vsp_lock_breach of the runtime. */
const LOCK_BREACHES = [
  undefined,
  'the spin lock is released with an IRQL that is not the one its acquire saved',
  'the lock is released while nobody holds it',
  'an AtDpcLevel function is called below DISPATCH_LEVEL',
  'the IRQL is lowered while a spin lock is held',
  'the lock is released by a thread that does not own it',
  'the callback returned with a spin lock still held',
  'the callback released a spin lock that it had not acquired',
] as const;

/** Details of savepkt-idempotent (save.h). */
const REPEATED = ['answered another status or size', 'stored other bytes'] as const;
const CONTEXT_CHANGED = 2;

/** Bits of out-size-limit: the packet is an answer to the guest, which is cut off and goes on. */
export const ANSWER_TO_GUEST = 2 ** 32;

function sizeLimit(detail: number): string {
  const size = bytes(detail % ANSWER_TO_GUEST);
  return detail < ANSWER_TO_GUEST
    ? `${size} are more than the channel's maximum packet size or its ring allows`
    : `an answer of ${size} is longer than the channel's maximum packet size and is cut off`;
}

/** Details of restorepkt-libbuf (save.h). */
const LIB_BUF = [
  'VmbPacketRestore is called outside EvtVmbChannelRestorePacket',
  'the callback succeeded without VmbPacketRestore: the transaction is lost, and the guest never gets its answer',
  'VmbPacketRestore is called a second time for one LibBuf',
  'VmbPacketRestore gets other bytes than LibBuf and LibBufSize: the transaction id is lost',
  'the callback changed LibBuf, which is read-only and goes to VmbPacketRestore as it is',
] as const;

const CONFIGURATION: Partial<Record<RuleId, Words>> = {
  'iface-query-size-version': () => 'size, version and GUID of this interface query do not belong together',
  'init-external-limits': (size) =>
    `a guest packet of ${bytes(size)} exceeds the limits set for external data and is dropped`,
  'init-process-callback': (size) =>
    size === 0
      ? 'VmbChannelEnable without a ProcessPacket callback: guest packets would never be served'
      : `a guest packet of ${bytes(size)} arrived, and no ProcessPacket callback is registered`,
  'init-server-only-on-server': () => 'a server function is called on a client channel',
  'init-target-ids': () => 'VmbChannelEnable before VmbServerChannelInitSetTargetInterfaceId: no guest driver can bind',
};

const STATE: Partial<Record<RuleId, Words>> = {
  'state-no-use-after-cleanup': () => 'the channel handle is dead: it was cleaned up, or never allocated',
  'state-no-send-suspended': () =>
    'a packet is sent while the channel is suspended: nothing is sent from EvtVmbChannelSuspend until the next ' +
    'EvtVmbChannelStarted',
  'state-latency-window': () =>
    'VmbChannelSetInterruptLatency outside the time from EvtVmbChannelOpened to EvtVmbChannelClosed',
  'state-passive-blocking': (irql, breach) =>
    `${libraryFunction(breach, 'a blocking library function')} called ${passiveText(irql)}`,
  'gpadl-single-map': (gpadl) => `GPADL ${gpadl} is mapped already: one mapping at a time`,
};

const INCOMING: Partial<Record<RuleId, Words>> = {
  'in-complete-once': (state) => `the packet is ${incomingState(state)} already`,
  'in-no-use-after-complete': (state) => `the packet is ${incomingState(state)}: its handle is dead`,
  'in-defer-inline': (state) =>
    state === DEFERRED
      ? 'the packet was deferred in this delivery: it comes again, and until then it is left alone'
      : `the packet is ${incomingState(state)}; only the one that ProcessPacket is working on can be deferred`,
  'in-external-pending': () =>
    'the packet is touched although VmbChannelPacketGetExternalData answered STATUS_PENDING: the callback returns ' +
    'and is called again',
  'in-external-flag': () =>
    'external data is asked for, but Flags of this packet lack VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA',
  'in-fail-terminal': () => 'the packet is touched after VmbChannelPacketFail',
  'in-completion-init': () =>
    'the answer to the guest changes with what fresh memory held: some of its bytes were never written',
  'in-completion-args': (size) =>
    size === 0
      ? 'a completion buffer is passed with a size of 0'
      : `no completion buffer is passed with a size of ${size}`,
  'in-mdl-not-owned': () => 'this MDL belongs to the library: the driver may map it and nothing else',
  'in-mdl-unmap-first': () =>
    'the packet is completed while its external data is still mapped: MmUnmapLockedPages comes first',
};

const OUTGOING: Partial<Record<RuleId, Words>> = {
  'out-init-size': (size) =>
    size === 0
      ? 'the memory for a packet object is paged pool: it must be nonpaged'
      : `${bytes(size)} are too few for a packet object: VmbChannelSizeofPacket says how many`,
  'out-no-reuse-in-use': (state) =>
    state === 0
      ? 'the packet object is in use'
      : `the packet is ${packetState(state)}: it belongs to the library until its completion routine runs`,
  'out-no-touch-after-send': () =>
    'the packet object was given back, by VmbPacketFree or by its default completion routine: the handle is dead',
  'out-init-not-freed': (state) =>
    state === 0
      ? 'this packet object lies in memory of the driver: VmbPacketFree is for packets of VmbPacketAllocate'
      : `memory is freed that holds a packet which is still ${packetState(state)}`,
  'out-no-free-default': () => 'the default completion routine frees this packet; here it is freed a second time',
  'out-free-custom': () => 'the packet was freed before',
  'out-init-routine': () => 'a packet in memory of the driver is sent without a completion routine',
  'out-size-limit': sizeLimit,
  'out-paged-flag': (irql) =>
    irql === 0
      ? 'the buffer lies in paged pool, and the send lacks VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER'
      : `a send with VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER at ${irqlText(irql)}`,
  'out-flags': (flags) => `flags ${hex(flags)} are not all defined for this function`,
  'out-external-wait': () =>
    'a send with external memory lacks VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION: the memory could go while ' +
    'the peer reads it',
  'out-server-no-external': () => 'a server channel sends inline data only',
  'out-sync-root': () =>
    'a host waits for its guest: VmbChannelSendSynchronousRequest takes *Timeout 0 and no WAIT_FOR_COMPLETION there',
  'out-sync-irql': (irql) => `a synchronous request that may wait is made at ${irqlText(irql)}`,
  'out-sync-size8': (size) => `the answer buffer holds ${bytes(size)}: it must be a multiple of 8`,
};

/** Details of save-persist-filled and save-boundaries: the length of a saved piece, and how much was fed back behind it. */
function piece(detail: number): { readonly filled: string; readonly rest: string } {
  return { filled: bytes(detail % 2 ** 32), rest: bytes(Math.floor(detail / 2 ** 32)) };
}

const SAVE: Partial<Record<RuleId, Words>> = {
  'save-persist-filled': (detail) => {
    const { filled, rest } = piece(detail);
    return `a saved piece of ${filled} is fed back with ${rest} behind it that VmbChannelSaveContinue did not fill`;
  },
  'save-boundaries': (detail) => {
    const { filled, rest } = piece(detail);
    return `a saved piece of ${filled} is fed back with ${rest} of the next one: where pieces end was not kept`;
  },
  'save-quiesced': (outstanding) =>
    outstanding === 0
      ? 'the channel runs, or something is sent, between VmbChannelSaveBegin and VmbChannelSaveEnd: pause it first'
      : `${count(outstanding, 'incoming packet')} of the guest not completed yet: pause the channel first`,
  'save-callbacks-registered': (packets) =>
    `${count(packets, 'packet')} in use, and no save and restore callbacks are registered`,
  'save-end-always': (end) =>
    end === 0
      ? 'VmbChannelSaveBegin although the last save was not ended with VmbChannelSaveEnd'
      : 'VmbChannelSaveEnd is called a second time for one VmbChannelSaveBegin',
  'save-begin-checked': (end) =>
    `${end === 0 ? 'VmbChannelSaveContinue' : 'VmbChannelSaveEnd'} without a successful VmbChannelSaveBegin`,
  'save-continue-statuses': () => 'VmbChannelSaveContinue is called again although it had finished or failed',
  'save-grow': (required) => `the buffer is smaller than the ${bytes(required)} that BytesRequired asked for`,
  'save-passive': (irql, breach) => `${libraryFunction(breach, 'a save function')} called ${passiveText(irql)}`,
  'restore-force-new': (packets) =>
    `${count(packets, 'transaction')} left open at save, though FORCE_NEW_CHANNEL drops them`,
};

const SAVE_PACKET: Partial<Record<RuleId, Words>> = {
  'savepkt-zero-size-no-write': (access) =>
    access === 0
      ? 'the query call stored bytes through SaveBuf although SaveBufSize is 0'
      : `the query call ${access % 2 === 1 ? 'writes' : 'reads'} ${bytes(Math.floor(access / 2))} through SaveBuf although SaveBufSize is 0`,
  'savepkt-no-packet-ops': () =>
    'inside EvtVmbChannelSavePacket a packet is sent, freed or changed: the callback may only read it, and the ' +
    'call has no effect',
  'savepkt-no-overrun': (size) => `the write call stored bytes behind SaveBuf, whose SaveBufSize is ${size}`,
  'savepkt-idempotent': (detail, { context }) =>
    detail === CONTEXT_CHANGED
      ? `the ${context.pass ?? 'save'} call changed the packet's context: saving leaves no trace, the transaction ` +
        'may go on'
      : `called again for the same packet, the ${context.pass ?? 'save'} call ${REPEATED[detail] ?? REPEATED[0]}`,
  'savepkt-irql': (irql) => `SaveBuf or BytesNeeded is touched at ${irqlText(irql)}: both may be pageable`,
  'savepkt-status-severity': (status) =>
    `the callback returned ${statusName(status)}, which is neither STATUS_SUCCESS nor an error`,
  'savepkt-bytesneeded-written': () => 'the callback returned without storing a size in *BytesNeeded',
  'savepkt-query-must-fail': (needed) =>
    `the query succeeded and reported ${bytes(needed)}: there is no second call and the state is lost`,
  'savepkt-query-succeed-empty': (status) => `the query failed with ${statusName(status)} and reported 0 bytes`,
  'savepkt-full-init': (missing) =>
    `${bytes(missing)} that are persisted were never written: they hold what was in memory before`,
  // The verdict of savePacket.ts speaks where the numbers differ.
  'savepkt-size-exact': (written) =>
    `*BytesNeeded reports ${bytes(written)}, but more than zeros was written behind them: that is not saved`,
  'savepkt-no-truncate': (needed) =>
    `the write call succeeded although the record needs ${bytes(needed)}: the saved record is cut off`,
  'savepkt-stable': (needed) =>
    `the write call needs ${bytes(needed)}, which is not what the query said: the state changed in between`,
};

const RESTORE: Partial<Record<RuleId, Words>> = {
  'restore-before-active': () =>
    'VmbChannelRestoreFromBuffer on a started channel: state is restored after the set-up and before VmbChannelStart',
  'restore-order': (size) =>
    `these ${bytes(size)} are not the next whole piece of the saved state: pieces are fed in the order and the ` +
    'lengths SaveContinue gave',
  'restore-finish': (left) =>
    left === 0
      ? 'a piece is fed after VmbChannelRestoreFromBuffer had answered STATUS_SUCCESS or an error'
      : `VmbChannelStart before the restore is complete: ${count(left, 'saved packet')} still missing`,
  'restore-unwind': () =>
    'VmbChannelStart after a failed restore: the channel is disabled and cleaned up instead, the packets restored ' +
    'so far are lost',
  'restore-same-config': (size) =>
    `the saved channel's maximum packet size is ${size}, which is more than this channel's: the packet cannot be ` +
    'restored',
  'restorepkt-allocate': () =>
    'VmbPacketRestore takes a packet that VmbPacketAllocate gave for this channel and that was not sent yet',
  'restorepkt-libbuf': (detail) => LIB_BUF[detail] ?? LIB_BUF[1],
  'restorepkt-free-on-failure': (packets) =>
    `the callback failed and left ${count(packets, 'packet')} behind: VmbPacketFree, and free the context, on this ` +
    'path',
  'restorepkt-propagate': (status) =>
    status === 0
      ? 'the callback returned STATUS_SUCCESS although VmbPacketRestore failed: the transaction is missing after ' +
        'the resume'
      : `the callback returned ${statusName(status)}, which counts as success: it answers STATUS_SUCCESS or the error`,
  'restorepkt-routine': () =>
    'the restored packet has state but no completion routine: nobody will free its context or finish its request',
  'restorepkt-copy': () => 'the callback changed SaveBuf, which is read-only: copy the record first',
  'roundtrip-differs': (offset) => `saved again after the restore, byte ${offset} differs`,
  'restorepkt-no-send': () => 'a restored packet is sent again: it already behaves as sent',
};

const OTHERS: Partial<Record<RuleId, Words>> = {
  'irql-call': (detail) =>
    detail > 0xff
      ? `called at ${irqlText(detail & 0xff)}; it allows ${irqlText(detail >> 8)}`
      : `called at ${irqlText(detail)}, which it does not allow`,
  'lock-irql': (detail) => LOCK_BREACHES[detail] ?? 'the lock is not released the way it was acquired',
  'lock-list': () => 'the LIST_ENTRY is corrupt: it was inserted or removed twice, or overwritten',
  'iface-dereference': (known) =>
    known === 0
      ? 'Context of an interface is passed that no query returned'
      : 'InterfaceDereference is called more often than the query and InterfaceReference gave references',
  'mem-nonpaged-at-dispatch': (irql) => `paged pool is touched at ${irqlText(irql)}`,
  'mem-paged-code': (irql) => `PAGED_CODE() at ${irqlText(irql)}`,
};

export const breachMessages: Partial<Record<RuleId, Words>> = {
  ...CONFIGURATION,
  ...STATE,
  ...INCOMING,
  ...OUTGOING,
  ...SAVE,
  ...SAVE_PACKET,
  ...RESTORE,
  ...OTHERS,
};
