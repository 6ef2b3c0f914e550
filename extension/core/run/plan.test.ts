import { describe, expect, it } from 'vitest';
import type { CompiledDriver, FunctionInfo } from '../toolchain/module.js';
import { type Plan, type PlanOptions, plan } from './plan.js';

const SAVE = ['VMBCHANNEL', 'VMBPACKET', 'PVOID', 'UINT32', 'PUINT32'];
const RESTORE = ['VMBCHANNEL', 'PVOID', 'UINT32', 'PVOID', 'UINT32'];

function code(name: string, parameters: readonly string[] = [], line = 10): FunctionInfo {
  return { name, symbol: name, file: 'd/a.c', line, parameters, returns: 'NTSTATUS' };
}

function driver(over: Partial<CompiledDriver> = {}): CompiledDriver {
  return {
    name: 'd',
    wasm: new Uint8Array(),
    files: ['d/a.c'],
    locations: [],
    functions: [code('Save', SAVE), code('Restore', RESTORE), code('Other')],
    fixtures: [],
    types: [],
    recordUses: [],
    bufferUses: [],
    pointerUses: [],
    indirectCalls: [],
    transients: [],
    undefinedFunctions: [],
    callbacks: { roles: [], registrations: [] },
    notes: [],
    ...over,
  };
}

function role(type: string, name: string) {
  return { type, function: name, file: 'd/a.c', line: 1 };
}

function registration(save: string, restore: string) {
  return { api: 'VmbServerChannelInitSetSaveRestorePacketCallbacks', save, restore, file: 'd/a.c', line: 2 };
}

function test(name: string, file: string, line: number, kind: 'test' | 'setup' | 'context' = 'test') {
  return { kind, name, symbol: `s_${name}`, file, line };
}

function planned(over: Partial<CompiledDriver>, options: Partial<PlanOptions> = {}): Plan {
  return plan(driver(over), { tests: [], ...options });
}

function callbacks(result: Plan): string {
  if (!result.ok) return result.message;
  const [run] = result.runs;
  return run?.program.kind === 'packets' ? `${run.program.save} ${run.program.restore}` : 'no packets run';
}

const TWO_SAVES = { functions: [code('A', SAVE), code('B', SAVE), code('Restore', RESTORE)] };

describe('callbacks of a run without a fixture', () => {
  it('are found by signature, plain and Ex', () => {
    expect(callbacks(planned({}))).toBe('Save Restore');
    const ex = [
      code('S', ['VMBCHANNEL', 'void *', ...SAVE.slice(1)]),
      code('R', ['VMBCHANNEL', 'PVOID', ...RESTORE.slice(1)]),
    ];
    expect(callbacks(planned({ functions: ex }))).toBe('S R');
  });

  it('are found by role before signature, and by registration where that says more', () => {
    const roles = [role('EVT_VMB_CHANNEL_SAVE_PACKET', 'B'), role('EVT_VMB_CHANNEL_RESTORE_PACKET', 'Restore')];
    expect(callbacks(planned({ ...TWO_SAVES, callbacks: { roles, registrations: [] } }))).toBe('B Restore');
    const both = [...roles, role('EVT_VMB_CHANNEL_SAVE_PACKET_EX', 'A')];
    const registrations = [registration('A', 'Restore')];
    expect(callbacks(planned({ ...TWO_SAVES, callbacks: { roles: both, registrations } }))).toBe('A Restore');
  });

  it('are named with the option when two fit', () => {
    expect(callbacks(planned(TWO_SAVES))).toBe('2 save callbacks fit: A and B; choose one with --save NAME');
    expect(callbacks(planned(TWO_SAVES, { save: 'B' }))).toBe('B Restore');
    expect(callbacks(planned(TWO_SAVES, { save: 'C' }))).toBe(
      '--save C: there is no such function; candidates are A and B',
    );
  });

  it('come in pairs as they are registered', () => {
    const functions = [code('S1', SAVE), code('S2', SAVE), code('R1', RESTORE), code('R2', RESTORE)];
    const over = {
      functions,
      callbacks: { roles: [], registrations: [registration('S1', 'R1'), registration('S2', 'R2')] },
    };
    expect(callbacks(planned(over, { save: 'S2' }))).toBe('S2 R2');
    expect(callbacks(planned(over, { restore: 'R1' }))).toBe('S1 R1');
    expect(callbacks(planned(over))).toMatch(/^2 save callbacks fit: S1 and S2/);
  });

  it('are both needed', () => {
    expect(callbacks(planned({ functions: [code('Save', SAVE)] }))).toMatch(
      /^found the save callback Save but no restore callback in 1 file: looked for .*--restore NAME$/,
    );
    expect(callbacks(planned({ functions: [code('Restore', RESTORE)] }))).toMatch(
      /^found the restore callback .*--save NAME$/,
    );
    expect(callbacks(planned({ functions: [] }))).toMatch(/^found nothing to run in the source: .*VSPLAB_TEST$/);
  });
});

