/** Values of every kind a driver has, as a client of the debug adapter protocol is shown them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { Debugger, lineOf, type Place } from '../support/debugger.js';

const VALUES = at('test/drivers/debug/Values.cpp');
const LOCKS = at('test/drivers/debug/Locks.c');

interface Shown {
  readonly name: string;
  readonly value: string;
  readonly variablesReference: number;
}

/** A session that stands at a line of a file. */
async function standing(program: string, mark: string): Promise<[Debugger, Place]> {
  const debug = await Debugger.start();
  await debug.launch({ program }, [{ line: lineOf(program, mark) }]);
  return [debug, await debug.stopped()];
}

async function children(debug: Debugger, variablesReference: number): Promise<readonly Shown[]> {
  const { variables } = await debug.ask('variables', { variablesReference });
  return variables as readonly Shown[];
}

/** `name = value` of what lies in a scope. */
async function scope(debug: Debugger, frameId: number, name: string): Promise<readonly Shown[]> {
  const { scopes } = await debug.ask('scopes', { frameId });
  const found = (scopes as readonly Shown[]).find((each) => each.name === name);
  return children(debug, found?.variablesReference ?? 0);
}

async function opened(debug: Debugger, expression: string, frameId: number): Promise<readonly string[]> {
  const { variablesReference } = await debug.ask('evaluate', { expression, frameId });
  return (await children(debug, variablesReference as number)).map(({ name, value }) => `${name} = ${value}`);
}

describe('values of C++', () => {
  let debug: Debugger;
  let place: Place;
  beforeAll(async () => {
    [debug, place] = await standing(VALUES, 'stand here');
  });
  afterAll(() => debug.stop());

  it.each([
    // Bit-fields, enums with and without a scope.
    ['object.Colour', 'ColourBlue (7)'],
    ['object.Wide', '703710'],
    ['object.Signed', '-3'],
    ['object.Flag', 'TRUE'],
    ['object.State', 'Busy (3)'],
    ['object.State == Mode::Busy', '1'],
    ['(COLOUR)2', 'ColourGreen (2)'],
    // Unions, arrays, text.
    ['either.Parts.High', '4386'],
    ['either.Bytes[3]', '17'],
    ['matrix[1][2]', '6'],
    ['text', '"hello"'],
    ['Name', 'L"Unicode name"'],
    ['number', '1.5'],
    ['single', '0.25'],
    ['big', '1311768467463790320'],
    ['large', '-5'],
    ['guid', '{12345678-1234-5678-0102-030405060708}'],
    // Statuses and levels by name.
    ['status', 'STATUS_BUFFER_TOO_SMALL (0xC0000023)'],
    ['irql', 'DISPATCH_LEVEL (2)'],
    ['yes', 'TRUE'],
    // Classes: bases, references, templates, namespaces.
    ['reference.Id', '5'],
    ['base->Id', '5'],
    ['((deep::Derived *)base)->Wide', '703710'],
    ['object.Values.Items[1]', '12'],
    ['object.Values.Count', '2'],
    ['deep::Hidden', '77'],
    ['sizeof(deep::Derived)', '40'],
    // Lambdas and functions.
    ['lambda.big', '1311768467463790320'],
    ['function', 'NULL'],
  ])('%s is %s', async (expression, value) => {
    expect(await debug.value(expression, place.frameId)).toBe(value);
  });

  it.each([
    ['block', /^0x\w+ → block 'Vlue' of 64 bytes$/],
    ['(UINT8 *)block + 8', /^0x\w+ → block 'Vlue' of 64 bytes \+ 8$/],
    ['gone', /^0x\w+ → freed block 'Gone' of 32 bytes, freed at Values\.cpp:\d+$/],
    ['base', /^0x\w+ → local object$/],
    ['wide', /^0x\w+ L"wide"/],
    ['&Head', /^0x\w+ → Head$/],
  ])('%s says what it leads to', async (expression, value) => {
    expect(await debug.value(expression, place.frameId)).toMatch(value);
  });

  it('lists are the records they link, in an array of them, too', async () => {
    expect(await debug.value('Head', place.frameId)).toBe('3 entries');
    const entries = (await opened(debug, 'Head', place.frameId)).filter((line) => line.startsWith('['));
    expect(entries).toEqual([0, 1, 2].map((index) => `[${index}] = {Number = 3, ...}`));
  });

  it('every variable of the frame is there, with its members', async () => {
    const locals = await scope(debug, place.frameId, 'Locals');
    expect(locals.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['object', 'reference', 'base', 'either', 'nodes', 'lambda', 'matrix', 'guid']),
    );
    const object = locals.find(({ name }) => name === 'object');
    expect((await children(debug, object?.variablesReference ?? 0)).map(({ name }) => name)).toEqual([
      ...['Base', 'Values', 'State', 'Colour', 'Wide', 'Signed', 'Flag'],
    ]);
  });

  it.each([
    ['object.Wide', '0xFFFFF', '1048575'],
    ['object.Signed', '-16', '-16'],
    ['object.Colour', 'ColourRed', 'ColourRed (1)'],
    ['object.State', 'Mode::Idle', 'Idle (0)'],
    ['reference.Id', '8', '8'],
    ['status', 'STATUS_SUCCESS', 'STATUS_SUCCESS (0x00000000)'],
    ['text', '"bye"', '"bye"'],
    ['number', '2.5', '2.5'],
    ['nodes[2].Number', 'captured + 1', '10'],
  ])('%s is set to %s', async (expression, value, shown) => {
    const { frameId } = place;
    expect(await debug.ask('setExpression', { expression, value, frameId })).toMatchObject({ value: shown });
    expect(await debug.value(expression, frameId)).toBe(shown);
    // The neighbours of a bit-field keep their values.
    expect(await debug.value('object.Flag', frameId)).toBe('TRUE');
  });

  it.each([
    ['object', '1', /change its members/],
    ['matrix[0]', '1', /change its members/],
    ['5', '1', /does not lie in memory/],
    ['text', '"far too long for it"', /6/],
  ])('%s cannot be set to %s', async (expression, value, message) => {
    expect(await debug.refused('setExpression', { expression, value, frameId: place.frameId })).toMatch(message);
  });

  it('of a method are its members by name, of a lambda what it has captured', async () => {
    const source = { path: VALUES };
    const breakpoints = ['in lambda', 'in method'].map((mark) => ({ line: lineOf(VALUES, mark) }));
    await debug.ask('setBreakpoints', { source, breakpoints });
    const lambda = await debug.go('continue');
    expect(await debug.value('this->captured', lambda.frameId)).toBe('9');
    expect(await debug.value('captured + x', lambda.frameId)).toBe('13');
    const method = await debug.go('continue');
    expect(method.name).toBe('deep::Derived::Twice');
    expect(await debug.value('this', method.frameId)).toMatch(/→ local object$/);
    expect(await debug.value('Id + Values.Count', method.frameId)).toBe('10');
    expect(await debug.refused('evaluate', { expression: 'captured', frameId: method.frameId })).toMatch(/there is no/);
  });
});

