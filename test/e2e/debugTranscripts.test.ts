import { describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { type Body, Debugger, type Place } from '../support/debugger.js';

/** What a person does with each example: to a packet's write pass, around in it, on to its restore, to the end. */
const EXAMPLES = ['synthetic-nic', 'storage-bus', 'synthetic-video'] as const;

interface Shown {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
  readonly variablesReference: number;
}

async function frames(debug: Debugger, { threadId }: Place): Promise<readonly string[]> {
  const { stackFrames } = await debug.ask('stackTrace', { threadId });
  return (stackFrames as readonly { name: string; line: number; source?: { name: string } }[]).map(
    ({ name, line, source }) => (source === undefined ? `    ${name} (library)` : `    ${name} ${source.name}:${line}`),
  );
}

async function scope(debug: Debugger, frameId: number, name: string): Promise<readonly string[]> {
  const { scopes } = await debug.ask('scopes', { frameId });
  const wanted = (scopes as readonly Shown[]).find((each) => each.name === name);
  const { variables } = await debug.ask('variables', { variablesReference: wanted?.variablesReference });
  return (variables as readonly Shown[]).map((each) => `    ${each.name}: ${each.type ?? ''} = ${each.value}`);
}

async function transcript(program: string): Promise<string> {
  const debug = await Debugger.start();
  const lines: string[] = [];
  const note = async (title: string, place: Place): Promise<void> => {
    lines.push(`${title}: ${place.reason} at ${place.name} ${place.file}:${place.line}`);
  };
  const evaluate = async (expression: string, { frameId }: Place): Promise<void> => {
    const answer = await debug.ask('evaluate', { expression, frameId, context: 'watch' });
    lines.push(`    ${expression} = ${answer['result']}`);
  };
  try {
    await debug.launch({ program, checks: 'contract', stopAt: { pass: 'write' } });
    const write = await debug.stopped();
    await note('stop at the write pass', write);
    lines.push('  stack', ...(await frames(debug, write)));
    for (const expression of ['$pass == $write', '$packet', '$savesize']) await evaluate(expression, write);
    let place = write;
    for (const step of ['next', 'next', 'stepIn', 'stepOut', 'stepBack', 'next']) {
      place = await debug.go(step);
      await note(step, place);
    }
    lines.push('  Locals', ...(await scope(debug, place.frameId, 'Locals')));
    lines.push('  Kernel', ...(await scope(debug, place.frameId, 'Kernel')));
    place = await debug.go('vspStopAt', { pass: 'restore' });
    await note('stop at the restore', place);
    lines.push('  stack', ...(await frames(debug, place)));
    place = await debug.go('stepBack');
    await note('stepBack', place);
    await debug.ask('continue', { threadId: 1 });
    await debug.next('terminated');
    const exited = debug.events.find(({ event }) => event === 'exited')?.body as Body;
    lines.push(`exit status ${exited['exitCode']}`, debug.output('console'));
    return lines.join('\n');
  } finally {
    await debug.stop();
  }
}

describe('debugging an example gives the same transcript every time', () => {
  it.each(EXAMPLES)('%s', async (example) => {
    // Addresses move with every change of our C; what lies there does not.
    const text = (await transcript(at('examples', example))).replace(/0x[0-9A-F]{16}/g, '0x...');
    await expect(text).toMatchFileSnapshot(`../golden/debug-${example}.txt`);
  });
});