describe('the context of a run without a fixture', () => {
  const types: CompiledDriver['types'] = [
    { kind: 'record', name: '_RX', size: 8, union: false, fields: [] },
    { kind: 'typedef', name: 'RX', target: 0 },
    { kind: 'pointer', name: 'PRX', target: 1 },
    { kind: 'record', name: 'TX', size: 8, union: false, fields: [] },
  ];
  const use = (name: string, type: number) => ({ function: name, api: 'VmbPacketGetPointer' as const, type });

  function context(over: Partial<CompiledDriver>, options: Partial<PlanOptions> = {}): unknown {
    const result = planned({ types, ...over }, options);
    if (!result.ok) return result.message;
    const program = result.runs[0]?.program;
    return program?.kind === 'packets' ? [program.contextType, program.contextHook] : undefined;
  }

  it('is what receives VmbPacketGetPointer, in the callbacks first', () => {
    expect(context({ pointerUses: [use('Save', 2), use('Other', 3)] })).toEqual([0, undefined]);
    expect(context({ pointerUses: [use('Other', 3)] })).toEqual([3, undefined]);
    expect(context({})).toEqual([undefined, undefined]);
  });

  it('is chosen by --context when two fit', () => {
    const pointerUses = [use('Save', 2), use('Restore', 3)];
    expect(context({ pointerUses })).toBe(
      '2 types receive VmbPacketGetPointer: RX and TX; choose one with --context STRUCT',
    );
    expect(context({ pointerUses }, { context: 'struct _RX' })).toEqual([0, undefined]);
    expect(context({ pointerUses }, { context: 'TXX' })).toBe('--context TXX: the driver has no struct of that name');
  });

  it('is known by the name of a typedef that debug info leaves out', () => {
    const lean: CompiledDriver['types'] = [
      { kind: 'record', name: '_RX', size: 8, union: false, fields: [] },
      { kind: 'pointer', name: '_RX *', target: 0 },
      { kind: 'typedef', name: 'PRX_CONTEXT', target: 1 },
    ];
    for (const name of ['RX', '_RX', 'RX_CONTEXT'])
      expect(context({ types: lean }, { context: name })).toEqual([0, undefined]);
    const fixtures = [test('TX', 't.c', 1, 'context'), test('RX', 't.c', 2, 'context')];
    expect(context({ types: lean, pointerUses: [use('Save', 1)], fixtures })).toEqual([0, 's_RX']);
  });

  it('is one record in all sources that have its tag', () => {
    const units: CompiledDriver['types'] = [
      { kind: 'record', name: '_RX', size: 8, union: false, fields: [] },
      { kind: 'pointer', name: '', target: 0 },
      { kind: 'record', name: '_RX', size: 8, union: false, fields: [] },
      { kind: 'typedef', name: 'RECEIVE', target: 2 },
      { kind: 'record', name: '_RX', size: 0, union: false, fields: [] },
      { kind: 'record', name: '_OWNER', size: 4, union: false, fields: [] },
      { kind: 'record', name: '_OWNER', size: 4, union: false, fields: [] },
      { kind: 'typedef', name: 'OWNER', target: 6 },
    ];
    const pointerUses = [use('Save', 1), use('Restore', 2), use('Restore', 4)];
    expect(context({ types: units, pointerUses })).toEqual([0, undefined]);
    const fixtures = [test('OWNER', 't.c', 1, 'context'), test('RECEIVE', 't.c', 2, 'context')];
    expect(context({ types: units, pointerUses, fixtures })).toEqual([0, 's_RECEIVE']);
    const channels = [{ function: 'Save', api: 'VmbChannelGetPointer' as const, type: 5 }];
    expect(context({ types: units, pointerUses: channels, fixtures })).toEqual([undefined, 's_RECEIVE']);
    expect(context({ types: units, pointerUses: [], fixtures })).toEqual([undefined, undefined]);
  });

  it('is made by a VSPLAB_CONTEXT where there is one', () => {
    expect(context({ pointerUses: [use('Save', 2)], fixtures: [test('RX', 't.c', 1, 'context')] })).toEqual([
      undefined,
      's_RX',
    ]);
    const fixtures = [test('TX', 't.c', 1, 'context'), test('RX', 't.c', 2, 'context')];
    expect(context({ pointerUses: [use('Save', 2)], fixtures })).toEqual([0, 's_RX']);
  });
});

describe('tests', () => {
  const fixtures = [
    test('Late', 'd/b.c', 3),
    test('B', 'd/a.c', 9),
    test('A', 'd/a.c', 4),
    test('', 'd/a.c', 1, 'setup'),
  ];

  function names(options: Partial<PlanOptions>): unknown {
    const result = planned({ fixtures }, options);
    return result.ok ? result.runs.map(({ name }) => name) : result.message;
  }

  it('run in path, then line order, with the set-up of their own file', () => {
    const result = planned({ fixtures });
    const runs = result.ok ? result.runs : [];
    expect(runs.map(({ name, program }) => [name, program.kind === 'test' && program.setup?.symbol])).toEqual([
      ['A', 's_'],
      ['B', 's_'],
      ['Late', undefined],
    ]);
  });

  it('are chosen by any of several patterns', () => {
    expect(names({ tests: ['A', 'L*'] })).toEqual(['A', 'Late']);
    expect(names({ tests: ['Nothing'] })).toEqual([]);
  });

  it('give way to --packets', () => {
    expect(names({ packets: 3 })).toEqual(['in-flight packets']);
    expect(names({ packets: 3, tests: ['B'] })).toEqual(['B']);
  });
});
