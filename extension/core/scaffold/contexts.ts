/** Structures of the compiler's debug information as candidates for a context. */
import type { StructFacts } from '../toolchain/structFacts.js';
import { fieldChoices, type SizeHints } from './fields.js';
import type { ContextCandidate } from './request.js';

/** `textOf` answers the text of a file as reports name it. */
export function candidates(
  structs: readonly StructFacts[],
  textOf: (file: string) => string | undefined,
): readonly ContextCandidate[] {
  return structs.map(({ fields, ...rest }) => ({
    ...rest,
    choices: fieldChoices(fields, sizeHints(textOf(rest.file) ?? '', rest.line)),
  }));
}

const SIZED = /\b_Field_size_(bytes_)?(?:part_)?(?:opt_)?\(\s*(\w+)[^)]*\)([^;{}]*?)\b(\w+)\s*(?:\[[^\]]*\])?\s*(?=;)/g;

/** `_Field_size_bytes_(Length) PVOID Data;` within the structure that begins at the line. */
function sizeHints(text: string, line: number): SizeHints {
  const hints = new Map<string, { readonly length: string; readonly counts: boolean }>();
  const lines = text.split('\n').slice(Math.max(0, line - 1), line + 400);
  const end = lines.findIndex((each) => /^\s*\}/.test(each));
  const body = lines.slice(0, end < 0 ? lines.length : end + 1).join('\n');
  for (const [, bytes, length = '', , name = ''] of body.matchAll(SIZED)) {
    hints.set(name, { length, counts: bytes === undefined });
  }
  return hints;
}
