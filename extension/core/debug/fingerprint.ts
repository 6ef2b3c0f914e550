/** Everything a run is at one moment, as one short text: equal for equal memory, output and simulator state. */
import type { Host } from '../kmcl/host.js';
import { STACK_BOTTOM } from './layout.js';

const PRIME = 0x01000193;

/** FNV-1a over words. */
function hashWords(words: Uint32Array, seed: number): number {
  let hash = seed;
  for (let index = 0; index < words.length; index++) {
    hash = Math.imul(hash ^ (words[index] ?? 0), PRIME);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  }
  return hash >>> 0;
}

/** The null zone holds the debugger's own notes and no state of the run. */
export function fingerprint({ simulator, channels, handles }: Host): string {
  const { machine } = simulator;
  const words = new Uint32Array(machine.bytes.buffer, STACK_BOTTOM, (machine.memoryBytes - STACK_BOTTOM) / 4);
  const state = JSON.stringify([
    simulator.output,
    simulator.breaches,
    simulator.expected,
    simulator.states.map((bytes) => [...bytes]),
    channels.live.map(({ handle, axes, opens, everStarted }) => [handle, axes, opens, everStarted]),
    handles.all,
    machine.memoryBytes,
  ]);
  const memory = hashWords(words, 0x811c9dc5);
  return `${memory.toString(16)}-${hashText(state, 0x811c9dc5).toString(16)}`;
}
