import { describe, expect, it } from 'vitest';
import { isChosen, rangeText, toggleBucket } from './histogram.js';

const bucket = { from: 48, to: 63, count: 3 };

describe('a bar of the histogram', () => {
  it('is the only size of the filter, or none', () => {
    expect(toggleBucket('', bucket)).toBe('size:48..63');
    expect(toggleBucket('size:>8 state:queued', bucket)).toBe('state:queued size:48..63');
    expect(toggleBucket('state:queued size:48..63', bucket)).toBe('state:queued');
  });

  it('knows when it is chosen', () => {
    expect(isChosen('nic size:48..63', bucket)).toBe(true);
    expect(isChosen('size:48..64', bucket)).toBe(false);
  });

  it('names its sizes', () => {
    expect(rangeText(bucket)).toBe('48–63 B');
    expect(rangeText({ from: 1024, to: 1024, count: 1 })).toBe('1,024 B');
  });
});
