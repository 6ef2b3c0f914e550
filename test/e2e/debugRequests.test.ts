/** Requests over stdio that debugProtocol.test.ts does not walk through: every filter, pass and place. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { type Body, Debugger, DRIVER, lineOf } from '../support/debugger.js';

const NIC = at('examples/synthetic-nic');
const STEPS = at('test/drivers/debug/Steps.c');
const DIFFERENTIAL = at('test/drivers/differential');
const MIGRATION = { program: NIC, test: 'IndicationsInFlightSurviveMigration' } as const;
const line = (mark: string): number => lineOf(DRIVER, mark);
const source = { path: DRIVER };

let debug: Debugger;
beforeEach(async () => {
  debug = await Debugger.start();
});
afterEach(() => debug.stop());

/** What the run says last, and its exit status. */
async function atItsEnd(): Promise<{ readonly exitCode: unknown; readonly text: string }> {
  await debug.next('terminated');
  const exited = debug.events.find(({ event }) => event === 'exited')?.body as Body | undefined;
  return { exitCode: exited?.['exitCode'], text: debug.output('console') };
}

describe('exception filters', () => {
  it.each([
    ['assertion', 'Assertion', 'assert-failed', 'assertion here'],
    ['bugcheck', 'Bugcheck', 'run-bugcheck', 'bugcheck here'],
    ['finding', 'Overrun', 'mem-out-of-bounds', 'overrun fault'],
  ])('%s stops', async (filter, test, rule, mark) => {
    await debug.launch({ program: STEPS, test }, [], [filter]);
    const stopped = await debug.stopped();
    expect(stopped).toMatchObject({ reason: 'exception', body: { description: rule } });
    const { stackFrames } = await debug.ask('stackTrace', { threadId: stopped.threadId });
    expect((stackFrames as readonly { line: number }[]).map((each) => each.line)).toContain(lineOf(STEPS, mark));
    expect(await debug.ask('exceptionInfo', { threadId: stopped.threadId })).toMatchObject({ exceptionId: rule });
    await debug.ask('continue', { threadId: 1 });
    expect((await atItsEnd()).exitCode).toBe(1);
  });

  it.each([
    ['finding', 'mem-leak'],
    ['assertion', ''],
    ['bugcheck', ''],
    ['status', ''],
  ])('%s (%s) lets other findings pass', async (filterId, condition) => {
    await debug.launch({ program: STEPS, test: 'Overrun' }, [], [{ filterId, condition }]);
    expect((await atItsEnd()).exitCode).toBe(1);
    expect(debug.events.some(({ event }) => event === 'stopped')).toBe(false);
  });

  it('status leaves out the answer of a query pass, unless it is named', async () => {
    await debug.launch(MIGRATION, [], [{ filterId: 'status', condition: 'STATUS_BUFFER_TOO_SMALL' }]);
    expect(await debug.stopped()).toMatchObject({
      reason: 'exception',
      name: 'NicSavePacket',
      body: {
        description: 'STATUS_BUFFER_TOO_SMALL',
        text: 'EvtVmbChannelSavePacket is about to return STATUS_BUFFER_TOO_SMALL',
      },
    });
    expect(await debug.ask('vspPlace')).toMatchObject({ pass: 'query', packet: 0 });
    await debug.ask('setExceptionBreakpoints', { filters: ['status'] });
    await debug.ask('continue', { threadId: 1 });
    expect((await atItsEnd()).exitCode).toBe(0);
    expect(debug.events.filter(({ event }) => event === 'stopped')).toHaveLength(1);
  });

  it('status stops where a callback fails that should not', async () => {
    await debug.launch({ program: NIC, test: 'FailuresUnwind' }, [], ['status']);
    expect(await debug.stopped()).toMatchObject({ reason: 'exception', body: { text: /^Evt\w+ is about to return / } });
  });

  it('say which rule, status or filter there is not', async () => {
    await debug.launch({ test: 'Steps', stopOnEntry: true });
    const filterOptions = [
      { filterId: 'finding', condition: 'mem-leek' },
      { filterId: 'status', condition: 'STATUS_NOPE' },
      { filterId: 'bugcheck', condition: '5' },
      { filterId: 'weather' },
    ];
    const { breakpoints } = await debug.ask('setExceptionBreakpoints', { filters: [], filterOptions });
    expect((breakpoints as readonly Body[]).map((each) => each['message'])).toEqual([
      "There is no rule 'mem-leek'.",
      "There is no status 'STATUS_NOPE': STATUS_NO_MEMORY and 0xC0000017 are examples.",
      "The filter 'bugcheck' takes no condition.",
      "There is no filter 'weather'.",
    ]);
  });
});

