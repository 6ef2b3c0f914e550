/** All parts of the TypeScript half, put together around one module instance. */
import { Channels } from './channel.js';
import { ChannelControl } from './channelControl.js';
import { ChannelInit } from './channelInit.js';
import { ChannelQueries } from './channelQueries.js';
import { FixtureDevices } from './devices.js';
import { Fixture } from './fixture.js';
import { Gpadls } from './gpadl.js';
import { Guest } from './guest.js';
import { Handles } from './handles.js';
import { Imports } from './imports.js';
import { KernelWork } from './kernelWork.js';
import { CHECKS, NONE } from './layout.js';
import { allHeld, packetLeft, referencesLeft, refusedLeft } from './leaks.js';
import { Lifecycle } from './lifecycle.js';
import { Machine } from './machine.js';
import { modeNumbers } from './modes.js';
import type { SimulationOptions } from './simulation.js';
import { Simulator } from './simulator.js';
import { configureStress } from './stress.js';
import { SynchronousRequests } from './synchronousRequest.js';
import { Threads } from './threads.js';
import { configure, setChanges } from './vary.js';
import { Waits } from './waits.js';

/** Simulated time when a host starts, 100 ns units: 100 s, so that no time is zero. */
const BOOT_TIME = 1_000_000_000n;
/** Byte that fresh memory is filled with unless the options say otherwise. */
const DEFAULT_FILL = 0xcd;
const SEED_MULTIPLIER = 0x9e3779b97f4a7c15n;

export class Host {
  readonly simulator: Simulator;
  readonly channels: Channels;
  readonly lifecycle: Lifecycle;
  readonly handles: Handles;
  readonly devices: FixtureDevices;
  readonly gpadls: Gpadls;
  readonly control: ChannelControl;
  readonly guest: Guest;
  readonly fixture: Fixture;
  readonly imports: Imports;
  readonly #threads: Threads;

  constructor(options: SimulationOptions) {
    const simulator = new Simulator(options);
    this.simulator = simulator;
    this.channels = new Channels(simulator);
    this.lifecycle = new Lifecycle(simulator);
    this.handles = new Handles(simulator, this.channels);
    this.devices = new FixtureDevices(simulator);
    this.gpadls = new Gpadls(simulator, this.channels);
    this.control = new ChannelControl(simulator, this.channels, this.lifecycle);
    this.guest = new Guest(simulator, this.channels, this.lifecycle);
    this.fixture = new Fixture(simulator);
    this.#threads = new Threads(simulator, this.handles);
    this.imports = new Imports(
      simulator,
      [
        this.control.functions,
        new ChannelInit(simulator, this.channels, this.handles).functions,
        new ChannelQueries(simulator, this.channels, this.devices).functions,
        new SynchronousRequests(simulator, this.channels).functions,
        this.gpadls.functions,
        this.handles.functions,
        this.devices.functions,
        this.guest.functions,
        this.fixture.functions,
        new KernelWork(simulator).functions,
        this.#threads.functions,
        new Waits(simulator, this.handles, this.#threads).functions,
      ],
      {
        called: () => this.lifecycle.libraryCalled(),
        refused: () => refusedLeft(this),
      },
    );
    this.fixture.canFail = (name) => this.imports.canFail(name);
    this.#connect();
  }

  /**
   * Instantiates the module and brings it to where a test begins: shared state set, constructors run, globals
   * remembered.
   */
  start(module: WebAssembly.Module, traced = true): Machine {
    const instance = new WebAssembly.Instance(module, this.imports.build(module));
    const machine = new Machine(instance);
    this.simulator.attach(machine);
    this.simulator.options.debugger?.attached(this, instance.exports);
    const { scheduler } = this.simulator;
    scheduler.processChannels = () => (this.channels.live.length === 0 ? 0 : machine.native.vsp_channels_process());
    scheduler.onDeadlock = (what) => this.#explainDeadlock(what);
    const { variant, stress } = this.simulator.options;
    this.#configure(machine, traced);
    if (variant !== undefined) {
      machine.watched = true;
      configure(machine, variant);
    }
    machine.native.vsp_initialize();
    const { bend } = this.simulator.options;
    if (bend !== undefined) {
      machine.native.vsp_guest_bend(bend.packet, bend.offset);
    }
    if (variant !== undefined) {
      setChanges(machine, variant);
    }
    if (stress !== undefined) {
      configureStress(machine, stress);
    }
    if (machine.hasExport('__wasm_call_ctors')) {
      machine.callExport('__wasm_call_ctors');
    }
    machine.native.vsp_snapshot_globals();
    return machine;
  }

  /** A new host: nothing of the old one but states, the guest and what it lent (interfaces 4). */
  restart(): void {
    const { machine } = this.simulator;
    this.#forget();
    machine.native.vsp_channels_abandon();
    machine.native.vsp_restart_host();
  }

  #connect(): void {
    this.lifecycle.onClosed = (channel) => this.gpadls.channelClosed(channel, 'state-closed-releases-gpadls');
    this.lifecycle.onRefused = (channel) => this.gpadls.channelClosed(channel, 'state-opened-unwind');
    this.control.onCleanup = (channel) => packetLeft(this.simulator, channel);
    this.fixture.restart = () => this.restart();
    this.simulator.isOfOldHost = (address) => this.gpadls.isOfOldHost(address);
    this.simulator.channelPast = (index) => {
      const channel = this.channels.live.find((each) => each.index === index);
      return {
        ...(channel?.get('ASKED_IN_VAIN') === 1 ? { noPointer: true } : {}),
        ...(channel !== undefined && channel.opens > 1 ? { opens: channel.opens } : {}),
      };
    };
  }

