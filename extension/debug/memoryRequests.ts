/** readMemory and writeMemory: any address, parts where memory ends. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { fromBase64, toBase64 } from './base64.js';
import { RequestFailure } from './failure.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import { addressText } from './values/addresses.js';
import { NULL_ZONE } from './values/memoryView.js';

/** Bytes read or written by one request. */
const MOST_BYTES = 16 << 20;

/** Throws RequestFailure. */
function addressOf(reference: string, offset: number | undefined): number {
  const base = /^\s*(0[xX][0-9a-fA-F]{1,16}|\d{1,16})\s*$/.exec(reference)?.[1];
  if (base === undefined) throw new RequestFailure('memory', `'${reference}' is no address: an example is 0x10000.`);
  // Beyond every memory, and beyond what a number counts exactly.
  return Math.min(Number(base) + (offset ?? 0), Number.MAX_SAFE_INTEGER);
}

export function memoryRequests(control: RunControl): Handlers {
  return {
    readMemory: async ({ memoryReference, offset, count }: DebugProtocol.ReadMemoryArguments) => {
      const address = addressOf(memoryReference, offset);
      if (count < 0 || count > MOST_BYTES) {
        throw new RequestFailure('memory', `${count} bytes cannot be read at once: at most ${MOST_BYTES} can.`);
      }
      const closed = NULL_ZONE - address;
      if (closed > 0) return { address: addressText(Math.max(0, address)), unreadableBytes: Math.min(count, closed) };
      void control.standing;
      const { bytes } = await control.target.request('readMemory', { address, length: count });
      return {
        address: addressText(address),
        data: toBase64(bytes),
        ...(bytes.length < count ? { unreadableBytes: count - bytes.length } : {}),
      };
    },
    writeMemory: async ({ memoryReference, offset, allowPartial, data }: DebugProtocol.WriteMemoryArguments) => {
      const address = addressOf(memoryReference, offset);
      const bytes = fromBase64(data);
      if (bytes === undefined) throw new RequestFailure('memory', 'The data is no base64.');
      void control.standing;
      if (address < NULL_ZONE && bytes.length > 0) {
        throw new RequestFailure('memory', `Nothing can be written below ${addressText(NULL_ZONE)}: NULL leads there.`);
      }
      const { bytes: there } = await control.target.request('readMemory', {
        address,
        length: bytes.length,
      });
      const room = there.length;
      if (room < bytes.length && allowPartial !== true) {
        throw new RequestFailure(
          'memory',
          `Only ${room} of ${bytes.length} bytes can be written at ${addressText(address)}: memory ends there.`,
        );
      }
      const bytesWritten =
        room === 0 ? 0 : await control.target.request('writeMemory', { address, bytes: bytes.slice(0, room) });
      if (bytesWritten > 0) control.changed({ address, count: bytesWritten });
      return { offset: 0, bytesWritten };
    },
  };
}
