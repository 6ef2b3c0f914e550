/** Channels, saves and chunks of a run, read from the C half's logs. */
import { eachRecord } from './events.js';
import { CHUNK_RECORD, CHUNK_RECORD_SIZE, LOG, SAVE_RECORD, SAVE_RECORD_SIZE } from './layout.js';
import type { Machine } from './machine.js';
import type { ChannelResult, SaveResult } from './simulation.js';

type Chunk = SaveResult['chunks'][number];

/** One entry per channel there ever was, in order of creation. */
export function readChannels(machine: Machine, names: readonly string[]): ChannelResult[] {
  const chunks = new Map<string, Chunk[]>();
  eachRecord(machine, LOG.CHUNKS, CHUNK_RECORD_SIZE, (address) => {
    const key = `${machine.u32(address + CHUNK_RECORD.channel)}/${machine.u32(address + CHUNK_RECORD.save)}`;
    const list = chunks.get(key) ?? [];
    list.push({
      bufferSize: machine.u32(address + CHUNK_RECORD.buffer_size),
      bytesFilled: machine.u32(address + CHUNK_RECORD.filled),
      bytesRequired: machine.u32(address + CHUNK_RECORD.required),
      status: machine.u32(address + CHUNK_RECORD.status),
    });
    chunks.set(key, list);
  });
  const saves = new Map<number, SaveResult[]>();
  eachRecord(machine, LOG.SAVES, SAVE_RECORD_SIZE, (address) => {
    const channel = machine.u32(address + SAVE_RECORD.channel);
    const list = saves.get(channel) ?? [];
    list.push({
      bytes: machine.pointer(address + SAVE_RECORD.bytes),
      packets: machine.u32(address + SAVE_RECORD.packets),
      callbacks: {
        save: machine.u32(address + SAVE_RECORD.save_callback),
        restore: machine.u32(address + SAVE_RECORD.restore_callback),
      },
      chunks: chunks.get(`${channel}/${machine.u32(address + SAVE_RECORD.save)}`) ?? [],
    });
    saves.set(channel, list);
  });
  return names.map((name, index) => ({ index, name, saves: saves.get(index) ?? [] }));
}
