import { beforeEach, describe, expect, it } from 'vitest';
import type { BreakpointScope } from '../../core/debug/view.js';
import type { ShownVariable, ValueAskKind, ValueAsks } from './asks.js';
import { debugServices } from './services.js';
import { driverTypes, FakeStop } from './stopped.testing.js';

let stop: FakeStop;
let types: Readonly<Record<string, number>>;
let services: ReturnType<typeof debugServices>;

function typeOf(name: string): number {
  const id = types[name];
  if (id === undefined) throw new Error(name);
  return id;
}

function ask<Kind extends ValueAskKind>(kind: Kind, question: ValueAsks[Kind]['ask']): ValueAsks[Kind]['answer'] {
  return services.ask({ kind, ...question }, stop) as ValueAsks[Kind]['answer'];
}

const evaluate = (expression: string, context: 'repl' | 'hover' = 'hover') =>
  ask('evaluate', { stop: 1, frame: 0, expression, context });
const children = (reference: number, more: object = {}) => ask('variables', { stop: 1, reference, ...more });
const lines = (variables: readonly ShownVariable[]) => variables.map(({ name, value }) => `${name} = ${value}`);

const A = 0x11000;
const B = 0x12000;
const HEAD = 0x13000;

beforeEach(() => {
  stop = new FakeStop();
  types = driverTypes(stop);
  services = debugServices();
  const { memory } = stop;
  stop.local('Length', typeOf('uint'), 0x10100, { parameter: 1 });
  stop.local('Request', typeOf('pointer'), 0x10108, { parameter: 2 });
  stop.local('Status', typeOf('status'), 0x10110);
  stop.local('Done', typeOf('boolean'), 0x10114);
  stop.local('Irql', typeOf('irql'), 0x10115);
  stop.local('Text', typeOf('text'), 0x10118);
  stop.local('Name', typeOf('string'), 0x10120);
  stop.local('Word', typeOf('pchar'), 0x10130);
  stop.local('Routine', typeOf('proutine'), 0x10138);
  stop.local('Any', typeOf('pvoid'), 0x10140);
  stop.local('Letter', typeOf('char'), 0x10148);
  stop.local('Later', typeOf('uint'), 0x1014c, { declared: false, line: 40 });
  stop.local('Bytes', typeOf('bytes'), 0x10200);
  stop.statics.push({
    name: 'Queue',
    type: typeOf('list'),
    parameter: 0,
    line: 3,
    scope: -1,
    address: HEAD,
    shadowed: false,
    declared: true,
  });
  memory.put(0x10100, 4, 48);
  memory.put(0x10108, 8, A);
  memory.put(0x10110, 4, 0xc0000023);
  memory.put(0x10114, 1, 1);
  memory.put(0x10115, 1, 2);
  memory.text(0x10118, 'abc');
  memory.put(0x10120, 2, 6);
  memory.put(0x10122, 2, 8);
  memory.put(0x10128, 8, 0x10300);
  memory.text(0x10300, 'NIC', 2);
  memory.put(0x10130, 8, 0x10320);
  memory.text(0x10320, 'say "hi"\n');
  memory.put(0x10138, 8, 7);
  memory.put(0x10148, 1, 65);
  memory.put(A, 4, 99);
  memory.put(A + 4, 4, 5);
  memory.put(A + 24, 4, 2);
  memory.put(A + 28, 4, 0);
  memory.put(B, 4, 7);
  for (const [at, next, previous] of [
    [HEAD, A + 8, B + 8],
    [A + 8, B + 8, HEAD],
    [B + 8, HEAD, A + 8],
  ] as const) {
    memory.put(at, 8, next);
    memory.put(at + 8, 8, previous);
  }
  stop.blocks.push({ start: A, size: 32, tag: 'tseR' }, { start: B, size: 32, tag: 'tseR' });
});

