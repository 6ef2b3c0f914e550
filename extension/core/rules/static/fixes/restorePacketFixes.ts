/** Quick fixes of the rules of restore callbacks. */
import { answer, firstIsNull, guarded, lengthCheck, PACKET_CALL } from './edits.js';
import type { FixTable } from './fix.js';

export const RESTORE_PACKET_FIXES: FixTable = {
  'restorepkt-validate': lengthCheck(4, 'STATUS_DATA_ERROR', 'Refuse records that are too short'),
  'restorepkt-alloc-null': {
    title: 'Fail when there is no packet',
    edits: guarded(PACKET_CALL, firstIsNull, 'STATUS_INSUFFICIENT_RESOURCES'),
  },
  'restorepkt-propagate': answer('Return a failure', 'STATUS_UNSUCCESSFUL'),
  'restorepkt-allocate': answer('Return a failure', 'STATUS_UNSUCCESSFUL'),
};
