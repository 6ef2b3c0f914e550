/** NTSTATUS values the simulator answers (kmcl-facts 8.1), as unsigned 32-bit numbers. */
export const STATUS = {
  SUCCESS: 0x00000000,
  TIMEOUT: 0x00000102,
  PENDING: 0x00000103,
  BUFFER_OVERFLOW: 0x80000005,
  UNSUCCESSFUL: 0xc0000001,
  INVALID_HANDLE: 0xc0000008,
  INVALID_PARAMETER: 0xc000000d,
  INVALID_DEVICE_REQUEST: 0xc0000010,
  ACCESS_DENIED: 0xc0000022,
  BUFFER_TOO_SMALL: 0xc0000023,
  OBJECT_TYPE_MISMATCH: 0xc0000024,
  INSUFFICIENT_RESOURCES: 0xc000009a,
  DEVICE_NOT_CONNECTED: 0xc000009d,
  DEVICE_NOT_READY: 0xc00000a3,
  NOT_SUPPORTED: 0xc00000bb,
  INVALID_PARAMETER_1: 0xc00000ef,
  INVALID_PARAMETER_2: 0xc00000f0,
  INVALID_PARAMETER_3: 0xc00000f1,
  INVALID_PARAMETER_4: 0xc00000f2,
  CANCELLED: 0xc0000120,
  INVALID_DEVICE_STATE: 0xc0000184,
  NOT_FOUND: 0xc0000225,
  DEVICE_REMOVED: 0xc00002b6,
} as const;

/** NT_SUCCESS. */
export function succeeded(status: number): boolean {
  return (status | 0) >= 0;
}

/** As the documentation prints it: 0xC0000023. */
export function statusText(status: number): string {
  return `0x${(status >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
}
