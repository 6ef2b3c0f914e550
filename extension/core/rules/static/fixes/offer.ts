/** Which quick fixes a finding has, as edits by line and character. */

import { characterOf } from '../../../language/problems.js';
import type { Position } from '../../../run/report.js';
import type { RuleId } from '../../catalogue.js';
import type { Reported } from '../flow/check.js';
import type { FixInput } from './fix.js';
import { offsetAt } from './statement.js';
import { FIXES } from './table.js';

/** From 0, in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface OfferedFix {
  readonly rule: string;
  /** Of the finding. */
  readonly at: Position;
  readonly title: string;
  readonly edits: readonly { readonly start: Place; readonly end: Place; readonly text: string }[];
}

/** `text` is that of the file the finding stands in. */
export function offeredFix({ rule, location, around, related }: Reported, text: string): OfferedFix | undefined {
  if (around === undefined) return undefined;
  const places = related.flatMap(({ location: at }) => (at?.file === location.file ? [offsetOf(text, at)] : []));
  const fix = fixFor(rule, { text, offset: offsetOf(text, location), around, related: places });
  return fix && { rule, at: location, ...fix };
}

export function fixFor(rule: RuleId, input: FixInput): Pick<OfferedFix, 'title' | 'edits'> | undefined {
  const { text } = input;
  const row = FIXES[rule];
  const edits = row?.edits(input);
  if (row === undefined || edits === undefined || edits.length === 0) return undefined;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return {
    title: row.title,
    edits: edits.map(({ start, end, insert }) => ({
      start: placeOf(text, start),
      end: placeOf(text, end),
      text: insert.replaceAll('\n', newline),
    })),
  };
}

function offsetOf(text: string, { line, column }: Position): number {
  const start = offsetAt(text, line, 1);
  const end = text.indexOf('\n', start);
  return start + characterOf(text.slice(start, end < 0 ? text.length : end), Math.max(1, column));
}

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const line = before.split('\n').length - 1;
  return { line, character: offset - (before.lastIndexOf('\n') + 1) };
}
