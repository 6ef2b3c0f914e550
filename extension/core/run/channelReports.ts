/** The channels of a run: packets, streams and what happened to them, from what the simulator recorded. */
import type { Program, SaveResult, SimulationResult } from '../kmcl/simulation.js';
import { statusText } from '../kmcl/status.js';
import type { CompiledDriver, FunctionInfo } from '../toolchain/module.js';
import { NO_PACKETS, RecordedPackets } from './packetList.js';
import { byChannel, type ChannelRecords, PacketRecords, reachedOf } from './packetRecords.js';
import { chunkBytes, type PacketSource } from './packetSource.js';
import type { Provenance } from './provenance.js';
import type { Channel, Finding, LaterSave, Position, Run, SaveStream } from './report.js';
import { StaticLayouts, saveBufferOf } from './staticLayouts.js';
import { timelinesOf } from './timeline.js';

export interface ChannelSource {
  readonly driver: CompiledDriver;
  readonly program: Program;
  readonly result: SimulationResult;
  readonly findings: readonly Finding[];
  /** Functions by function-table index, as the driver's source calls them. */
  readonly kinds: ReadonlyMap<number, string>;
  /** Of the same result, where stores were noted. */
  readonly provenance: Provenance | undefined;
}

const NO_STREAM: SaveStream = { bytes: 0, chunks: [] };

function laterSave(save: SaveResult): LaterSave {
  return { ...streamOf(save), packets: save.packets };
}

type Chunk = SaveStream['chunks'][number];

function streamOf({ bytes, chunks }: SaveResult): SaveStream {
  const told = chunks.map(
    ({ bufferSize, bytesFilled, bytesRequired, status }): Chunk => ({
      bufferSize,
      bytesFilled,
      bytesRequired,
      status: statusText(status),
    }),
  );
  return { bytes, chunks: told };
}

/** The first save's stream, each chunk with the packets that lie in it; packets are in the order of their offsets. */
function packetStreamOf(save: SaveResult, records: PacketRecords, indices: ChannelRecords | undefined): SaveStream {
  const { bytes, chunks } = streamOf(save);
  let packet = 0;
  let start = 0;
  const count = indices?.length ?? 0;
  const offsetOf = (index: number): number => records.get(indices?.at(index) ?? 0, 'stream_offset');
  const endOf = (index: number): number => {
    const record = indices?.at(index) ?? 0;
    return offsetOf(index) + chunkBytes(records.get(record, 'library_bytes'), records.get(record, 'state_bytes'));
  };
  const told = chunks.map((chunk) => {
    const end = start + chunk.bytesFilled;
    while (packet < count && offsetOf(packet) !== 0 && endOf(packet) <= start) packet += 1;
    const first = packet;
    let last = packet - 1;
    while (last + 1 < count && offsetOf(last + 1) !== 0 && offsetOf(last + 1) < end) last += 1;
    start = end;
    packet = Math.max(first, last);
    return last < first ? chunk : { ...chunk, packets: { first, last } };
  });
  return { bytes, chunks: told };
}

/** Packets looked through for the longest one. */
const LOOKED_THROUGH = 10_000;

/** With checks off the callbacks' text and the packets' sizes must do. */
function staticLayouts({ driver, program, result, kinds }: ChannelSource, records: PacketRecords): StaticLayouts {
  const names = (role: 'save' | 'restore'): readonly (string | undefined)[] =>
    program.kind === 'packets'
      ? [driver.functions.find(({ symbol }) => symbol === program[role])?.name]
      : result.channels.map(({ saves }) => kinds.get(saves[0]?.callbacks?.[role] ?? 0));
  const buffers = (['save', 'restore'] as const).flatMap((role) =>
    names(role).flatMap((name) => saveBufferOf(driver, name, role) ?? []),
  );
  let longest = 0;
  for (let record = 0; record < Math.min(LOOKED_THROUGH, records.count); record += 1) {
    longest = Math.max(longest, records.get(record, 'state_bytes'));
  }
  return new StaticLayouts(driver, buffers, longest);
}

// ---- Callbacks

function positionOf({ name, file, line }: FunctionInfo): Position {
  return { file, line, column: 1, function: name };
}

/** Where the function of that table index is defined; null where that cannot be told from its name. */
function definition(
  { driver, program, kinds }: ChannelSource,
  slot: number,
  role: 'save' | 'restore',
): Position | null {
  const name = kinds.get(slot);
  const symbol = program.kind === 'packets' ? program[role] : undefined;
  const found = driver.functions.filter((each) => (name === undefined ? each.symbol === symbol : each.name === name));
  // Lambdas of one function have one name: the two kinds of callbacks differ in what they are given.
  const fitting = found.filter(({ parameters }) => parameters.includes('VMBPACKET') === (role === 'save'));
  const [first, second] = found.length > 1 ? fitting : found;
  return slot === 0 || first === undefined || second !== undefined ? null : positionOf(first);
}

function callbacksOf(source: ChannelSource, save: SaveResult | undefined): Pick<Channel, 'callbacks'> {
  const { callbacks } = save ?? {};
  if (callbacks === undefined || (callbacks.save === 0 && callbacks.restore === 0)) return {};
  return {
    callbacks: {
      save: definition(source, callbacks.save, 'save'),
      restore: definition(source, callbacks.restore, 'restore'),
    },
  };
}

// ---- Channels

export type ChannelReports = Pick<Run, 'channels' | 'records' | 'writers'>;

export function channelReports(source: ChannelSource): ChannelReports {
  const { driver, result, findings, kinds, provenance } = source;
  const records = new PacketRecords(result.records);
  const split = byChannel(records);
  const guessed = provenance === undefined && records.count > 0 ? staticLayouts(source, records) : undefined;
  const timelines = timelinesOf(result, driver.locations, findings);
  const packetSource: PacketSource = {
    records,
    kinds,
    states: result.states,
    ...(provenance === undefined
      ? { layoutOf: (record) => guessed?.of(records.get(record, 'state_bytes')) }
      : { writers: provenance.writers, layoutOf: provenance.layouts.of }),
  };
  const ended = result.fault?.context;
  const channels = result.channels.map(({ index, name, saves }): Channel => {
    const all = split.get(index);
    const indices = all && (result.ended === 'completed' ? all : reachedOf(records, all));
    const inQuery = ended?.pass === 'query' && ended.channel === index && ended.packet !== null;
    const packets = inQuery ? { ...packetSource, unanswered: ended.packet } : packetSource;
    const [first, ...later] = saves;
    const timeline = timelines.get(index);
    return {
      index,
      name,
      packets: indices === undefined ? NO_PACKETS : new RecordedPackets(packets, indices),
      saveStream: first === undefined ? NO_STREAM : packetStreamOf(first, records, indices),
      laterSaves: later.map(laterSave),
      ...callbacksOf(source, first),
      ...(timeline === undefined ? {} : { timeline }),
    };
  });
  if (provenance === undefined) {
    return guessed === undefined || guessed.list.length === 0 ? { channels } : { channels, records: guessed.list };
  }
  return { channels, records: provenance.layouts.list, writers: provenance.writers.list };
}