describe('scopes', () => {
  it('are Locals, Globals and Kernel; a library frame has no locals', () => {
    expect(ask('scopes', { stop: 1, frame: 0 }).map(({ name }) => name)).toEqual(['Locals', 'Globals', 'Kernel']);
    expect(ask('scopes', { stop: 1, frame: 1 }).map(({ name }) => name)).toEqual(['Globals', 'Kernel']);
  });

  it('show values as people know them', () => {
    const [locals] = ask('scopes', { stop: 1, frame: 0 });
    expect(lines(children(locals?.variablesReference ?? 0))).toEqual([
      'Length = 48',
      "Request = 0x0000000000011000 → block 'tseR' of 32 bytes",
      'Status = STATUS_BUFFER_TOO_SMALL (0xC0000023)',
      'Done = TRUE',
      'Irql = DISPATCH_LEVEL (2)',
      'Text = "abc"',
      'Name = L"NIC"',
      'Word = 0x0000000000010320 "say \\"hi\\"\\n"',
      'Routine = 0x0000000000000007 SavePacket',
      'Any = NULL',
      "Letter = 65 'A'",
      'Later = not declared yet (line 40)',
      'Bytes = unsigned char[300] {0, 0, 0, 0, ...}',
    ]);
  });

  it('show the simulated kernel', () => {
    stop.kernelState = {
      ...stop.kernelState,
      irql: 2,
      pass: 'write',
      callback: 'EvtVmbChannelSavePacket',
      time: 25_000,
    };
    const kernel = ask('scopes', { stop: 1, frame: 0 }).find(({ name }) => name === 'Kernel');
    expect(lines(children(kernel?.variablesReference ?? 0)).slice(0, 5)).toEqual([
      'IRQL = DISPATCH_LEVEL (2)',
      'Locks held = none',
      'Time = 2.5 ms',
      'Callback = EvtVmbChannelSavePacket',
      'Pass = write',
    ]);
  });
});

describe('what can be opened', () => {
  it('gives members with expressions that give them again', () => {
    const { variablesReference } = evaluate('Request');
    const members = children(variablesReference);
    expect(lines(members)).toEqual([
      'Length = 99',
      'Low = 5',
      'Link = 2 entries',
      'Kind = KindWrite (2)',
      'Status = STATUS_SUCCESS (0x00000000)',
    ]);
    expect(members.map(({ evaluateName }) => evaluateName)).toEqual([
      'Request->Length',
      'Request->Low',
      'Request->Link',
      'Request->Kind',
      'Request->Status',
    ]);
    for (const { evaluateName, value } of members) expect(evaluate(evaluateName ?? '').value).toBe(value);
  });

  it('pages arrays', () => {
    const { variablesReference, indexedVariables } = evaluate('Bytes');
    expect(indexedVariables).toBe(300);
    const page = children(variablesReference, { filter: 'indexed', start: 290, count: 100 });
    expect(page.map(({ name }) => name).slice(0, 2)).toEqual(['[290]', '[291]']);
    expect(page).toHaveLength(10);
    expect(page[0]?.evaluateName).toBe('Bytes[290]');
  });

  it('shows a list as the records it links, told by their blocks', () => {
    const list = evaluate('Queue');
    expect(list.value).toBe('2 entries');
    const entries = children(list.variablesReference, { filter: 'indexed', start: 0, count: 10 });
    expect(entries.map(({ type, value }) => [type, value])).toEqual([
      ['REQUEST', '{Length = 99, Low = 5, Kind = KindWrite (2), Status = STATUS_SUCCESS (0x00000000), ...}'],
      ['REQUEST', '{Length = 7, Low = 0, Kind = KindNone (0), Status = STATUS_SUCCESS (0x00000000), ...}'],
    ]);
    expect(evaluate(`${entries[1]?.evaluateName}.Length`).value).toBe('7');
  });

  it('says where a list is broken, empty, or was never initialised', () => {
    stop.memory.put(B + 8, 8, 0x90);
    expect(evaluate('Queue').value).toBe('2 entries, then broken: Flink leads to no memory');
    stop.memory.put(B + 8, 8, A + 8);
    expect(evaluate('Queue').value).toBe('2 entries, then broken: it runs in a circle that misses its head');
    stop.memory.put(HEAD, 8, HEAD);
    expect(evaluate('Queue').value).toBe('empty');
    stop.memory.put(HEAD, 8, 0);
    expect(evaluate('Queue').value).toBe('not initialised');
  });

  it('names freed memory and no memory', () => {
    stop.blocks[0] = { start: A, size: 32, tag: 'tseR', freed: true };
    expect(evaluate('Request').value).toBe("0x0000000000011000 → freed block 'tseR' of 32 bytes, freed at Driver.c:30");
    stop.memory.put(0x10108, 8, 0x10);
    expect(evaluate('Request').value).toBe('0x0000000000000010 → NULL + 16');
    expect(evaluate('Request').variablesReference).toBe(0);
    expect(() => evaluate('Request->Length')).toThrow('cannot read 4 bytes at 0x0000000000000010: this is NULL + 16');
  });

  it('shows how far SaveBuf is written, and by which line', () => {
    stop.kernelState = { ...stop.kernelState, pass: 'write', saveBuffer: { address: A, size: 8 } };
    stop.writers = Uint32Array.of(1, 1, 1, 1, 0, 0, 1, 0);
    stop.memory.put(0x10140, 8, A);
    const buffer = evaluate('Any');
    expect(buffer.value).toBe('0x0000000000011000 → SaveBuf, 5 of 8 bytes written');
    expect(lines(children(buffer.variablesReference))).toEqual([
      '[0..3] = 63 00 00 00  by Driver.c:30',
      '[4..5] = 05 00  not written',
      '[6] = 00  by Driver.c:30',
      '[7] = 00  not written',
    ]);
  });

  it('is gone after the run has gone on', () => {
    const { variablesReference } = evaluate('Request');
    ask('scopes', { stop: 2, frame: 0 });
    expect(() => ask('variables', { stop: 2, reference: variablesReference + 100 })).toThrow('these values are gone');
  });
});

