/**
 * The fixture-less run (interfaces 4): N packets sent and taken, pause, save, tear down, a fresh host, restore, save
 * again, complete, tear down.
 */
import type { CompiledDriver, FunctionInfo } from '../toolchain/module.js';
import type { Channel } from './channel.js';
import { namesOf, recordOf } from './driverTypes.js';
import { Fault } from './faults.js';
import type { Host } from './host.js';
import { Inventor, type Template } from './invent.js';
import { ACCESS_WRITE, ARENA, FAULT, NONE, PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from './layout.js';
import { MODES } from './modes.js';
import type { FaultRecord, Program, SimulationResult } from './simulation.js';
import type { BreachDetails } from './simulator.js';
import { statusText, succeeded } from './status.js';

export type PacketsProgram = Program & { readonly kind: 'packets' };

/** Where the packets' contexts come from. */
export function contextSource(program: Program): SimulationResult['contextSource'] {
  if (program.kind === 'test') {
    return 'fixture';
  }
  return program.contextHook === undefined ? 'invented' : 'hook';
}

/** Inline bytes of each packet. */
const PACKET_BYTES = 16;
const MAXIMUM_PACKET_SIZE = 4096;
/** Different contexts that packets share in turn. */
const TEMPLATES = 8;
/** struct vsp_fixup: offset, kind, value. */
const FIXUP_SIZE = 16;
/** Parameters of the plain save and restore callbacks; Ex ones take a context besides (3.5). */
const PLAIN_PARAMETERS = 5;
const MODE_S25 = MODES.findIndex((mode) => mode.id === 'S-25');
const NULL_ZONE = 65536;
const NO_PLACE = { frames: [], context: { channel: null, packet: null, pass: null, callback: null } } as const;

export class PacketSequence {
  readonly #host: Host;
  readonly #driver: CompiledDriver;
  readonly #inventor: Inventor;

  constructor(host: Host, driver: CompiledDriver) {
    this.#host = host;
    this.#driver = driver;
    this.#inventor = new Inventor(host.simulator.machine, driver, host.simulator.options.seed);
  }

  /** Faults that rest on invented values leave with the field's name. */
  run(program: PacketsProgram): void {
    try {
      this.#run(program);
    } catch (thrown) {
      throw contextSource(program) === 'invented' && thrown instanceof Fault ? this.#doubt(thrown) : thrown;
    }
  }

  #run(program: PacketsProgram): void {
    const { simulator, lifecycle, guest } = this.#host;
    const { machine } = simulator;
    const { native } = machine;
    const old = this.#channel(program);
    lifecycle.fire(old, 'start', 'the run');
    guest.open(old.handle);
    const sent = this.#send(old, program);
    if (sent < program.count) {
      machine.fault(FAULT.OUT_OF_MEMORY, `only ${sent} of ${program.count} packets could be sent`);
    }
    lifecycle.fire(old, 'pause', 'the run');
    const saved = native.vsp_state_save(old.handle, simulator.options.chunkBuffer, machine.scratch);
    const state = machine.pointer(machine.scratch);
    this.#tearDown(old);
    if (!succeeded(saved)) {
      native.vsp_packets_forget_contexts();
      this.#refused(program, `the save ended with ${statusText(saved)}: there is nothing to restore`, NO_PLACE);
      return;
    }
    this.#host.restart();
    this.#inventor.forget();
    this.#restore(program, state);
    native.vsp_state_free(state);
  }

  #restore(program: PacketsProgram, state: number): void {
    const { simulator, lifecycle, guest } = this.#host;
    const { machine } = simulator;
    const { native } = machine;
    const fresh = this.#channel(program);
    const openFirst = machine.mode(MODE_S25) === 1;
    if (openFirst) {
      guest.open(fresh.handle);
    }
    const restored = native.vsp_state_restore(fresh.handle, state);
    if (!succeeded(restored)) {
      this.#restoreRefused(program, fresh, restored);
    } else {
      this.#compare(fresh, state);
      if (simulator.options.stress !== undefined) {
        native.vsp_stress_starts(fresh.handle);
      }
      lifecycle.fire(fresh, 'start', 'the run');
      if (!openFirst) {
        guest.open(fresh.handle);
      }
      native.VspLabGuestCompleteAll(fresh.handle);
      simulator.scheduler.runPending(true);
    }
    this.#tearDown(fresh);
  }

  /** A channel as a driver would set it up, enabled and paused. */
  #channel(program: PacketsProgram): Channel {
    const { simulator, control, devices, lifecycle } = this.#host;
    const { native } = simulator.machine;
    const channel = control.create(devices.parent(), 1, 0);
    if (channel === undefined) {
      return simulator.unsupported('no memory for a channel');
    }
    channel.friendlyName = this.#driver.name;
    this.#host.channels.rename(channel);
    channel.set('MAX_PACKET_SIZE', MAXIMUM_PACKET_SIZE);
    this.#inventor.channel = channel.handle;
    const pointer = this.#channelPointer(channel);
    native.VmbChannelSetPointer(channel.handle, pointer);
    const save = this.#callback(program.save);
    const restore = this.#callback(program.restore);
    const ex = save.info.parameters.length > PLAIN_PARAMETERS ? 1 : 0;
    native.vsp_channel_set_save_callbacks(channel.handle, ex, ex === 1 ? pointer : 0, save.pointer, restore.pointer);
    lifecycle.fire(channel, 'enable', 'the run');
    return channel;
  }

  #tearDown(channel: Channel): void {
    const { lifecycle, control, simulator } = this.#host;
    lifecycle.fire(channel, 'disable', 'the run');
    simulator.scheduler.runPending(true);
    control.destroy(channel);
  }

  #callback(name: string): { readonly info: FunctionInfo; readonly pointer: number } {
    const { simulator } = this.#host;
    const info = this.#driver.functions.find((fn) => fn.name === name);
    const pointer = info === undefined ? 0 : simulator.machine.exportPointer(info.symbol);
    if (info === undefined || pointer === 0) {
      return simulator.unsupported(`${name} cannot be called from outside its file`);
    }
    return { info, pointer };
  }

  // ---- Contexts

  /** What VmbChannelGetPointer answers: the fixture's object of that type, else an invented one. */
  #channelPointer(channel: Channel): number {
    const use = this.#driver.pointerUses.find((entry) => entry.api === 'VmbChannelGetPointer');
    const record = use === undefined ? undefined : recordOf(this.#driver, use.type);
    if (record === undefined) {
      return 0;
    }
    const names = namesOf(this.#driver, record);
    const hook = this.#driver.fixtures.find((entry) => entry.kind === 'context' && names.includes(entry.name));
    if (hook !== undefined) {
      return this.#host.simulator.machine.callExportWith(hook.symbol, 'p:pu', [channel.handle, 0]);
    }
    return this.#inventor.template(record)?.address ?? 0;
  }

  #send(channel: Channel, program: PacketsProgram): number {
    const { native } = this.#host.simulator.machine;
    if (program.contextHook !== undefined) {
      return this.#sendHooked(channel, program.count, program.contextHook);
    }
    const templates = program.contextType === undefined ? [] : this.#templates(program.contextType, program.count);
    if (templates.length === 0) {
      return native.vsp_packets_send(channel.handle, program.count, PACKET_BYTES, 0, 0);
    }
    return this.#sendCloned(channel, program.count, templates);
  }

  #sendHooked(channel: Channel, count: number, symbol: string): number {
    const { machine } = this.#host.simulator;
    const array = machine.native.vsp_allocate(ARENA.HOST, 8 * Math.max(1, count));
    for (let index = 0; index < count; index++) {
      machine.setPointer(array + 8 * index, machine.callExportWith(symbol, 'p:pu', [channel.handle, index]));
    }
    const routine = this.#completionRoutine();
    const sent = machine.native.vsp_packets_send(channel.handle, count, PACKET_BYTES, routine, array);
    machine.native.vsp_free(ARENA.HOST, array, 8 * Math.max(1, count));
    return sent;
  }

  /** The driver's own, if it has exactly one: contexts from its hook are its to free. Invented ones it never gets. */
  #completionRoutine(): number {
    const names = new Set(
      this.#driver.callbacks.roles
        .filter((role) => role.type === 'EVT_VMB_PACKET_COMPLETION_ROUTINE')
        .map((role) => role.function),
    );
    const [name] = names;
    const info = names.size === 1 ? this.#driver.functions.find((fn) => fn.name === name) : undefined;
    return info === undefined ? 0 : this.#host.simulator.machine.exportPointer(info.symbol);
  }

  #templates(type: number, count: number): Template[] {
    const templates: Template[] = [];
    for (let index = 0; index < Math.min(TEMPLATES, count); index++) {
      const template = this.#inventor.template(type);
      if (template !== undefined) {
        templates.push(template);
      }
    }
    return templates;
  }

  #sendCloned(channel: Channel, count: number, templates: readonly Template[]): number {
    const { machine } = this.#host.simulator;
    const { native } = machine;
    const { size, fixups } = templates[0] ?? { size: 0, fixups: [] };
    const bytes = 8 * templates.length + FIXUP_SIZE * fixups.length;
    const block = native.vsp_allocate(ARENA.HOST, bytes);
    templates.forEach((template, index) => {
      machine.setPointer(block + 8 * index, template.address);
    });
    const list = block + 8 * templates.length;
    fixups.forEach((fixup, index) => {
      machine.setU32(list + FIXUP_SIZE * index, fixup.offset);
      machine.setU32(list + FIXUP_SIZE * index + 4, fixup.kind);
      machine.setPointer(list + FIXUP_SIZE * index + 8, fixup.value);
    });
    const sent = native.vsp_packets_send_cloned(
      channel.handle,
      count,
      PACKET_BYTES,
      0,
      block,
      templates.length,
      size,
      list,
      fixups.length,
    );
    native.vsp_free(ARENA.HOST, block, bytes);
    return sent;
  }

  // ---- Findings

  /** A driver must take back what it saved itself: the run cannot go on, and without a word it would pass. */
  #restoreRefused(program: PacketsProgram, channel: Channel, status: number): void {
    const { machine } = this.#host.simulator;
    const base = machine.lastingPointer('records');
    const count = machine.lasting('record_count');
    const isRefused = (index: number): boolean => {
      const record = base + index * PACKET_RECORD_SIZE;
      const flags = machine.u32(record + PACKET_RECORD.flags);
      return (flags & RECORD_FLAGS.RESTORED) !== 0 && !succeeded(machine.u32(record + PACKET_RECORD.restore_status));
    };
    const packet = Array.from({ length: count }, (_, index) => index).find(isRefused);
    if (packet === undefined) {
      this.#refused(program, `the state just saved is refused with ${statusText(status)}`, NO_PLACE);
      return;
    }
    const answer = statusText(machine.u32(base + packet * PACKET_RECORD_SIZE + PACKET_RECORD.restore_status));
    const saved = `what ${program.save} saved of packet ${packet}`;
    this.#refused(program, `${program.restore} refuses with ${answer} ${saved}; nothing after it was restored`, {
      frames: machine.framesAtReturn(2),
      context: { channel: channel.index, packet, pass: 'restore', callback: 'EvtVmbChannelRestorePacket' },
    });
  }

  /** Said unless another finding says why already. */
  #refused(program: PacketsProgram, text: string, place: Pick<BreachDetails, 'frames' | 'context'>): void {
    const { simulator } = this.#host;
    if (simulator.breaches.length > 0) {
      return;
    }
    const record = program.contextType === undefined ? undefined : recordOf(this.#driver, program.contextType);
    const name = (record === undefined ? [] : namesOf(this.#driver, record)).at(-1) ?? 'STRUCT';
    const way = `: its context was invented; VSPLAB_CONTEXT(${name}) { ... } makes one as the driver would`;
    const message = contextSource(program) === 'invented' ? text + way : text;
    simulator.breach('roundtrip-differs', { message, ...place });
  }

  #compare(channel: Channel, state: number): void {
    const { simulator } = this.#host;
    const { machine } = simulator;
    const status = machine.native.vsp_state_compare(
      channel.handle,
      state,
      simulator.options.chunkBuffer,
      machine.scratch,
      machine.scratch + 4,
    );
    const packet = machine.u32(machine.scratch);
    if (succeeded(status) && packet !== NONE) {
      simulator.breach('roundtrip-differs', {
        object: channel.handle,
        detail: machine.u32(machine.scratch + 4),
        message: `saved again after the restore, byte ${machine.u32(machine.scratch + 4)} differs`,
        frames: [],
        context: { channel: channel.index, packet, pass: 'write', callback: 'EvtVmbChannelSavePacket' },
      });
    }
  }

  /**
   * A fault near an invented block names its field; one through NULL that no argument explains came from what no code
   * set up.
   */
  #doubt(fault: Fault): Fault {
    const { record } = fault;
    const block = this.#inventor.blocks.find(
      ({ start, size }) =>
        record.address >= start - NULL_ZONE && record.address < start + size + 64 && record.address >= start - 64,
    );
    if (block !== undefined && record.kind !== FAULT.UNSUPPORTED) {
      return new Fault({ ...record, inventedField: block.field });
    }
    if (record.kind === FAULT.NULL && !mayBeSaveBuffer(record)) {
      const text = `${record.text}: a pointer that no code has set up; write a fixture (VSPLAB_TEST) or VSPLAB_CONTEXT`;
      return new Fault({ ...record, kind: FAULT.UNSUPPORTED, text });
    }
    return fault;
  }
}

/** SaveBuf itself may be NULL: written to in a query (S-05), read in a restore without state (S-17). */
function mayBeSaveBuffer({ context, saveBuffer, detail }: FaultRecord): boolean {
  return saveBuffer === undefined && (detail === ACCESS_WRITE ? context.pass === 'query' : context.pass === 'restore');
}
