import { describe, expect, it } from 'vitest';
import { allowsIn } from '../rules/allow.js';
import { allowAbove, allowIn, REASON } from './suppress.js';

describe('a comment that allows a finding', () => {
  it('stands above the line, as far in, and is one the reports honour', () => {
    const made = allowAbove('savepkt-size-exact', '\t    return s;', '{');
    expect(made?.text).toBe(`\t    // vsp-lab: allow savepkt-size-exact ${REASON}`);
    expect(made?.text.slice(made.reasonAt)).toBe(REASON);
    expect(allowsIn('a.c', made?.text ?? '')).toMatchObject([{ rule: 'savepkt-size-exact', reason: REASON }]);
  });

  it('is not written into a macro of many lines', () => {
    expect(allowAbove('mem-leak', '    f(x)', '#define F(x) \\')).toBeUndefined();
    expect(allowAbove('mem-leak', 'f(x);', undefined)).toBeDefined();
  });

  it('is found in its line, alone or behind code, in both kinds of comment', () => {
    expect(allowIn('    // vsp-lab: allow mem-leak kept for ever')).toEqual({ start: 0, end: 44, whole: true });
    expect(allowIn('f(); /* vsp-lab: allow mem-leak kept */ g();')).toEqual({ start: 4, end: 39, whole: false });
    expect(allowIn('f(); // vsp-lab: allow mem-leak kept')).toEqual({ start: 4, end: 36, whole: false });
    expect(allowIn('f(); // nothing')).toBeUndefined();
  });
});