describe('formats', () => {
  it.each([
    ['Length,x', '0x00000030'],
    ['Length,b', '0b00000000000000000000000000110000'],
    ['Length,c', "'0'"],
    ['Status,d', '-1073741789'],
    ['Bytes,[2]', 'unsigned char[2] {0, 0}'],
    ['Word,[3]', '"say"...'.replace('...', '')],
    ['Request,!', "0x0000000000011000 → block 'tseR' of 32 bytes"],
  ])('%s is %s', (expression, value) => {
    expect(evaluate(expression).value).toBe(value);
  });

  it('follow the client that asks for hexadecimal', () => {
    const found = ask('evaluate', { stop: 1, frame: 0, expression: 'Length', context: 'watch', hexadecimal: true });
    expect(found.value).toBe('0x00000030');
  });
});

describe('changes', () => {
  it('set variables, members, elements and texts', () => {
    const [locals] = ask('scopes', { stop: 1, frame: 0 });
    const reference = locals?.variablesReference ?? 0;
    const set = (name: string, value: string) =>
      ask('setVariable', { stop: 1, frame: 0, reference, name, value }).value;
    expect(set('Length', 'Request->Length + 1')).toBe('100');
    expect(set('Status', 'STATUS_CANCELLED')).toBe('STATUS_CANCELLED (0xC0000120)');
    expect(set('Text', '"hello"')).toBe('"hello"');
    const { variablesReference } = evaluate('Request');
    expect(ask('setVariable', { stop: 1, reference: variablesReference, name: 'Low', value: '9' }).value).toBe('1');
    expect(
      ask('setVariable', { stop: 1, reference: variablesReference, name: 'Kind', value: 'KindRead', frame: 0 }).value,
    ).toBe('KindRead (1)');
    const bytes = evaluate('Bytes').variablesReference;
    expect(ask('setVariable', { stop: 1, reference: bytes, name: '[250]', value: '0x1ff' }).value).toBe('255');
    expect(stop.edits).toBe(6);
  });

  it('set expressions, and evaluate assignments in the console only', () => {
    expect(ask('setExpression', { stop: 1, frame: 0, expression: 'Request->Length', value: '5' }).value).toBe('5');
    expect(evaluate('Length = 3', 'repl')).toMatchObject({ value: '3', changed: true });
    expect(evaluate('Length++', 'repl').value).toBe('3');
    expect(evaluate('Length').value).toBe('4');
    expect(() => evaluate('Length = 3')).toThrow('that is not allowed here');
    expect(stop.edits).toBe(3);
  });

  it('refuse what cannot be', () => {
    const [locals, , kernel] = ask('scopes', { stop: 1, frame: 0 });
    const set = (reference: number, name: string, value: string) => () =>
      ask('setVariable', { stop: 1, frame: 0, reference, name, value });
    expect(set(kernel?.variablesReference ?? 0, 'IRQL', '1')).toThrow("IRQL is not the driver's");
    expect(set(locals?.variablesReference ?? 0, 'Name', '1')).toThrow(
      "Name is a '_UNICODE_STRING': change its members",
    );
    expect(set(locals?.variablesReference ?? 0, 'Text', '"much too long"')).toThrow('Text has room for 8 characters');
    expect(set(locals?.variablesReference ?? 0, 'Length', 'Nothing')).toThrow("there is no 'Nothing' here");
    expect(set(locals?.variablesReference ?? 0, 'Gone', '1')).toThrow('there is no Gone there');
    expect(() => ask('setExpression', { stop: 1, frame: 0, expression: '1 + 1', value: '1' })).toThrow(
      "'1 + 1' does not lie in memory",
    );
    expect(stop.edits).toBe(0);
  });
});

