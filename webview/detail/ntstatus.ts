/** Statuses as the page shows them: by name, with the number beside it. The report has them as `0xC0000023`. */
import { statusName, succeeded } from '../../extension/core/run/statuses.js';

export interface StatusText {
  /** `STATUS_BUFFER_TOO_SMALL`, or the number where nobody gave it a name. */
  readonly name: string;
  readonly hex: string;
  /** NT_SUCCESS. */
  readonly succeeded: boolean;
}

export function readStatus(status: string): StatusText {
  const value = Number.parseInt(status, 16) >>> 0;
  return { name: statusName(value), hex: status, succeeded: succeeded(value) };
}

export const isStatus = (status: string, value: number): boolean => Number.parseInt(status, 16) >>> 0 === value;
