import { beforeEach, describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';
import { CAPABILITIES } from './capabilities.js';
import { ATTRIBUTES } from './launchAttributes.js';
import { macrosOf } from './macros.js';
import { requestHandlers } from './requests.js';
import { RunControl } from './runControl.js';
import { Client, type FakeTarget } from './target.testing.js';

let client: Client;

beforeEach(() => {
  client = new Client();
});

const refused = (command: string, parameters: object = {}) =>
  client.ask(command, parameters).then(
    () => 'no refusal',
    (error: Error) => error.message,
  );

describe('the beginning of a session', () => {
  it('says what it can do, and nothing it does not answer', async () => {
    expect(await client.ask('initialize', { adapterID: 'vsp' })).toEqual(CAPABILITIES);
    const handlers = requestHandlers(new RunControl({} as never, () => undefined));
    const needed: Readonly<Record<string, string>> = {
      supportsConfigurationDoneRequest: 'configurationDone',
      supportsFunctionBreakpoints: 'setFunctionBreakpoints',
      supportsDataBreakpoints: 'setDataBreakpoints',
      supportsBreakpointLocationsRequest: 'breakpointLocations',
      supportsExceptionInfoRequest: 'exceptionInfo',
      supportsStepBack: 'reverseContinue',
      supportsRestartFrame: 'restartFrame',
      supportsRestartRequest: 'restart',
      supportsGotoTargetsRequest: 'gotoTargets',
      supportsSetVariable: 'setVariable',
      supportsSetExpression: 'setExpression',
      supportsCompletionsRequest: 'completions',
      supportsReadMemoryRequest: 'readMemory',
      supportsWriteMemoryRequest: 'writeMemory',
      supportsLoadedSourcesRequest: 'loadedSources',
      supportsModulesRequest: 'modules',
      supportsTerminateRequest: 'terminate',
      supportsCancelRequest: 'cancel',
    };
    for (const [capability, request] of Object.entries(needed)) {
      expect(CAPABILITIES).toHaveProperty(capability, true);
      expect(handlers).toHaveProperty(request);
    }
  });

  it('tells of itself after the launch is answered, and runs when breakpoints are set', async () => {
    await client.ask('initialize', { adapterID: 'vsp' });
    await client.ask('launch', { program: '/work/Driver.c', stopOnEntry: true, stopAt: { pass: 'write', packet: 3 } });
    expect(client.order()).toEqual(['initialize', 'launch', 'initialized event', 'process event']);
    expect(client.target.of('start')).toEqual([]);
    await client.ask('configurationDone');
    expect(client.target.of('start')).toEqual([{ stopOnEntry: true, stopAt: { pass: 'write', packet: 3 } }]);
  });

  it('gives settings of the launch before those of the surroundings', async () => {
    let launch: unknown;
    client.prepare = (target) => {
      const original = target.launch.bind(target);
      target.launch = ((given: unknown) => {
        launch = given;
        return original();
      }) as FakeTarget['launch'];
    };
    await client.ask('launch', { program: 'Driver.c', packets: 4, include: ['../inc'], define: ['A=1'], test: 'T' });
    expect(launch).toEqual({
      cwd: '/work',
      program: '/work/Driver.c',
      test: 'T',
      workspaceRoots: [],
      overlays: [],
      settings: { seed: 7, packets: 4, includes: ['/inc'], defines: ['A=1'] },
    });
  });

  it.each([
    [{}, 'Launch attribute "program" is missing: the file or folder to debug.'],
    [{ program: 7 }, 'Launch attribute "program" is 7: expected a text.'],
    [{ program: 'Gone.c' }, 'Launch attribute "program": there is no file or folder /work/Gone.c.'],
    [
      { program: 'Driver.c', packets: 0 },
      'Launch attribute "packets" is 0: expected a whole number from 1 to 10000000.',
    ],
    [
      { program: 'Driver.c', seed: 1.5 },
      'Launch attribute "seed" is 1.5: expected a whole number from 0 to 4294967295.',
    ],
    [
      { program: 'Driver.c', checks: 'some' },
      'Launch attribute "checks" is "some": expected "off", "contract", "full".',
    ],
    [{ program: 'Driver.c', include: 'inc' }, 'Launch attribute "include" is "inc": expected a list of texts.'],
    [{ program: 'Driver.c', stopOnEntry: 'yes' }, 'Launch attribute "stopOnEntry" is "yes": expected true or false.'],
    [
      { program: 'Driver.c', stopAt: { pass: 'read' } },
      'Launch attribute "stopAt.pass" is "read": expected "query", "write", "restore".',
    ],
    [
      { program: 'Driver.c', stopAt: { pass: 'write', packet: -1 } },
      'Launch attribute "stopAt.packet" is -1: expected a whole number from 0 to 10000000.',
    ],
    [
      { program: 'Driver.c', stopAt: 3 },
      'Launch attribute "stopAt" is 3: expected for example { "pass": "write", "packet": 3 }.',
    ],
    [{ program: 'Driver.c', packet: 1 }, `There is no launch attribute "packet": there are ${ATTRIBUTES.join(', ')}.`],
  ])('refuses %j', async (attributes, message) => {
    expect(await refused('launch', attributes)).toBe(message);
  });

  it('says why a driver does not compile, with places, and ends', async () => {
    client.prepare = (target) => {
      target.refusal = {
        ok: false,
        reason: 'compile',
        message: 'Driver does not compile.',
        diagnostics: [
          { severity: 'error', file: 'Driver.c', line: 3, column: 5, message: "unknown type name 'ULONGG'" },
        ],
      };
    };
    expect(await refused('launch', { program: 'Driver.c' })).toBe(
      "Driver does not compile. Driver.c:3: unknown type name 'ULONGG'",
    );
    expect(client.events('output')).toMatchObject([
      { category: 'stderr', line: 3, source: { path: '/work/Driver.c' } },
    ]);
    expect(client.order().slice(-2)).toEqual(['exited event', 'terminated event']);
    expect(client.events('exited')).toEqual([{ exitCode: 2 }]);
  });

  it('can be cancelled while it compiles', async () => {
    let go = (): void => undefined;
    client.prepare = (target) => {
      target.loading = new Promise((resolve) => {
        go = resolve;
      });
    };
    await client.ask('initialize', { adapterID: 'vsp', supportsProgressReporting: true });
    const launch = refused('launch', { program: 'Driver.c' });
    await client.settled();
    const [progress] = client.events('progressStart');
    expect(progress).toMatchObject({ title: 'Compiling Driver.c', cancellable: true });
    await client.ask('cancel', { progressId: progress?.['progressId'] });
    go();
    expect(await launch).toBe('The launch was cancelled.');
  });

  it('refuses requests that come too early, and unknown ones', async () => {
    expect(await refused('setBreakpoints', { source: { path: '/work/Driver.c' } })).toMatch(/launch comes first/);
    expect(await refused('configurationDone')).toMatch(/Nothing has been launched/);
    expect(await refused('variables', { variablesReference: 1 })).toMatch(/launch comes first/);
    expect(await refused('variables', {})).toBe('The request \'variables\' needs "variablesReference", a number.');
    expect(await refused('completions', { text: 5 })).toBe('The request \'completions\' needs "text", a text.');
    expect(await refused('fly')).toBe("The request 'fly' is not known here.");
  });
});

describe('lines and columns', () => {
  it('count as the client counts', async () => {
    client = await new Client().standing({ linesStartAt1: false, columnsStartAt1: false });
    expect(await client.ask('stackTrace', { threadId: 1 })).toMatchObject({
      stackFrames: [{ line: 11, column: 4 }, {}],
    });
    const { breakpoints } = await client.ask('setBreakpoints', {
      source: { path: '/work/Driver.c' },
      breakpoints: [{ line: 11 }],
    });
    expect(breakpoints).toMatchObject([{ line: 11, column: 8 }]);
    expect(client.target.of('setBreakpoints')).toMatchObject([{ breakpoints: [{ line: 12 }] }]);
  });
});

describe('the end of a session', () => {
  it('is the report, the exit status, and terminated', async () => {
    await client.standing();
    client.target.listener.output({
      source: 'driver',
      text: 'hello',
      location: { file: 'Driver.c', line: 5, column: 1, function: 'f' },
    });
    client.end(1);
    await client.settled();
    expect(client.order().slice(-4)).toEqual(['output event', 'output event', 'exited event', 'terminated event']);
    const [driver, report] = client.events('output');
    expect(driver).toEqual({
      category: 'stdout',
      output: 'hello\n',
      source: { name: 'Driver.c', path: '/work/Driver.c' },
      line: 5,
      column: 1,
    });
    expect(report).toMatchObject({ category: 'console' });
    expect(client.events('exited')).toEqual([{ exitCode: 1 }]);
    expect(client.target.disposed).toBe(true);
    expect(await refused('stackTrace', { threadId: 1 })).toBe('The run is over.');
    expect(await refused('evaluate', { expression: '1' })).toBe('The run is over.');
    const { breakpoints } = await client.ask('setBreakpoints', {
      source: { path: '/work/Driver.c' },
      breakpoints: [{ line: 12 }],
    });
    expect(breakpoints).toMatchObject([{ verified: false, message: 'The run is over.' }]);
  });

  it('is told once when the client asks for it, at any moment', async () => {
    await client.standing();
    await client.ask('terminate');
    expect(client.order().slice(-2)).toEqual(['terminate', 'terminated event']);
    client.end();
    await client.settled();
    expect(client.events('terminated')).toHaveLength(1);
    await client.ask('disconnect');
    expect(client.ends).toBe(1);
  });

  it('leaves nothing behind when the client goes away', async () => {
    await client.standing();
    await client.ask('continue', { threadId: 1 });
    await client.ask('disconnect');
    expect(client.target.disposed).toBe(true);
    client.target.stand({ kind: 'pause' });
    await client.settled();
    expect(client.events('stopped')).toHaveLength(1);
  });

  it('says what broke', async () => {
    await client.standing();
    client.target.listener.failed('the worker used up its memory');
    await client.settled();
    expect(client.events('output').at(-1)).toMatchObject({
      category: 'stderr',
      output: 'the worker used up its memory\n',
    });
    expect(client.events('exited')).toEqual([{ exitCode: 2 }]);
  });
});

describe('pause and restart', () => {
  it('pause a run that goes on', async () => {
    await client.standing();
    await client.ask('continue', { threadId: 1 });
    await client.ask('pause', { threadId: 1 });
    await client.settled();
    expect(client.events('stopped').at(-1)).toMatchObject({ reason: 'pause' });
    await client.ask('pause', { threadId: 1 });
    expect(client.target.paused).toBe(1);
  });

  it('compile anew and keep the breakpoints', async () => {
    await client.standing();
    await client.ask('setBreakpoints', { source: { path: '/work/Driver.c' }, breakpoints: [{ line: 12 }] });
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'SavePacket' }] });
    const [old] = client.targets;
    await client.ask('restart', { arguments: { program: 'Driver.c', stopOnEntry: true } });
    expect(old?.disposed).toBe(true);
    expect(client.targets).toHaveLength(2);
    expect(client.target.asked.map(({ kind }) => kind)).toEqual([
      ...['define', 'setBreakpoints', 'setFunctionBreakpoints', 'setDataBreakpoints', 'setExceptionFilters', 'start'],
    ]);
    expect(client.events('breakpoint')).toMatchObject([{ reason: 'changed' }, { reason: 'changed' }]);
    // What the old run still says is nobody's.
    old?.stand({ kind: 'step' });
    await client.settled();
    expect(client.events('stopped')).toHaveLength(1);
    client.target.stand({ kind: 'entry' });
    await client.settled();
    expect(client.events('stopped')).toHaveLength(2);
  });
});

