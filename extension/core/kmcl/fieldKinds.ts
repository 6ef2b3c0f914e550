/** Types of fields that are no plain data, by the names the headers give them. */

/** Objects that must look initialised beyond zero and self-linked lists: FAST_MUTEX.Count = 1 is free. */
export const FREE_MUTEX: ReadonlySet<string> = new Set(['_FAST_MUTEX', 'FAST_MUTEX', '_KGUARDED_MUTEX']);
export const LIST_ENTRY: ReadonlySet<string> = new Set(['_LIST_ENTRY', 'LIST_ENTRY']);
export const UNICODE_STRING: ReadonlySet<string> = new Set(['_UNICODE_STRING', 'UNICODE_STRING']);

/** Kernel objects are opaque: zero but for their lists. */
const KERNEL_OBJECTS = [
  'K(?:EVENT|TIMER|DPC|APC|SEMAPHORE|MUTANT|GATE|DEVICE_QUEUE|LOCK_QUEUE_HANDLE|SPIN_LOCK_QUEUE)',
  'ERESOURCE|EX_RUNDOWN_REF|DISPATCHER_HEADER|WORK_QUEUE_ITEM|SLIST_HEADER|SINGLE_LIST_ENTRY',
  '(?:N?PAGED_)?LOOKASIDE_LIST(?:_EX)?',
  'IO_WORKITEM|IO_REMOVE_LOCK\\w*',
];
export const KERNEL_OBJECT = new RegExp(`^_?(?:${KERNEL_OBJECTS.join('|')})$`);

/** Locks that are integers. */
export const LOCK = /^(KSPIN_LOCK|EX_SPIN_LOCK|EX_PUSH_LOCK)$/;

/** Handles cannot be invented. */
const HANDLES = [
  'HANDLE|WDF[A-Z]+|VMBPACKET|VMBPACKETCOMPLETION',
  'PMDL|PIRP|PDEVICE_OBJECT|PDRIVER_OBJECT|PFILE_OBJECT|PETHREAD|PKTHREAD|PEPROCESS',
];
export const HANDLE = new RegExp(`^(?:${HANDLES.join('|')})$`);
