/** Names of bug checks a driver typically causes (kmcl-facts 8.3). */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x0a, 'IRQL_NOT_LESS_OR_EQUAL'],
  [0x19, 'BAD_POOL_HEADER'],
  [0x1a, 'MEMORY_MANAGEMENT'],
  [0x1e, 'KMODE_EXCEPTION_NOT_HANDLED'],
  [0x4e, 'PFN_LIST_CORRUPT'],
  [0x50, 'PAGE_FAULT_IN_NONPAGED_AREA'],
  [0x7e, 'SYSTEM_THREAD_EXCEPTION_NOT_HANDLED'],
  [0x9f, 'DRIVER_POWER_STATE_FAILURE'],
  [0xc1, 'SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION'],
  [0xc2, 'BAD_POOL_CALLER'],
  [0xc4, 'DRIVER_VERIFIER_DETECTED_VIOLATION'],
  [0xc5, 'DRIVER_CORRUPTED_EXPOOL'],
  [0xcb, 'DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS'],
  [0xd1, 'DRIVER_IRQL_NOT_LESS_OR_EQUAL'],
  [0x133, 'DPC_WATCHDOG_VIOLATION'],
  [0x139, 'KERNEL_SECURITY_CHECK_FAILURE'],
  [0x13a, 'KERNEL_MODE_HEAP_CORRUPTION'],
]);

/** `0x139 KERNEL_SECURITY_CHECK_FAILURE`, or the code alone. */
export function bugcheckText(code: number): string {
  const name = NAMES.get(code);
  return `0x${code.toString(16).toUpperCase()}${name === undefined ? '' : ` ${name}`}`;
}