describe('passes', () => {
  it.each([
    [{ pass: 'query' }, { pass: 'query', packet: 0 }, 'NicSavePacket'],
    [{ pass: 'write', packet: 1 }, { pass: 'write', packet: 1 }, 'NicSavePacket'],
    [{ pass: 'restore', packet: 1 }, { pass: 'restore', packet: 1 }, 'NicRestorePacket'],
  ] as const)('%o is where the launch stops', async (stopAt, place, name) => {
    await debug.launch({ ...MIGRATION, stopAt });
    expect(await debug.stopped()).toMatchObject({ reason: 'breakpoint', name });
    expect(await debug.ask('vspPlace')).toMatchObject(place);
    // The channel that was saved is gone when its packets come back in another one.
    const { threads } = await debug.ask('threads');
    expect(threads).toMatchObject([{ id: 1 }, { id: stopAt.pass === 'restore' ? 3 : 2 }]);
  });

  it('follow each other', async () => {
    await debug.launch({ ...MIGRATION, stopAt: { pass: 'query' } });
    await debug.stopped();
    for (const [pass, packet] of [
      ['write', 0],
      ['write', 1],
      ['restore', 0],
    ] as const) {
      await debug.go('vspStopAt', { pass, packet });
      expect(await debug.ask('vspPlace')).toMatchObject({ pass, packet });
    }
  });

  it('that do not come are said at the end', async () => {
    await debug.launch({ ...MIGRATION, stopAt: { pass: 'write', packet: 99 } });
    const { exitCode, text } = await atItsEnd();
    expect(exitCode).toBe(0);
    expect(text).toContain('The run has ended without the write pass of packet 99.\n');
  });

  it('that there are not are refused', async () => {
    await debug.launch({ ...MIGRATION, stopOnEntry: true });
    await debug.stopped();
    expect(await debug.refused('vspStopAt', { pass: 'rite' })).toMatch(/"stopAt\.pass" is "rite"/);
  });
});

