/** What outlives a reload of the window: read with care, for an older version or anything else may have written it. */
import * as v from 'valibot';

export const tabs = ['packets', 'findings', 'stream', 'timeline', 'figures', 'output'] as const;
export type Tab = (typeof tabs)[number];

export const sortColumns = ['index', 'kind', 'state', 'needed', 'bytes', 'status', 'restore', 'findings'] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

export interface SavedState {
  readonly driver: string | null;
  /** By name: indices change when a test is added. */
  readonly run: string | null;
  /** Null: the first with packets. */
  readonly channel: number | null;
  readonly packet: number | null;
  readonly tab: Tab;
  readonly sort: Sort;
  readonly filter: string;
  readonly grouped: boolean;
  /** Kinds whose groups are closed. */
  readonly collapsed: readonly string[];
  /** First row in sight, with fractions. */
  readonly scroll: number;
  /** The detail pane's part of the room, 0.15 to 0.85. */
  readonly split: number;
}

export const defaults: SavedState = {
  driver: null,
  run: null,
  channel: null,
  packet: null,
  tab: 'packets',
  sort: { column: 'index', descending: false },
  filter: '',
  grouped: true,
  collapsed: [],
  scroll: 0,
  split: 0.42,
};

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Each entry falls back by itself: one bad value does not lose the others. */
const schema = v.object({
  driver: v.fallback(v.nullable(v.string()), defaults.driver),
  run: v.fallback(v.nullable(v.string()), defaults.run),
  channel: v.fallback(v.nullable(whole), defaults.channel),
  packet: v.fallback(v.nullable(whole), defaults.packet),
  tab: v.fallback(v.picklist(tabs), defaults.tab),
  sort: v.fallback(v.object({ column: v.picklist(sortColumns), descending: v.boolean() }), defaults.sort),
  filter: v.fallback(v.pipe(v.string(), v.maxLength(1000)), defaults.filter),
  grouped: v.fallback(v.boolean(), defaults.grouped),
  collapsed: v.fallback(v.array(v.string()), [...defaults.collapsed]),
  scroll: v.fallback(v.pipe(v.number(), v.finite(), v.minValue(0)), defaults.scroll),
  split: v.fallback(v.pipe(v.number(), v.minValue(0.15), v.maxValue(0.85)), defaults.split),
});

export function parseSavedState(data: unknown): SavedState {
  const result = v.safeParse(schema, data);
  return result.success ? result.output : defaults;
}
