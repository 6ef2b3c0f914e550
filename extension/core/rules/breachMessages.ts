/**
 * Words for breaches that the C half reports with a number only: `detail` as vsp_misuse and vsp_breach were given it.
 */
import { statusText } from '../kmcl/status.js';
import type { RuleId } from './catalogue.js';
import { bytes } from './draft.js';

type Words = (detail: number) => string;

const IRQL_NAMES = ['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL'] as const;

/** A KIRQL as the documentation writes it. */
export function irqlText(irql: number): string {
  return IRQL_NAMES[irql] ?? `IRQL ${irql}`;
}

/** What has become of a packet object (enum vsp_packet_state). */
const PACKET_STATES = ['free', 'not sent', 'queued', 'in flight', 'completing'] as const;

/** What has become of an incoming packet (enum vsp_incoming_state). */
const INCOMING_STATES = ['free', 'being processed', 'pending', 'deferred', 'held', 'completed', 'failed'] as const;

function packetState(state: number): string {
  return PACKET_STATES[state] ?? 'not usable';
}

function incomingState(state: number): string {
  return INCOMING_STATES[state] ?? 'not usable';
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** enum vsp_lock_breach of the runtime. */
const LOCK_BREACHES = [
  undefined,
  'released with an IRQL that is not the one its acquire saved',
  'released while it is free',
  'an AtDpcLevel function below DISPATCH_LEVEL',
  'the IRQL is lowered while a spin lock is held',
  'released by a thread that does not own it',
  'the callback returned with a spin lock held',
] as const;

export const breachMessages: Partial<Record<RuleId, Words>> = {
  'irql-call': (detail) =>
    detail > 0xff
      ? `called at ${irqlText(detail & 0xff)}; it allows ${irqlText(detail >> 8)}`
      : `called at ${irqlText(detail)}, which it does not allow`,
  'lock-irql': (detail) => LOCK_BREACHES[detail] ?? 'a spin lock was not released the way it was acquired',
  'mem-nonpaged-at-dispatch': (irql) => `paged pool is touched at ${irqlText(irql)}`,
  'mem-paged-code': (irql) => `PAGED_CODE() at ${irqlText(irql)}`,
  'in-complete-once': (state) => `the packet is ${incomingState(state)} already`,
  'in-no-use-after-complete': (state) => `the packet is ${incomingState(state)}: its handle is dead`,
  'in-defer-inline': (state) =>
    `the packet is ${incomingState(state)}; only the one that ProcessPacket is working on can be deferred`,
  'in-external-pending': () => 'the packet is touched although VmbChannelPacketGetExternalData answered STATUS_PENDING',
  'in-external-flag': () => 'external data is asked for, but the flags of this packet announce none',
  'in-fail-terminal': () => 'the packet is touched after VmbChannelPacketFail',
  'in-completion-args': (size) =>
    size === 0 ? 'a buffer is passed with a size of 0' : `no buffer is passed with a size of ${size}`,
  'in-mdl-not-owned': () => 'this MDL belongs to the library: the driver may map it and nothing else',
  'init-external-limits': (size) =>
    `a guest packet of ${bytes(size)} exceeds the limits set for external data and is dropped`,
  'init-process-callback': (size) =>
    `a guest packet of ${bytes(size)} arrived, and no ProcessPacket callback is registered`,
  'out-init-size': (size) =>
    size === 0
      ? 'a packet object must lie in nonpaged memory'
      : `${bytes(size)} are too few for a packet object: VmbChannelSizeofPacket says how many`,
  'out-no-reuse-in-use': (state) =>
    state === 0
      ? 'the packet object is in use'
      : `the packet is ${packetState(state)}: it belongs to the library until its completion routine runs`,
  'out-no-touch-after-send': () => 'the packet was sent and has completed already: its object may be gone',
  'out-init-not-freed': (state) =>
    state === 0
      ? 'this packet object lies in memory of the driver: VmbPacketFree is for packets of VmbPacketAllocate'
      : `the memory of a packet object is freed while the packet is ${packetState(state)}`,
  'out-no-free-default': () => 'the default completion routine frees this packet; here it is freed a second time',
  'out-free-custom': () => 'the packet was freed before',
  'out-init-routine': () => 'a packet in memory of the driver is sent without a completion routine',
  'out-size-limit': (size) => `${bytes(size)} are more than the maximum packet size of the channel`,
  'out-paged-flag': (irql) =>
    irql < 2
      ? 'a pageable buffer is sent without the PAGED_BUFFER flag'
      : `a pageable buffer is sent at ${irqlText(irql)}`,
  'out-flags': (flags) => `flags 0x${flags.toString(16).toUpperCase()} are not all defined for this function`,
  'out-external-wait': () => 'a send with external memory does not ask for a completion',
  'out-server-no-external': () => 'a server channel sends inline data only',
  'restorepkt-no-send': () => 'a restored packet is sent again: it already behaves as sent',
  'save-quiesced': (outstanding) =>
    outstanding === 0
      ? 'the channel is running, or something is sent, while its state is being saved'
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
  'save-passive': (irql) =>
    irql === 0 ? 'a save function is called with a spin lock held' : `a save function is called at ${irqlText(irql)}`,
  'restore-force-new': (packets) =>
    `${count(packets, 'transaction')} left open at save, though FORCE_NEW_CHANNEL drops them`,
  'savepkt-zero-size-no-write': () => 'the query call stored bytes through SaveBuf although SaveBufSize is 0',
  'savepkt-no-packet-ops': () => 'a packet is worked on inside the save callback, which may only read',
  'savepkt-no-overrun': (size) => `the write call stored bytes behind SaveBuf, whose SaveBufSize is ${size}`,
  'savepkt-idempotent': () =>
    'called again for the same packet, the save callback answered something else or stored other bytes',
  'savepkt-status-severity': (status) =>
    `the callback returned ${statusText(status)}, which is neither STATUS_SUCCESS nor an error`,
  'savepkt-bytesneeded-written': () => 'the callback returned without storing a size in *BytesNeeded',
  'savepkt-query-must-fail': (needed) =>
    `the query succeeded and reported ${bytes(needed)}: there is no second call and the state is lost`,
  'savepkt-query-succeed-empty': (status) => `the query failed with ${statusText(status)} and reported 0 bytes`,
  'savepkt-full-init': (missing) =>
    `${bytes(missing)} that are persisted were never written: they hold what was in memory before`,
  'savepkt-size-exact': (written) => `${bytes(written)} were written, which is not what *BytesNeeded reported`,
  'savepkt-no-truncate': (needed) =>
    `the write call succeeded although the record needs ${bytes(needed)}: the saved record is cut off`,
  'savepkt-stable': (needed) =>
    `the write call needs ${bytes(needed)}, which is not what the query said: the state changed in between`,
};
