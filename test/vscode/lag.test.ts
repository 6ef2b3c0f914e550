/** The extension host goes on answering while drivers are compiled and run. */
import * as assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { commands } from 'vscode';
import { file, open } from './support/acts.js';

/** The goal in milliseconds; a slow machine is no fault, ten times that is. */
const GOAL = 50;
/** Between two looks at the clock. */
const STEP = 5;
const RUNS = 5;

/**
 * Milliseconds this thread has worked, where Node.js tells: on a busy machine it may wait long for its turn, which is
 * nothing the extension does.
 */
function worked(): number {
  const usage = process.threadCpuUsage?.();
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000;
}

/** Milliseconds of work without a break, at the longest, while `work` went on. */
async function longestLag(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = worked();
  const probe = setInterval(() => {
    const now = worked();
    longest = Math.max(longest, now - last);
    last = now;
  }, STEP);
  try {
    await work();
  } finally {
    clearInterval(probe);
  }
  return longest;
}

describe('the event loop of the extension host', () => {
  it('is never away for long while drivers are compiled and run', async function () {
    const { uri } = await open(file('synthetic-nic', 'NicIndication.c'));
    const lag = await longestLag(async () => {
      for (let runs = 0; runs < RUNS; runs++) await commands.executeCommand('vspLab.runFile', uri);
      await commands.executeCommand('vspLab.runWorkspace');
    });
    if (this.test) this.test.title += ` (longest ${lag.toFixed(0)} ms)`;
    assert.ok(lag < 10 * GOAL, `${lag} ms`);
  });
});