describe('locks that are held', () => {
  let debug: Debugger;
  let place: Place;
  beforeAll(async () => {
    [debug, place] = await standing(LOCKS, 'all are held');
  });
  afterAll(() => debug.stop());

  const taken = (mark: string): string => `taken at Locks.c:${lineOf(LOCKS, `// takes ${mark}`)}`;

  it('are told by name, with the line that took them', async () => {
    const kernel = await scope(debug, place.frameId, 'Kernel');
    const held = kernel.find(({ name }) => name === 'Locks held');
    expect(held?.value).toBe('7 locks');
    const locks = await children(debug, held?.variablesReference ?? 0);
    expect(locks.map(({ name, value }) => [name, value])).toEqual([
      ['State->Resource', `resource, ${taken('resource')}`],
      ['Wait', `wait lock, ${taken('wait lock')}`],
      ['State->Push', `push lock, ${taken('push lock')}`],
      ['State->Mutex', `fast mutex, ${taken('mutex')}`],
      ['State->Readers', `spin lock, shared, ${taken('shared')}`],
      ['State->Queues[1].Lock', `spin lock, ${taken('queue')}`],
      ['Global', `spin lock, ${taken('global')}`],
    ]);
  });

  it('say so themselves', async () => {
    expect(await debug.value('State->Queues[1].Lock', place.frameId)).toBe(`held, spin lock, ${taken('queue')}`);
    expect(await debug.value('State->Queues[0].Lock', place.frameId)).toBe('0');
    expect(await debug.value('State->Mutex', place.frameId)).toBe(`held, fast mutex, ${taken('mutex')}`);
    expect(await debug.value('$irql', place.frameId)).toBe('DISPATCH_LEVEL (2)');
    expect(await debug.value('$spinlocks', place.frameId)).toBe('3');
  });

  it('are in the tree of the debug panel', async () => {
    const { nodes } = await debug.ask('vspKernel');
    expect(nodes).toMatchObject([
      { children: [{ label: 'IRQL' }, { label: 'Locks held', description: '7', children: { length: 7 } }] },
      ...Array((nodes as readonly unknown[]).length - 1).fill({}),
    ]);
  });

  it('are gone once they are released', async () => {
    const breakpoints = [{ line: lineOf(LOCKS, 'none is held') }];
    await debug.ask('setBreakpoints', { source: { path: LOCKS }, breakpoints });
    const { frameId } = await debug.go('continue');
    const kernel = await scope(debug, frameId, 'Kernel');
    expect(kernel.find(({ name }) => name === 'Locks held')?.value).toBe('none');
    expect(await debug.value('Global', frameId)).toBe('0');
  });
});
