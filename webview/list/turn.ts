/** Long work in slices: between two of them the browser takes input and paints. */

export interface Turn {
  /** To be asked every few thousand steps: is it time to give way? */
  readonly due: () => boolean;
  /** Gives way. Rejects with `Superseded` when the work is no longer wanted. */
  readonly pause: () => Promise<void>;
}

export class Superseded extends Error {
  constructor() {
    super('newer work has taken the place of this');
    this.name = 'Superseded';
  }
}

/** Steps between two looks at the clock. */
export const stride = 16_384;

interface Scheduler {
  yield?(): Promise<void>;
}

function nextTask(): Promise<void> {
  const { scheduler } = globalThis as { readonly scheduler?: Scheduler };
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Slices of `milliseconds`, until `isWanted` says no. */
export function slices(milliseconds: number, isWanted: () => boolean): Turn {
  let end = performance.now() + milliseconds;
  return {
    due: () => performance.now() >= end,
    async pause() {
      await nextTask();
      if (!isWanted()) throw new Superseded();
      end = performance.now() + milliseconds;
    },
  };
}

/** Runs through without giving way: for little work, and tests. */
export const atOnce: Turn = { due: () => false, pause: () => Promise.resolve() };
