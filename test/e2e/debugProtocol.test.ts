import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { ScratchProject, vspLab } from '../support/cli.js';
import { type Body, Debugger, DRIVER, HEADER, lineOf } from '../support/debugger.js';

const line = (mark: string): number => lineOf(DRIVER, mark);
const source = { path: DRIVER };

let debug: Debugger;

beforeEach(async () => {
  debug = await Debugger.start();
});
afterEach(() => debug.stop());

/** Stands at a marked line of the test Steps. */
async function standAt(mark: string) {
  await debug.launch({ test: 'Steps' }, [{ line: line(mark) }]);
  return debug.stopped();
}

describe('breakpoints', () => {
  it('bind before the first instruction, move to code, or say why not', async () => {
    const wanted = ['steps-calls', 'steps-dead', 'static LIST_ENTRY', 'steps-macro'];
    const { breakpoints } = await debug.launch(
      { test: 'Steps' },
      wanted.map((mark) => ({ line: line(mark) })),
    );
    const [calls, dead, variable, macro] = breakpoints as readonly {
      verified: boolean;
      line: number;
      message?: string;
    }[];
    expect(calls).toMatchObject({ verified: true, line: line('steps-calls') });
    expect(macro).toMatchObject({ verified: true, line: line('steps-macro') });
    expect(variable?.verified === true ? variable.line : variable?.message).toEqual(expect.anything());
    if (dead?.verified !== true) expect(dead?.message).toMatch(/\w/);
    expect(await debug.stopped()).toMatchObject({ reason: 'breakpoint', line: line('steps-calls') });
    expect(await debug.go('continue')).toMatchObject({ line: line('steps-macro') });
  });

  it('in headers and in files of no driver', async () => {
    await debug.launch({ test: 'Steps', stopOnEntry: true });
    expect(await debug.stopped()).toMatchObject({ reason: 'entry', line: line('steps-begins') });
    const header = lineOf(HEADER, 'Sum += Value;');
    expect(
      await debug.ask('setBreakpoints', { source: { path: HEADER }, breakpoints: [{ line: header }] }),
    ).toMatchObject({
      breakpoints: [{ verified: true, line: header }],
    });
    const other = await debug.ask('setBreakpoints', { source: { path: at('README.md') }, breakpoints: [{ line: 1 }] });
    expect(other).toMatchObject({ breakpoints: [{ verified: false, message: expect.stringMatching(/\w{3}/) }] });
    expect(await debug.go('continue')).toMatchObject({ name: 'Twice', file: 'Debug.h', line: header });
  });

  it('have conditions, hit counts and messages', async () => {
    const adds = { line: line('count-adds') };
    await debug.launch({ test: 'Steps' }, [{ ...adds, condition: 'Index == DEBUG_LIMIT' }]);
    const stopped = await debug.stopped();
    expect(await debug.value('Index', stopped.frameId)).toBe('3');
    await debug.ask('setBreakpoints', { source, breakpoints: [{ ...adds, logMessage: 'adds {Index} to {Total}' }] });
    await debug.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'Deep', hitCondition: '3' }] });
    const deep = await debug.go('continue');
    expect(deep).toMatchObject({ reason: 'function breakpoint', name: 'Deep' });
    expect(await debug.value('Depth', deep.frameId)).toBe('2');
    expect(debug.output('console')).toContain('adds 4 to 6\n');
  });

  it('refuse conditions that mean nothing, before anything runs', async () => {
    const { breakpoints } = await debug.launch({ test: 'Steps' }, [
      { line: line('count-adds'), condition: 'Indx == 3' },
    ]);
    expect(breakpoints).toMatchObject([{ verified: false, message: expect.stringContaining("did you mean 'Index'?") }]);
  });

  it('watch data, with the old and the new value', async () => {
    const { frameId } = await standAt('count-adds');
    const info = await debug.ask('dataBreakpointInfo', { name: 'Total', frameId });
    await debug.ask('setBreakpoints', { source, breakpoints: [] });
    expect(await debug.ask('setDataBreakpoints', { breakpoints: [{ dataId: info['dataId'] }] })).toMatchObject({
      breakpoints: [{ verified: true }],
    });
    const { body } = await debug.go('continue');
    expect(body).toMatchObject({
      reason: 'data breakpoint',
      text: `Total: 0 → 1, written in Debug.c:${line('count-adds')}`,
    });
  });

  it('can stand where statements begin', async () => {
    await standAt('steps-calls');
    const { breakpoints } = await debug.ask('breakpointLocations', { source, line: line('for (Index') });
    expect(breakpoints).toEqual(expect.arrayContaining([expect.objectContaining({ line: line('for (Index') })]));
  });
});

