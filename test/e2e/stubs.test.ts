/** What nobody simulates answers a fixed value, is listed, and makes everything after it doubtful (interfaces section 3). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ScratchProject } from '../support/cli.js';

const SOURCE = `#include <ntddk.h>
#include <vsplab.h>

ULONG NobodyKnows(ULONG Value);

VSPLAB_TEST(DeclaredByTheWdk)
{
    HANDLE key = NULL;
    OBJECT_ATTRIBUTES attributes = {0};
    VSPLAB_ASSERT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes));
    VSPLAB_ASSERT_EQUAL(0, NobodyKnows(1) + NobodyKnows(2));
    ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'kaeL');
}

VSPLAB_TEST(FaultsAfterwards)
{
    ULONG zero = NobodyKnows(3);
    VSPLAB_LOG("%u", 1 / zero);
}
`;

interface Finding {
  rule: string;
  severity: string;
  location: { line: number } | null;
}
interface Report {
  runs: { name: string; outcome: string; findings: Finding[] }[];
  stubs: { name: string; calls: number; line: number }[];
}

const project = new ScratchProject();
let report: Report;
let status: number | null;

beforeAll(() => {
  project.write('driver.c', SOURCE);
  const result = project.run('driver.c', '--format', 'json');
  report = JSON.parse(result.stdout) as Report;
  status = result.status;
});
afterAll(() => project.remove());

/** Line of the source that contains the text. */
function lineOf(text: string): number {
  return SOURCE.split('\n').findIndex((line) => line.includes(text)) + 1;
}

it('lists stubs with their calls and the line of the first', () => {
  expect(report.stubs).toEqual([
    { name: 'NobodyKnows', calls: 2, line: lineOf('NobodyKnows(1)') },
    { name: 'NobodyKnows', calls: 1, line: lineOf('NobodyKnows(3)') },
    { name: 'ZwOpenKey', calls: 1, line: lineOf('ZwOpenKey') },
  ]);
});

it('caps findings after a stub at warning', () => {
  const [declared, faults] = report.runs;
  expect(declared?.outcome).toBe('passed');
  expect(declared?.findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'mem-leak warning',
    'run-stub warning',
    'run-stub warning',
  ]);
  expect(faults?.outcome).toBe('error');
  expect(faults?.findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'run-trap warning',
    'run-stub warning',
  ]);
  expect(status).toBe(1);
});

it('denies them when told to', () => {
  const { stdout } = project.run('driver.c', '--format', 'json', '--stubs', 'deny');
  const { runs } = JSON.parse(stdout) as Report;
  expect(runs.map(({ outcome }) => outcome)).toEqual(['error', 'error']);
});
