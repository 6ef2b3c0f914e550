/** Counts what vitest's JSON report says, so that nothing that went wrong counts as nothing. */

/** @typedef {{ passed: number, failed: number }} Counts */
/** @typedef {{ name: string, status: string, assertionResults: { status: string }[] }} FileResult */

/**
 * A test that was skipped, a file that did not load and a runner that failed for a reason of its own count as failed.
 * @param {string | undefined} json the report, or undefined when none was written
 * @param {number} status the runner's exit status
 * @returns {{ counts: Counts, files: string[] }} `files` are those whose tests ran
 */
export function tally(json, status) {
  if (json === undefined) return { counts: { passed: 0, failed: 1 }, files: [] };
  /** @type {FileResult[]} */
  const results = JSON.parse(json).testResults;
  const counts = { passed: 0, failed: 0 };
  for (const { status: fileStatus, assertionResults } of results) {
    const passed = assertionResults.filter((test) => test.status === 'passed').length;
    const failed = assertionResults.length - passed;
    counts.passed += passed;
    counts.failed += failed;
    if (failed === 0 && (fileStatus !== 'passed' || passed === 0)) counts.failed += 1;
  }
  if (status !== 0 && counts.failed === 0) counts.failed += 1;
  return { counts, files: results.map((file) => file.name) };
}
