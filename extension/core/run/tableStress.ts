/** What stress tried, in the table: one paragraph per run. */
import type { Run } from './report.js';
import { triedText } from './stressReport.js';
import { type Style, WIDTH } from './style.js';
import { wrap } from './tableFindings.js';

export function* stressLines({ level, tried }: NonNullable<Run['stress']>, style: Style): Generator<string> {
  const text = tried.length === 0 ? 'nothing to try' : tried.map(triedText).join(', ');
  yield* wrap(`stress ${level}: ${text}`, WIDTH - 2, 2).map((line) => style.quiet(`  ${line}`));
}
