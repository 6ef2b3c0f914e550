/** Figures as text: exact, grouped as en-US does, bytes with their unit. */

const grouping = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const oneDecimal = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (value: number): string => grouping.format(value);

/** `1,560 B`. */
export const bytes = (value: number): string => `${grouping.format(value)} B`;

/** `+48 B`, `−12 B`, `0 B`: with a minus sign, not a hyphen. */
export const change = (value: number): string => signed.format(value).replace('-', '−');

/** `1.5 KiB`, to stand beside the exact figure; empty below 10,240 bytes. */
export function rounded(value: number): string {
  if (value < 10_240) return '';
  if (value < 1_048_576) return `${oneDecimal.format(value / 1024)} KiB`;
  return `${oneDecimal.format(value / 1_048_576)} MiB`;
}

/** `1 packet`, `32 packets`. */
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `12.5 %` of a whole; `0 %` of nothing. */
export function share(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${oneDecimal.format((100 * part) / whole)} %`;
}
