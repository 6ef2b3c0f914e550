/** What the static rules found, as a report: one run per driver, named `check`, without channels. */
import type { Diagnostic } from '../toolchain/module.js';
import type { Finding } from './report.js';
import type { BuiltRun } from './reportBuilder.js';

export interface CheckedSources {
  readonly driver: string;
  /** First source, as reports name files. */
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Why some source could not be looked at; the first error speaks for all. */
  readonly diagnostics: readonly Diagnostic[];
}

export const CHECK_RUN = 'check';

export function checkedRun(
  { driver, file, findings, diagnostics }: CheckedSources,
  told: string | undefined,
): BuiltRun {
  const fails = findings.find(({ severity, suppressed }) => severity === 'error' && !suppressed);
  const outcome = diagnostics.length > 0 ? 'error' : fails === undefined ? 'passed' : 'failed';
  const message = diagnostics.length > 0 ? told : fails === undefined ? undefined : `${fails.rule}: ${fails.message}`;
  return {
    run: {
      name: CHECK_RUN,
      driver,
      file,
      line: 1,
      contextSource: 'driver',
      outcome,
      ...(message === undefined ? {} : { message }),
      channels: [],
      findings,
    },
    stubs: [],
  };
}
