/** Requests of every kind, valid or not, at random moments of a debug run. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DebugRefusal, type DebugRequests, type Goal } from '../../extension/worker/debugProtocol.js';
import { DebugSession } from '../../extension/worker/debugSession.testing.js';
import { at } from '../../scripts/lib/project.mjs';

const cwd = at('test/drivers/debug').replaceAll('\\', '/');
const program = `${cwd}/Steps.c`;
const lines = readFileSync(program, 'utf8').split('\n');
const cacheFolder = mkdtempSync(join(tmpdir(), 'vsp-lab-debug-'));
afterAll(() => {
  rmSync(cacheFolder, { recursive: true, force: true });
});

async function session(test: string): Promise<DebugSession> {
  const opened = new DebugSession({ cacheFolder });
  await opened.launch({ cwd, program, test, workspaceRoots: [cwd] });
  return opened;
}

/** A generator of our own: the same requests on every machine. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describe('any request in any state', () => {
  it('is answered or refused, a thousand times', async () => {
    const roll = dice(20261122);
    let opened = await session('Walk');
    let stop = await opened.start();
    const goals: readonly (() => Goal)[] = [
      () => ({ kind: 'stepIn' }),
      () => ({ kind: 'stepOver', granularity: 'statement' }),
      () => ({ kind: 'stepOut' }),
      () => ({ kind: 'stepBack' }),
      () => ({ kind: 'stepBack', granularity: 'statement' }),
      () => ({ kind: 'reverseContinue' }),
      () => ({ kind: 'restartFrame', frame: roll(4) }),
      () => ({ kind: 'travel', to: { event: roll(80), incident: roll(2) } }),
      () => ({ kind: 'goto', line: roll(lines.length) }),
      () => ({ kind: 'travelToEvent', record: roll(5) }),
      () => ({ kind: 'restart' }),
    ];
    const asks: readonly (() => Promise<unknown>)[] = [
      () => opened.ask('readMemory', { address: roll(2 ** 26), length: roll(4096) }),
      () => opened.ask('readMemory', { address: -1, length: 10 }),
      () => opened.ask('variables', { frame: roll(5) }),
      () => opened.ask('globals', { frame: roll(3) }),
      () => opened.ask('describe', { address: roll(2 ** 26) }),
      () => opened.ask('kernel', {}),
      () => opened.ask('events', {}),
      () => opened.ask('saveBufferWriters', {}),
      () => opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 1, line: roll(lines.length) }] }),
      () => opened.ask('setFunctionBreakpoints', { breakpoints: [{ id: 2, name: roll(2) === 0 ? 'Depth' : '' }] }),
      () => opened.ask('setDataBreakpoints', { breakpoints: [{ id: 3, address: roll(2 ** 22), size: roll(99) }] }),
      () => opened.ask('writeMemory', { address: 2 ** 31 + roll(9), bytes: new Uint8Array(3) }),
      () => opened.ask('start', {}),
    ];
    const refused = (error: unknown): void => {
      expect(error).toBeInstanceOf(DebugRefusal);
      // Errors of the language would be refusals, too.
      expect((error as Error).message).not.toMatch(/the debugger failed/);
    };
    for (let turn = 0; turn < 1000; turn++) {
      if (roll(3) > 0) {
        await asks[roll(asks.length)]?.().catch(refused);
        continue;
      }
      const goal = goals[roll(goals.length)]?.() ?? { kind: 'stepIn' };
      const asked: DebugRequests['resume']['answer'] | 'refused' = await opened
        .ask('resume', { goal })
        .catch((error: unknown) => {
          refused(error);
          return 'refused' as const;
        });
      const told = asked === 'refused' ? undefined : await opened.next();
      if (told?.kind === 'stopped') stop = told.stop;
      if (told !== undefined && told.kind !== 'stopped') {
        expect(told.kind).toBe('ended');
        await opened.client.dispose();
        opened = await session('Walk');
        stop = await opened.start();
      }
      expect(stop.moment.event).toBeGreaterThan(0);
    }
    await opened.client.dispose();
  });
});
