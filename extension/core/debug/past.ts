/** Steps back, as far as the last events tell: where the code of a line begins in a frame or in one further out. */
import type { DebugControl, PastEvent } from './control.js';
import { siteOf } from './frames.js';
import type { BackStep } from './plans.js';
import type { DebugSite, DebugTables } from './tables.js';

export type Past =
  /** This event. */
  | { readonly kind: 'event'; readonly event: number }
  /** Nothing of the frame comes before. */
  | { readonly kind: 'beginning' }
  /** It lies further back than the last events, before this one. */
  | { readonly kind: 'unknown'; readonly before: number };

interface Statement {
  readonly event: number;
  readonly depth: number;
  readonly site: DebugSite;
}

/** The statement begun last before `event` in the frame of `back` or in one further out. */
export function statementBefore(control: DebugControl, tables: DebugTables, event: number, back: BackStep): Past {
  const found = lastStatement(control, tables, event, back);
  return typeof found === 'object' ? { kind: 'event', event: found.event } : end(found);
}

/** Where the code of the line begins that the statement at `event` is a part of. */
export function beginOfLine(
  control: DebugControl,
  tables: DebugTables,
  event: number,
  granularity: BackStep['granularity'],
): Past {
  const start = statementAt(control.past(event), tables);
  if (start === undefined || granularity === 'statement') {
    return { kind: 'event', event };
  }
  const frame = { granularity, depth: start.depth, inlined: start.site.inlined };
  for (let first = start; ; ) {
    if (first.site.kind === 'entry') {
      return { kind: 'event', event: first.event };
    }
    const before = lastStatement(control, tables, first.event, frame);
    if (typeof before === 'number' && before > 0) {
      return { kind: 'unknown', before };
    }
    if (
      typeof before === 'number' ||
      before.depth !== start.depth ||
      before.site.inlined !== start.site.inlined ||
      before.site.line !== start.site.line ||
      before.site.file !== start.site.file
    ) {
      return { kind: 'event', event: first.event };
    }
    first = before;
  }
}

function end(before: number): Past {
  return before === 0 ? { kind: 'beginning' } : { kind: 'unknown', before };
}

/** A number: how far back the last events go without it; 0: to the beginning. */
function lastStatement(
  control: DebugControl,
  tables: DebugTables,
  event: number,
  { depth, inlined }: BackStep,
): Statement | number {
  for (let at = event - 1; at > 0; at--) {
    const past = control.past(at);
    if (past === undefined) {
      return at + 1;
    }
    const statement = past.resume || past.depth > depth ? undefined : statementAt(past, tables);
    if (statement !== undefined && (past.depth < depth || statement.site.inlined <= inlined)) {
      return statement;
    }
  }
  return 0;
}

function statementAt(past: PastEvent | undefined, tables: DebugTables): Statement | undefined {
  const site = past === undefined ? undefined : siteOf(tables, past.site);
  return past === undefined || site === undefined ? undefined : { event: past.event, depth: past.depth, site };
}