describe('stepping', () => {
  it('goes over, into, out of calls, and back over them', async () => {
    const calls = line('steps-calls');
    await standAt('steps-calls');
    expect(await debug.go('stepIn')).toMatchObject({ name: 'Count', line: line('count-begins') });
    expect(await debug.go('stepOut')).toMatchObject({ name: expect.stringContaining('Steps') });
    expect(await debug.go('next')).toMatchObject({ line: line('steps-macro') });
    expect(await debug.go('stepBack')).toMatchObject({ line: calls, name: expect.stringContaining('Steps') });
    const first = await debug.go('stepBack');
    expect(first.line).toBeLessThan(calls);
    expect(await debug.go('next', { granularity: 'statement' })).toMatchObject({ line: calls });
  });

  it('runs backwards to the breakpoint before, and to the beginning', async () => {
    await standAt('steps-ends');
    await debug.ask('setBreakpoints', { source, breakpoints: [{ line: line('deepest') }] });
    expect(await debug.go('reverseContinue')).toMatchObject({ reason: 'breakpoint', line: line('deepest') });
    const beginning = await debug.go('reverseContinue');
    expect(beginning.line).toBe(line('steps-begins'));
    expect(await debug.go('continue')).toMatchObject({ line: line('deepest') });
  });

  it('begins a frame or everything anew', async () => {
    await standAt('deepest');
    const { stackFrames } = await debug.ask('stackTrace', { threadId: 1 });
    const frames = stackFrames as readonly { id: number; name: string }[];
    const test = frames.find(({ name }) => name.includes('Steps'));
    expect(await debug.go('restartFrame', { frameId: test?.id })).toMatchObject({ line: line('steps-begins') });
    await debug.ask('restart', { arguments: { program: DRIVER, test: 'Steps', stopOnEntry: true } });
    expect(await debug.stopped()).toMatchObject({ reason: 'entry', line: line('steps-begins') });
    expect(await debug.go('continue')).toMatchObject({ reason: 'breakpoint', line: line('deepest') });
  });

  it('goes to a line of the function, or says why not', async () => {
    await standAt('steps-macro');
    const { targets } = await debug.ask('gotoTargets', { source, line: line('steps-begins') });
    const [target] = targets as readonly { id: number }[];
    expect(await debug.go('goto', { targetId: target?.id })).toMatchObject({
      reason: 'goto',
      line: line('steps-begins'),
    });
    expect(await debug.refused('gotoTargets', { source, line: line('deepest') })).toMatch(/is no statement of/);
  });
});

