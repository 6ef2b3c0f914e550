import { expect, it } from 'vitest';
import { findingOf } from '../test/support/channelFacts.js';
import { baseName, ordered } from './findings.js';

it('puts what counts first, the severest first', () => {
  const error = findingOf('savepkt-size-exact', 3);
  const warning = findingOf('mem-leak', null);
  const findings = [{ ...error, suppressed: true }, warning, { ...warning, severity: 'info' as const }, error];
  expect(ordered(findings).map(({ index }) => index)).toEqual([3, 1, 2, 0]);
});

it('names a file without its folders', () => {
  expect(baseName('drivers/nic/Nic.c')).toBe('Nic.c');
  expect(baseName('Nic.c')).toBe('Nic.c');
});
