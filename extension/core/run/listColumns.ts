/** Columns of a list that is neither recorded nor packed: a report read from JSON. Every packet is made once. */
import { KindNames } from './kindNames.js';
import { ABSENT, type Columns, emptyColumns, NO_RECORD, PACKET_FLAG, type PacketColumns } from './packetColumns.js';
import type { Packet, PacketList } from './report.js';
import { savedBytes } from './savedBytes.js';

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

function setPacket(columns: Columns, index: number, packet: Packet, kind: number): void {
  const { query, write, restore, stream } = packet;
  columns.kind[index] = kind;
  columns.flags[index] =
    (packet.state === 'inFlight' ? PACKET_FLAG.IN_FLIGHT : 0) |
    (write === null ? 0 : PACKET_FLAG.WRITTEN) |
    (restore === null ? 0 : PACKET_FLAG.RESTORED) |
    (packet.stubbed === true ? PACKET_FLAG.STUBBED : 0);
  columns.queryStatus[index] = Number(query.status);
  columns.queryNeeded[index] = query.bytesNeeded ?? ABSENT;
  columns.saveBufSize[index] = write?.saveBufSize ?? 0;
  columns.writeStatus[index] = Number(write?.status ?? 0);
  columns.writeNeeded[index] = write?.bytesNeeded ?? ABSENT;
  columns.bytesWritten[index] = write?.bytesWritten ?? ABSENT;
  columns.bytesUninitialised[index] = write?.bytesUninitialised ?? ABSENT;
  columns.stateBytes[index] = packet.stateBytes;
  columns.libraryBytes[index] = packet.libraryBytes;
  columns.restoreStatus[index] = Number(restore?.status ?? 0);
  columns.bytesRead[index] = restore?.bytesRead ?? ABSENT;
  columns.record[index] = packet.record ?? NO_RECORD;
  columns.streamOffset[index] = stream?.offset ?? ABSENT;
  columns.streamBytes[index] = stream?.bytes ?? 0;
}

export function columnsOfList(list: PacketList): PacketColumns {
  const columns = emptyColumns(list.length);
  const names = new KindNames();
  for (let index = 0; index < list.length; index += 1) {
    const packet = list.at(index);
    setPacket(columns, index, packet, names.number(packet.kind));
  }
  const saved = savedBytes(list.length, (index) => {
    const { stateHex, writtenBy } = list.at(index);
    return stateHex === undefined ? undefined : { bytes: bytesOf(stateHex), writtenBy: writtenBy ?? [] };
  });
  return { count: list.length, kinds: names.list, ...columns, ...(saved === undefined ? {} : { saved }) };
}
