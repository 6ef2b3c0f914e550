/** readMemory and writeMemory: any address, parts where memory ends. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { fromBase64, toBase64 } from './base64.js';
import { RequestFailure } from './failure.js';
import type { Handlers } from './requests.js';
import type { RunControl } from './runControl.js';
import { addressText } from './values/addresses.js';

/** Bytes read or written by one request. */
const MOST_BYTES = 16 << 20;

/** Throws RequestFailure. */
function addressOf(reference: string, offset: number | undefined): number {
  const base = /^\s*(0[xX][0-9a-fA-F]{1,16}|\d{1,16})\s*$/.exec(reference)?.[1];
  if (base === undefined) throw new RequestFailure('memory', `'${reference}' is no address: an example is 0x10000.`);
  return Number(base) + (offset ?? 0);
}

export function memoryRequests(control: RunControl): Handlers {
  return {
    readMemory: async ({ memoryReference, offset, count }: DebugProtocol.ReadMemoryArguments) => {
      const address = addressOf(memoryReference, offset);
      if (count < 0 || count > MOST_BYTES) {
        throw new RequestFailure('memory', `${count} bytes cannot be read at once: at most ${MOST_BYTES} can.`);
      }
      if (address < 0) return { address: addressText(0), unreadableBytes: count };
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
      const { bytes: there } = await control.target.request('readMemory', {
        address: Math.max(0, address),
        length: bytes.length,
      });
      const room = address < 0 ? 0 : there.length;
      if (room < bytes.length && allowPartial !== true) {
        throw new RequestFailure(
          'memory',
          `Only ${room} of ${bytes.length} bytes can be written at ${addressText(Math.max(0, address))}: memory ends there.`,
        );
      }
      const bytesWritten =
        room === 0 ? 0 : await control.target.request('writeMemory', { address, bytes: bytes.slice(0, room) });
      if (bytesWritten > 0) control.changed({ address, count: bytesWritten });
      return { offset: 0, bytesWritten };
    },
  };
}
