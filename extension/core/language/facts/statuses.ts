/** Statuses KMCL answers and those a VSP answers it with (kmcl-facts 8.1, 8.2). */
import type { StatusFacts } from './types.js';

const row = (
  severity: StatusFacts['severity'],
  name: string,
  value: string,
  summary: string,
  trap?: string,
): StatusFacts => ({ name: `STATUS_${name}`, value, severity, summary, ...(trap === undefined ? {} : { trap }) });

export const STATUSES: readonly StatusFacts[] = [
  row('success', 'SUCCESS', '0x00000000', 'Done. From a save callback in the query pass: there is nothing to save.'),
  row(
    'success',
    'PENDING',
    '0x00000103',
    'VmbChannelPacketGetExternalData: the pages are not in yet, the packet comes again.',
    'NT_SUCCESS calls it a success. No save, restore or open callback may return it: it counts as done.',
  ),
  row(
    'warning',
    'BUFFER_OVERFLOW',
    '0x80000005',
    'VmbChannelSaveContinue: a piece was written and more follows. A synchronous request: it did not fit and was not queued.',
    'NT_SUCCESS calls it a failure. For SaveContinue it is the regular answer of every piece but the last.',
  ),
  row(
    'error',
    'INVALID_PARAMETER',
    '0xC000000D',
    'A setting that cannot be. From a restore callback: the record is not one of ours.',
  ),
  row(
    'error',
    'MORE_PROCESSING_REQUIRED',
    '0xC0000016',
    'VmbChannelRestoreFromBuffer: this piece is restored, the next one is wanted.',
    'NT_SUCCESS calls it a failure. Test for it first.',
  ),
  row(
    'error',
    'BUFFER_TOO_SMALL',
    '0xC0000023',
    'VmbChannelSaveContinue: nothing fits, BytesRequired says how much is needed. From a save callback: there is state, and *BytesNeeded says how much.',
    'NT_SUCCESS calls it a failure. For SaveContinue it only asks for a larger buffer.',
  ),
  row('error', 'INVALID_PARAMETER_1', '0xC00000EF', 'A setting: no channel, or not between Allocate and Enable.'),
  row('error', 'INVALID_PARAMETER_2', '0xC00000F0', 'A setting: the second argument cannot be.'),
  row('error', 'INVALID_PARAMETER_3', '0xC00000F1', 'Limits of external data, or the memory of a packet: too small.'),
  row('error', 'INVALID_PARAMETER_4', '0xC00000F2', 'Sizes of the bounce buffer: the fourth argument cannot be.'),
  row('error', 'CANCELLED', '0xC0000120', 'The channel went down before the packet was completed.'),
  row('error', 'DEVICE_REMOVED', '0xC00002B6', 'A synchronous request on a channel that is going down.'),
  row('error', 'INSUFFICIENT_RESOURCES', '0xC000009A', 'No memory, such as when VmbPacketAllocate answers NULL.'),
  row('error', 'INTEGER_OVERFLOW', '0xC0000095', 'The size of a record does not fit into 32 bits.'),
  row(
    'error',
    'REVISION_MISMATCH',
    '0xC0000059',
    'A restore callback: the record has a version this driver cannot read.',
  ),
  row('error', 'UNKNOWN_REVISION', '0xC0000058', 'A restore callback: the record has a version nobody knows.'),
  row(
    'error',
    'INVALID_BUFFER_SIZE',
    '0xC0000206',
    'A restore callback: the record is shorter or longer than it says.',
  ),
  row('error', 'DATA_ERROR', '0xC000003E', 'A restore callback: the record contradicts itself.'),
  row('error', 'NOT_SUPPORTED', '0xC00000BB', 'A function that this kind of channel does not have.'),
  row('error', 'INVALID_DEVICE_STATE', '0xC0000184', 'The driver is in no state to do this now.'),
];
