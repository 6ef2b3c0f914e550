/** The engine half of the debugger on a driver whose lines say what they are for. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Stop } from '../../extension/worker/debugProtocol.js';
import { DebugSession } from '../../extension/worker/debugSession.testing.js';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, vspLab } from '../support/cli.js';

const cwd = at('test/drivers/debug').replaceAll('\\', '/');
const program = `${cwd}/Steps.c`;
const lines = readFileSync(program, 'utf8').split('\n');
const cacheFolder = mkdtempSync(join(tmpdir(), 'vsp-lab-debug-'));
afterAll(() => {
  rmSync(cacheFolder, { recursive: true, force: true });
});

/** The line whose comment says so. */
function lineOf(comment: string): number {
  const found = lines.findIndex((line) => line.endsWith(`// ${comment}`));
  if (found < 0) throw new Error(`no line is ${comment}`);
  return found + 1;
}

function lineAt({ frames }: Stop): number {
  return frames[0]?.location?.line ?? 0;
}

/** What the line of a stop is for, or its number. */
function place(stop: Stop): string {
  const text = lines[lineAt(stop) - 1] ?? '';
  return /\/\/ (.*)$/.exec(text)?.[1] ?? text.trim();
}

async function session(test: string): Promise<DebugSession> {
  const opened = new DebugSession({ cacheFolder });
  await opened.launch({ cwd, program, test, workspaceRoots: [cwd] });
  return opened;
}

async function stopAt(opened: DebugSession, comment: string): Promise<Stop> {
  await opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 1, line: lineOf(comment) }] });
  await opened.ask('start', {});
  return opened.stop();
}

describe('stepping', () => {
  it('goes over statements and loops, into calls, and out of them', async () => {
    await using opened = await session('Walk');
    expect(place(await opened.start())).toBe('walk first');
    await opened.to({ kind: 'stepOver' });
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk loop');
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk body');
    const inside = await opened.to({ kind: 'stepIn' });
    expect([place(inside), inside.frames.map(({ name }) => name)]).toEqual([
      'depth first',
      ['Depth', 'VspLabTest_Walk'],
    ]);
    expect(place(await opened.to({ kind: 'stepOut' }))).toBe('walk body');
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk loop');
  });

  it('takes what is inlined for a call', async () => {
    await using opened = await session('Walk');
    expect(place(await stopAt(opened, 'walk inlined'))).toBe('walk inlined');
    const inside = await opened.to({ kind: 'stepIn' });
    expect([place(inside), inside.frames.map(({ kind, name }) => `${kind} ${name}`)]).toEqual([
      'inlined first',
      ['inlined Inlined', 'user VspLabTest_Walk'],
    ]);
    const value = await opened.int('value');
    expect(value).toBe(await opened.int('sum', 1));
    expect(place(await opened.to({ kind: 'stepOut' }))).toBe('walk inlined');
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk macro');
    expect(place(await opened.to({ kind: 'stepBack' }))).toBe('walk inlined');
  });

  it('goes by statement where that is asked for', async () => {
    await using opened = await session('Walk');
    const columns = [(await stopAt(opened, 'walk three')).frames[0]?.location?.column];
    for (let step = 0; step < 2; step++) {
      columns.push((await opened.to({ kind: 'stepOver', granularity: 'statement' })).frames[0]?.location?.column);
    }
    expect(columns).toEqual([5, 14, 21]);
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk assert');
    const back = await opened.to({ kind: 'stepBack' });
    expect([place(back), back.frames[0]?.location?.column]).toEqual(['walk three', 5]);
  });

  it('reads variables of every frame, and those an inner scope hides', async () => {
    await using opened = await session('Walk');
    await stopAt(opened, 'depth bottom');
    expect(await opened.int('here')).toBe(0);
    await opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 2, line: lineOf('walk shadow') }] });
    await opened.to({ kind: 'continue' });
    expect(await opened.int('sum')).toBe(100);
    const all = await opened.ask('variables', { frame: 0 });
    expect(all.filter(({ name }) => name === 'sum').map(({ shadowed }) => shadowed)).toEqual([false, true]);
  });

  it('knows structures by value where they are', async () => {
    await using opened = await session('Walk');
    await stopAt(opened, 'make first');
    expect(await opened.int('by')).toBe(1);
    expect(await opened.int('first')).toBe(5);
    expect(place(await opened.to({ kind: 'stepOut' }))).toBe(lines[lineOf('walk over lines') - 2]?.trim());
  });
});

