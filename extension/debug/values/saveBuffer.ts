/** SaveBuf of the callback that runs: how far it is written, and by which line each byte was. */
import type { KernelSnapshot } from '../../core/debug/kernel.js';
import type { StoppedView } from '../../core/debug/view.js';
import { bytesText } from './addresses.js';
import { locationOf, placeText } from './addressNotes.js';
import { type Container, type Item, namedContainer } from './items.js';
import type { MemoryReader } from './memoryView.js';

/** Bytes shown in one line. */
const SHOWN_BYTES = 32;

/** Neighbouring bytes that one line wrote, or nobody. */
export interface WrittenRun {
  readonly offset: number;
  readonly length: number;
  /** Location id; 0: not written yet. */
  readonly writer: number;
}

export function writtenRuns(writers: Uint32Array, size: number): readonly WrittenRun[] {
  const runs: WrittenRun[] = [];
  for (let offset = 0; offset < size; ) {
    const writer = writers[offset] ?? 0;
    let end = offset + 1;
    while (end < size && (writers[end] ?? 0) === writer) end += 1;
    runs.push({ offset, length: end - offset, writer });
    offset = end;
  }
  return runs;
}

/** `SaveBuf, 24 of 64 bytes written`; undefined for any other address, and where SaveBuf is only read. */
export function saveBufferNote(
  { saveBuffer, pass }: KernelSnapshot,
  writers: () => Uint32Array,
  address: number,
): string | undefined {
  if (saveBuffer === null || address !== saveBuffer.address) return undefined;
  if (pass === 'restore') return `SaveBuf, ${saveBuffer.size} bytes saved`;
  const written = writers()
    .subarray(0, saveBuffer.size)
    .reduce((count, writer) => count + (writer === 0 ? 0 : 1), 0);
  return `SaveBuf, ${written} of ${saveBuffer.size} bytes written`;
}

/** The buffer by who wrote it. */
export function saveBufferContainer(
  view: StoppedView,
  { saveBuffer, pass }: KernelSnapshot,
  memory: MemoryReader,
  address: number,
): Container | undefined {
  if (saveBuffer === null || address !== saveBuffer.address || saveBuffer.size === 0) return undefined;
  const { size } = saveBuffer;
  if (!memory.readable(address, size)) return undefined;
  const runs =
    pass === 'restore' ? [{ offset: 0, length: size, writer: 0 }] : writtenRuns(view.saveBufferWriters(), size);
  return namedContainer(() => runs.map((run) => runItem(view, memory, address, run, pass === 'restore')), runs.length);
}

function runItem(view: StoppedView, memory: MemoryReader, start: number, run: WrittenRun, reads: boolean): Item {
  const { offset, length, writer } = run;
  const bytes = bytesText(memory.bytes(start + offset, Math.min(length, SHOWN_BYTES)));
  const more = length > SHOWN_BYTES ? ' ...' : '';
  const place = placeText(view, writer);
  const by = reads ? 'saved' : writer === 0 ? 'not written' : place === undefined ? 'written' : `by ${place}`;
  const location = writer === 0 ? undefined : locationOf(view, writer);
  return {
    name: length === 1 ? `[${offset}]` : `[${offset}..${offset + length - 1}]`,
    text: `${bytes}${more}  ${by}`,
    type: `${length} ${length === 1 ? 'byte' : 'bytes'}`,
    memoryAddress: start + offset,
    virtual: true,
    ...(location === undefined ? {} : { declaration: { file: location.file, line: location.line } }),
  };
}
