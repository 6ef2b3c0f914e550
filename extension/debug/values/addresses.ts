/** Addresses as text: memory references, pointers. */

/** `0x00000000001A2B38`: as kernel debuggers print pointers. */
export function addressText(address: number | bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16).toUpperCase().padStart(16, '0')}`;
}

export function hexText(value: number | bigint, size: number): string {
  return `0x${BigInt.asUintN(size * 8, BigInt(value))
    .toString(16)
    .toUpperCase()
    .padStart(size * 2, '0')}`;
}

/** Two digits a byte, with spaces. */
export function bytesText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}