describe('time travel', () => {
  it.each(['Walk', 'Watch'])('as many steps back as forward restore every byte (%s)', async (test) => {
    await using opened = await session(test);
    const past = [{ stop: await opened.start(), print: await opened.ask('fingerprint', {}) }];
    for (;;) {
      const told = await opened.go({ kind: 'stepOver' });
      if (told.kind !== 'stopped' || past.length > 30 || told.stop.frames.length > 1) break;
      past.push({ stop: told.stop, print: await opened.ask('fingerprint', {}) });
      if (place(told.stop) === 'walk three' || place(told.stop) === 'watch after') break;
    }
    expect(past.length).toBeGreaterThan(5);
    for (const { stop, print } of past.slice(0, -1).reverse()) {
      const back = await opened.to({ kind: 'stepBack' });
      expect([back.moment, await opened.ask('fingerprint', {})]).toEqual([stop.moment, print]);
    }
    expect((await opened.to({ kind: 'stepBack' })).canStepBack).toBe(false);
  });

  it('comes to the same memory at every moment, from either side', async () => {
    await using opened = await session('Walk');
    const seen = [{ moment: (await opened.start()).moment, print: await opened.ask('fingerprint', {}) }];
    for (let step = 0; step < 40; step++) {
      const { moment } = await opened.to({ kind: 'stepIn' });
      seen.push({ moment, print: await opened.ask('fingerprint', {}) });
    }
    for (const index of [39, 3, 20, 4, 40, 0, 17]) {
      const { moment, print } = seen[index] ?? { moment: { event: 0, incident: 0 }, print: '' };
      const stop = await opened.to({ kind: 'travel', to: moment });
      expect([stop.moment, await opened.ask('fingerprint', {})]).toEqual([moment, print]);
    }
  });

  it('steps back over a call with more events than are remembered', async () => {
    await using opened = await session('Long');
    expect(place(await stopAt(opened, 'long after'))).toBe('long after');
    expect(place(await opened.to({ kind: 'stepBack' }))).toBe('long line');
    expect(place(await opened.to({ kind: 'stepBack' }))).toBe('long first');
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('long line');
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('long after');
  });

  it('goes back to the last breakpoint, then to the beginning', async () => {
    await using opened = await session('Walk');
    await stopAt(opened, 'walk assert');
    await opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 5, line: lineOf('walk body') }] });
    const sums: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const stop = await opened.to({ kind: 'reverseContinue' });
      expect(stop.reason).toMatchObject({ kind: 'breakpoint', ids: [5] });
      sums.push(await opened.int('i'));
    }
    expect(sums).toEqual([2, 1, 0]);
    const first = await opened.to({ kind: 'reverseContinue' });
    expect([place(first), first.canStepBack]).toEqual(['walk first', false]);
  });

  it('begins a frame anew, and goes to another line of it', async () => {
    await using opened = await session('Walk');
    await stopAt(opened, 'depth bottom');
    await opened.ask('setBreakpoints', { file: program, breakpoints: [] });
    expect(place(await opened.to({ kind: 'restartFrame', frame: 1 }))).toBe('walk first');
    expect(place(await opened.to({ kind: 'goto', line: lineOf('walk macro') }))).toBe('walk macro');
    expect(place(await opened.to({ kind: 'goto', line: lineOf('walk first') }))).toBe('walk first');
    await expect(opened.ask('resume', { goal: { kind: 'goto', line: lineOf('depth first') } })).rejects.toThrow(
      /is not in VspLabTest_Walk/,
    );
  });

  it('replays edits at their time and forgets those it goes before', async () => {
    await using opened = await session('Walk');
    await stopAt(opened, 'walk inlined');
    const sum = (await opened.ask('variables', { frame: 0 })).find(({ name }) => name === 'sum')?.address ?? 0;
    expect(await opened.ask('writeMemory', { address: sum, bytes: Uint8Array.of(9, 0, 0, 0) })).toBe(4);
    expect(place(await opened.to({ kind: 'stepOver' }))).toBe('walk macro');
    expect(await opened.int('sum')).toBe(9 + 20);
    expect(place(await opened.to({ kind: 'stepBack' }))).toBe('walk inlined');
    expect(await opened.int('sum')).toBe(9);
    await opened.to({ kind: 'stepBack' });
    await opened.to({ kind: 'continue' });
    expect(await opened.int('sum')).not.toBe(9);
  });
});

