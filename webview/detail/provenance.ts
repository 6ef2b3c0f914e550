/** Which store of the driver wrote a byte. */
import type { Packet, Position, Writer } from '../../extension/core/run/report.js';
import { lastAtOrBefore } from './fieldMap.js';

export type WriterRuns = NonNullable<Packet['writtenBy']>;

/** Null: never written. Undefined: nobody measured it. */
export type WriterIndex = number | null | undefined;

/** Runs in order of their offsets, ready to be asked. */
export class Provenance {
  readonly #runs: readonly { readonly start: number; readonly end: number; readonly writer: number | null }[];

  constructor(runs: WriterRuns) {
    this.#runs = runs
      .map(({ offset, length, writer }) => ({ start: offset, end: offset + length, writer }))
      .sort((a, b) => a.start - b.start);
  }

  /** Whether anything is known at all. */
  get measured(): boolean {
    return this.#runs.length > 0;
  }

  writerAt(byte: number): WriterIndex {
    const run = this.#runs[lastAtOrBefore(this.#runs, byte)];
    return run !== undefined && byte < run.end ? run.writer : undefined;
  }

  neverWritten(byte: number): boolean {
    return this.writerAt(byte) === null;
  }

  /** Bytes of [start, end) that nobody wrote. */
  neverWrittenIn(start: number, end: number): number {
    let bytes = 0;
    for (let index = Math.max(0, lastAtOrBefore(this.#runs, start)); index < this.#runs.length; index += 1) {
      const run = this.#runs[index];
      if (run === undefined || run.start >= end) break;
      if (run.writer === null) bytes += Math.max(0, Math.min(end, run.end) - Math.max(start, run.start));
    }
    return bytes;
  }
}

export type Frame = Writer['callStack'][number];

/** The frame to show and open: the innermost that lies in a file of the driver. */
export function sourceFrame(writer: Writer | undefined): Frame | undefined {
  const frames = writer?.callStack ?? [];
  return frames.find(hasSource) ?? frames[0];
}

/** Library functions have no file; our own headers stand in angle brackets. */
export const hasSource = ({ file }: Pick<Position, 'file'>): boolean => file !== '' && !file.startsWith('<');

/** The last step of a path: `drivers/Nic.c` as `Nic.c`. */
export const baseName = (file: string): string =>
  file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
