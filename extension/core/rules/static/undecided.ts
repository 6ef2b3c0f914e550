/**
 * Rules that the sheet would have found in the source and that the paths of a driver do not decide without false alarms:
 * why, in words for the rules' page. Every other rule that is not dynamic has a check here (a test compares).
 */
import type { RuleId } from '../catalogue.js';

export const UNDECIDED: Readonly<Partial<Record<RuleId, string>>> = {
  'iface-query-size-version': 'queries go through functions that every driver wraps in its own way',
  'iface-cpp-v5': 'whether the size was compared is known where the interface was asked for, not where it is used',
  'iface-dereference': 'the last use of an interface is seldom in the function that asked for it',
  'init-close-kernel-handle': 'the handle lives in the device, and what closes it is another function',
  'state-server-start': 'the call may be in a part of the driver that is not looked at',
  'in-validate-fields': 'what a field may be is the protocol of the driver',
  'in-ref-balance': 'how references are counted is up to the driver',
  'out-no-lock-send': 'the completion routine and the sender know the lock by different names',
  'gpadl-shared-untrusted': 'which memory the guest can write at the same time is not in the types',
  'save-persist-filled': 'how many bytes are kept is decided by whoever stores them',
  'savepkt-inline-context': 'which parts of an inline context matter is up to the driver',
  'savepkt-paged-ok': 'there is nothing to break: the callback may be paged',
  'restore-force-new': 'the flag and the callbacks meet only while running',
  'lock-list': 'which lock belongs to which list is up to the driver',
  'irql-call': 'it collects what the other rules do not name',
};
