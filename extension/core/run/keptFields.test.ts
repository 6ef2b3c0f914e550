import { expect, it } from 'vitest';
import type { ContextField, ContextTable, FieldOutcome } from '../kmcl/differences.js';
import type { SourceLocation } from '../toolchain/module.js';
import { keptElsewhere } from './keptFields.js';
import type { RunEnd } from './reportBuilder.js';
import { sampleResult } from './sampleReport.testing.js';

const LOCATIONS: readonly (readonly SourceLocation[])[] = [
  ['', 'Save', 'Restore', 'OtherRestore'].map((name, line) => ({ file: 'a.c', line, column: 1, function: name })),
];

function end(outcome: FieldOutcome, callbacks: readonly [number, number]): RunEnd {
  const lost = outcome === 'lost' ? { lost: { channel: 0, packet: 0, pass: 'write' as const, location: 1 } } : {};
  const field: ContextField = {
    name: 'Id',
    type: 'ULONG',
    offset: 0,
    size: 4,
    outcome,
    saved: [],
    restored: [],
    ...lost,
  };
  const contexts: readonly ContextTable[] = [{ record: 'REQUEST', callbacks, fields: [field] }];
  return { kind: 'result', result: sampleResult({ differential: { records: [], breaches: [], contexts } }) };
}

function outcomes(ends: readonly RunEnd[]): readonly (string | undefined)[] {
  return ends.map((each) =>
    each.kind === 'result' ? each.result.differential?.contexts[0]?.fields[0]?.outcome : each.kind,
  );
}

it('a field that one test shows to survive is not lost in another of the same callbacks', () => {
  const ends = keptElsewhere([end('kept', [1, 2]), end('lost', [1, 2])], LOCATIONS);
  expect(outcomes(ends)).toEqual(['kept', 'unknown']);
});

it('other callbacks lose it all the same', () => {
  expect(outcomes(keptElsewhere([end('kept', [1, 2]), end('lost', [1, 3])], LOCATIONS))).toEqual(['kept', 'lost']);
});

it('ends without variants pass through', () => {
  const ends: readonly RunEnd[] = [{ kind: 'timeout', message: 'late' }, end('lost', [1, 2])];
  expect(outcomes(keptElsewhere(ends, LOCATIONS))).toEqual(['timeout', 'lost']);
});
