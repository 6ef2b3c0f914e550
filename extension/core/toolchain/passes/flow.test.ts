import { describe, expect, it } from 'vitest';
import { compileAndRun, transformSource } from '../../../../test/support/scratchCompiler.js';

const SOURCE = `
int branch(int x) {
  if (x > 3)
    return 1;
  return x ? 2 : x - 1;
}
int both(int x, int y) {
  return x && y;
}
int select(int x) {
  switch (x) {
  case 1:
    return 4;
  case 2:
  case 3:
    return 5;
  default:
    return 6;
  }
}
int loop(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++)
    sum += i;
  return sum;
}
`;
const NAMES = ['branch', 'both', 'select', 'loop'];

describe.each([
  { optimize: 0, checked: false },
  { optimize: 0, checked: true },
  { optimize: 2, checked: false },
] as const)('optimize $optimize, checked $checked', (options) => {
  const scratch = compileAndRun({ 'a.c': SOURCE }, { ...options, differential: true, exports: NAMES });
  /** Steps of a call: line and outcome. */
  const steps = (name: string, ...args: number[]): readonly string[] => {
    scratch.takeSteps();
    scratch.call(name, ...args);
    return scratch.takeSteps().map(([id, outcome]) => `${scratch.locationOf(id)?.line}:${outcome}`);
  };

  it('notes where a branch stands and which way it goes', () => {
    expect(steps('branch', 5)).toEqual(['3:1']);
    expect(steps('branch', 0)).toEqual(['3:0', '5:0']);
    expect(steps('both', 1, 0)).toEqual(['8:1']);
    expect(steps('both', 0, 0)).toEqual(['8:0']);
    expect(steps('loop', 2)).toEqual(['23:1', '23:1', '23:0']);
  });

  it('notes the target of a switch, not its operand', () => {
    const target = (x: number): string | undefined => steps('select', x)[0];
    expect(target(1)).toMatch(/^11:/);
    expect(target(2)).toBe(target(3));
    expect(new Set([target(1), target(2), target(9)]).size).toBe(3);
    expect(target(9)).toBe(target(-1));
  });
});

it('leaves code for ordinary runs alone', () => {
  const { ir } = transformSource('a.c', { 'a.c': SOURCE });
  expect(ir).not.toContain('vsp_vary');
});
