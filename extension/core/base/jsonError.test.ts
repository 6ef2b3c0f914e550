import { describe, expect, it } from 'vitest';
import { jsonErrorAt } from './jsonError.js';

describe('jsonErrorAt', () => {
  it.each(['{}', ' [ ] ', '{"a": [1, -2.5e3, "x\\n\\u00e4", true, null, {"b": {}}]}', '"x"', '0'])(
    'takes %s',
    (text) => {
      JSON.parse(text);
      expect(jsonErrorAt(text)).toBeUndefined();
    },
  );

  it.each([
    ['{\n  "a": [\n  oops ]\n}', 13],
    ['{"a": 1,}', 8],
    ['{"a" 1}', 5],
    ['[1, 2', 5],
    ['{"a": 1} x', 9],
    ['', 0],
    ["{'a': 1}", 1],
    ['[01]', 2],
  ])('finds the place in %j', (text, at) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonErrorAt(text)).toBe(at);
  });
});
