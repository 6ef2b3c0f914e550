import { describe, expect, it } from 'vitest';
import { closest } from './closest.js';

describe('closest', () => {
  it.each([
    ['--pakets', '--packets'],
    ['--OUT', '--out'],
    ['--uot', '--out'],
    ['--unrelated', undefined],
    ['--fromat', '--format'],
    ['x', undefined],
  ])('%s → %s', (word, expected) => {
    expect(closest(word, ['--packets', '--format', '--out'])).toBe(expected);
  });
});
