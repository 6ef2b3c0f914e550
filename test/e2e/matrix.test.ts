/** The two-pass matrix through the whole command: rule, place, stack and exit status per row, and what the report looks like. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { type CliResult, vspLab } from '../support/cli.js';

const file = 'test/drivers/matrix/Matrix.c';
const source = readFileSync(at(file), 'utf8').split('\n');

interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly message: string;
  readonly location: { readonly file: string; readonly line: number; readonly function: string } | null;
  readonly packetIndex: number | null;
  readonly pass: string | null;
  readonly callback: string | null;
  readonly callStack: readonly { readonly function: string }[];
  readonly suppressed: boolean;
}

interface Run {
  readonly name: string;
  readonly outcome: string;
  readonly output?: readonly { readonly text: string }[];
  readonly channels: readonly { readonly packets: readonly unknown[] }[];
  readonly findings: readonly Finding[];
}

function marked(mark: string): number {
  return source.findIndex((line) => line.includes(`answers: ${mark} *`)) + 1;
}

function run(...words: readonly string[]): CliResult {
  return vspLab(at(), 'run', file, ...words);
}

/** Addresses move whenever the runtime changes. */
function scrubbed(text: string): string {
  return text.replaceAll(/\bat 0x[0-9A-F]+/g, 'at ADDRESS');
}

/** And where a remark is broken into lines follows the length of its address. */
function unbroken(table: string): string {
  return table.replaceAll(/^ {4}also .*(?:\n {6}\S.*)*/gm, (remark) =>
    remark.includes(' at 0x') ? remark.replaceAll(/\n +/g, ' ') : remark,
  );
}

let result: CliResult;
let runs: ReadonlyMap<string, Run>;
beforeAll(() => {
  result = run('--format', 'json');
  runs = new Map((JSON.parse(result.stdout) as { runs: Run[] }).runs.map((each) => [each.name, each]));
});

describe('rows of the matrix', () => {
  it.each(['M01', 'M02_M09_M10', 'M04', 'M16'])('%s passes', (name) => {
    expect(runs.get(name)).toMatchObject({ outcome: 'passed', findings: [] });
  });

  it.each([
    ['M03', 'failed', 'savepkt-query-must-fail', 'M3', 'query'],
    ['M05', 'failed', 'savepkt-query-succeed-empty', 'M5', 'query'],
    ['M06', 'failed', 'savepkt-bytesneeded-written', 'M6', 'query'],
    ['M07', 'passed', 'savepkt-status-severity', 'M7', 'query'],
    ['M07_Write', 'passed', 'savepkt-status-severity', 'M7 write', 'write'],
    ['S09', 'passed', 'savepkt-status-severity', 'S-09', 'query'],
    ['M11', 'failed', 'savepkt-full-init', 'M11', 'write'],
    ['M12', 'passed', 'savepkt-stable', 'M12', 'write'],
    ['M13', 'passed', 'savepkt-no-truncate', 'M13', 'write'],
    ['M14', 'error', 'savepkt-no-overrun', 'M14', 'write'],
    ['Beyond', 'failed', 'savepkt-size-exact', 'beyond', 'write'],
    ['S16', 'failed', 'savepkt-no-packet-ops', 'S-16', 'query'],
  ])('%s: %s with %s at its return', (name, outcome, rule, mark, pass) => {
    const each = runs.get(name);
    expect(each?.outcome).toBe(outcome);
    expect(each?.findings).toHaveLength(1);
    expect(each?.findings[0]).toMatchObject({
      rule,
      severity: outcome === 'passed' ? 'warning' : 'error',
      location: { file, line: marked(mark) },
      packetIndex: 0,
      pass,
      callback: 'EvtVmbChannelSavePacket',
      suppressed: false,
    });
    const names = each?.findings[0]?.callStack.map((frame) => frame.function);
    expect(names).toEqual(expect.arrayContaining(['MatrixSavePacket', 'VmbChannelSaveContinue', 'SaveAs']));
  });

  it('M08: touching SaveBuf in the query is found whatever SaveBuf is', () => {
    for (const choice of ['null', 'guard', 'valid']) {
      const { stdout } = run('--format', 'json', '--test', 'M08', '--mode', `S-05=${choice}`);
      const [each] = (JSON.parse(stdout) as { runs: Run[] }).runs;
      expect(
        each?.findings.map(({ rule }) => rule),
        choice,
      ).toEqual(['savepkt-zero-size-no-write']);
    }
  });

  it('M15 in a test is what the test wanted (S-08)', () => {
    expect(runs.get('M15')).toMatchObject({ outcome: 'passed', findings: [] });
  });
});

describe('findings that count for nothing', () => {
  it('are those a test announced', () => {
    expect(runs.get('M11_Expected')).toMatchObject({
      outcome: 'passed',
      findings: [{ rule: 'savepkt-full-init', suppressed: true }],
    });
    expect(runs.get('ExpectedButAbsent')).toMatchObject({ outcome: 'failed', findings: [{ rule: 'assert-failed' }] });
  });

  it('are those a comment allows', () => {
    expect(runs.get('Allowed')).toMatchObject({
      outcome: 'passed',
      findings: [{ rule: 'mem-use-after-free', suppressed: true }],
    });
  });
});

describe('the report', () => {
  it('obeys its schema, and exit status and summary agree', () => {
    const schema: object = JSON.parse(readFileSync(at('extension/core/run/report.schema.json'), 'utf8'));
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    const parsed: unknown = JSON.parse(result.stdout);
    expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
    expect([result.status, result.stderr]).toEqual([1, '']);
    const { summary } = parsed as { summary: { runs: number; passed: number; packets: number } };
    const all = [...runs.values()];
    expect(summary).toMatchObject({
      runs: all.length,
      passed: all.filter(({ outcome }) => outcome === 'passed').length,
      packets: all.flatMap(({ channels }) => channels).reduce((sum, { packets }) => sum + packets.length, 0),
    });
  });

  it('is the same bytes again, with another number of jobs, and of a file', () => {
    expect(run('--format', 'json', '--jobs', '3').stdout).toBe(result.stdout);
  });

  it('names a leak at its allocation and holds what was printed', () => {
    const leaks = runs.get('Leaks');
    expect(leaks?.findings).toMatchObject([{ rule: 'mem-leak', location: { file, line: marked('leak') } }]);
    expect(leaks?.output).toMatchObject([{ text: 'this test leaks 24 bytes' }]);
  });

  it('says less with fewer checks', () => {
    const { stdout, status } = run('--format', 'json', '--checks', 'off', '--test', 'M1[0-9]', '--test', 'M11');
    const parsed = JSON.parse(stdout) as { runs: Run[] };
    expect([status, parsed.runs.map(({ findings }) => findings.length)]).toEqual([0, [0]]);
    expect(parsed.runs[0]?.channels[0]?.packets[0]).toMatchObject({ write: { bytesWritten: null } });
  });
});

describe('transcripts', () => {
  it('table', async () => {
    const { stdout } = run('--test', 'M02*', '--test', 'M11', '--test', 'M14', '--test', 'Leaks');
    await expect(scrubbed(unbroken(stdout))).toMatchFileSnapshot('../golden/matrix.txt');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('JSON', async () => {
    const { stdout } = run('--format', 'json', '--test', 'M02*', '--test', 'M11', '--test', 'M14', '--test', 'Leaks');
    await expect(scrubbed(stdout)).toMatchFileSnapshot('../golden/matrix.json');
  });
});
