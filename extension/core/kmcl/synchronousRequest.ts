/** VmbChannelSendSynchronousRequest: kmcl-facts 2.6, A-33. */
import type { Channel, Channels } from './channel.js';
import { IRQL } from './layout.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';

const WAIT_FOR_COMPLETION = 0x1;

export class SynchronousRequests {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;
  readonly #channels: Channels;

  constructor(simulator: Simulator, channels: Channels) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.functions = {
      VmbChannelSendSynchronousRequest: {
        signature: 's:ppupuppp',
        call: (handle = 0, buffer = 0, length = 0, mdl = 0, flags = 0, answer = 0, answerSize = 0, timeout = 0) => {
          const channel = this.#channels.resolve(handle);
          if (channel === undefined) {
            return STATUS.INVALID_PARAMETER_1;
          }
          return this.#send(channel, {
            buffer,
            length,
            mdl,
            flags,
            answer,
            answerSize,
            timeout: this.#timeout(timeout),
          });
        },
      },
    };
  }

  /** 100 ns units as KeWaitForSingleObject has them; undefined = for ever. */
  #timeout(address: number): number | undefined {
    if (address === 0) {
      return undefined;
    }
    this.#simulator.readable(address, 8);
    return Number(this.#simulator.machine.i64(address));
  }

  #send(channel: Channel, request: Request): number {
    const { machine } = this.#simulator;
    const waits = (request.flags & WAIT_FOR_COMPLETION) !== 0 || request.timeout !== 0;
    if (waits ? machine.irql !== IRQL.PASSIVE : machine.irql > IRQL.DISPATCH) {
      this.#simulator.breach('out-sync-irql', { object: channel.handle, detail: machine.irql });
    }
    if (channel.server && waits) {
      this.#simulator.breach('out-sync-root', { object: channel.handle });
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    if (request.answerSize !== 0) {
      this.#simulator.readable(request.answerSize, 4);
      const capacity = machine.u32(request.answerSize);
      if (capacity % 8 !== 0) {
        this.#simulator.breach('out-sync-size8', { object: channel.handle, detail: capacity });
        return STATUS.INVALID_PARAMETER;
      }
      this.#simulator.writable(request.answer, request.answer === 0 ? 0 : capacity);
    }
    this.#simulator.readable(request.buffer, request.length);
    if (request.length > channel.get('MAX_PACKET_SIZE')) {
      this.#simulator.breach('out-size-limit', { object: channel.handle, detail: request.length });
      return STATUS.INVALID_PARAMETER;
    }
    if (!channel.axes.open) {
      return STATUS.DEVICE_REMOVED;
    }
    return waits ? this.#transact(channel, request) : this.#writeNow(channel, request);
  }

  #writeNow(channel: Channel, { buffer, length, answerSize }: Request): number {
    const { machine } = this.#simulator;
    if (machine.native.vsp_channel_write_now(channel.handle, buffer, length) === 0) {
      return STATUS.BUFFER_OVERFLOW;
    }
    if (answerSize !== 0) {
      this.#simulator.writeU32(answerSize, 0);
    }
    return STATUS.SUCCESS;
  }

  /** Client: a transaction, waited for; cancelled when the time is over or the channel goes down. */
  #transact(channel: Channel, request: Request): number {
    const { machine, scheduler } = this.#simulator;
    const { native } = machine;
    const packet = native.vsp_sync_send(channel.handle, request.buffer, request.length, request.mdl, request.flags);
    if (packet === 0) {
      return STATUS.INSUFFICIENT_RESOURCES;
    }
    const deadline = request.timeout === undefined ? undefined : scheduler.deadline(request.timeout);
    const done = scheduler.wait('VmbChannelSendSynchronousRequest', () => native.vsp_sync_done(packet) !== 0, deadline);
    const status = done ? native.vsp_sync_status(packet) : STATUS.CANCELLED;
    const capacity = request.answerSize === 0 ? 0 : machine.u32(request.answerSize);
    const copied = native.vsp_sync_finish(packet, request.answer, request.answer === 0 ? 0 : capacity);
    if (request.answerSize !== 0) {
      this.#simulator.writeU32(request.answerSize, copied);
    }
    return status === STATUS.CANCELLED && done ? STATUS.DEVICE_REMOVED : status;
  }
}

interface Request {
  readonly buffer: number;
  readonly length: number;
  readonly mdl: number;
  readonly flags: number;
  readonly answer: number;
  readonly answerSize: number;
  readonly timeout: number | undefined;
}
