/** Leads from a report to the source it speaks of. */
import { window } from 'vscode';
import { rangeOf } from './edits.js';
import type { Lab } from './lab.js';
import { type DriverResult, fileOf } from './results.js';

/** Opens a place of a report where its text is now; throws what is to be told where it is nowhere. */
export async function openSource(
  lab: Lab,
  result: DriverResult,
  file: string,
  line: number,
  column: number,
): Promise<void> {
  const uri = fileOf(result, file);
  if (uri === undefined) throw new Error(`${file} is part of VSP Lab: there is no file to open.`);
  const place = { line: Math.max(0, line - 1), character: Math.max(0, column - 1) };
  const moved = lab.edits.move(uri, { start: place, end: place }, result.shown.stamps);
  if (moved === undefined) throw new Error(`${file}:${line} has been deleted since it was measured.`);
  const selection = rangeOf(moved);
  try {
    await window.showTextDocument(uri, { selection });
  } catch {
    throw new Error(`${file} cannot be opened: it may have been moved or deleted.`);
  }
}