describe('data breakpoints', () => {
  interface Info {
    readonly dataId: string | null;
    readonly description: string;
  }
  const info = async (name: string, frameId: number, more: object = {}): Promise<Info> =>
    (await debug.ask('dataBreakpointInfo', { name, frameId, ...more })) as unknown as Info;

  it('are set on members, conditions and hit counts, and say the old and the new value', async () => {
    await debug.launch({ test: 'Steps' }, [{ line: line('steps-begins') }]);
    const { frameId } = await debug.stopped();
    const number = await info('Second.Number', frameId);
    await debug.ask('setDataBreakpoints', { breakpoints: [{ dataId: number.dataId, accessType: 'write' }] });
    const { body } = await debug.go('continue');
    expect(body).toMatchObject({
      reason: 'data breakpoint',
      description: 'Paused on a changed value',
      text: expect.stringMatching(/^Second\.Number: \d+ → 2, written in Debug\.c:\d+$/),
    });
  });

  it('have conditions and hit counts', async () => {
    await debug.launch({ test: 'Steps' }, [{ line: line('count-begins') }]);
    const { frameId } = await debug.stopped();
    const total = await info('Total', frameId);
    await debug.ask('setBreakpoints', { source, breakpoints: [] });
    await debug.ask('setDataBreakpoints', { breakpoints: [{ dataId: total.dataId, condition: 'Total >= 3' }] });
    expect((await debug.go('continue')).body).toMatchObject({ text: expect.stringContaining('Total: 1 → 3') });
    await debug.ask('setDataBreakpoints', { breakpoints: [{ dataId: total.dataId, hitCondition: '2' }] });
    expect((await debug.go('continue')).body).toMatchObject({ text: expect.stringContaining('Total: 6 → 10') });
  });

  it('are set on bytes at an address', async () => {
    await debug.launch({ test: 'Steps' }, [{ line: line('steps-calls') }]);
    const { frameId } = await debug.stopped();
    const { memoryReference } = await debug.ask('evaluate', { expression: 'Bumps', frameId });
    const bytes = await info(memoryReference as string, frameId, { bytes: 2, asAddress: true });
    await debug.ask('setDataBreakpoints', { breakpoints: [{ dataId: bytes.dataId }] });
    expect(await debug.go('continue')).toMatchObject({ reason: 'data breakpoint', line: line('steps-header') });
  });

  it('watch at most 1,024 bytes, and writes only', async () => {
    await debug.launch({ test: 'Steps' }, [{ line: line('steps-calls') }]);
    const { frameId } = await debug.stopped();
    const { memoryReference } = await debug.ask('evaluate', { expression: 'Bumps', frameId });
    const reference = memoryReference as string;
    const most = await info(reference, frameId, { bytes: 1024 });
    expect(most.dataId).toEqual(expect.any(String));
    const { dataId, description } = await info(reference, frameId, { bytes: 1025 });
    expect([dataId, description]).toEqual([null, expect.stringMatching(/has 1025 bytes: at most 1024 can be watched/)]);
    const one = await info('Value', frameId);
    const { breakpoints } = await debug.ask('setDataBreakpoints', {
      breakpoints: [
        { dataId: most.dataId },
        { dataId: one.dataId },
        { dataId: one.dataId, accessType: 'read' },
        { dataId: '4/4' },
      ],
    });
    expect(breakpoints).toMatchObject([
      { verified: true },
      { verified: false, message: '4 bytes are too many: at most 1024 can be watched at the same time, 0 are left' },
      { verified: false, message: 'Only writes can be watched.' },
      { verified: false, message: 'there is no memory at that address' },
    ]);
    expect(await info('Value + 1', frameId)).toMatchObject({ dataId: null, description: /does not lie in memory/ });
  });
});

describe('memory', () => {
  it('ends at both ends, and says so', async () => {
    await debug.launch({ test: 'Steps', stopOnEntry: true });
    await debug.stopped();
    const read = (memoryReference: string, count: number, offset = 0): Promise<Body> =>
      debug.ask('readMemory', { memoryReference, count, offset });
    expect(await read('0x0', 16)).toEqual({ address: '0x0000000000000000', unreadableBytes: 16 });
    expect(await read('0xFFF8', 16)).toEqual({ address: '0x000000000000FFF8', unreadableBytes: 8 });
    expect(await read('0x10000', 16, -32)).toMatchObject({ unreadableBytes: 16 });
    expect(await read('0xFFFFFFFFFFFFFFFF', 16)).toMatchObject({ data: '', unreadableBytes: 16 });
    // The last bytes there are.
    const { unreadableBytes } = await read('0x10000', 16 << 20);
    expect(unreadableBytes).toBeGreaterThan(0);
    const end = 0x10000 + (16 << 20) - (unreadableBytes as number);
    expect(await read(String(end - 4), 16)).toMatchObject({ unreadableBytes: 12 });
    const data = 'AAAAAAAAAAA=';
    const over = { memoryReference: String(end - 4), data };
    expect(await debug.refused('writeMemory', over)).toMatch(
      /^Only 4 of 8 bytes can be written .*: memory ends there\.$/,
    );
    expect(await debug.ask('writeMemory', { ...over, allowPartial: true })).toMatchObject({ bytesWritten: 4 });
    expect(await debug.refused('writeMemory', { memoryReference: '0x8', data })).toMatch(/NULL leads there/);
    expect(await debug.refused('readMemory', { memoryReference: 'here', count: 1 })).toMatch(/'here' is no address/);
    expect(await debug.refused('readMemory', { memoryReference: '0x10000', count: -1 })).toMatch(/at most 16777216/);
    expect(await debug.refused('writeMemory', { memoryReference: '0x10000', data: '%' })).toMatch(/no base64/);
  });
});

