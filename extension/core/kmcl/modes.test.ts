import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LASTING_MODES } from './layout.js';
import { MODES, modeNumbers, parseModes, SETTLED } from './modes.js';

const HEADER = readFileSync(new URL('./modes.h', import.meta.url), 'utf8');

/** `VSP_MODE_A05` → `A-05`, `VSP_MODE_S25_ORDER` → `S-25-ORDER`. */
function idOf(enumerator: string): string {
  return enumerator.replace(/^([AS])(\d\d)/, '$1-$2').replaceAll('_', '-');
}

describe('modes', () => {
  it('have the numbers of enum vsp_mode', () => {
    const list = /enum vsp_mode \{(.*?)\};/s.exec(HEADER)?.[1] ?? '';
    const names = [...list.matchAll(/\bVSP_MODE_([A-Z0-9_]+)\b(?= = 0|,)/g)].map(([, name = '']) => idOf(name));
    expect(MODES.map((mode) => mode.id)).toEqual(names);
    expect(MODES.length).toBeLessThanOrEqual(LASTING_MODES);
  });

  it.each(MODES.map((mode) => [mode.id, mode] as const))(
    '%s has the values of its enumeration, in order',
    (id, mode) => {
      const short = id.replace('-', '').replaceAll('-', '_');
      const body = new RegExp(`enum vsp_mode_${short.toLowerCase()} \\{([^}]*)\\}`).exec(HEADER)?.[1] ?? '';
      const values = [...body.matchAll(/VSP_[A-Z0-9]+_([A-Z0-9_]+) = (\d+)/g)].map(([, name = '', number = '']) => [
        name.toLowerCase().replaceAll('_', '-'),
        Number(number),
      ]);
      // the prefix of S-25-ORDER's enumerators is that of S-25
      expect(mode.values.map(([name], index) => [name, index])).toEqual(values);
    },
  );

  it('and the settled ambiguities are all of kmcl-facts 4.7, 5.6 and 6.8', () => {
    const chosen = MODES.map((mode) => mode.id).filter((id) => /^[AS]-\d\d$/.test(id));
    const all = [...chosen, ...SETTLED].sort();
    const expected = [
      ...Array.from({ length: 39 }, (_, index) => `A-${String(index + 1).padStart(2, '0')}`),
      ...Array.from({ length: 38 }, (_, index) => `S-${String(index + 1).padStart(2, '0')}`),
    ];
    expect(all).toEqual(expected);
  });
});

describe('parseModes', () => {
  it('reads ids and values in any case, the last one winning', () => {
    expect(parseModes(['s-10=Buffer', 'A-07=before', 'A-07=after'])).toEqual({
      ok: true,
      choices: { 'S-10': 'buffer', 'A-07': 'after' },
    });
  });

  it.each([
    ['S-10', 'expected ID=VALUE'],
    ['=buffer', 'expected ID=VALUE'],
    ['S-10=', 'expected ID=VALUE'],
    ['S-10=all', 'S-10 is one of alternate, buffer, exact (default alternate)'],
    ['A-01=x', 'A-01 has one reading and cannot be chosen'],
    ['S-99=x', 'there is no mode S-99'],
  ])('refuses %s', (text, message) => {
    const result = parseModes([text]);
    expect(result.ok).toBe(false);
    expect(result.ok ? '' : result.message).toContain(message);
  });
});

describe('modeNumbers', () => {
  it('is zero for defaults and the position of a chosen value', () => {
    const numbers = modeNumbers({ 'S-05': 'guard' });
    expect(numbers[MODES.findIndex((mode) => mode.id === 'S-05')]).toBe(2);
    expect(numbers.reduce((sum, value) => sum + value, 0)).toBe(2);
  });

  it('refuses a value that does not exist', () => {
    expect(() => modeNumbers({ 'S-05': 'sideways' })).toThrow(RangeError);
  });
});
