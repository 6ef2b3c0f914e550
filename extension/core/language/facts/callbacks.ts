/** Callback types of KMCL (kmcl-facts 1.3, 3.1 to 3.5), in its order. */
import type { CallbackFacts, ParameterFacts } from './types.js';

const CHANNEL: ParameterFacts = { name: 'Channel', type: 'VMBCHANNEL', text: 'The channel it happens on' };
/** Second parameter of every Ex callback but the completion routine, where it is the second too. */
export const EX_CONTEXT: ParameterFacts = {
  name: 'CallbackContext',
  type: 'PVOID',
  text: 'The pointer the callback was registered with',
};
const PASSIVE = 'PASSIVE_LEVEL';
const DISPATCH = 'at most DISPATCH_LEVEL';
const NO_STATE_CONTROL = 'Call VmbChannelStart, VmbChannelPause, VmbChannelDisable or VmbChannelCleanup.';

export const CALLBACKS: readonly CallbackFacts[] = [
  {
    name: 'EVT_VMB_CHANNEL_OPENED',
    role: 'opened',
    hasEx: true,
    returns: 'NTSTATUS',
    parameters: [CHANNEL],
    irql: PASSIVE,
    calledWhen: 'The guest opens the offered channel: the first callback of each open period.',
    must: 'Make the state of this period. To refuse, give everything back and return a failure.',
    mustNot: `Wait for traffic. ${NO_STATE_CONTROL}`,
    statuses: ['STATUS_SUCCESS', 'STATUS_INSUFFICIENT_RESOURCES'],
    rules: ['state-opened-unwind', 'state-reopen', 'state-no-startpause-in-cb', 'state-no-disable-in-cb'],
  },
  {
    name: 'EVT_VMB_CHANNEL_CLOSED',
    role: 'closed',
    hasEx: true,
    returns: 'VOID',
    parameters: [CHANNEL],
    irql: PASSIVE,
    calledWhen: 'The open channel closes, from either side; after Suspend if it was running.',
    must: 'Unmap every GPADL of this open period before it returns, and release the state of the period.',
    mustNot: `Use the rings: packets may be queued, they are not sent. ${NO_STATE_CONTROL}`,
    statuses: [],
    rules: ['state-closed-releases-gpadls', 'state-suspend-cancels-backend', 'state-reopen', 'gpadl-window'],
  },
  {
    name: 'EVT_VMB_CHANNEL_SUSPEND',
    role: 'suspend',
    hasEx: true,
    returns: 'VOID',
    parameters: [CHANNEL],
    irql: PASSIVE,
    calledWhen:
      'A running channel is paused, disabled or closed. No packet callback runs any more, and none will before Started.',
    must: 'Stop sending. See to it that each delivered packet is completed at some time; end back-end work.',
    mustNot: `Send packets from here on. ${NO_STATE_CONTROL}`,
    statuses: [],
    rules: ['state-suspend-completes', 'state-suspend-cancels-backend', 'state-no-send-suspended'],
  },
  {
    name: 'EVT_VMB_CHANNEL_STARTED',
    role: 'started',
    hasEx: true,
    returns: 'VOID',
    parameters: [CHANNEL],
    irql: PASSIVE,
    calledWhen:
      'The channel is open and VmbChannelStart was called; again after each reopening. No packet has come yet.',
    must: 'Nothing; it may queue packets to send.',
    mustNot: `Wait for packets or completions: none come before it returns. ${NO_STATE_CONTROL}`,
    statuses: [],
    rules: ['state-started-nonblocking', 'state-no-startpause-in-cb', 'state-no-disable-in-cb'],
  },
  {
    name: 'EVT_VMB_CHANNEL_POST_STARTED',
    role: 'postStarted',
    hasEx: true,
    returns: 'VOID',
    parameters: [CHANNEL],
    irql: PASSIVE,
    calledWhen: 'Started has returned and packets are let in.',
    must: 'Nothing; the place to agree on a protocol by synchronous requests.',
    mustNot: `Take for granted that no packet was processed yet. ${NO_STATE_CONTROL}`,
    statuses: [],
    rules: ['state-no-startpause-in-cb', 'state-no-disable-in-cb'],
  },
  {
    name: 'EVT_VMB_CHANNEL_PROCESS_PACKET',
    role: 'process',
    hasEx: true,
    returns: 'VOID',
    parameters: [
      CHANNEL,
      { name: 'Packet', type: 'VMBPACKETCOMPLETION', text: 'The delivered packet: to be completed' },
      { name: 'Buffer', type: 'PVOID', text: "The guest's bytes: untrusted, and gone once the packet is completed" },
      {
        name: 'BufferLength',
        type: 'UINT32',
        text: 'Their number; padding may make it longer than the structure sent',
      },
      { name: 'Flags', type: 'UINT32', text: 'VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA or 0' },
    ],
    irql: `${DISPATCH}; PASSIVE_LEVEL only if the channel asks for it`,
    calledWhen: 'A packet of the guest was found in the ring.',
    must: 'Complete the packet once, now or later, from any thread. After Defer, Fail or a pending GetExternalData: not.',
    mustNot: 'Wait or touch pageable memory where it may run at DISPATCH_LEVEL. Trust any byte of the buffer.',
    statuses: [],
    rules: [
      ...(['in-complete-once', 'in-complete-all-paths', 'in-no-use-after-complete', 'in-length-check'] as const),
      ...(['in-capture-once', 'in-validate-fields', 'in-irql-safe', 'in-defer-inline', 'in-length-not-exact'] as const),
    ],
  },
  {
    name: 'EVT_VMB_CHANNEL_PROCESSING_COMPLETE',
    role: 'processingComplete',
    hasEx: true,
    returns: 'VOID',
    parameters: [CHANNEL, { name: 'PacketsProcessed', type: 'UINT32', text: 'Packets delivered in this batch' }],
    irql: `${DISPATCH}; PASSIVE_LEVEL only if the channel asks for it`,
    calledWhen: 'A batch of deliveries has ended, such as when the ring is empty.',
    must: 'Nothing; good for work that is done once for many packets.',
    mustNot: 'Take it for a call per packet.',
    statuses: [],
    rules: ['in-irql-safe'],
  },
  {
    name: 'EVT_VMB_CHANNEL_SAVE_PACKET',
    role: 'save',
    hasEx: true,
    returns: 'NTSTATUS',
    parameters: [
      { ...CHANNEL, text: 'The channel that is saved' },
      { name: 'Packet', type: 'VMBPACKET', text: 'A packet in use; VmbPacketGetPointer answers its context, or NULL' },
      {
        name: 'SaveBuf',
        type: 'PVOID',
        text:
          'Query pass (SaveBufSize 0): may be NULL and must not be touched. Write pass: the record goes here; zero what ' +
          'the record leaves free.',
      },
      {
        name: 'SaveBufSize',
        type: 'UINT32',
        text:
          '0 in the query pass. In the write pass at least what the query reported, and perhaps not enough any more: ' +
          'compare it with what is needed now.',
      },
      {
        name: 'BytesNeeded',
        type: 'PUINT32',
        text:
          'Both passes, on each path: the exact size of the record, 0 when there is nothing to save. In the query pass ' +
          'a failing callback has to store it too.',
      },
    ],
    irql: PASSIVE,
    calledWhen:
      'The paused channel is saved: once for each packet in use with SaveBufSize 0, and once more with a buffer if ' +
      'that call failed.',
    must:
      'Query pass: with state to save, store its size and fail with STATUS_BUFFER_TOO_SMALL; without, store 0 and ' +
      'succeed. Write pass: fill exactly the reported size and succeed.',
    mustNot:
      'Touch SaveBuf when SaveBufSize is 0, write beyond it, save addresses, free, complete, send or change packets, ' +
      'or keep the pointers.',
    statuses: ['STATUS_BUFFER_TOO_SMALL', 'STATUS_SUCCESS', 'STATUS_INTEGER_OVERFLOW'],
    rules: [
      ...(['savepkt-bytesneeded-written', 'savepkt-zero-size-no-write', 'savepkt-query-must-fail'] as const),
      ...(['savepkt-query-succeed-empty', 'savepkt-status-severity', 'savepkt-recheck-size'] as const),
      ...(['savepkt-no-overrun', 'savepkt-no-truncate', 'savepkt-full-init', 'savepkt-size-exact'] as const),
      ...(['savepkt-size-arith', 'savepkt-no-pointers', 'savepkt-versioned', 'savepkt-idempotent'] as const),
      ...(['savepkt-no-packet-ops', 'savepkt-stable', 'savepkt-irql', 'savepkt-no-retain'] as const),
      ...(['savepkt-inline-context', 'savepkt-null-context', 'savepkt-paged-ok'] as const),
    ],
  },
  {
    name: 'EVT_VMB_CHANNEL_RESTORE_PACKET',
    role: 'restore',
    hasEx: true,
    returns: 'NTSTATUS',
    parameters: [
      { ...CHANNEL, text: 'The fresh channel: allocate the packet on it' },
      { name: 'LibBuf', type: 'PVOID', text: "The library's own record: pass it to VmbPacketRestore as it is" },
      { name: 'LibBufSize', type: 'UINT32', text: 'Its bytes: pass them on too' },
      {
        name: 'SaveBuf',
        type: 'PVOID',
        text: "The driver's record, as a file may have it: untrusted, perhaps unaligned, perhaps NULL when its size is 0",
      },
      {
        name: 'SaveBufSize',
        type: 'UINT32',
        text: 'Its bytes: check them before reading; 0 when the save callback had nothing to save',
      },
    ],
    irql: PASSIVE,
    calledWhen: 'In VmbChannelRestoreFromBuffer, once for each saved packet, before the channel starts.',
    must:
      'Check the record, allocate a packet, build its context from a copy, set pointer and completion routine, call ' +
      'VmbPacketRestore once and return its status. On failure give everything back.',
    mustNot: 'Trust, keep or cast SaveBuf, change LibBuf, swallow a failure, or send the restored packet again.',
    statuses: [
      'STATUS_SUCCESS',
      'STATUS_INVALID_PARAMETER',
      'STATUS_REVISION_MISMATCH',
      'STATUS_INSUFFICIENT_RESOURCES',
    ],
    rules: [
      ...(['restorepkt-validate', 'restorepkt-copy', 'restorepkt-allocate', 'restorepkt-alloc-null'] as const),
      ...(['restorepkt-routine', 'restorepkt-libbuf', 'restorepkt-status', 'restorepkt-free-on-failure'] as const),
      ...(['restorepkt-propagate', 'restorepkt-no-send', 'savepkt-status-severity'] as const),
    ],
  },
  {
    name: 'EVT_VMB_PACKET_COMPLETION_ROUTINE',
    role: 'completion',
    hasEx: true,
    returns: 'VOID',
    parameters: [
      { name: 'Packet', type: 'VMBPACKET', text: 'The packet: free it or use it again' },
      { name: 'Status', type: 'NTSTATUS', text: 'How it ended: STATUS_CANCELLED when the channel went down' },
      { name: 'Buffer', type: 'PVOID', text: "The other side's answer: untrusted, and NULL when there is none" },
      { name: 'BufferLength', type: 'UINT32', text: 'Its bytes' },
    ],
    irql: DISPATCH,
    calledWhen: 'The other side has completed the packet; without WAIT_FOR_COMPLETION, when it was put into the ring.',
    must: 'Free or reuse the packet. Look at Status and BufferLength before reading the answer.',
    mustNot: 'Wait, or free the packet twice.',
    statuses: [],
    rules: ['out-free-custom', 'out-completion-irql', 'out-completion-status', 'out-no-lock-send'],
  },
  {
    name: 'EVT_VMB_CHANNEL_PNP_FAILURE',
    role: 'pnpFailure',
    hasEx: false,
    returns: 'VOID',
    parameters: [CHANNEL, { name: 'FailureStatus', type: 'NTSTATUS', text: 'Why the client could not connect' }],
    irql: PASSIVE,
    calledWhen: 'A client could not connect though the device exists.',
    must: 'Note the failure, give up or try again.',
    mustNot: 'Nothing is documented.',
    statuses: [],
    rules: [],
  },
];