describe('breakpoints', () => {
  it('are bound, moved within their function, or refused with a reason, before anything runs', async () => {
    await using opened = await session('Walk');
    const wanted = ['walk over lines', 'walk loop', 'walk macro', 'inlined last'].map(lineOf);
    const asked = [...wanted, 1, lineOf('walk first') - 1, lineOf('walk shadow') + 1];
    const bound = await opened.ask('setBreakpoints', {
      file: program,
      breakpoints: asked.map((line, id) => ({ id, line })),
    });
    const found = bound.map((each) => (each.verified ? each.line - (asked[each.id] ?? 0) : each.message));
    expect(found.slice(0, 4)).toEqual([-1, 0, 0, 0]);
    expect(found[4]).toBe('line 1 is in no function that was compiled');
    expect(found.slice(5)).toEqual([1, 1]);
    const other = await opened.ask('setBreakpoints', { file: '/elsewhere/Other.c', breakpoints: [{ id: 1, line: 3 }] });
    expect(other[0]).toMatchObject({ verified: false, message: expect.stringContaining('Other.c is not part of') });
    const named = await opened.ask('setFunctionBreakpoints', {
      breakpoints: [
        { id: 8, name: 'Depth' },
        { id: 9, name: 'VmbChannelStart' },
      ],
    });
    expect(named.map(({ verified }) => verified)).toEqual([true, false]);
    expect((await opened.start({})).reason).toEqual({ kind: 'breakpoint', ids: [5] });
    await opened.ask('setBreakpoints', { file: program, breakpoints: [] });
    expect((await opened.to({ kind: 'continue' })).reason).toEqual({ kind: 'function breakpoint', ids: [8] });
  });

  it('have conditions, hit counts and messages', async () => {
    await using opened = await session('Walk');
    const breakpoints = [
      { id: 1, line: lineOf('walk body'), condition: 'i == 1' },
      { id: 2, line: lineOf('depth first'), hitCondition: '>= 6' },
      { id: 3, line: lineOf('walk loop'), logMessage: 'sum is {sum}' },
      { id: 4, line: lineOf('walk macro'), condition: 'nothing > 1' },
    ];
    const bound = await opened.ask('setBreakpoints', { file: program, breakpoints });
    expect(bound.map(({ verified }) => verified)).toEqual([true, true, true, false]);
    expect((await opened.start({})).reason).toEqual({ kind: 'breakpoint', ids: [1] });
    expect(await opened.int('i')).toBe(1);
    const hit = await opened.to({ kind: 'continue' });
    expect([hit.reason, await opened.int('n')]).toEqual([{ kind: 'breakpoint', ids: [2] }, 0]);
    expect(opened.output.map(({ source, text }) => [source, text])).toEqual([['logpoint', 'sum is 0']]);
  });

  it('on data stop after the statement that changed a byte', async () => {
    await using opened = await session('Watch');
    await stopAt(opened, 'watch before');
    const [block] = await opened.ask('variables', { frame: 0 });
    const bytes = (await opened.ask('readMemory', { address: block?.address ?? 0, length: 8 })).bytes;
    const address = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const ask = { breakpoints: [{ id: 7, address, size: 2 }] };
    expect(await opened.ask('setDataBreakpoints', ask)).toMatchObject([{ id: 7, verified: true }]);
    const stop = await opened.to({ kind: 'continue' });
    expect(place(stop)).toBe('watch after');
    expect(stop.reason).toMatchObject({
      kind: 'data breakpoint',
      ids: [7],
      before: Uint8Array.of(0, 0),
      after: Uint8Array.of(0x5a, 0x5a),
      writer: { line: lineOf('watch copy') },
    });
    await opened.ask('setBreakpoints', { file: program, breakpoints: [] });
    await opened.to({ kind: 'stepOver' });
    expect((await opened.to({ kind: 'reverseContinue' })).moment).toEqual(stop.moment);
    const never = { breakpoints: [{ id: 7, address, size: 2, condition: 'Total == 77' }] };
    expect(await opened.ask('setDataBreakpoints', never)).toMatchObject([{ id: 7, verified: true }]);
    expect(place(await opened.to({ kind: 'reverseContinue' }))).not.toBe('watch after');
  });
});

