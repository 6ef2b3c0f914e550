import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseProject } from './project.js';
import schema from './project.schema.json' with { type: 'json' };

const matchesSchema = new Ajv({ strict: false }).compile(schema);

function parsed(text: string) {
  return parseProject(text, 'sub/vsplab.json', '/p/sub');
}

const FULL = {
  $schema: 'x',
  drivers: { nic: 'nic/*.c', bus: '../bus/**/*.c' },
  includes: ['inc', '/opt/headers'],
  defines: ['A', 'B=1'],
  stubs: { MyFunction: -1 },
  rules: { 'savepkt-size-exact': 'warning', 'mem-leak': 'off' },
  stress: 'quick',
  budgets: { timeout: 100, compileTimeout: 200 },
};

describe('parseProject', () => {
  it('reads everything there is, paths from its own folder', () => {
    expect(matchesSchema(FULL)).toBe(true);
    expect(parsed(JSON.stringify(FULL))).toEqual({
      ok: true,
      project: {
        folder: '/p/sub',
        drivers: [
          { name: 'nic', glob: '/p/sub/nic/*.c' },
          { name: 'bus', glob: '/p/bus/**/*.c' },
        ],
        includes: ['/p/sub/inc', '/opt/headers'],
        defines: ['A', 'B=1'],
        stubs: ['MyFunction=-1'],
        rules: FULL.rules,
        stress: 'quick',
        budgets: FULL.budgets,
      },
    });
  });

  it('needs nothing', () => {
    expect(parsed('\ufeff{}')).toMatchObject({ ok: true, project: { drivers: [], includes: [], rules: {} } });
  });

  it.each([
    ['[]', ['sub/vsplab.json:1: expected an object']],
    [
      '{\n  "driver": {}\n}',
      [expect.stringMatching(/^sub\/vsplab\.json:2: driver is no setting; there are drivers, /)],
    ],
    ['{\n\n"includes": "inc" }', ['sub/vsplab.json:3: includes is "inc": expected a list of texts']],
    ['{ "stress": "most" }', ['sub/vsplab.json:1: stress is "most": expected one of none, quick, full']],
    ['{ "defines": [1] }', ['sub/vsplab.json:1: defines is [1]: expected a list of texts']],
    [
      '{ "stubs": {\n "F": 1.5,\n "G": "x" } }',
      [
        'sub/vsplab.json:2: stubs.F is 1.5: expected a whole number',
        'sub/vsplab.json:3: stubs.G is "x": expected a whole number',
      ],
    ],
    [
      '{ "rules": {\n "mem-leak": "loud" } }',
      [expect.stringMatching(/:2: rules\.mem-leak is "loud": expected one of/)],
    ],
    ['{ "budgets": { "timeout": 0 } }', ['sub/vsplab.json:1: budgets.timeout is 0: expected 1 to 3600000']],
  ])('says what is wrong and where: %s', (text, problems) => {
    expect(parsed(text)).toEqual({ ok: false, problems });
    expect(matchesSchema(JSON.parse(text))).toBe(false);
  });

  it('knows the names of rules', () => {
    expect(parsed('{ "rules": {\n "no-such-rule": "off" } }')).toEqual({
      ok: false,
      problems: ['sub/vsplab.json:2: rules.no-such-rule is no rule (vsp-lab explain)'],
    });
  });

  it('names the line of what is not JSON', () => {
    expect(parsed('{\n  "includes": [\n  oops ]\n}')).toEqual({
      ok: false,
      problems: ['sub/vsplab.json:3: is not JSON: unexpected "o"'],
    });
  });
});
