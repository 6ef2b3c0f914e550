/** Numbers as messages show them. */

/** `0xC0000023`. */
export function hex32(value: bigint): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** `1 byte`, `3 bytes`. */
export function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