describe('incidents', () => {
  it.each([
    ['Overrun', { finding: true }, 'overrun fault', { kind: 'finding', rule: 'mem-out-of-bounds', final: true }],
    ['Overrun', { finding: ['mem-out-of-bounds'] }, 'overrun fault', { kind: 'finding' }],
    ['Bugcheck', { bugcheck: true }, 'bugcheck here', { kind: 'bugcheck', rule: 'run-bugcheck', final: true }],
    ['Assertion', { assertion: true }, 'assertion here', { kind: 'assertion', rule: 'assert-failed', final: true }],
  ] as const)('%s stops at its line while its frames are there (%o)', async (test, filters, line, reason) => {
    await using opened = await session(test);
    await opened.ask('setExceptionFilters', { filters });
    await opened.ask('start', {});
    const stop = await opened.stop();
    const user = stop.frames.findIndex(({ kind }) => kind === 'user');
    expect(stop.frames[user]?.location?.line).toBe(lineOf(line));
    expect(stop.reason).toMatchObject(reason);
    expect((await opened.ask('variables', { frame: user })).every(({ address }) => address > 0)).toBe(true);
    const before = await opened.to({ kind: 'stepBack' });
    expect(before.moment.event).toBeLessThanOrEqual(stop.moment.event);
    const again = await opened.to({ kind: 'travel', to: stop.moment });
    expect([again.moment, again.reason]).toEqual([stop.moment, stop.reason]);
    expect((await opened.go({ kind: 'continue' })).kind).toBe('ended');
  });

  it('of endless recursion show its innermost frames', async () => {
    await using opened = await session('Recursion');
    await opened.ask('setExceptionFilters', { filters: { finding: ['run-stack-overflow'] } });
    await opened.ask('start', {});
    const { reason, frames } = await opened.stop();
    expect(reason).toMatchObject({ kind: 'finding', rule: 'run-stack-overflow', final: true });
    expect([frames.length, frames[0]?.name]).toEqual([1000, 'Overflow']);
    expect((await opened.to({ kind: 'stepBack' })).frames).toHaveLength(1000);
    expect((await opened.to({ kind: 'restart' })).frames).toHaveLength(1);
  });

  it('of another rule do not stop', async () => {
    await using opened = await session('Overrun');
    await opened.ask('setExceptionFilters', { filters: { finding: ['mem-leak'], bugcheck: true } });
    await opened.ask('start', {});
    expect(await opened.next()).toMatchObject({ kind: 'ended', ended: { exitStatus: 1 } });
  });

  it('of a report can be gone to', async () => {
    await using opened = await session('Overrun');
    await opened.start();
    const location = { file: 'Steps.c', line: lineOf('overrun fault') };
    const finding = { rule: 'mem-out-of-bounds', location, channel: null, packet: null, pass: null };
    expect((await opened.to({ kind: 'debugToFinding', finding })).reason).toMatchObject({ kind: 'finding' });
    expect((await opened.to({ kind: 'travelToFinding', finding: 0 })).reason).toMatchObject({ kind: 'finding' });
    const elsewhere = { ...finding, rule: 'savepkt-size-exact' };
    const stop = await opened.to({ kind: 'debugToFinding', finding: elsewhere });
    expect([lineAt(stop), await opened.int('at')]).toEqual([location.line, 8]);
  });
});

