/** KMCL functions: saving and restoring a channel (kmcl-facts 2.1, 2.7 and 6, rows 31 to 35). */
import type { FunctionFacts } from '../types.js';

export const SAVE_RESTORE: readonly FunctionFacts[] = [
  {
    number: 31,
    name: 'VmbChannelSaveBegin',
    returns: 'NTSTATUS',
    parameters: [{ name: 'Channel', type: 'VMBCHANNEL', text: 'The channel' }],
    irql: 'PASSIVE_LEVEL',
    irqlBasis: 'inferred',
    states: 'paused or closed',
    endpoint: 'server',
    statuses: ['STATUS_SUCCESS'],
    rules: ['save-begin-checked', 'save-quiesced', 'save-passive', 'save-end-always'],
    summary:
      'Opens a save. After success VmbChannelSaveContinue follows until all is out, and VmbChannelSaveEnd once; ' +
      'after a failure neither.',
  },
  {
    number: 32,
    name: 'VmbChannelSaveContinue',
    returns: 'NTSTATUS',
    parameters: [
      { name: 'Channel', type: 'VMBCHANNEL', text: 'The channel' },
      { name: 'SaveBuffer', type: 'PVOID', text: 'Receives the piece' },
      { name: 'SaveBufferSize', type: 'ULONG', text: 'Bytes there is room for' },
      { name: 'BytesFilled', type: 'PULONG', text: 'Receives the bytes written: store exactly these' },
      { name: 'BytesRequired', type: 'PULONG', text: 'Receives the least size of the next buffer' },
    ],
    irql: 'PASSIVE_LEVEL',
    irqlBasis: 'inferred',
    states: 'after SaveBegin',
    endpoint: 'server',
    statuses: ['STATUS_SUCCESS', 'STATUS_BUFFER_TOO_SMALL', 'STATUS_BUFFER_OVERFLOW'],
    rules: ['save-continue-statuses', 'save-persist-filled', 'save-grow', 'save-boundaries', 'save-passive'],
    summary:
      'Writes the next piece of state. STATUS_SUCCESS: that was all. STATUS_BUFFER_OVERFLOW: a piece is written ' +
      'and more follows. STATUS_BUFFER_TOO_SMALL: nothing is written, BytesRequired says how much is needed. The ' +
      'save callback runs inside.',
  },
  {
    number: 33,
    name: 'VmbChannelSaveEnd',
    returns: 'VOID',
    parameters: [{ name: 'Channel', type: 'VMBCHANNEL', text: 'The channel' }],
    irql: 'PASSIVE_LEVEL',
    irqlBasis: 'inferred',
    states: 'after SaveBegin',
    endpoint: 'server',
    statuses: [],
    rules: ['save-end-always', 'save-passive'],
    summary: 'Gives back what SaveBegin took. Call it once, after errors too.',
  },
  {
    number: 34,
    name: 'VmbChannelRestoreFromBuffer',
    returns: 'NTSTATUS',
    parameters: [
      { name: 'Channel', type: 'VMBCHANNEL', text: 'The channel' },
      { name: 'Buffer', type: 'PVOID', text: 'One piece, as SaveContinue wrote it' },
      { name: 'BufferSize', type: 'ULONG', text: 'Its bytes' },
    ],
    irql: 'PASSIVE_LEVEL',
    irqlBasis: 'inferred',
    states: 'configured, not started',
    endpoint: 'server',
    statuses: ['STATUS_SUCCESS', 'STATUS_MORE_PROCESSING_REQUIRED'],
    rules: [
      'restore-more-processing',
      'restore-result-checked',
      'restore-order',
      'restore-finish',
      'restore-before-active',
      'restore-unwind',
      'restore-same-config',
    ],
    summary:
      'Takes in one saved piece, whole and in order. STATUS_MORE_PROCESSING_REQUIRED, which NT_SUCCESS calls a ' +
      'failure, asks for the next one; STATUS_SUCCESS ends it. The restore callback runs inside, once for each ' +
      'packet.',
  },
  {
    number: 35,
    name: 'VmbPacketRestore',
    returns: 'NTSTATUS',
    parameters: [
      { name: 'PacketObject', type: 'VMBPACKET', text: 'From VmbPacketAllocate' },
      { name: 'Buffer', type: 'PVOID', text: 'LibBuf of the callback, unchanged' },
      { name: 'BufferSize', type: 'ULONG', text: 'LibBufSize' },
    ],
    irql: 'PASSIVE_LEVEL',
    irqlBasis: 'inferred',
    states: 'in the restore callback',
    endpoint: 'server',
    statuses: ['STATUS_SUCCESS'],
    rules: ['restorepkt-libbuf', 'restorepkt-status', 'restorepkt-free-on-failure', 'restorepkt-no-send'],
    summary:
      'Fills a new packet with what the library saved of the old one. Afterwards it counts as sent: do not send ' +
      'it again.',
  },
];