describe('places for data breakpoints', () => {
  it('are variables, members, expressions and addresses', () => {
    const { variablesReference } = evaluate('Request');
    expect(ask('place', { stop: 1, reference: variablesReference, name: 'Status' })).toMatchObject({
      address: A + 28,
      size: 4,
    });
    expect(ask('place', { stop: 1, frame: 0, name: 'Request->Link.Flink' })).toMatchObject({ address: A + 8, size: 8 });
    expect(ask('place', { stop: 1, name: '0x11000', bytes: 3 })).toEqual({
      address: A,
      size: 3,
      description: '0x11000 (3 bytes at 0x0000000000011000)',
    });
    expect(() => ask('place', { stop: 1, frame: 0, name: '1 + 1' })).toThrow('does not lie in memory');
  });
});

describe('completions', () => {
  const labels = (text: string) =>
    ask('completions', { frame: 0, text, column: text.length + 1 }).map(({ label }) => label);

  it('are names, and members after a dot or an arrow', () => {
    expect(labels('Req')).toEqual(['Request', 'REQUEST']);
    expect(labels('Request->')).toEqual(['Length', 'Low', 'Link', 'Kind', 'Status']);
    expect(labels('1 + Request->L')).toEqual(['Length', 'Low', 'Link']);
    expect(labels('Request->Link.F')).toEqual(['Flink']);
    expect(labels('$ir')).toEqual(['$irql']);
    expect(labels('KindR')).toEqual(['KindRead']);
    expect(labels('Nothing.')).toEqual([]);
  });

  it('replace the word that is there', () => {
    expect(ask('completions', { frame: 0, text: 'Length + Req', column: 13 })[0]).toMatchObject({
      start: 9,
      length: 3,
    });
  });
});

describe('breakpoints', () => {
  const scope = (): BreakpointScope => ({
    driver: stop.driver,
    tables: [],
    site: 0,
    variables: [...stop.locals, ...stop.statics].map((each) => ({ ...each, address: 0 })),
  });
  const view = () => ({
    memory: stop.memory,
    address: (index: number) => [...stop.locals, ...stop.statics][index]?.address ?? 0,
    stopped: stop,
  });

  it('have conditions with the types of the driver', () => {
    const condition = services.condition(
      'Request->Length == 99 && NT_ERROR(Status) && $irql == PASSIVE_LEVEL',
      scope(),
    );
    expect(condition.ok && condition.run(view())).toBe(true);
    stop.memory.put(A, 4, 98);
    expect(condition.ok && condition.run(view())).toBe(false);
  });

  it('know the macros of the driver', () => {
    services.define([['LIMIT', '(90 + 9)']]);
    const condition = services.condition('Request->Length == LIMIT', scope());
    expect(condition.ok && condition.run(view())).toBe(true);
  });

  it('refuse a condition that means nothing before anything runs', () => {
    expect(services.condition('Reqest == 0', scope())).toEqual({
      ok: false,
      message: "the condition 'Reqest == 0': there is no 'Reqest' here (did you mean 'Request'?)",
    });
    expect(services.condition('Length = 3', scope())).toMatchObject({ ok: false });
  });

  it('say which memory a condition could not read', () => {
    const condition = services.condition('Request->Length == 99', scope());
    stop.memory.put(0x10108, 8, 0);
    expect(() => condition.ok && condition.run(view())).toThrow('this is NULL');
  });

  it('log values in a text', () => {
    const message = services.logMessage('Length {Length}, {Request->Kind} and \\{braces\\}', scope());
    expect(message.ok && message.run(view())).toBe('Length 48, KindWrite (2) and {braces}');
    expect(services.logMessage('{Length', scope())).toEqual({
      ok: false,
      message: "the message '{Length': '{' is not closed",
    });
  });

  it.each([
    ['5', [5]],
    ['== 2', [2]],
    ['>= 3', [3, 4, 5, 6]],
    ['> 4', [5, 6]],
    ['<2', [1]],
    ['<= 2', [1, 2]],
    ['% 3', [3, 6]],
  ])('count hits: %s', (text, expected) => {
    const count = services.hitCondition(text);
    expect([1, 2, 3, 4, 5, 6].filter((hits) => count.ok && count.stops(hits))).toEqual(expected);
  });

  it.each(['', 'x', '% 0', '5 5', '-1'])("refuse the hit count '%s'", (text) => {
    expect(services.hitCondition(text)).toMatchObject({ ok: false, message: expect.stringContaining('>= 3') });
  });
});
