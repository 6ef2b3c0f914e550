/** GPADLs (kmcl-facts 2.5, 2.8 #62, #73, #74, A-35): guest buffers the server maps, and buffers a client publishes. */
import type { Channel, Channels } from './channel.js';
import { ARENA } from './layout.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';

const PAGE_SIZE = 4096;
const READ_ONLY = 0x1;
/**
 * MDL on x64 (kmcl-facts 8.4): Next @0, Size @8, MdlFlags @10, StartVa @32, ByteCount @40, ByteOffset @44; page numbers
 * follow.
 */
const MDL = { next: 0, size: 8, flags: 10, mapped: 24, start: 32, byteCount: 40, byteOffset: 44, pages: 48 } as const;
const MDL_PAGES_LOCKED = 0x2;
const MDL_TAG = 0x6c644d56;
const GUEST_TAG = 0x74736547;
/** First handle of a VM; the guest numbers its GPADLs upwards. */
const FIRST_GPADL = 0xe1e10;
/** A pattern, so that the guest's pages are neither zero nor what the host left there. */
const GUEST_FILL = 0x67;

interface Gpadl {
  readonly handle: number;
  readonly address: number;
  readonly pages: number;
  readonly readOnly: boolean;
  /** The client channel that published it, undefined for the guest's. */
  readonly owner: Channel | undefined;
  mapping: { readonly channel: Channel; readonly mdl: number; readonly frames: readonly number[] } | undefined;
  /** The last mapping, also when it has ended: its MDL, and whether its channel had been restored by then. */
  last: { readonly mdl: number; readonly restored: boolean } | undefined;
}

export class Gpadls {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;
  readonly #channels: Channels;
  #gpadls = new Map<number, Gpadl>();
  #next = FIRST_GPADL;

  constructor(simulator: Simulator, channels: Channels) {
    this.#simulator = simulator;
    this.#channels = channels;
    this.functions = { ...this.#server(), ...this.#client() };
  }

  #server(): FunctionTable {
    return {
      VmbChannelMapGpadl: {
        signature: 's:puup',
        call: (handle = 0, flags = 0, gpadl = 0, out = 0) => this.#map(handle, flags, gpadl, out),
      },
      VmbChannelUnmapGpadl: { signature: 'v:pu', call: (handle = 0, gpadl = 0) => this.#unmap(handle, gpadl) },
      VspLabGuestCreateGpadl: {
        signature: 'u:pub',
        call: (handle = 0, pages = 0, readOnly = 0) => this.#guestCreates(handle, pages, readOnly !== 0),
      },
    };
  }

  #client(): FunctionTable {
    return {
      VmbChannelCreateGpadlFromMdl: {
        signature: 's:pupuup',
        call: (handle = 0, flags = 0, mdl = 0, offset = 0, length = 0, out = 0) => {
          this.#simulator.readable(mdl, MDL.pages);
          const { machine } = this.#simulator;
          const start = machine.pointer(mdl + MDL.start) + machine.u32(mdl + MDL.byteOffset);
          const size = length === 0 ? machine.u32(mdl + MDL.byteCount) - offset : length;
          return this.#publish('VmbChannelCreateGpadlFromMdl', handle, flags, start + offset, size, out);
        },
      },
      VmbChannelCreateGpadlFromBuffer: {
        signature: 's:pupup',
        call: (handle = 0, flags = 0, buffer = 0, size = 0, out = 0) => {
          this.#simulator.readable(buffer, size);
          return this.#publish('VmbChannelCreateGpadlFromBuffer', handle, flags, buffer, size, out);
        },
      },
      VmbChannelCreateGpadlFromPfnList: {
        signature: 's:pupup',
        call: (handle = 0, flags = 0, list = 0, count = 0, out = 0) => {
          this.#simulator.readable(list, 8 * count);
          const first = count === 0 ? 0 : this.#simulator.machine.pointer(list);
          return this.#publish(
            'VmbChannelCreateGpadlFromPfnList',
            handle,
            flags,
            first * PAGE_SIZE,
            count * PAGE_SIZE,
            out,
          );
        },
      },
      VmbChannelCreateGpadl: {
        signature: 's:puup',
        call: (handle = 0, flags = 0, pages = 0, out = 0) => {
          const { native } = this.#simulator.machine;
          const address = pages === 0 ? 0 : native.vsp_user_allocate(ARENA.HOST, pages * PAGE_SIZE, GUEST_TAG);
          return this.#publish('VmbChannelCreateGpadl', handle, flags, address, pages * PAGE_SIZE, out);
        },
      },
      VmbChannelDeleteGpadl: { signature: 'v:pu', call: (handle = 0, gpadl = 0) => this.#delete(handle, gpadl) },
      VmbChannelGetSystemAddressForGpadl: {
        signature: 's:puup',
        call: (handle = 0, _flags, gpadl = 0, out = 0) => this.#systemAddress(handle, gpadl, out),
      },
    };
  }

