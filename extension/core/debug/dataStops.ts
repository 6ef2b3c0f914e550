/** Watched bytes that have changed: what that stops, and which statement wrote. */
import type { Breakpoints } from './breakpoints.js';
import type { DebugControl } from './control.js';
import { type FrameReader, siteOf } from './frames.js';
import type { StopReason } from './goals.js';
import { AT } from './layout.js';
import type { Met } from './search.js';
import type { DebugTables } from './tables.js';

interface Looking {
  readonly control: DebugControl;
  readonly breakpoints: Breakpoints;
  readonly tables: DebugTables;
  readonly reader: FrameReader;
}

/** Undefined where nothing changed that somebody stops for. */
export function dataStop({ id, why }: Met, { control, breakpoints, tables, reader }: Looking): StopReason | undefined {
  if ((why & AT.WATCH) === 0) {
    return undefined;
  }
  const changes = control.takeChanges();
  const addressOf = (watch: number): number => breakpoints.watches[watch]?.address ?? 0;
  const ids = breakpoints.dataHits(
    changes.map(({ watch }) => addressOf(watch)),
    id,
  );
  const first = changes.find(({ watch }) => breakpoints.areOf(ids, addressOf(watch)));
  if (first === undefined) {
    return undefined;
  }
  const { watch, before, after } = first;
  const last = control.past(control.count - 1);
  const writer = last === undefined ? undefined : reader.siteLocation(siteOf(tables, last.site));
  const by = writer === undefined ? {} : { writer };
  return { kind: 'data breakpoint', ids, address: addressOf(watch), before, after, ...by };
}