  #forget(): void {
    this.channels.clear();
    this.simulator.scheduler.reset();
    this.handles.clear();
    this.devices.clear();
    this.gpadls.restartHost();
    this.#threads.clear();
  }

  #configure(machine: Machine, traced: boolean): void {
    const { options } = this.simulator;
    machine.setLastingU64('time', BOOT_TIME);
    machine.setLastingU64('random', BigInt.asUintN(64, BigInt(options.seed) * SEED_MULTIPLIER) | 1n);
    machine.setLastingU64('memory_limit', BigInt(options.memoryLimit));
    machine.setLasting('capture_limit', options.captureLimit);
    machine.setLasting('checks', CHECKS[options.checks]);
    machine.setLasting('trace', options.checks === 'off' || !traced || options.variant !== undefined ? 0 : 1);
    machine.setLasting('channel', NONE);
    machine.setLasting('packet', NONE);
    machine.setLasting('fill', options.variant?.fill ?? DEFAULT_FILL);
    machine.setLasting('chunk_buffer', options.chunkBuffer);
    modeNumbers(options.modes).forEach((value, index) => {
      machine.setMode(index, value);
    });
    machine.budget = options.budget;
  }

  /** Which rule a hang breaks: delivered packets that nobody completes, or a wait in Started. */
  #explainDeadlock(what: string): void {
    const { simulator } = this;
    if (simulator.machine.context().callback === 'EvtVmbChannelStarted') {
      simulator.breach('state-started-nonblocking', { message: `${what} waits inside EvtVmbChannelStarted` });
      return;
    }
    referencesLeft(this);
    for (const channel of this.channels.live) {
      const outstanding = channel.get('OUTSTANDING');
      if (channel.busy && outstanding > 0) {
        const message = `${outstanding} incoming packet${outstanding === 1 ? ' was' : 's were'} never completed`;
        const suspend = channel.callbacks.Suspend !== 0 && simulator.options.checks !== 'off' && allHeld(this, channel);
        const rules = ['in-complete-once', 'state-suspend-completes'] as const;
        const [rule, other] = suspend ? [rules[1], rules[0]] : rules;
        simulator.breach(rule, {
          object: channel.handle,
          detail: outstanding,
          message: suspend
            ? `${message}: EvtVmbChannelSuspend left ${outstanding === 1 ? 'it' : 'them'} pending`
            : message,
          related: [{ message: `${other}: ${message}`, frames: simulator.machine.frames() }],
        });
      }
    }
  }
}

/** Names of all functions a module can import and get no stub for. */
export function servedNames(): ReadonlySet<string> {
  const host = new Host({
    checks: 'off',
    seed: 1,
    modes: {},
    memoryLimit: 0,
    budget: 0,
    captureLimit: 0,
    chunkBuffer: 0,
    stubValues: new Map(),
    stubsAllowed: false,
    ruleNames: [],
  });
  return host.imports.names;
}
