/** What a client does wrong, and every way a session ends: each is answered, and nothing is left behind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { ScratchProject } from '../support/cli.js';
import { type Body, Debugger, DRIVER, lineOf } from '../support/debugger.js';

const NIC = at('examples/synthetic-nic');
const STEPS = at('test/drivers/debug/Steps.c');
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

describe('wrong values of a launch', () => {
  it.each<[string, unknown, string | RegExp]>([
    ['program', 5, 'Launch attribute "program" is 5: expected a text.'],
    ['program', '', 'Launch attribute "program" is missing: the file or folder to debug.'],
    ['program', '/no/such/Driver.c', 'Launch attribute "program": there is no file or folder /no/such/Driver.c.'],
    ['program', at('README.md'), /README\.md: not a C or C\+\+ source/],
    ['test', 1, 'Launch attribute "test" is 1: expected a text.'],
    ['test', 'Stairs', /no test is called Stairs; there are Steps, /],
    ['packets', 0, 'Launch attribute "packets" is 0: expected a whole number from 1 to 10000000.'],
    ['seed', -1, 'Launch attribute "seed" is -1: expected a whole number from 0 to 4294967295.'],
    ['checks', 'most', 'Launch attribute "checks" is "most": expected "off", "contract", "full".'],
    ['include', 'inc', 'Launch attribute "include" is "inc": expected a list of texts.'],
    ['include', ['/no/such/folder'], /include folder .*no\/such\/folder: no such folder/],
    ['define', ['A B'], 'Launch attribute "define" is ["A B"]: expected each to be NAME or NAME=VALUE.'],
    ['stopOnEntry', 'yes', 'Launch attribute "stopOnEntry" is "yes": expected true or false.'],
    ['stopAt', 'write', /Launch attribute "stopAt" is "write": expected for example/],
    ['stopAt', { pass: 'write', packet: -1 }, /Launch attribute "stopAt\.packet" is -1/],
    ['stopAt', { pass: 'write', packt: 1 }, /Launch attribute "stopAt\.packt" is 1/],
    ['noDebug', 1, 'Launch attribute "noDebug" is 1: expected true or false.'],
    ['progrum', 'x', /There is no launch attribute "progrum": there are program, test, /],
  ])('%s: %o', async (attribute, value, message) => {
    const refusal = await debug.refused('launch', { program: DRIVER, test: 'Steps', [attribute]: value });
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });

  it('can be mended in the same session', async () => {
    await debug.refused('launch', { program: DRIVER, checks: 'most' });
    await debug.launch({ test: 'Steps', stopOnEntry: true });
    expect(await debug.stopped()).toMatchObject({ reason: 'entry' });
  });
});

describe('requests out of place', () => {
  const CALLS: readonly (readonly [string, object])[] = [
    ['stackTrace', { threadId: 1 }],
    ['scopes', { frameId: 1 }],
    ['variables', { variablesReference: 1 }],
    ['evaluate', { expression: '1' }],
    ['setVariable', { variablesReference: 1, name: 'a', value: '1' }],
    ['setExpression', { expression: 'a', value: '1' }],
    ['completions', { text: 'a', column: 1 }],
    ['continue', { threadId: 1 }],
    ['next', { threadId: 1 }],
    ['stepIn', { threadId: 1 }],
    ['stepOut', { threadId: 1 }],
    ['stepBack', { threadId: 1 }],
    ['reverseContinue', { threadId: 1 }],
    ['restartFrame', { frameId: 1 }],
    ['goto', { threadId: 1, targetId: 1 }],
    ['gotoTargets', { source, line: 1 }],
    ['exceptionInfo', { threadId: 1 }],
    ['readMemory', { memoryReference: '0x10000', count: 4 }],
    ['writeMemory', { memoryReference: '0x10000', data: 'AAAA' }],
    ['dataBreakpointInfo', { name: 'Turns' }],
    ['vspKernel', {}],
    ['vspPlace', {}],
    ['vspTravel', { record: 1 }],
    ['vspStopAt', { pass: 'write' }],
  ];

  it('are refused before a launch, while the run goes on, and when it is over', async () => {
    const refusals = async (): Promise<readonly string[]> =>
      Promise.all(CALLS.map(([command, parameters]) => debug.refused(command, parameters)));
    for (const message of await refusals()) expect(message).toMatch(/^Nothing has been launched/);
    await debug.launch({ test: 'Endless' });
    for (const message of await refusals()) expect(message).toMatch(/the run goes on: pause it first/i);
    await debug.ask('terminate');
    await debug.next('terminated');
    for (const message of await refusals()) expect(message).toMatch(/the run is over/i);
  });

  it.each(['attach', 'disassemble', 'stepInTargets', 'gibberish'])('%s is not known', async (command) => {
    expect(await debug.refused(command)).toBe(`The request '${command}' is not known here.`);
  });

  it('say what they lack', async () => {
    for (const [command] of CALLS) {
      const message = await debug.refused(command);
      expect(message).not.toMatch(/undefined|Cannot read|is not a function|the debugger failed/);
    }
    expect(await debug.refused('evaluate')).toBe('The request \'evaluate\' needs "expression", a text.');
  });
});

describe('a driver that never ends', () => {
  it.each([
    [DRIVER, 'Endless'],
    [STEPS, 'EndlessSilent'],
  ])('%s %s is paused, stepped and stopped within a second', async (program, test) => {
    const within = async <T>(work: () => Promise<T>): Promise<T> => {
      const start = performance.now();
      const answer = await work();
      expect(performance.now() - start).toBeLessThan(1000);
      return answer;
    };
    await debug.launch({ program, test });
    for (const way of ['continue', 'stepOut', 'continue']) {
      expect(await within(() => debug.go('pause'))).toMatchObject({ reason: 'pause' });
      await debug.ask(way, { threadId: 1 });
    }
    if (test === 'Endless') {
      // A breakpoint set while it goes on stops it.
      const breakpoints = [{ line: line('endless-turns') }];
      const stopped = await within(async () => {
        await debug.ask('setBreakpoints', { source, breakpoints });
        return debug.stopped();
      });
      expect(stopped.line).toBe(line('endless-turns'));
      await debug.ask('setBreakpoints', { source, breakpoints: [] });
      await debug.ask('continue', { threadId: 1 });
    }
    await within(async () => {
      await debug.ask('terminate');
      await debug.next('terminated');
    });
  });
});

describe('the end', () => {
  const settled = async (wanted: number | undefined): Promise<void> => {
    await expect.poll(() => debug.threads, { timeout: 10_000 }).toBe(wanted);
  };

  it('leaves no worker behind, however it comes', async () => {
    for (const [test, end] of [
      ['Steps', 'itself'],
      ['Endless', 'terminate'],
      ['Steps', 'restart'],
    ] as const) {
      await debug.stop();
      debug = await Debugger.start();
      const before = debug.threads;
      await debug.launch({ test, ...(end === 'restart' ? { stopOnEntry: true } : {}) });
      if (end === 'terminate') await debug.ask('terminate');
      if (end === 'restart') {
        await debug.stopped();
        for (let round = 0; round < 3; round++) {
          await debug.ask('restart', { arguments: { program: DRIVER, test: 'Endless' } });
        }
        expect(debug.threads).toBe(before === undefined ? undefined : before + 1);
        await debug.ask('terminate');
      }
      await debug.next('terminated');
      await settled(before);
    }
  });

  it.each([
    ['before a launch', async () => {}],
    [
      'while it compiles',
      async () => {
        void debug.refused('launch', { program: NIC, define: [`FRESH=${process.pid}`] });
        await debug.ask('threads').catch(() => {});
      },
    ],
    ['before it begins', async () => void (await debug.ask('launch', { program: DRIVER, test: 'Steps' }))],
    ['while it goes on', () => debug.launch({ test: 'Endless' })],
    [
      'while it stands',
      async () => {
        await debug.launch({ test: 'Steps', stopOnEntry: true });
        await debug.stopped();
      },
    ],
    [
      'while it travels',
      async () => {
        await debug.launch({ program: STEPS, test: 'Long' }, [{ line: lineOf(STEPS, '// long after') }]);
        await debug.stopped();
        void debug.refused('reverseContinue', { threadId: 1 });
      },
    ],
    [
      'when it is over',
      async () => {
        await debug.launch({ test: 'Steps' });
        await debug.next('terminated');
      },
    ],
  ])('comes by disconnect %s', async (_moment, reach) => {
    await reach();
    void debug.refused('disconnect');
    expect(await debug.ended()).toEqual(expect.any(Number));
  });

  it('of a launch can be asked for while it compiles', async () => {
    const project = new ScratchProject();
    project.write('Slow.c', '#include <vsplab.h>\n#include <ntddk.h>\nVSPLAB_TEST(T)\n{\n}\n');
    const launch = debug.refused('launch', { program: `${project.folder}/Slow.c` });
    await debug.ask('cancel', { requestId: 3 });
    expect(await launch).toBe('The launch was cancelled.');
    await debug.next('terminated');
    project.remove();
  });

  it('of a run without debugging is its report', async () => {
    await debug.launch({ test: 'Steps', noDebug: true, stopOnEntry: true }, [{ line: line('steps-calls') }]);
    const { exitCode, text } = await atItsEnd();
    expect([exitCode, debug.events.some(({ event }) => event === 'stopped')]).toEqual([0, false]);
    expect(text).toContain('1 of 1 run passed');
  });
});

describe('the simulated kernel from outside', () => {
  it('runs with what an editor knows and a launch does not say', async () => {
    const path = DRIVER.replaceAll('\\', '/');
    const text = '#include <vsplab.h>\nVSPLAB_TEST(Unsaved)\n{\n    VSPLAB_LOG("from the editor");\n}\n';
    await debug.surround(at(), [{ path, text }]);
    await debug.launch({ test: 'Unsaved' });
    await debug.next('terminated');
    expect(debug.output('stdout')).toBe('from the editor\n');
  });
});