  // ---- Server: mapping what the guest gave

  #map(handle: number, flags: number, gpadl: number, out: number): number {
    const channel = this.#endpoint('VmbChannelMapGpadl', handle, true);
    if (channel === undefined) {
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    this.#simulator.writable(out, 8);
    if ((flags & ~READ_ONLY) !== 0) {
      return STATUS.INVALID_PARAMETER_2;
    }
    const entry = this.#gpadls.get(gpadl);
    if (entry === undefined || entry.owner !== undefined) {
      return STATUS.NOT_FOUND;
    }
    if (!channel.axes.open) {
      this.#simulator.breach('gpadl-window', {
        object: handle,
        detail: gpadl,
        message: 'VmbChannelMapGpadl on a channel that is not open',
      });
      return STATUS.INVALID_DEVICE_STATE;
    }
    if (entry.mapping !== undefined) {
      this.#simulator.breach('gpadl-single-map', {
        object: handle,
        detail: gpadl,
        related: [{ message: 'mapped here', frames: entry.mapping.frames }],
      });
      return STATUS.INVALID_DEVICE_STATE;
    }
    if (entry.readOnly && (flags & READ_ONLY) === 0) {
      return STATUS.ACCESS_DENIED;
    }
    if (!this.#simulator.mayAllocate()) {
      return STATUS.INSUFFICIENT_RESOURCES;
    }
    const mdl = this.#buildMdl(entry);
    entry.mapping = { channel, mdl, frames: this.#simulator.machine.frames() };
    entry.last = { mdl, restored: channel.get('RESTORED') === 1 };
    this.#simulator.machine.native.vsp_unpoison(entry.address, entry.pages * PAGE_SIZE);
    this.#simulator.writePointer(out, mdl);
    return STATUS.SUCCESS;
  }

  /** An MDL without a virtual address: MmGetSystemAddressForMdlSafe maps it. */
  #buildMdl(entry: Gpadl): number {
    const { machine } = this.#simulator;
    const size = MDL.pages + 8 * entry.pages;
    const mdl = machine.native.vsp_user_allocate(ARENA.HOST, size, MDL_TAG);
    machine.bytes.fill(0, mdl, mdl + size);
    machine.setU16(mdl + MDL.size, size & 0x7fff);
    machine.setU16(mdl + MDL.flags, MDL_PAGES_LOCKED);
    machine.setPointer(mdl + MDL.start, entry.address);
    machine.setU32(mdl + MDL.byteCount, entry.pages * PAGE_SIZE);
    for (let page = 0; page < entry.pages; page++) {
      machine.setPointer(mdl + MDL.pages + 8 * page, entry.address / PAGE_SIZE + page);
    }
    return mdl;
  }

  #unmap(handle: number, gpadl: number): undefined {
    const channel = this.#endpoint('VmbChannelUnmapGpadl', handle, true);
    if (channel === undefined) {
      return;
    }
    const entry = this.#gpadls.get(gpadl);
    if (entry?.mapping === undefined || entry.mapping.channel !== channel) {
      this.#simulator.breach('gpadl-pair', {
        object: handle,
        detail: gpadl,
        message: `VmbChannelUnmapGpadl of GPADL ${gpadl}, which is not mapped`,
      });
      return;
    }
    this.#endMapping(entry);
  }

  /** The MDL dies and the guest's pages are out of reach. */
  #endMapping(entry: Gpadl): void {
    const { native } = this.#simulator.machine;
    if (entry.mapping !== undefined) {
      native.vsp_user_free(ARENA.HOST, entry.mapping.mdl);
      entry.mapping = undefined;
    }
    native.vsp_poison(entry.address, entry.pages * PAGE_SIZE, 0xfd);
  }

  #guestCreates(handle: number, pages: number, readOnly: boolean): number {
    if (this.#channels.resolve(handle) === undefined || pages === 0) {
      return 0;
    }
    const { machine } = this.#simulator;
    const address = machine.native.vsp_user_allocate(ARENA.LASTING, pages * PAGE_SIZE, GUEST_TAG);
    machine.bytes.fill(GUEST_FILL, address, address + pages * PAGE_SIZE);
    machine.native.vsp_poison(address, pages * PAGE_SIZE, 0xfd);
    return this.#add({ address, pages, readOnly, owner: undefined });
  }

  #add(entry: Pick<Gpadl, 'address' | 'pages' | 'readOnly' | 'owner'>): number {
    const handle = this.#next++;
    this.#gpadls.set(handle, { ...entry, handle, mapping: undefined, last: undefined });
    return handle;
  }

  // ---- Client: publishing its own

  #publish(api: string, handle: number, flags: number, address: number, size: number, out: number): number {
    const channel = this.#endpoint(api, handle, false);
    if (channel === undefined) {
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    this.#simulator.writable(out, 4);
    if ((flags & ~READ_ONLY) !== 0) {
      return STATUS.INVALID_PARAMETER_2;
    }
    if (size <= 0) {
      return STATUS.INVALID_PARAMETER;
    }
    if (!channel.axes.open) {
      this.#simulator.breach('gpadl-window', { object: handle, message: `${api} on a channel that is not open` });
      return STATUS.INVALID_DEVICE_STATE;
    }
    const pages = Math.ceil(((address % PAGE_SIZE) + size) / PAGE_SIZE);
    this.#simulator.writeU32(out, this.#add({ address, pages, readOnly: (flags & READ_ONLY) !== 0, owner: channel }));
    return STATUS.SUCCESS;
  }

  #delete(handle: number, gpadl: number): undefined {
    this.#simulator.blockingCall('VmbChannelDeleteGpadl');
    const channel = this.#endpoint('VmbChannelDeleteGpadl', handle, false);
    const entry = this.#gpadls.get(gpadl);
    if (channel === undefined) {
      return;
    }
    if (entry?.owner !== channel) {
      this.#simulator.breach('gpadl-pair', { object: handle, detail: gpadl, message: 'the channel has no such GPADL' });
      return;
    }
    this.#gpadls.delete(gpadl);
  }

  #systemAddress(handle: number, gpadl: number, out: number): number {
    const channel = this.#endpoint('VmbChannelGetSystemAddressForGpadl', handle, false);
    if (channel === undefined) {
      return STATUS.INVALID_DEVICE_REQUEST;
    }
    const entry = this.#gpadls.get(gpadl);
    if (entry?.owner !== channel) {
      return STATUS.NOT_FOUND;
    }
    this.#simulator.writePointer(out, entry.address);
    return STATUS.SUCCESS;
  }

  // ---- Windows

  /**
   * Closed has returned, or Opened has refused: mappings and GPADLs should be gone; what is left breaks `rule` and goes
   * now.
   */
  channelClosed(channel: Channel, rule: 'state-closed-releases-gpadls' | 'state-opened-unwind'): void {
    // Decided when the callback returned; a failing Opened and a channel without Closed leave a leak behind.
    const returned = rule === 'state-closed-releases-gpadls' && channel.callbacks.Closed !== 0;
    for (const entry of [...this.#gpadls.values()]) {
      if (entry.mapping?.channel === channel) {
        this.#simulator.breach(rule, {
          object: channel.handle,
          detail: entry.handle,
          frames: returned ? this.#simulator.machine.framesAtReturn() : entry.mapping.frames,
          message:
            `GPADL ${entry.handle} is still mapped: it must be gone when ` +
            `${rule === 'state-opened-unwind' ? 'a failing EvtVmbChannelOpened' : 'EvtVmbChannelClosed'} returns`,
          related: [{ message: 'mapped here', frames: entry.mapping.frames }],
        });
        this.#endMapping(entry);
      } else if (entry.owner === channel) {
        this.#simulator.breach(rule, {
          object: channel.handle,
          detail: entry.handle,
          message: `GPADL ${entry.handle} was not deleted`,
        });
        this.#gpadls.delete(entry.handle);
      }
    }
  }

  /** Does an address lie in a mapping, or in its MDL, that ended before a channel was restored (S-33)? */
  isOfOldHost(address: number): boolean {
    const within = (start: number, size: number): boolean => address >= start && address < start + size;
    return (
      this.#channels.live.some((channel) => channel.get('RESTORED') === 1) &&
      [...this.#gpadls.values()].some(
        ({ address: memory, pages, mapping, last }) =>
          mapping === undefined &&
          last?.restored === false &&
          (within(memory, pages * PAGE_SIZE) || within(last.mdl, MDL.pages + 8 * pages)),
      )
    );
  }

  /** A new host: mappings are gone, the guest's buffers and their handles stay (S-33). */
  restartHost(): void {
    for (const entry of [...this.#gpadls.values()]) {
      if (entry.owner !== undefined) {
        this.#gpadls.delete(entry.handle);
      } else if (entry.mapping !== undefined) {
        entry.mapping = undefined;
        this.#simulator.machine.native.vsp_poison(entry.address, entry.pages * PAGE_SIZE, 0xfd);
      }
    }
  }

  /** The channel, if it is at the right end (7.1) and the call comes at PASSIVE_LEVEL. */
  #endpoint(api: string, handle: number, server: boolean): Channel | undefined {
    const channel = this.#channels.resolve(handle);
    if (channel === undefined) {
      return undefined;
    }
    this.#simulator.passiveOnly(api);
    if (channel.server !== server) {
      this.#simulator.breach(server ? 'init-server-only-on-server' : 'init-client-only-on-client', {
        object: handle,
        message: `${api} on a ${channel.server ? 'server' : 'client'} channel`,
      });
      return undefined;
    }
    return channel;
  }
}