describe('goto', () => {
  it('finds what this run of the function did long ago', async () => {
    await debug.launch({ program: STEPS, test: 'Long' }, [{ line: lineOf(STEPS, '// long after') }]);
    await debug.stopped();
    const first = lineOf(STEPS, '// long first');
    const { targets } = await debug.ask('gotoTargets', { source: { path: STEPS }, line: first });
    const [target] = targets as readonly { id: number }[];
    expect(await debug.go('goto', { targetId: target?.id })).toMatchObject({ reason: 'goto', line: first });
  });

  it('goes on to a line that comes, and says where a line does not', async () => {
    await debug.launch({ test: 'Steps' }, [{ line: line('count-returns') }]);
    await debug.stopped();
    await debug.ask('setBreakpoints', { source, breakpoints: [{ line: line('steps-begins') }] });
    await debug.go('stepOut');
    const { targets } = await debug
      .ask('gotoTargets', { source, line: line('steps-dead') })
      .catch(() => ({ targets: [] }));
    const [dead] = targets as readonly { id: number }[];
    if (dead !== undefined) {
      expect((await debug.go('goto', { targetId: dead.id })).body).toMatchObject({ text: /was not reached/ });
    }
    expect(await debug.refused('gotoTargets', { source, line: line('count-adds') })).toMatch(
      /can only be moved within it/,
    );
    expect(await debug.refused('goto', { threadId: 1, targetId: 5 })).toMatch(/is not in/);
  });
});

describe('a finding that only comparing runs tells', () => {
  it.each([
    ['savepkt_no_pointers__variable', 'savepkt-no-pointers', 'OfVariable'],
    ['savepkt_no_pointers__function', 'savepkt-no-pointers', 'OfFunction'],
  ])('%s has its line or its function to stand at', async (test, rule, name) => {
    const file = 'test/drivers/differential/Memory.c';
    const mark = name === 'OfVariable' ? 'OfVariable' : 'OfFunction';
    const begin = lineOf(at(file), mark);
    const finding = { rule, file, line: begin, channel: 0, packet: 0, pass: 'write' };
    await debug.launch({ program: DIFFERENTIAL, test, checks: 'full', __finding: finding });
    const stopped = await debug.stopped();
    expect(stopped).toMatchObject({
      name,
      reason: 'goto',
      body: {
        description: `Paused near ${rule}`,
        text: expect.stringMatching(/did not arise while the run went on: it is told by comparing runs/),
      },
    });
    expect(await debug.ask('vspPlace')).toMatchObject({ packet: 0, pass: 'write' });
  });

  it('without a line has its callback, and one of nothing the beginning', async () => {
    const finding = { rule: 'savepkt-no-pointers', channel: 0, packet: 1, pass: 'write' };
    await debug.launch({ ...MIGRATION, __finding: finding });
    expect(await debug.stopped()).toMatchObject({ name: 'NicSavePacket', body: { text: /where the callback/ } });
    expect(await debug.ask('vspPlace')).toMatchObject({ packet: 1, pass: 'write' });
    const nothing = { ...finding, packet: 77 };
    await debug.ask('restart', { arguments: { ...MIGRATION, __finding: nothing } });
    expect(await debug.stopped()).toMatchObject({ body: { text: /this is the beginning/ } });
  });
});

describe('sources, events, travel', () => {
  it('are files; a header of ours that nobody has named is not there', async () => {
    await debug.launch({ test: 'Steps', stopOnEntry: true });
    const { sources } = await debug.ask('loadedSources');
    expect((sources as readonly { name: string }[]).map(({ name }) => name)).toEqual(['Debug.c', 'Debug.h']);
    expect(await debug.refused('source', { sourceReference: 999 })).toBe('There is no such source.');
  });

  it('travels to records of the event log, and stays where there is none', async () => {
    await debug.launch({ ...MIGRATION, stopAt: { pass: 'restore' } });
    const here = await debug.stopped();
    const there = await debug.go('vspTravel', { record: 10 });
    expect(there.reason).toBe('goto');
    const beyond = await debug.go('vspTravel', { record: 1_000_000 });
    expect(beyond).toMatchObject({ line: there.line, body: { text: 'The run ends before that event.' } });
    expect(await debug.go('vspStopAt', { pass: 'restore' })).toMatchObject({ name: here.name, line: here.line });
  });
});
