import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { figureLine, median, plainDecimal } from '../bench/figures.js';
import { RULES } from '../extension/core/rules/catalogue.js';
import { checkFile } from '../scripts/check-files.mjs';
import { rulesHeader } from '../scripts/generate.mjs';
import { at, filesBelow, hashOf, locked, readIfThere } from '../scripts/lib/project.mjs';
import { tally } from '../scripts/lib/tally.mjs';

const npm = (...parameters: string[]) =>
  spawnSync('npm', ['run', '-s', ...parameters], { cwd: at(), encoding: 'utf8', shell: process.platform === 'win32' });

describe('rules.h', () => {
  it('is what the catalogue says', () => {
    expect(readIfThere(at('extension/core/wdk/runtime/rules.h'))).toBe(rulesHeader(RULES));
  });

  it('numbers rules by their index', () => {
    expect(rulesHeader([{ id: 'a-b' }, { id: 'c' }])).toContain(
      '    VSP_RULE_A_B = 0,\n    VSP_RULE_C = 1,\n    VSP_RULE_COUNT = 2,\n',
    );
  });
});

describe('tally of a vitest report', () => {
  const file = (status: string, ...tests: string[]) => ({
    name: '/x.test.ts',
    status,
    assertionResults: tests.map((test) => ({ status: test })),
  });
  const report = (...testResults: unknown[]) => JSON.stringify({ testResults });

  it.each([
    ['all passed', report(file('passed', 'passed', 'passed')), 0, { passed: 2, failed: 0 }],
    ['one failed', report(file('failed', 'passed', 'failed')), 1, { passed: 1, failed: 1 }],
    ['a skipped test is a failed one', report(file('passed', 'passed', 'skipped')), 0, { passed: 1, failed: 1 }],
    ['a todo is a failed one', report(file('passed', 'passed', 'todo')), 0, { passed: 1, failed: 1 }],
    ['a file that did not load', report(file('failed')), 1, { passed: 0, failed: 1 }],
    ['a file without tests', report(file('passed')), 0, { passed: 0, failed: 1 }],
    ['a file whose hook failed after its tests', report(file('failed', 'passed')), 1, { passed: 1, failed: 1 }],
    ['an error outside every test', report(file('passed', 'passed')), 1, { passed: 1, failed: 1 }],
    ['no report at all', undefined, 1, { passed: 0, failed: 1 }],
    ['no report and no complaint', undefined, 0, { passed: 0, failed: 1 }],
  ])('%s', (_name, json, status, counts) => {
    expect(tally(json, status).counts).toEqual(counts);
  });

  it('names the files that ran', () => {
    expect(tally(report(file('passed', 'passed')), 0).files).toEqual(['/x.test.ts']);
  });
});

describe('file checks', () => {
  const lines = (count: number) => 'x\n'.repeat(count);
  const word = (...parts: string[]) => parts.join('');

  it.each([
    [300, 0, 0],
    [301, 0, 1],
    [500, 0, 1],
    [501, 1, 0],
  ])('%i lines: %i refusals, %i questions', (count, refusals, questions) => {
    const result = checkFile('extension/cli/x.ts', lines(count));
    expect([result.refusals.length, result.questions.length]).toEqual([refusals, questions]);
  });

  it.each([
    [120, 0],
    [121, 1],
  ])('a line of %i columns: %i questions', (width, questions) => {
    expect(checkFile('extension/cli/x.ts', 'x'.repeat(width)).questions).toHaveLength(questions);
  });

  it('lets a listed table be as long as it is', () => {
    expect(checkFile('extension/core/rules/catalogue.ts', lines(2000))).toEqual({ refusals: [], questions: [] });
  });

  it.each([
    ['extension/cli/x.ts', word('// TO', 'DO later'), 1],
    ['extension/cli/x.test.ts', word('it.sk', "ip('x')"), 1],
    ['extension/cli/x.test.ts', word('describe.on', "ly('x')"), 1],
    ['extension/core/run/x.ts', 'const seed = Math.random();', 1],
    ['extension/core/run/x.ts', 'const now = new Date();', 1],
    ['extension/cli/x.ts', 'const now = new Date();', 0],
    ['extension/core/run/x.test.ts', 'const now = new Date();', 0],
    ['extension/core/kmcl/x.ts', "type T = import('../run/report.js').Report;", 1],
    ['extension/cli/x.ts', "const x = await import('../worker/compile.js');", 0],
  ])('%s: %s: %i refusals', (path, line, refusals) => {
    expect(checkFile(path, line).refusals).toHaveLength(refusals);
  });
});

