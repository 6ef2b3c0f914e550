/** What the rules of incoming packets share: whose parameters they look at, and what was done with each packet. */
import type { Position } from '../../run/report.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { regionOf } from './helpers.js';

/** Parameters of EVT_VMB_CHANNEL_PROCESS_PACKET. */
export const PROCESS_PACKET = { COMPLETION: 1, BUFFER: 2, BUFFER_LENGTH: 3, FLAGS: 4 } as const;

export interface Done {
  readonly how: 'completed' | 'failed' | 'deferred';
  readonly place: Position | undefined;
}

/** By region of the completion handle. */
const DONE = new PathKey<ReadonlyMap<number, Done>>(new Map());

/** What was done with the packet of that completion handle. */
export function doneWith(handle: Value | undefined, path: Path): Done | undefined {
  const region = regionOf(handle, path);
  return region === undefined ? undefined : doneOf(region, path);
}

export function doneOf(handle: Region, path: Path): Done | undefined {
  return path.state.get(DONE).get(handle.id);
}

export function markDone(handle: Region | undefined, done: Done, path: Path): void {
  if (handle !== undefined) path.state.set(DONE, new Map(path.state.get(DONE)).set(handle.id, done));
}
