/**
 * No false alarms of the static rules: the repaired twins of the dynamic corpus, which break nothing while running,
 * break nothing in the source either.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../extension/core/toolchain/diagnostics.js';
import { at } from '../../scripts/lib/project.mjs';
import { CORPUS, corpusDrivers, driverFiles } from '../support/corpus.js';
import { StaticChecker } from '../support/staticChecker.js';

const checker = new StaticChecker();
const header = readFileSync(at(CORPUS, 'Corpus.h'), 'utf8');

describe('the repaired twins of the dynamic corpus', () => {
  it.each(corpusDrivers(at()).flatMap((driver) => driverFiles(at(), driver)))('break nothing in $path', (file) => {
    const { diagnostics, findings } = checker.check(
      { 'Corpus.h': header, [file.path]: file.text },
      [file.path],
      ['REPAIRED'],
    );
    expect(diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(findings.map(({ rule, location, message }) => `${rule} in line ${location?.line}: ${message}`)).toEqual([]);
  });
});