describe('values', () => {
  it('are read by their types', async () => {
    const { frameId } = await standAt('steps-calls');
    for (const [expression, value] of [
      ['First.Number', '1'],
      ['First.Urgent', '1'],
      ['First.Kind', '5'],
      ['Second.Kind + 1', '1'],
      ['sizeof(TICKET)', '24'],
      ['DEBUG_LIMIT', '3'],
      ['Value * 2 == 10', '1'],
      ['Tickets', '2 entries'],
      ['&First == CONTAINING_RECORD(Tickets.Flink, TICKET, Link)', '1'],
      ['$irql', 'PASSIVE_LEVEL (0)'],
    ] as const) {
      expect([expression, await debug.value(expression, frameId)]).toEqual([expression, value]);
    }
    const list = await debug.ask('evaluate', { expression: 'Tickets', frameId });
    const { variables } = await debug.ask('variables', {
      variablesReference: list['variablesReference'],
      filter: 'indexed',
    });
    expect((variables as readonly { value: string }[]).map(({ value }) => value)).toEqual([
      expect.stringContaining('Number = 1'),
      expect.stringContaining('Number = 2'),
    ]);
  });

  it('are changed, and the change is undone by going back before it', async () => {
    const { frameId } = await standAt('steps-calls');
    const { scopes } = await debug.ask('scopes', { frameId });
    const [locals] = scopes as readonly { variablesReference: number }[];
    const set = { variablesReference: locals?.variablesReference, name: 'Value', value: 'Value + 1' };
    expect(await debug.ask('setVariable', set)).toMatchObject({ value: '6' });
    const after = await debug.go('next');
    expect(await debug.value('Sum', after.frameId)).toBe('15');
    const back = await debug.go('stepBack');
    expect(await debug.value('Value', back.frameId)).toBe('6');
    const before = await debug.go('stepBack');
    expect(await debug.value('Value', before.frameId)).toBe('5');
    expect(
      await debug.ask('setExpression', { expression: 'First.Number', value: '7', frameId: before.frameId }),
    ).toMatchObject({ value: '7' });
    expect(await debug.value('Value = 9', before.frameId, 'repl')).toBe('9');
    expect(
      await debug.refused('evaluate', { expression: 'Value = 1', frameId: before.frameId, context: 'hover' }),
    ).toMatch(/not allowed here/);
    expect(await debug.refused('evaluate', { expression: 'Valeu', frameId: before.frameId })).toBe(
      "there is no 'Valeu' here (did you mean 'Value'?)",
    );
    expect(await debug.ask('completions', { text: 'First.N', column: 8, frameId: before.frameId })).toMatchObject({
      targets: [{ label: 'Number' }],
    });
  });

  it('are bytes of memory, up to its end', async () => {
    const { frameId } = await standAt('steps-calls');
    const found = await debug.ask('evaluate', { expression: 'Value', frameId });
    const reference = found['memoryReference'];
    expect(await debug.ask('readMemory', { memoryReference: reference, count: 4 })).toMatchObject({ data: 'BQAAAA==' });
    expect(await debug.ask('writeMemory', { memoryReference: reference, data: 'CAAAAA==' })).toMatchObject({
      bytesWritten: 4,
    });
    expect(await debug.value('Value', frameId)).toBe('8');
    const beyond = await debug.ask('readMemory', { memoryReference: '0xFFFFFFFFFF', count: 16 });
    expect(beyond).toMatchObject({ unreadableBytes: 16 });
    expect(await debug.refused('writeMemory', { memoryReference: '0xFFFFFFFFFF', data: 'CAAAAA==' })).toMatch(
      /memory ends there/,
    );
  });
});

