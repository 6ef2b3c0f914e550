/** Records of the platform that people know by one value: strings, GUIDs, large integers. */
import type { Type } from '../expressions/types.js';
import { addressText } from './addresses.js';
import type { MemoryReader } from './memoryView.js';
import { typeNames } from './scalars.js';
import { quoted } from './textBuffers.js';

type Show = (memory: MemoryReader, address: number) => string;

const KNOWN: ReadonlyMap<string, Show> = new Map<string, Show>([
  ['UNICODE_STRING', (memory, address) => counted(memory, address, 2)],
  ['_UNICODE_STRING', (memory, address) => counted(memory, address, 2)],
  ['STRING', (memory, address) => counted(memory, address, 1)],
  ['_STRING', (memory, address) => counted(memory, address, 1)],
  ['GUID', guid],
  ['_GUID', guid],
  ['LARGE_INTEGER', (memory, address) => String(BigInt.asIntN(64, memory.u64(address)))],
  ['_LARGE_INTEGER', (memory, address) => String(BigInt.asIntN(64, memory.u64(address)))],
  ['ULARGE_INTEGER', (memory, address) => String(memory.u64(address))],
  ['_ULARGE_INTEGER', (memory, address) => String(memory.u64(address))],
]);

/** Undefined for other records. */
export function knownRecord(type: Type, address: number, memory: MemoryReader): string | undefined {
  for (const name of typeNames(type)) {
    const show = KNOWN.get(name);
    if (show !== undefined) return show(memory, address);
  }
  return undefined;
}

/** Length and MaximumLength count bytes; the text need not end in a zero. */
function counted(memory: MemoryReader, address: number, unit: 1 | 2): string {
  const [length, room, buffer] = [memory.u16(address), memory.u16(address + 2), Number(memory.u64(address + 8))];
  if (length === 0) return unit === 2 ? 'L""' : '""';
  if (!memory.readable(buffer, length)) return `${length} bytes at ${addressText(buffer)}, where there is no memory`;
  const text = quoted(memory, buffer, unit, Math.floor(length / unit), false);
  return length > room ? `${text} (Length ${length} > MaximumLength ${room})` : text;
}

function guid(memory: MemoryReader, address: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = [...memory.bytes(address + 8, 8)].map((byte) => hex(byte, 2)).join('');
  const head = [hex(memory.u32(address), 8), hex(memory.u16(address + 4), 4), hex(memory.u16(address + 6), 4)];
  return `{${[...head, tail.slice(0, 4), tail.slice(4)].join('-')}}`;
}
