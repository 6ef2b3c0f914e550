/** What stress tries (interfaces section 5): from what a run noted to the list of injections. */
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import { MODES, type ModeChoices } from '../kmcl/modes.js';
import type { SimulationResult } from '../kmcl/simulation.js';
import { succeeded } from '../kmcl/status.js';
import type { FailureSite, NotedRecord, RecordChange, StressObservation } from '../kmcl/stressing.js';
import { userPosition } from '../rules/positions.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { byChannel, PacketRecords } from './packetRecords.js';
import type { Injection, StressLevel } from './stressInjection.js';
import { isTests, testFiles } from './stressRun.js';

/** A run whose driver can be stressed: it came to its end by itself. */
export interface NotedRun {
  /** Its number among the driver's runs. */
  readonly run: number;
  readonly units: number;
  readonly observation: StressObservation;
  readonly result: Pick<SimulationResult, 'records' | 'channels' | 'states'>;
}

export interface PlannedInjection {
  readonly run: number;
  readonly injection: Injection;
}

/** A record that is to be changed, and everything that is to be made of it. */
export interface PlannedRecord {
  readonly run: number;
  readonly record: NotedRecord;
  readonly changes: readonly RecordChange[];
  /** Changed records that are not refused get a run of their own to its end. */
  readonly follow: boolean;
}

/** The ends of a chunk buffer's sizes that `quick` tries besides the whole. */
const QUICK_CHUNKS = [0, 1, 64] as const;
const SAVE_BUFFERS = ['null', 'guard', 'valid'] as const;
/** More than the slack of an ordinary run, and a page. */
const LARGER = [64, 4096] as const;
/** Bytes that a write buffer is too short by: one, a word, nearly all. */
const SMALLER = [1, 8, 65_536] as const;
/** Bytes that a restore's buffer is larger by. */
const ENLARGED = [1, 64] as const;
/** Lengths at which long records are cut, and bytes of them that are changed. */
const MOST_LENGTHS = 2048;
/** Packings of a save stream that are tried. */
const MOST_PACKINGS = 256;
/** Modes with a run of their own kind, and those that `quick` chooses, too. */
const ELSEWHERE: readonly string[] = ['S-35', 'S-05'];

// ---- Chunk buffers

/** Bytes of the chunks of a run's largest save, in order. */
export function chunkSizes({ records, channels }: NotedRun['result']): readonly number[] {
  const list = new PacketRecords(records);
  const streams = channels.flatMap(({ index, saves }) => {
    const first = saves[0];
    const packets = byChannel(list).get(index);
    if (first === undefined || packets === undefined) return [];
    const starts = Array.from({ length: packets.length }, (_, at) => list.get(packets.at(at), 'stream_offset'));
    const ends = [...starts.filter((start) => start > 0), first.bytes].sort((a, b) => a - b);
    return [ends.map((end, at) => end - (ends[at - 1] ?? 0)).filter((size) => size > 0)];
  });
  const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
  return streams.reduce<readonly number[]>((most, each) => (total(each) > total(most) ? each : most), []);
}

/** How SaveContinue fills buffers of that size, which grow to what it asks for: sizes with one answer are one case. */
function packing(chunks: readonly number[], buffer: number): string {
  let size = buffer;
  let filled = 0;
  const steps: string[] = [];
  for (const chunk of chunks) {
    if (filled + chunk > size) {
      steps.push(String(filled));
      filled = 0;
      if (chunk > size) {
        size = chunk;
        if (steps.at(-1) !== '0') steps.push('0');
      }
    }
    filled += chunk;
  }
  return steps.join(' ');
}

function spread<Each>(all: readonly Each[], most: number): readonly Each[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * (all.length - 1)) / (most - 1))] as Each);
}

/** Buffers of SaveContinue: the smallest of each packing there is between 0 and the whole. */
export function chunkBuffers(chunks: readonly number[], level: StressLevel): readonly number[] {
  const whole = chunks.reduce((sum, size) => sum + size, 0);
  if (whole === 0) return [];
  if (level === 'quick') return [...new Set([...QUICK_CHUNKS, whole])];
  const seen = new Set<string>();
  const sizes: number[] = [];
  // A packing changes only where one more chunk fits.
  const edges = new Set([0, 1]);
  for (let from = 0; from < chunks.length && edges.size < 16 * MOST_PACKINGS; from += 1) {
    for (let to = from, sum = 0; to < chunks.length; to += 1) {
      sum += chunks[to] ?? 0;
      edges.add(sum);
    }
  }
  for (const size of spread(
    [...edges].sort((a, b) => a - b),
    4 * MOST_PACKINGS,
  )) {
    const key = packing(chunks, size);
    if (!seen.has(key)) sizes.push(size);
    seen.add(key);
  }
  return [...new Set([...QUICK_CHUNKS, ...spread(sizes, MOST_PACKINGS), whole])].sort((a, b) => a - b);
}

