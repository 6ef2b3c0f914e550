import { describe, expect, it } from 'vitest';
import { type LensState, lensesFor } from './lensTexts.js';

const figures = { packets: 32, min: 48, max: 1560, findings: 2, outcome: 'passed' } as const;
const line = (state: LensState, what: 'save' | 'restore' | 'test' = 'save') =>
  lensesFor(state, what)
    .map(({ title }) => title)
    .join(' | ');

describe('the line above a callback', () => {
  it('offers a run before there was one', () => {
    expect(line({ kind: 'unknown' })).toBe('Run | Debug');
  });

  it('shows figures, and quietly that the text was edited since', () => {
    expect(line({ kind: 'measured', figures, stale: false })).toBe(
      'Run | Debug | 32 packets · 48–1,560 B · 2 findings',
    );
    expect(line({ kind: 'measured', figures, stale: true })).toBe(
      'Run | Debug | 32 packets · 48–1,560 B · 2 findings · edited',
    );
  });

  it('says what keeps it from having figures', () => {
    expect(line({ kind: 'running' })).toBe('Running…');
    expect(line({ kind: 'broken' })).toBe('Run | Debug | does not compile');
    expect(line({ kind: 'unreached', stale: false })).toBe('Run | Debug | no run reached it');
    expect(line({ kind: 'unreached', stale: true }, 'test')).toBe('Run | Debug');
  });

  it('says what a click does', () => {
    const actions = (state: LensState) => lensesFor(state, 'save').map(({ action }) => action);
    expect(actions({ kind: 'measured', figures, stale: false })).toEqual(['run', 'debug', 'view']);
    expect(actions({ kind: 'running' })).toEqual(['cancel']);
    expect(actions({ kind: 'broken' })).toEqual(['run', 'debug', 'problems']);
  });
});
