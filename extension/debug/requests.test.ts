import { beforeEach, describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';
import { Client } from './target.testing.js';

let client: Client;

beforeEach(() => {
  client = new Client();
});

const refused = (command: string, parameters: object = {}) =>
  client.ask(command, parameters).then(
    () => 'no refusal',
    (error: Error) => error.message,
  );

describe('breakpoints', () => {
  beforeEach(async () => {
    await client.ask('initialize', { adapterID: 'vsp' });
    await client.ask('launch', { program: 'Driver.c' });
  });

  it('are bound, moved or refused with the reason', async () => {
    const { breakpoints } = await client.ask('setBreakpoints', {
      source: { path: '/work/Driver.c' },
      breakpoints: [
        { line: 12, condition: 'Length > 4', hitCondition: '3' },
        { line: 13 },
        { line: 99, logMessage: 'x' },
      ],
    });
    expect(breakpoints).toMatchObject([
      { verified: true, line: 12, id: 1 },
      { verified: true, line: 14, endLine: 15 },
      { verified: false, message: 'Line 99 has no code.' },
    ]);
    expect(client.target.of('setBreakpoints')).toEqual([
      {
        file: '/work/Driver.c',
        breakpoints: [
          { id: 1, line: 12, condition: 'Length > 4', hitCondition: '3' },
          { id: 2, line: 13 },
          { id: 3, line: 99, logMessage: 'x' },
        ],
      },
    ]);
  });

  it('can stand at statements', async () => {
    const at = (line: number, endLine?: number) =>
      client.ask('breakpointLocations', {
        source: { path: '/work/Driver.c' },
        line,
        ...(endLine === undefined ? {} : { endLine }),
      });
    expect(await at(12)).toEqual({ breakpoints: [{ line: 12, column: 5, endLine: 12 }] });
    expect(await at(10, 20)).toMatchObject({ breakpoints: [{ line: 11 }, { line: 12 }, { line: 14, endLine: 15 }] });
    expect(await at(13)).toEqual({ breakpoints: [] });
  });

  it('of exceptions take rules by name', async () => {
    const filterOptions = [
      { filterId: 'finding', condition: 'mem-leak, savepkt-no-overrun' },
      { filterId: 'finding', condition: 'no-rule' },
      { filterId: 'status', condition: 'x' },
      { filterId: 'luck' },
    ];
    expect(await client.ask('setExceptionBreakpoints', { filters: ['bugcheck'], filterOptions })).toEqual({
      breakpoints: [
        { verified: true },
        { verified: true },
        { verified: false, message: "There is no rule 'no-rule'." },
        { verified: false, message: "There is no status 'x': STATUS_NO_MEMORY and 0xC0000017 are examples." },
        { verified: false, message: "There is no filter 'luck'." },
      ],
    });
    expect(client.target.of('setExceptionFilters')).toEqual([
      { filters: { bugcheck: true, finding: ['mem-leak', 'savepkt-no-overrun'] } },
    ]);
  });

  it('of data know places by name and say what changed', async () => {
    await client.ask('configurationDone');
    client.target.stand({ kind: 'entry' });
    await client.settled();
    const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
    const frameId = (stackFrames as readonly { id: number }[])[0]?.id;
    const info = await client.ask('dataBreakpointInfo', { name: 'Length', frameId });
    expect(info).toMatchObject({ accessTypes: ['write'], description: expect.stringContaining('Length (4 bytes at') });
    expect(await client.ask('dataBreakpointInfo', { name: '1 + 1', frameId })).toMatchObject({ dataId: null });
    const { breakpoints } = await client.ask('setDataBreakpoints', {
      breakpoints: [{ dataId: info['dataId'] }, { dataId: 'x' }, { dataId: info['dataId'], accessType: 'read' }],
    });
    expect(breakpoints).toMatchObject([
      { verified: true },
      { verified: false, message: "'x' names no place in memory." },
      { verified: false, message: 'Only writes can be watched.' },
    ]);
    const [first] = breakpoints as readonly { id: number }[];
    client.target.stand({
      kind: 'data breakpoint',
      ids: [first?.id ?? 0],
      address: 0x10100,
      before: Uint8Array.of(48, 0, 0, 0),
      after: Uint8Array.of(49, 0, 0, 0),
      writer: { file: 'Driver.c', line: 12, column: 1, function: 'SavePacket' },
    });
    await client.settled();
    expect(client.events('stopped').at(-1)).toMatchObject({
      reason: 'data breakpoint',
      text: 'Length: 48 → 49, written in Driver.c:12',
    });
  });
});

describe('a run that stands', () => {
  beforeEach(async () => {
    await client.standing();
  });

  it('has a stack with the library calls that led there', async () => {
    expect(client.events('stopped')).toEqual([
      { reason: 'breakpoint', hitBreakpointIds: [1], threadId: 1, allThreadsStopped: true },
    ]);
    const { stackFrames, totalFrames } = await client.ask('stackTrace', { threadId: 1 });
    expect(totalFrames).toBe(2);
    expect(stackFrames).toMatchObject([
      { name: 'SavePacket', line: 12, column: 5, source: { path: '/work/Driver.c' }, canRestart: true },
      { name: 'VmbChannelSaveContinue', presentationHint: 'subtle', line: 0 },
    ]);
    expect(await client.ask('stackTrace', { threadId: 1, startFrame: 1, levels: 1 })).toMatchObject({
      stackFrames: [{ name: 'VmbChannelSaveContinue' }],
      totalFrames: 2,
    });
    expect(await client.ask('stackTrace', { threadId: 9 })).toEqual({ stackFrames: [], totalFrames: 0 });
  });

  it('has channels as threads', async () => {
    const channel = {
      ...{ index: 0, handle: 0x100, name: 'nic', server: true, enabled: true, open: true, started: true },
      ...{
        suspended: false,
        saving: false,
        restoring: false,
        pointer: 0,
        ringSize: 0,
        packets: [],
        packetCount: 0,
        inFlight: 0,
        queued: 0,
        incoming: [],
      },
    };
    client.target.stop.kernelState = { ...client.target.stop.kernelState, channels: [channel], channel: 0 };
    client.target.stand({ kind: 'step' });
    await client.settled();
    expect(client.events('thread')).toEqual([{ reason: 'started', threadId: 2 }]);
    expect(client.events('stopped').at(-1)).toMatchObject({ threadId: 2 });
    expect(await client.ask('threads')).toEqual({
      threads: [
        { id: 1, name: 'SavesAndRestores' },
        { id: 2, name: 'Channel 0 "nic"' },
      ],
    });
  });

  it('has scopes, variables and expressions', async () => {
    const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
    const frameId = (stackFrames as readonly { id: number }[])[0]?.id ?? 0;
    const { scopes } = await client.ask('scopes', { frameId });
    const [locals] = scopes as readonly { variablesReference: number; presentationHint: string }[];
    expect(locals?.presentationHint).toBe('locals');
    expect(
      await client.ask('variables', { variablesReference: locals?.variablesReference, format: { hex: true } }),
    ).toMatchObject({
      variables: [{ name: 'Length', value: '0x00000030', type: 'unsigned int' }, { name: 'Request' }],
    });
    expect(await client.ask('evaluate', { expression: 'Length + 1', frameId })).toMatchObject({ result: '49' });
    expect(await client.ask('evaluate', { expression: 'LIMIT', frameId })).toMatchObject({ result: '64' });
    expect(await refused('evaluate', { expression: 'Lenth', frameId })).toBe(
      "there is no 'Lenth' here (did you mean 'Length'?)",
    );
    expect(await refused('evaluate', { expression: 'Length = 1', frameId, context: 'hover' })).toMatch(
      /not allowed here/,
    );
    expect(await client.ask('completions', { text: 'Len', column: 4, frameId })).toMatchObject({
      targets: [{ label: 'Length', start: 0, length: 3 }],
    });
    expect(await refused('scopes', { frameId: frameId + 5 })).toBe('This frame is gone: the run has gone on.');
  });

  it('tells clients that know such events what a change makes stale', async () => {
    client = await new Client().standing({ supportsInvalidatedEvent: true, supportsMemoryEvent: true });
    const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
    const frameId = (stackFrames as readonly { id: number }[])[0]?.id ?? 0;
    const { scopes } = await client.ask('scopes', { frameId });
    const [locals] = scopes as readonly { variablesReference: number }[];
    const set = { variablesReference: locals?.variablesReference, name: 'Length', value: '7' };
    expect(await client.ask('setVariable', set)).toMatchObject({ value: '7' });
    expect(client.order().slice(-2)).toEqual(['setVariable', 'invalidated event']);
    expect(await client.ask('setExpression', { expression: 'Length', value: '8', frameId })).toMatchObject({
      value: '8',
    });
    expect(await client.ask('evaluate', { expression: 'Length = 9', frameId, context: 'repl' })).toMatchObject({
      result: '9',
    });
    expect(client.events('invalidated')).toHaveLength(3);
    await client.ask('writeMemory', { memoryReference: '0x10100', data: toBase64(Uint8Array.of(5)) });
    expect(client.events('memory')).toEqual([{ memoryReference: '0x0000000000010100', offset: 0, count: 1 }]);
  });

  it('reads and writes memory up to its end', async () => {
    const read = async (memoryReference: string, count: number, offset = 0) => {
      const { data, unreadableBytes, address } = await client.ask('readMemory', { memoryReference, count, offset });
      return { address, bytes: [...(fromBase64(String(data)) ?? [])], unreadable: unreadableBytes };
    };
    expect(await read('0x10100', 4)).toEqual({
      address: '0x0000000000010100',
      bytes: [48, 0, 0, 0],
      unreadable: undefined,
    });
    expect(await read('0x1fffe', 4)).toMatchObject({ bytes: [0, 0], unreadable: 2 });
    expect(await read('0x20000', 4)).toMatchObject({ bytes: [], unreadable: 4 });
    expect(await client.ask('readMemory', { memoryReference: '0x10', offset: -20, count: 4 })).toMatchObject({
      unreadableBytes: 4,
    });
    expect(await refused('readMemory', { memoryReference: 'Length', count: 4 })).toMatch(/'Length' is no address/);
    expect(await refused('readMemory', { memoryReference: '0x10000', count: 1e9 })).toMatch(/at most 16777216 can/);
    const data = toBase64(Uint8Array.of(1, 2, 3, 4));
    expect(await refused('writeMemory', { memoryReference: '0x1fffe', data })).toMatch(
      /Only 2 of 4 bytes can be written/,
    );
    expect(await client.ask('writeMemory', { memoryReference: '0x1fffe', data, allowPartial: true })).toEqual({
      offset: 0,
      bytesWritten: 2,
    });
    expect(await refused('writeMemory', { memoryReference: '0x10100', data: '!' })).toBe('The data is no base64.');
    expect(await read('0x1fffe', 2)).toMatchObject({ bytes: [1, 2] });
  });

  it.each([
    ['continue', {}, { kind: 'continue' }],
    ['next', { granularity: 'statement' }, { kind: 'stepOver', granularity: 'statement' }],
    ['next', {}, { kind: 'stepOver', granularity: 'line' }],
    ['stepIn', { granularity: 'instruction' }, { kind: 'stepIn', granularity: 'statement' }],
    ['stepOut', {}, { kind: 'stepOut' }],
    ['stepBack', {}, { kind: 'stepBack', granularity: 'line' }],
    ['reverseContinue', {}, { kind: 'reverseContinue' }],
    ['vspStopAt', { pass: 'write', packet: 2 }, { kind: 'stopAt', at: { pass: 'write', packet: 2 } }],
    ['vspTravel', { record: 12 }, { kind: 'travelToEvent', record: 12 }],
  ])('goes on: %s %j', async (command, parameters, goal) => {
    await client.ask(command, { threadId: 1, ...parameters });
    expect(client.target.of('resume')).toEqual([{ goal }]);
    expect(await refused('next', { threadId: 1 })).toBe('The run goes on: pause it first.');
    client.target.stand({ kind: 'step' });
    await client.settled();
    expect(client.order().slice(-1)).toEqual(['stopped event']);
  });

  it('stays where it is when going on is refused', async () => {
    const { request } = client.target;
    client.target.request = async (kind, ask) => {
      if (kind === 'resume') throw new Error('there is no earlier statement');
      return request.call(client.target, kind, ask) as never;
    };
    expect(await refused('stepBack', { threadId: 1 })).toBe('there is no earlier statement');
    expect(await client.ask('stackTrace', { threadId: 1 })).toMatchObject({ totalFrames: 2 });
  });

  it('begins a frame anew, those of the library aside', async () => {
    const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
    const [own, library] = stackFrames as readonly { id: number }[];
    expect(await refused('restartFrame', { frameId: library?.id })).toMatch(/library cannot be begun anew/);
    await client.ask('restartFrame', { frameId: own?.id });
    expect(client.target.of('resume')).toEqual([{ goal: { kind: 'restartFrame', frame: 0 } }]);
  });

  it('goes to lines of the function that runs only', async () => {
    const source = { path: '/work/Driver.c' };
    const { targets } = await client.ask('gotoTargets', { source, line: 14 });
    expect(targets).toMatchObject([{ label: 'Driver.c:14', line: 14, column: 9 }]);
    expect(await refused('gotoTargets', { source, line: 50 })).toBe(
      'Line 50 is no statement of SavePacket: the run can only be moved within it.',
    );
    await client.ask('goto', { threadId: 1, targetId: (targets as readonly { id: number }[])[0]?.id });
    expect(client.target.of('resume')).toEqual([{ goal: { kind: 'goto', line: 14, column: 9 } }]);
  });

  it('tells what a finding is', async () => {
    client.target.stand({
      kind: 'finding',
      rule: 'savepkt-no-overrun',
      message: 'writes 4 bytes too many',
      final: true,
    });
    await client.settled();
    expect(client.events('stopped').at(-1)).toMatchObject({
      reason: 'exception',
      description: 'savepkt-no-overrun',
      text: 'writes 4 bytes too many',
    });
    expect(await client.ask('exceptionInfo', { threadId: 1 })).toMatchObject({
      exceptionId: 'savepkt-no-overrun',
      description: 'writes 4 bytes too many',
      details: { stackTrace: 'SavePacket at Driver.c:12\nVmbChannelSaveContinue' },
    });
    client.target.stand({ kind: 'status', status: 0xc0000023, callback: 'EvtVmbChannelSavePacket' });
    await client.settled();
    expect(client.events('stopped').at(-1)).toMatchObject({
      reason: 'exception',
      description: 'STATUS_BUFFER_TOO_SMALL',
    });
  });

  it('gives our headers by number', async () => {
    const { sources } = await client.ask('loadedSources');
    expect(sources).toEqual([{ name: 'Driver.c', path: '/work/Driver.c' }]);
    client.target.stand({ kind: 'step' }, [
      {
        index: 0,
        kind: 'user',
        name: 'Inline',
        location: { file: '<wdk>/ntddk.h', line: 1, column: 1, function: 'Inline' },
        scope: 0,
        depth: 1,
      },
    ]);
    await client.settled();
    const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
    const [frame] = stackFrames as readonly { source: { sourceReference: number } }[];
    expect(
      await client.ask('source', { source: frame?.source, sourceReference: frame?.source.sourceReference }),
    ).toMatchObject({ content: '#pragma once\n' });
    expect(await refused('source', { sourceReference: 99 })).toBe('There is no such source.');
  });

  it('gives its kernel as trees, and where it stands', async () => {
    expect(await client.ask('vspKernel')).toMatchObject({
      nodes: [{ label: 'no callback' }, { label: 'Saved chunks' }, { label: 'Pool blocks' }],
    });
    expect(await client.ask('vspPlace')).toEqual({
      run: 'SavesAndRestores',
      reason: 'Paused at a breakpoint',
      location: { file: 'Driver.c', line: 12, column: 5, function: 'SavePacket' },
      callback: null,
      channel: null,
      packet: null,
      pass: null,
      buffer: null,
    });
  });
});