describe('bench lines (interfaces 6)', () => {
  const figure = { name: 'a', unit: 'x', goal: { relation: '<=', bound: 2 }, measure: async () => 1 } as const;

  it.each([
    [1.7, 'bench a 1.7 x goal <= 2'],
    [-3, 'bench a 0 x goal <= 2'],
    [1_234_567.8, 'bench a 1234568 x goal <= 2'],
    [1e-7, 'bench a 0 x goal <= 2'],
    [0.01234, 'bench a 0.0123 x goal <= 2'],
    [Number.NaN, 'bench a skipped the measurement gave NaN'],
  ])('%d', (value, line) => {
    expect(figureLine(figure, value)).toBe(line);
  });

  it('a reason stays on its line', () => {
    expect(figureLine(figure, { skipped: 'no C\ncompiler' })).toBe('bench a skipped no C compiler');
  });

  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])('median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it.each([10, 100, 999.96, 1e21])('%d is printed without exponent', (value) => {
    expect(plainDecimal(value)).toMatch(/^\d+(\.\d+)?$/);
  });

  it('npm run bench refuses a name that nobody has', () => {
    const result = npm('bench', '--', 'no-such-bench');
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('no bench named no-such-bench');
  });
});

describe('what scripts stand on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-scripts-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('a hash tells names from contents', () => {
    expect(hashOf(['package.json'])).toBe(hashOf(['package.json']));
    expect(hashOf(['package.json'])).not.toBe(hashOf(['package-lock.json']));
    expect(hashOf([], ['ab', 'c'])).not.toBe(hashOf([], ['a', 'bc']));
  });

  it('finds files below a folder, sorted, and none below one that is absent', () => {
    const found = filesBelow('scripts', (path) => path.endsWith('.mjs'));
    expect(found).toContain('scripts/lib/project.mjs');
    expect(found).toEqual(found.toSorted());
    expect(filesBelow('no/such/folder', () => true)).toEqual([]);
  });

  it('takes over the lock of a process that died, and gives its own back', () => {
    const died = spawnSync(process.execPath, ['-e', '']).pid;
    const name = `test-${process.pid}`;
    const lock = at('.cache', `${name}.lock`);
    const seen = locked(name, () => {
      writeFileSync(join(lock, 'pid'), String(died));
      return locked(name, () => readIfThere(join(lock, 'pid')));
    });
    expect(seen).toBe(String(process.pid));
    expect(readIfThere(join(lock, 'pid'))).toBeUndefined();
  });

  it('npm test refuses a tier that nobody has', () => {
    const result = spawnSync(process.execPath, [at('scripts/test.mjs'), 'no-such-tier'], { encoding: 'utf8' });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('no tier named no-such-tier');
  });

  it("'format' is biome check --write over the tree", () => {
    writeFileSync(join(folder, 'a.js'), "export const a = 'x'");
    writeFileSync(
      join(folder, 'biome.json'),
      readIfThere(at('biome.json'))?.replace('"enabled": true', '"enabled": false') ?? '',
    );
    const biome = at('node_modules/@biomejs/biome/bin/biome');
    const result = spawnSync(process.execPath, [biome, 'check', '--write'], { cwd: folder, encoding: 'utf8' });
    expect(result.stderr).not.toContain('error');
    expect(readIfThere(join(folder, 'a.js'))).toBe("export const a = 'x';\n");
    expect(readIfThere(at('scripts/format.mjs'))).toContain("'check', '--write'");
  });
});
