/** Quick fixes of the rules of GPADLs, save and restore streams, memory, locks and IRQL. */
import { without } from './edits.js';
import type { FixTable } from './fix.js';

export const MEMORY_FIXES: FixTable = {
  'mem-free-once': without('Remove the call', (name) => name.startsWith('ExFreePool')),
};
