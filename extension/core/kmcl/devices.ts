/**
 * Device objects the simulator itself provides: the parent a fixture gives to VmbChannelAllocate, and the VMBus device
 * below it.
 */
import { ARENA } from './layout.js';
import type { FunctionTable, Simulator } from './simulator.js';

/** sizeof(DEVICE_OBJECT) on x64, Type 3 = IO_TYPE_DEVICE. */
const DEVICE_OBJECT_SIZE = 0x150;
const IO_TYPE_DEVICE = 3;
const DEVICE_TAG = 0x69766544;

export class FixtureDevices {
  readonly #simulator: Simulator;
  #parent = 0;
  #target = 0;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  readonly functions: FunctionTable = {
    VspLabDevice: { signature: 'p:', call: () => this.parent() },
  };

  parent(): number {
    this.#parent ||= this.#create();
    return this.#parent;
  }

  target(): number {
    this.#target ||= this.#create();
    return this.#target;
  }

  /** Addresses a leak search takes for owned. */
  roots(): readonly number[] {
    return [this.#parent, this.#target].filter((address) => address !== 0);
  }

  /** A new host has new ones. */
  clear(): void {
    this.#parent = 0;
    this.#target = 0;
  }

  #create(): number {
    const { machine } = this.#simulator;
    const device = machine.native.vsp_user_allocate(ARENA.HOST, DEVICE_OBJECT_SIZE, DEVICE_TAG);
    machine.bytes.fill(0, device, device + DEVICE_OBJECT_SIZE);
    machine.setU16(device, IO_TYPE_DEVICE);
    machine.setU16(device + 2, DEVICE_OBJECT_SIZE);
    machine.setU32(device + 4, 1);
    return device;
  }
}
