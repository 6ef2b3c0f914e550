import { expect, it } from 'vitest';
import { lineCounter } from './lineCounter.js';

it('a line break belongs to the line it ends', () => {
  const lineOf = lineCounter('ab\n\ncd\n');
  expect([0, 2, 3, 3, 4, 6, 7].map(lineOf)).toEqual([1, 1, 2, 2, 3, 3, 4]);
});
