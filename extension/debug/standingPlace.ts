/** Where the run stands, for views of it: whose callback runs, why it stands, what SaveBuf holds by now. */

import { userPosition } from '../core/rules/positions.js';
import type { Position } from '../core/run/report.js';
import type { Stop } from '../worker/debugProtocol.js';
import { toBase64 } from './base64.js';
import type { RunControl } from './runControl.js';
import { stoppedBody } from './stops.js';
import { writtenRuns } from './values/saveBuffer.js';

/** Bytes of SaveBuf that are handed out; the rest is only counted. */
const BYTES_SHOWN = 4096;

export interface StandingPlace {
  /** Name of the run. */
  readonly run: string;
  /** Why it stands, in a few words. */
  readonly reason: string;
  /** Innermost place in the driver's code. */
  readonly location: Position | null;
  /** Of the callback that runs; null where none does. */
  readonly callback: string | null;
  readonly channel: number | null;
  readonly packet: number | null;
  readonly pass: 'query' | 'write' | 'restore' | null;
  /** SaveBuf of the callback that runs. */
  readonly buffer: StandingBuffer | null;
}

export interface StandingBuffer {
  readonly size: number;
  /** Bytes written so far; null in a restore, which reads what was saved. */
  readonly written: number | null;
  /** The first ones, as base64. */
  readonly bytes: string;
  /** Neighbours that one statement wrote. */
  readonly runs: readonly {
    readonly offset: number;
    readonly length: number;
    /** Null: not written yet, or saved before. */
    readonly place: Position | null;
  }[];
}

export async function standingPlace(control: RunControl): Promise<StandingPlace> {
  const { stop } = control.standing;
  const { channel, packet, pass, callback, saveBuffer } = await control.target.request('kernel', {});
  const buffer =
    saveBuffer === null || pass === null || pass === 'query' || saveBuffer.size === 0
      ? null
      : await standingBuffer(control, saveBuffer, pass === 'restore');
  const { description } = stoppedBody(stop, (id) => control.breakpoints.watched(id));
  return {
    run: control.launched.run,
    reason: description ?? REASONS[stop.reason.kind] ?? 'Paused',
    location: locationOf(stop),
    callback,
    channel,
    packet,
    pass,
    buffer,
  };
}

const REASONS: Readonly<Partial<Record<Stop['reason']['kind'], string>>> = {
  entry: 'Paused at the first statement',
  breakpoint: 'Paused at a breakpoint',
  'function breakpoint': 'Paused at a function breakpoint',
};

function locationOf({ frames }: Stop): Position | null {
  const frame = frames.find(({ location }) => location !== undefined && !location.file.startsWith('<'));
  if (frame?.location === undefined) return null;
  const { file, line, column } = frame.location;
  return { file, line, column: Math.max(1, column), function: frame.name };
}

async function standingBuffer(
  { target, launched }: RunControl,
  { address, size }: { readonly address: number; readonly size: number },
  isRead: boolean,
): Promise<StandingBuffer> {
  const [{ bytes }, writers] = await Promise.all([
    target.request('readMemory', { address, length: Math.min(size, BYTES_SHOWN) }),
    isRead ? new Uint32Array(size) : target.request('saveBufferWriters', {}),
  ]);
  const runs = writtenRuns(writers, size);
  const written = runs.reduce((sum, { length, writer }) => sum + (writer === 0 ? 0 : length), 0);
  const { locations } = launched.driver;
  return {
    size,
    written: isRead ? null : written,
    bytes: toBase64(bytes),
    runs: runs
      .filter(({ offset }) => offset < BYTES_SHOWN)
      .map(({ offset, length, writer }) => ({
        offset,
        length,
        place: writer === 0 ? null : userPosition(locations, [writer]),
      })),
  };
}
