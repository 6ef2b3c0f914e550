/** What became of context fields, in the table: one paragraph per record type. */
import type { ContextFieldRow, ContextFields } from './report.js';
import { type Style, WIDTH } from './style.js';
import { wrap } from './tableFindings.js';

/** Names of one outcome that are shown; the JSON form has all. */
const MOST_NAMES = 12;

function savedText({ saved }: ContextFieldRow): string {
  const ranges = saved.map(({ offset, length }) => (length === 1 ? `${offset}` : `${offset}-${offset + length - 1}`));
  return ranges.length > 2 ? `${ranges.slice(0, 2).join(', ')}…` : ranges.join(', ');
}

function named(fields: readonly ContextFieldRow[], text: (field: ContextFieldRow) => string): string {
  const shown = fields.slice(0, MOST_NAMES).map((field) => {
    const more = text(field);
    return more === '' ? field.name : `${field.name} (${more})`;
  });
  const rest = fields.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** The saved bytes stand behind each field that survives, the reason behind each that was not looked at. */
export function* contextLines({ record, fields }: ContextFields, style: Style): Generator<string> {
  const of = (outcome: ContextFieldRow['outcome']): readonly ContextFieldRow[] =>
    fields.filter((field) => field.outcome === outcome);
  const parts = [
    ['survive a restore', named(of('kept'), savedText)],
    ['lost', named(of('lost'), savedText)],
    ['not told', named(of('unknown'), () => '')],
    ['not compared', named(of('skipped'), ({ kind = '' }) => kind)],
  ].filter(([, names]) => names !== '');
  if (parts.length === 0) return;
  const text = parts.map(([what, names]) => `${what}: ${names}`).join('; ');
  yield* wrap(`fields of ${record} (saved bytes): ${text}`, WIDTH - 2, 2).map((line) => style.quiet(`  ${line}`));
}
