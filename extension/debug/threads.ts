/** Threads of the protocol are the channel contexts of the simulator; beside them the test itself. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { KernelSnapshot } from '../core/debug/kernel.js';

/** What runs outside of any channel's callbacks. */
export const MAIN_THREAD = 1;
const FIRST_CHANNEL = 2;

type Change = DebugProtocol.ThreadEvent['body'];

export class Threads {
  #names = new Map<number, string>();
  #changes: Change[] = [];

  /** The thread that runs in this picture of the kernel. */
  at(kernel: KernelSnapshot): number {
    const now = new Map(
      kernel.channels.map(({ index, name }) => [
        FIRST_CHANNEL + index,
        name === '' ? `Channel ${index}` : `Channel ${index} "${name}"`,
      ]),
    );
    this.#changes = [
      ...[...now.keys()].filter((id) => !this.#names.has(id)).map((threadId) => ({ reason: 'started', threadId })),
      ...[...this.#names.keys()].filter((id) => !now.has(id)).map((threadId) => ({ reason: 'exited', threadId })),
    ];
    this.#names = now;
    return kernel.channel !== null && now.has(FIRST_CHANNEL + kernel.channel)
      ? FIRST_CHANNEL + kernel.channel
      : MAIN_THREAD;
  }

  /** What `at` found to be new or gone, once. */
  changes(): readonly Change[] {
    return this.#changes.splice(0);
  }

  list(run: string): DebugProtocol.Thread[] {
    return [{ id: MAIN_THREAD, name: run }, ...[...this.#names].map(([id, name]) => ({ id, name }))];
  }
}