function savesPlan(run: NotedRun, level: StressLevel): readonly Injection[] {
  const chunks = chunkSizes(run.result);
  if (chunks.length === 0) return [];
  const plan: Injection[] = [
    ...chunkBuffers(chunks, level).map((bytes) => ({ kind: 'chunk-buffer', bytes }) as const),
    ...SAVE_BUFFERS.map((value) => ({ kind: 'mode', id: 'S-05', value }) as const),
  ];
  if (level === 'full') {
    plan.push(...LARGER.map((bytes) => ({ kind: 'write-buffer-larger', bytes }) as const));
    plan.push(...SMALLER.map((bytes) => ({ kind: 'write-buffer-smaller', bytes }) as const));
  }
  return plan;
}

// ---- Failures

/** The part of a call stack that is the driver's own: within a callback, or outside the files with tests. */
function siteKey(driver: CompiledDriver, { what, frames, inCallback }: FailureSite): string {
  const tests = testFiles(driver);
  const callback = frames.findLastIndex((frame) => frame >= LIBRARY_FRAME);
  const places = frames
    .slice(inCallback ? callback + 1 : 0)
    .map((frame) => userPosition(driver.locations, [frame]))
    .filter((at) => at !== null && (inCallback || !tests.has(at.file)));
  return `${what} ${places.map((at) => `${at?.file}:${at?.line}:${at?.column}`).join(' ')}`;
}

/** Quick: each call stack of the driver's own code once; full: each call stack of each run. */
function failurePlan(driver: CompiledDriver, runs: readonly NotedRun[], level: StressLevel): PlannedInjection[] {
  const seen = new Set<string>();
  return runs.flatMap(({ run, observation }) =>
    observation.sites.flatMap((site) => {
      if (isTests(driver, site.frames, site.inCallback)) return [];
      if (level === 'quick' && site.what === 'packet-restore') return [];
      const key = siteKey(driver, site);
      if (level === 'quick' && seen.has(key)) return [];
      seen.add(key);
      return [{ run, injection: { kind: 'failure', what: site.what, at: site.at } as const }];
    }),
  );
}

function modesPlan(chosen: ModeChoices): readonly Injection[] {
  return MODES.filter(({ id }) => !ELSEWHERE.includes(id)).flatMap(({ id, values }) =>
    values
      .map(([value]) => value)
      .filter((value) => value !== (chosen[id] ?? values[0][0]))
      .map((value) => ({ kind: 'mode', id, value }) as const),
  );
}

/** Everything but records. `runs`: the cheapest first. */
export function injectionsOf(
  driver: CompiledDriver,
  runs: readonly NotedRun[],
  level: StressLevel,
  chosen: ModeChoices,
): readonly PlannedInjection[] {
  const others = runs.flatMap((each) =>
    [...savesPlan(each, level), ...(level === 'full' ? modesPlan(chosen) : [])].map((injection) => ({
      run: each.run,
      injection,
    })),
  );
  return [...others, ...failurePlan(driver, runs, level)];
}

// ---- Records

/** A byte from a seed and a place: any but 0. */
function maskOf(seed: number, offset: number): number {
  const mixed = Math.imul(seed ^ Math.imul(offset + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
  return (((mixed ^ (mixed >>> 15)) >>> 0) % 255) + 1;
}

function lengths(size: number): readonly number[] {
  return spread(
    Array.from({ length: size }, (_, length) => length),
    MOST_LENGTHS,
  );
}

function changesOf(size: number, level: StressLevel, seed: number): readonly RecordChange[] {
  const changes: RecordChange[] = lengths(size).map((length) => ({ size: length }));
  for (const offset of lengths(size)) {
    const masks = level === 'quick' ? [0xff] : new Set([0xff, 0x01, 0x80, maskOf(seed, offset)]);
    for (const mask of masks) changes.push({ size, offset, mask });
  }
  if (level === 'full') changes.push(...ENLARGED.map((more) => ({ size: size + more })));
  return changes;
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** Records as they were saved come before those that a test has made. */
function genuineFirst(runs: readonly NotedRun[]): readonly { readonly run: number; readonly record: NotedRecord }[] {
  const all = runs.flatMap(({ run, observation, result }) => {
    const saved = new Set(result.states.map(textOf));
    return observation.records.map((record) => ({ run, record, genuine: saved.has(textOf(record.bytes)) }));
  });
  return [...all.filter(({ genuine }) => genuine), ...all.filter(({ genuine }) => !genuine)];
}

/**
 * Which records are changed. Quick: for each size one record of each restore callback; full: every record that differs.
 * `runs`: the cheapest first.
 */
export function recordsOf(runs: readonly NotedRun[], level: StressLevel, seed: number): readonly PlannedRecord[] {
  const sizes = new Set<string>();
  const contents = new Set<string>();
  return genuineFirst(runs).flatMap(({ run, record }) => {
    const { length } = record.bytes;
    if (!succeeded(record.status) || length === 0) return [];
    const size = `${record.callback} ${length}`;
    const content = `${size} ${textOf(record.bytes)}`;
    const first = !sizes.has(size);
    if (!first && (level === 'quick' || contents.has(content))) return [];
    sizes.add(size);
    contents.add(content);
    return [{ run, record, changes: changesOf(length, level, seed), follow: first }];
  });
}