describe('debugging to a finding', () => {
  const finding = { rule: 'mem-leak', file: 'Driver.c', line: 12, packet: 3 };

  it('stops at the beginning only to go there', async () => {
    await client.ask('launch', { program: 'Driver.c', __finding: finding });
    await client.ask('configurationDone');
    expect(client.target.of('start')).toEqual([{ stopOnEntry: true }]);
    client.target.stand({ kind: 'entry' });
    await client.settled();
    expect(client.target.of('resume')).toEqual([
      {
        goal: {
          kind: 'debugToFinding',
          finding: { rule: 'mem-leak', location: { file: 'Driver.c', line: 12 }, channel: null, packet: 3, pass: null },
        },
      },
    ]);
    expect(client.events('stopped')).toEqual([]);
    client.target.stand({ kind: 'finding', rule: 'mem-leak', message: 'leak', final: false });
    await client.settled();
    expect(client.events('stopped')).toMatchObject([{ reason: 'exception', description: 'mem-leak' }]);
  });
});

describe('parts', () => {
  it('carry bytes as base64 both ways', () => {
    for (let length = 0; length < 10; length++) {
      const bytes = Uint8Array.from({ length }, (_each, index) => (index * 89 + 250) & 255);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }
    expect(fromBase64('a')).toBeUndefined();
  });

  it('read macros that stand for values', () => {
    const text =
      '#define A 1 /* one */\n#  define B (A + \\\n 2) // two\n#define F(x) x\n#define EMPTY\n#define S do { } while (0)\n#define A 3\n';
    expect(macrosOf([text])).toEqual([
      ['A', '1'],
      ['B', '(A +   2)'],
    ]);
  });
});