describe('threads and sources', () => {
  it('are channels, and the files of the driver', async () => {
    await debug.launch({
      program: at('examples/synthetic-nic'),
      test: 'IndicationsInFlightSurviveMigration',
      stopAt: { pass: 'write' },
    });
    const stopped = await debug.stopped();
    expect(stopped).toMatchObject({
      name: 'NicSavePacket',
      reason: 'breakpoint',
      body: { description: 'Paused at the write pass' },
    });
    const { threads } = await debug.ask('threads');
    expect(threads).toMatchObject([
      { id: 1, name: 'IndicationsInFlightSurviveMigration' },
      { id: 2, name: 'Channel 0 "Network"' },
    ]);
    const { stackFrames } = await debug.ask('stackTrace', { threadId: stopped.threadId });
    expect((stackFrames as readonly Body[]).slice(0, 4)).toMatchObject([
      { name: 'NicSavePacket' },
      { name: 'VmbChannelSaveContinue', presentationHint: 'subtle' },
      { name: 'VspLabSave', presentationHint: 'subtle' },
      { name: 'PauseAndSave' },
    ]);
    const { sources } = await debug.ask('loadedSources');
    expect((sources as readonly { name: string }[]).map(({ name }) => name)).toContain('NicIndication.c');
    expect(await debug.ask('modules')).toMatchObject({ modules: [{ name: 'synthetic-nic' }] });
    expect(await debug.ask('vspPlace')).toMatchObject({ channel: 0, packet: 0, pass: 'write' });
    const { nodes } = await debug.ask('vspKernel');
    expect((nodes as readonly { label: string }[]).map(({ label }) => label)).toEqual(
      expect.arrayContaining(['Channel 0', 'Saved chunks', 'Pool blocks']),
    );
  });
});

describe('exceptions', () => {
  it('stop at a finding by its rule, with what it means', async () => {
    await debug.launch({ test: 'Overruns' }, [], ['finding']);
    const stopped = await debug.stopped();
    expect(stopped).toMatchObject({
      reason: 'exception',
      line: line('overruns-writes'),
      body: { description: 'mem-out-of-bounds' },
    });
    expect(await debug.ask('exceptionInfo', { threadId: stopped.threadId })).toMatchObject({
      exceptionId: 'mem-out-of-bounds',
      breakMode: 'always',
    });
    // It stands within the statement: the first step back goes to where that begins.
    await debug.go('stepBack');
    const past = await debug.go('stepBack');
    expect(past.line).toBeLessThan(line('overruns-writes'));
  });

  it('goes to a finding that only the end tells', async () => {
    const finding = { rule: 'mem-leak', file: 'test/drivers/debug/Debug.c', line: line('leaks-allocates') };
    await debug.launch({ test: 'Leaks', __finding: finding });
    expect(await debug.stopped()).toMatchObject({ line: line('leaks-allocates') });
  });
});

describe('the end', () => {
  it('is the report and the exit status of a run without a debugger', async () => {
    await debug.launch({ test: 'Steps', checks: 'full' }, []);
    await debug.next('terminated');
    const outputs = debug.events.filter(({ event }) => event === 'output');
    expect(outputs.at(-1)).toMatchObject({ body: { category: 'console' } });
    const { stdout, status } = vspLab(at(), 'run', DRIVER, '--test', 'Steps');
    expect(outputs.at(-1)?.body.output).toBe(stdout);
    expect(debug.events.find(({ event }) => event === 'exited')?.body).toEqual({ exitCode: status });
    expect(debug.output('stdout')).toBe('sum 30\n');
    const log = outputs.find(({ body }) => body.category === 'stdout');
    expect(log).toMatchObject({ body: { line: line('VSPLAB_LOG'), source: { path: DRIVER } } });
  });

  it('can be had at any moment, of a driver that never ends, too', async () => {
    await debug.launch({ test: 'Endless' });
    await debug.ask('pause', { threadId: 1 });
    expect(await debug.stopped()).toMatchObject({ reason: 'pause', name: expect.stringContaining('Endless') });
    await debug.ask('continue', { threadId: 1 });
  });

  it('is an error that names the place when the driver does not compile', async () => {
    const project = new ScratchProject();
    project.write('Broken.c', '#include <vsplab.h>\nVSPLAB_TEST(T)\n{\n    Nothing = 1;\n}\n');
    const message = await debug.refused('launch', { program: `${project.folder}/Broken.c` });
    expect(message).toMatch(/Broken does not compile: .*Broken\.c:4/);
    await debug.next('terminated');
    expect(debug.output('stderr')).toMatch(/Broken\.c:4/);
    project.remove();
  });
});
