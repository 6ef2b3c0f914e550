/**
 * The save and the restore of a million packets in a fresh module, and the same calls in the same C under the machine's
 * own compiler (bench/native): what the figures that compare with native code measure.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Host } from '../extension/core/kmcl/host.js';
import type { LoadedDriver, SimulationOptions } from '../extension/core/kmcl/simulation.js';
import { RULES } from '../extension/core/rules/catalogue.js';
import type { CompiledDriver, CompileOptions } from '../extension/core/toolchain/module.js';
import { CompileClient } from '../extension/worker/compileClient.js';
import { productFolder } from '../extension/worker/toolchainFiles.js';
import type { Skipped } from './figures.js';

export const PACKETS = 1_000_000;
const root = productFolder();
export const CALLBACKS = join(root, 'bench/callbacks.c');

export const SIZES_ONLY: CompileOptions = { optimize: 2, checked: false, arch: 'x64', defines: [], includes: [] };
/** A run that only measures; with checks, `checks` says so. */
export const SIZES_RUN: SimulationOptions = {
  checks: 'off',
  seed: 1,
  modes: {},
  memoryLimit: 4 * 2 ** 30,
  budget: Number.MAX_SAFE_INTEGER,
  captureLimit: 0,
  chunkBuffer: 0,
  stubValues: new Map(),
  stubsAllowed: true,
  ruleNames: RULES.map(({ id }) => id),
};

export async function compiled(file: string, options: CompileOptions): Promise<CompiledDriver> {
  const compiler = new CompileClient();
  try {
    const result = await compiler.compile({ sources: { name: 'bench', sources: [file] }, options, cwd: root });
    if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('; '));
    return result.driver;
  } finally {
    await compiler.dispose();
  }
}

/** The driver's own contexts: its VSPLAB_CONTEXT. */
export function contextOf(driver: CompiledDriver): { readonly contextHook: string } {
  const hook = driver.fixtures.find(({ kind }) => kind === 'context');
  if (hook === undefined) throw new Error('bench/callbacks.c has no VSPLAB_CONTEXT');
  return { contextHook: hook.symbol };
}

/** Address of a function in the module's table. */
function pointerTo(host: Host, driver: CompiledDriver, name: string): number {
  const symbol = driver.functions.find((fn) => fn.name === name)?.symbol;
  const pointer = symbol === undefined ? 0 : host.simulator.machine.exportPointer(symbol);
  if (pointer === 0) throw new Error(`${name} is not in the module`);
  return pointer;
}

/** Nanoseconds per packet of one save and restore in a fresh module: the same calls as bench/native/main.c makes. */
export function simulatedRound({ driver, module }: LoadedDriver, options: SimulationOptions): number {
  const host = new Host(options);
  const machine = host.start(module as WebAssembly.Module);
  const { native } = machine;
  const { lifecycle, guest, control, devices, simulator } = host;
  const routine = pointerTo(host, driver, 'RequestCompleted');
  const { contextHook: makeContext } = contextOf(driver);
  const channel = () => {
    const made = control.create(devices.parent(), 1, 0);
    if (made === undefined) throw new Error('no memory for a channel');
    made.set('MAX_PACKET_SIZE', 256);
    const save = pointerTo(host, driver, 'EvtVmbChannelSavePacket');
    const restore = pointerTo(host, driver, 'EvtVmbChannelRestorePacket');
    native.vsp_channel_set_save_callbacks(made.handle, 0, 0, save, restore);
    lifecycle.fire(made, 'enable', 'bench');
    return made;
  };
  const destroy = (made: ReturnType<typeof channel>) => {
    lifecycle.fire(made, 'disable', 'bench');
    simulator.scheduler.runPending(true);
    control.destroy(made);
  };
  const old = channel();
  lifecycle.fire(old, 'start', 'bench');
  guest.open(old.handle);
  const contexts = native.vsp_allocate(0, 8 * PACKETS);
  for (let index = 0; index < PACKETS; index++) {
    machine.setPointer(contexts + 8 * index, machine.callExportWith(makeContext, 'p:pu', [old.handle, index]));
  }
  native.vsp_packets_send(old.handle, PACKETS, 16, routine, contexts);
  native.vsp_free(0, contexts, 8 * PACKETS);
  lifecycle.fire(old, 'pause', 'bench');
  const start = performance.now();
  const saved = native.vsp_state_save(old.handle, 0, machine.scratch);
  const middle = performance.now();
  const state = machine.pointer(machine.scratch);
  destroy(old);
  const fresh = channel();
  const again = performance.now();
  const restored = native.vsp_state_restore(fresh.handle, state);
  const end = performance.now();
  if (saved !== 0 || restored !== 0) throw new Error(`save ${saved}, restore ${restored}`);
  return ((middle - start + (end - again)) * 1e6) / PACKETS;
}

/** Compiler flags of the native half; with the sanitizer pool blocks come from its malloc. */
const BUILDS = {
  plain: ['-O2'],
  sanitized: ['-O1', '-fsanitize=address', '-DPOOL_IS_MALLOC'],
} as const;

/** Builds the native half; its path. */
export function nativeProgram(build: keyof typeof BUILDS): string | Skipped {
  const compiler = ['gcc', 'clang', 'cc'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return { skipped: 'no C compiler (gcc or clang) on this machine' };
  const folder = join(root, 'dist/bench/native');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `save-restore-${build}`);
  const sources = readFileSync(join(root, 'bench/native/sources.txt'), 'utf8').trim().split('\n');
  const folders = ['bench/native/include', 'extension/core/kmcl', 'extension/core/wdk/runtime'];
  const common = ['-std=gnu11', '-fms-extensions', '-fshort-wchar', '-w', ...folders.map((name) => `-I${name}`)];
  const built = spawnSync(compiler, [...BUILDS[build], ...common, ...sources, '-o', program], { cwd: root });
  return built.status === 0 ? program : { skipped: `${compiler} cannot build it: ${built.stderr}` };
}

export function nativeRound(program: string): number {
  const line = execFileSync(program, [String(PACKETS), '1'], { encoding: 'utf8' }).trim();
  return Number(line.split(' ')[2]);
}
