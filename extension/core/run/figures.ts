/** What a person is told of runs in a line: figures of one run, one callback, one test. */
import type { Finding, Outcome } from './report.js';
import { PACKET_FLAG, type PackedChannel, type PackedRun, type ReportPack } from './reportPack.js';

export interface Figures {
  readonly packets: number;
  /** Bytes of VSP state of the smallest and the largest packet. */
  readonly min: number;
  readonly max: number;
  /** Not suppressed. */
  readonly findings: number;
  /** The worst of the runs. */
  readonly outcome: Outcome;
}

/** As the view compares a run with the one before. */
export interface RunFigures {
  readonly packets: number;
  /** Bytes of VSP state. */
  readonly stateBytes: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

const WORST: readonly Outcome[] = ['error', 'timeout', 'failed', 'passed'];

function worst(runs: readonly PackedRun[]): Outcome {
  return WORST.find((outcome) => runs.some((run) => run.outcome === outcome)) ?? 'passed';
}

/** How many packets, and the sizes of the smallest and the largest of them. */
interface Extent {
  readonly packets: number;
  readonly min: number;
  readonly max: number;
}

/** Of the packets with one of these flags; of all for 0. */
function extentOf({ packets: { stateBytes, flags, count: all } }: PackedChannel, wanted: number): Extent {
  let packets = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (let index = 0; index < all; index += 1) {
    if (wanted !== 0 && ((flags[index] ?? 0) & wanted) === 0) continue;
    const size = stateBytes[index] ?? 0;
    packets += 1;
    if (size < min) min = size;
    if (size > max) max = size;
  }
  return { packets, min, max };
}

function figuresOf(extents: readonly Extent[], findings: number, runs: readonly PackedRun[]): Figures {
  const packets = extents.reduce((sum, each) => sum + each.packets, 0);
  const min = packets === 0 ? 0 : Math.min(...extents.map((each) => each.min));
  return { packets, min, max: Math.max(0, ...extents.map((each) => each.max)), findings, outcome: worst(runs) };
}

const sizesOf = (channel: PackedChannel): Uint32Array => channel.packets.stateBytes.subarray(0, channel.packets.count);

const CALLBACKS = { save: /^EvtVmbChannelSavePacket/, restore: /^EvtVmbChannelRestorePacket/ };

/** `Class::Name` → `Name`. */
function plainName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

/** A channel whose report does not say which callbacks it has counts for each of its driver's, if it saved anything. */
function hasCallback({ callbacks, packets }: PackedChannel, kind: 'save' | 'restore', name: string): boolean {
  return callbacks === undefined ? packets.count > 0 : plainName(callbacks[kind]?.function ?? '') === name;
}

/** Answers by pack: editors ask for the same figures again and again, and a pack may have a million packets. */
const KNOWN = new WeakMap<ReportPack, Map<string, Figures | undefined>>();

function remembered(pack: ReportPack, key: string, find: () => Figures | undefined): Figures | undefined {
  const known = KNOWN.get(pack) ?? new Map<string, Figures | undefined>();
  KNOWN.set(pack, known);
  if (!known.has(key)) known.set(key, find());
  return known.get(key);
}

/**
 * Over all channels of the driver's runs that have this callback; undefined when none has. For a restore callback the
 * packets are those restored. Findings are those met in the callback.
 */
export function callbackFigures(pack: ReportPack, kind: 'save' | 'restore', name: string): Figures | undefined {
  return remembered(pack, `${kind} ${name}`, () => figuresOfCallback(pack, kind, name));
}

function figuresOfCallback(pack: ReportPack, kind: 'save' | 'restore', name: string): Figures | undefined {
  const extents: Extent[] = [];
  const runs: PackedRun[] = [];
  let findings = 0;
  for (const run of pack.runs) {
    const channels = run.channels.filter((channel) => hasCallback(channel, kind, name));
    if (channels.length === 0) continue;
    runs.push(run);
    extents.push(...channels.map((channel) => extentOf(channel, kind === 'save' ? 0 : PACKET_FLAG.RESTORED)));
    const indices = new Set<number | null>(channels.map(({ index }) => index));
    findings += count(run.findings, ({ callback, channel }) => {
      return CALLBACKS[kind].test(callback ?? '') && (channel === null || indices.has(channel));
    });
  }
  return runs.length === 0 ? undefined : figuresOf(extents, findings, runs);
}

/** Of the test's run; undefined when the driver has not run it. `file` is as the report names it. */
export function testFigures(pack: ReportPack, file: string, name: string): Figures | undefined {
  return remembered(pack, `test ${file} ${name}`, () => figuresOfTest(pack, file, name));
}

function figuresOfTest(pack: ReportPack, file: string, name: string): Figures | undefined {
  const runs = pack.runs.filter((run) => run.name === name && run.file === file);
  if (runs.length === 0) return undefined;
  return figuresOf(
    runs.flatMap(({ channels }) => channels.map((channel) => extentOf(channel, 0))),
    runs.reduce((sum, run) => sum + count(run.findings, () => true), 0),
    runs,
  );
}

/**
 * The first run, and its channel, that has the callback or test; `file` is as the report names it. Undefined when none
 * has.
 */
export function anchorPlace(
  pack: ReportPack,
  kind: 'save' | 'restore' | 'test',
  name: string,
  file: string,
): { readonly run: number; readonly channel?: number } | undefined {
  for (const [index, run] of pack.runs.entries()) {
    if (kind === 'test') {
      if (run.name === name && run.file === file) return { run: index };
      continue;
    }
    const channel = run.channels.find((each) => hasCallback(each, kind, name));
    if (channel !== undefined) return { run: index, channel: channel.index };
  }
  return undefined;
}

function count(findings: readonly Finding[], counts: (finding: Finding) => boolean): number {
  return findings.filter((finding) => !finding.suppressed && counts(finding)).length;
}

/** Over the channels' first saves. Linear in the packets: hosts ask for it between two keystrokes. */
export function runFigures(run: PackedRun): RunFigures {
  const sizes = run.channels.map(sizesOf);
  const { packets, min, max } = figuresOf(
    run.channels.map((channel) => extentOf(channel, 0)),
    0,
    [run],
  );
  let stateBytes = 0;
  for (const column of sizes) {
    for (let index = 0; index < column.length; index += 1) stateBytes += column[index] ?? 0;
  }
  const lower = ranked(sizes, Math.floor((packets - 1) / 2), max);
  const upper = ranked(sizes, Math.floor(packets / 2), max);
  return { packets, stateBytes, min, median: packets === 0 ? 0 : (lower + upper) / 2, max };
}

const BUCKETS = 65_536;

/** The size at that place of the sorted sizes, by two passes of counting: sizes by their bucket, then within it. */
function ranked(columns: readonly Uint32Array[], rank: number, max: number): number {
  const width = Math.ceil((max + 1) / BUCKETS);
  const coarse = counted(columns, 0, width);
  const { at: bucket, left } = placeOf(coarse, rank);
  if (width === 1) return bucket;
  const first = bucket * width;
  const fine = counted(columns, first, 1, first + width);
  return first + placeOf(fine, left).at;
}

/** Sizes in [first, end) by bucket, each `width` wide. */
function counted(
  columns: readonly Uint32Array[],
  first: number,
  width: number,
  end = Number.POSITIVE_INFINITY,
): Uint32Array {
  const counts = new Uint32Array(BUCKETS);
  for (const column of columns) {
    for (let index = 0; index < column.length; index += 1) {
      const size = column[index] ?? 0;
      if (size < first || size >= end) continue;
      const bucket = Math.floor((size - first) / width);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
  }
  return counts;
}

/** The bucket that holds the item of that rank, and its rank within. */
function placeOf(counts: Uint32Array, rank: number): { readonly at: number; readonly left: number } {
  let left = rank;
  let at = 0;
  while (at < counts.length - 1 && left >= (counts[at] ?? 0)) {
    left -= counts[at] ?? 0;
    at += 1;
  }
  return { at, left };
}

/** 1560 → `1,560`, whatever the language of the machine. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

const plural = (amount: number, word: string): string => `${grouped(amount)} ${word}${amount === 1 ? '' : 's'}`;

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  passed: '',
  failed: 'failed',
  error: 'stopped',
  timeout: 'timed out',
};

/** `48–1,560 B`. */
export function sizesText({ min, max }: Pick<Figures, 'min' | 'max'>): string {
  return `${min === max ? grouped(min) : `${grouped(min)}–${grouped(max)}`} B`;
}

/** `32 packets · 48–1,560 B · 2 findings`. */
export function figuresText(figures: Figures): string {
  const { packets, findings, outcome } = figures;
  const parts = [
    OUTCOMES[outcome],
    packets === 0 ? 'no packets' : `${plural(packets, 'packet')} · ${sizesText(figures)}`,
    findings === 0 ? '' : plural(findings, 'finding'),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
