/** Text that lies in the driver's memory. */
import type { MemoryReader } from './memoryView.js';
import { characterText } from './scalars.js';

/** Characters shown of a text in one line. */
const LONGEST = 128;

/** Up to a zero, the limit, or the end of memory; undefined where there is no memory at all. */
export function zeroTerminated(memory: MemoryReader, address: number, unit: 1 | 2): string | undefined {
  if (!memory.readable(address, unit)) return undefined;
  return quoted(memory, address, unit, LONGEST, true);
}

/** `"text"`; three dots where it goes on. `stop` ends it at a zero. */
export function quoted(memory: MemoryReader, address: number, unit: 1 | 2, count: number, stop: boolean): string {
  let text = '';
  let index = 0;
  const most = Math.min(count, LONGEST);
  for (; index < most; index++) {
    const at = address + index * unit;
    if (!memory.readable(at, unit)) break;
    const code = unit === 1 ? memory.u8(at) : memory.u16(at);
    if (code === 0 && stop) return `${unit === 2 ? 'L' : ''}"${text}"`;
    text += characterText(code);
  }
  const more = index < count ? '...' : '';
  return `${unit === 2 ? 'L' : ''}"${text}"${more}`;
}