describe('the simulated kernel', () => {
  const video = at('examples/synthetic-video').replaceAll('\\', '/');

  async function stopped(pass: 'query' | 'write' | 'restore', packet: number): Promise<DebugSession> {
    const opened = new DebugSession({ cacheFolder });
    await opened.launch({ cwd: video, program: video, workspaceRoots: [video] });
    await opened.ask('start', { stopAt: { pass, packet } });
    expect((await opened.stop()).reason).toEqual({ kind: 'stopAt', at: { pass, packet } });
    return opened;
  }

  it.each(['query', 'write', 'restore'] as const)('is shown where the %s of a packet begins', async (pass) => {
    await using opened = await stopped(pass, 0);
    const frames = await opened.ask('frames', {});
    const library = pass === 'restore' ? 'VmbChannelRestoreFromBuffer' : 'VmbChannelSaveContinue';
    expect(frames.slice(0, 2).map(({ kind, name }) => [kind, name])).toEqual([
      ['user', pass === 'restore' ? 'VideoRestorePacket' : 'VideoSavePacket'],
      ['library', library],
    ]);
    const kernel = await opened.ask('kernel', {});
    expect(kernel).toMatchObject({ pass, packet: 0, irql: 0 });
    expect((kernel.saveBuffer?.size ?? 0) === 0).toBe(pass === 'query');
    expect(kernel.channels.some(({ saving, restoring }) => (pass === 'restore' ? restoring : saving))).toBe(true);
    expect(kernel.states.every(({ bytes, chunks }) => chunks.reduce((sum, { size }) => sum + size, 0) === bytes)).toBe(
      true,
    );
    expect(kernel.states.some(({ bytes }) => bytes > 0)).toBe(pass === 'restore');
  });

  it('tells who wrote each byte of SaveBuf, and what may be touched around it', async () => {
    await using opened = await stopped('write', 0);
    const before = await opened.ask('saveBufferWriters', {});
    expect(before.length).toBeGreaterThan(0);
    expect(before.every((location) => location === 0)).toBe(true);
    const buffer = (await opened.ask('kernel', {})).saveBuffer ?? { address: 0, size: 0 };
    const around = await opened.ask('readMemory', { address: buffer.address - 1, length: buffer.size + 2 });
    expect([around.poison?.[0], around.poison?.[1], around.poison?.at(-1)]).toEqual([1, 0, 1]);
    expect((await opened.ask('describe', { address: buffer.address })).size).toBe(buffer.size);
    for (let step = 0; step < 60; step++) {
      const writers = await opened.ask('saveBufferWriters', {});
      if (writers.some((location) => location !== 0)) break;
      await opened.to({ kind: 'stepOver' });
    }
    expect((await opened.ask('saveBufferWriters', {})).some((location) => location !== 0)).toBe(true);
  });

  it('stops where a callback fails, before it returns', async () => {
    await using opened = await stopped('query', 0);
    await opened.ask('setExceptionFilters', { filters: { status: [0xc0000023] } });
    const stop = await opened.to({ kind: 'continue' });
    expect(stop.reason).toEqual({ kind: 'status', status: 0xc0000023, callback: 'EvtVmbChannelSavePacket' });
    expect(stop.frames[0]?.name).toBe('VideoSavePacket');
    expect((await opened.ask('kernel', {})).pass).toBe('query');
    // A query pass that tells the size fails as it should.
    await opened.ask('setExceptionFilters', { filters: { status: true } });
    expect(await opened.go({ kind: 'continue' })).toMatchObject({ kind: 'ended', ended: { exitStatus: 0 } });
  });

  it.each(['write', 'restore'] as const)('is what it was after as many steps back as forward (%s)', async (pass) => {
    await using opened = await stopped(pass, 0);
    const print = (): Promise<string> => opened.ask('fingerprint', {});
    const past: { readonly moment: Stop['moment']; readonly print: string }[] = [];
    for (let step = 0; step < 10; step++) {
      const { moment } = await opened.to({ kind: 'stepOver' });
      past.push({ moment, print: await print() });
    }
    expect(new Set(past.map((each) => each.print)).size).toBeGreaterThan(3);
    for (const each of past.slice(0, -1).reverse()) {
      const { moment } = await opened.to({ kind: 'stepBack' });
      expect({ moment, print: await print() }).toEqual(each);
    }
    // One byte that is not as it was would be seen.
    const [before, [variable]] = [await print(), await opened.ask('variables', { frame: 0 })];
    await opened.ask('writeMemory', { address: variable?.address ?? 0, bytes: Uint8Array.of(0xa5) });
    expect(await print()).not.toBe(before);
  });

  it('is travelled through by its own log', async () => {
    await using opened = await stopped('write', 0);
    const events = await opened.ask('events', {});
    const record = events.count - 1;
    const stop = await opened.to({ kind: 'travelToEvent', record });
    expect((await opened.ask('events', {})).count).toBeGreaterThan(record);
    expect(stop.frames[0]?.name).toBe('VideoSavePacket');
  });
});

