import { describe, expect, it } from 'vitest';
import { RULES } from '../rules/catalogue.js';
import { SIMULATOR_RULES } from './simulator.js';

describe('rules the simulator reports', () => {
  it.each(SIMULATOR_RULES.map((rule) => [rule]))(
    '%s is in the catalogue, and not for reading sources alone',
    (rule) => {
      expect(RULES.find((entry) => entry.id === rule)?.check).not.toBe('static');
      expect(RULES.map((entry) => entry.id)).toContain(rule);
    },
  );
});
