import { describe, expect, it } from 'vitest';
import { bytes, change, plural, rounded, share } from './format.js';

describe('figures as text', () => {
  it('groups as en-US does and names the unit', () => {
    expect(bytes(0)).toBe('0 B');
    expect(bytes(1560)).toBe('1,560 B');
    expect(bytes(4_294_967_295)).toBe('4,294,967,295 B');
    expect(bytes(44.5)).toBe('44.5 B');
  });

  it('signs changes', () => {
    expect(change(48)).toBe('+48');
    expect(change(-1200)).toBe('−1,200');
    expect(change(0)).toBe('0');
  });

  it('rounds only what is long', () => {
    expect(rounded(10_239)).toBe('');
    expect(rounded(10_240)).toBe('10.0 KiB');
    expect(rounded(3 * 1_048_576)).toBe('3.0 MiB');
  });

  it('counts things', () => {
    expect(plural(1, 'packet')).toBe('1 packet');
    expect(plural(0, 'packet')).toBe('0 packets');
    expect(plural(100_000, 'packet')).toBe('100,000 packets');
  });

  it('shares', () => {
    expect(share(1, 8)).toBe('12.5 %');
    expect(share(0, 0)).toBe('0 %');
  });
});