describe('a run that goes on', () => {
  it.each(['Endless', 'EndlessSilent'])('%s can be paused, stepped and left at any moment', async (test) => {
    await using opened = await session(test);
    await opened.ask('start', {});
    opened.client.pause();
    expect((await opened.stop()).reason).toEqual({ kind: 'pause' });
    await opened.ask('resume', { goal: { kind: 'continue' } });
    await expect(opened.ask('frames', {})).rejects.toThrow('the run goes on: pause it first');
    const bound = await opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 1, line: 1 }] });
    expect(bound).toHaveLength(1);
    opened.client.pause();
    await opened.stop();
    await opened.ask('resume', { goal: { kind: 'continue' } });
  });

  it('is not paused by what came while it stood', async () => {
    await using opened = await session('Long');
    await stopAt(opened, 'long first');
    opened.client.pause();
    await opened.ask('frames', {});
    await opened.ask('setBreakpoints', { file: program, breakpoints: [{ id: 2, line: lineOf('long after') }] });
    expect((await opened.to({ kind: 'continue' })).reason).toEqual({ kind: 'breakpoint', ids: [2] });
  });

  it('ends with its worker', async () => {
    const opened = await session('Endless');
    await opened.ask('start', {});
    await opened.client.dispose();
    await expect(opened.ask('frames', {})).rejects.toThrow('the run is over');
    const compiling = new DebugSession();
    const launch = compiling.client.launch({ cwd, program });
    await compiling.client.dispose();
    expect(await launch).toMatchObject({ ok: false });
  });
});

describe('what cannot be debugged', () => {
  it.each([
    [{ program: `${cwd}/Missing.c` }, 'files'],
    [{ program, test: 'NoSuchTest' }, 'test'],
    [{ program, settings: { modes: ['NOT=amode'] } }, 'settings'],
    [{ program, settings: { defines: ['Total=('] } }, 'compile'],
  ] as const)('%o is refused with its reason', async (launch, reason) => {
    const opened = new DebugSession({ cacheFolder });
    const refusal = await opened.client.launch({ cwd, workspaceRoots: [cwd], ...launch });
    await opened.client.dispose();
    expect(refusal).toMatchObject({ ok: false, reason, message: expect.stringMatching(/\S/) });
  });
});

describe('the report', () => {
  it.each(['Walk', 'Overrun', 'Bugcheck', 'Assertion', 'Recursion'])(
    '%s is what it is without a debugger',
    async (test) => {
      await using opened = await session(test);
      await opened.start();
      await opened.to({ kind: 'stepIn' });
      await opened.ask('kernel', {});
      await opened.to({ kind: 'stepBack' });
      const told = await opened.go({ kind: 'continue' });
      const { stdout } = vspLab(cwd, 'run', 'Steps.c', '--test', test, '--format', 'json', ...PATIENCE);
      expect(told.kind === 'ended' ? told.ended.report : undefined).toEqual(JSON.parse(stdout));
    },
  );
});
