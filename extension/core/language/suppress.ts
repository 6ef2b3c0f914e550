/** Comments that allow a finding, as an editor writes and removes them (interfaces section 5, rules/allow.ts). */
import { allowsIn } from '../rules/allow.js';

/** What stands for the reason until somebody writes one. */
export const REASON = 'why this is right here';

/** `text` goes above the line, `reasonAt` is where the reason begins in it; undefined inside a macro of many lines. */
export function allowAbove(
  rule: string,
  line: string,
  before: string | undefined,
): { readonly text: string; readonly reasonAt: number } | undefined {
  if (before?.trimEnd().endsWith('\\')) return undefined;
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  const head = `${indent}// vsp-lab: allow ${rule} `;
  return { text: head + REASON, reasonAt: head.length };
}

/** Where in a line an allow comment stands, the blanks before it included; `whole`: nothing else is on the line. */
export function allowIn(
  line: string,
): { readonly start: number; readonly end: number; readonly whole: boolean } | undefined {
  if (allowsIn('', line).length === 0) return undefined;
  const comment = /[ \t]*(?:\/\/[ \t]*vsp-lab:.*|\/\*[ \t]*vsp-lab:(?:(?!\*\/).)*\*\/)/.exec(line);
  if (comment === null) return undefined;
  const start = comment.index;
  const end = start + comment[0].length;
  return { start, end, whole: line.slice(0, start).trim() === '' && line.slice(end).trim() === '' };
}
