import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults, parseSavedState, type SavedState } from './savedState.js';

const state: SavedState = {
  driver: '/nic',
  run: 'FramesSurvive',
  channel: 2,
  packet: 7,
  tab: 'findings',
  sort: { column: 'bytes', descending: true },
  filter: 'size:>48',
  grouped: false,
  collapsed: ['(default)'],
  scroll: 12.5,
  split: 0.3,
};

describe('a stored state', () => {
  it('comes back as it was', () => {
    expect(parseSavedState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it.each([[undefined], [null], [7], ['state'], [[]], [{}]])('is the defaults when it is %j', (data) => {
    expect(parseSavedState(data)).toEqual(defaults);
  });

  it.each<readonly [keyof SavedState, unknown]>([
    ['driver', 7],
    ['run', {}],
    ['channel', -1],
    ['packet', 1.5],
    ['tab', 'nowhere'],
    ['sort', { column: 'colour', descending: false }],
    ['sort', { column: 'bytes' }],
    ['filter', 'x'.repeat(2000)],
    ['grouped', 'yes'],
    ['collapsed', [1]],
    ['scroll', -1],
    ['split', 2],
    ['split', null],
  ])('loses %s alone when that is %j', (name, value) => {
    expect(parseSavedState({ ...state, [name]: value })).toEqual({ ...state, [name]: defaults[name] });
  });

  it('never keeps the page from opening', () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        expect(Object.keys(parseSavedState(data)).sort()).toEqual(Object.keys(defaults).sort());
      }),
    );
  });
});
