/** All pieces of a model as text in the file's style. */
import { inStyle } from './codeStyle.js';
import { type FixtureFacts, fixtureText } from './fixtureText.js';
import { lengthText } from './lengthText.js';
import type { PieceKind, ScaffoldModel } from './model.js';
import { declarationsText, recordText } from './recordText.js';
import { registerText, tableText } from './registerText.js';
import { completeText, contextText, giveTailText, readText, restoreText } from './restoreText.js';
import { captureText, checksumText, saveComment, saveText, tailText } from './saveText.js';
import { Words } from './words.js';

/** What stands with the types, and what with the functions; in order. */
export const TYPE_PIECES = ['record', 'declarations', 'table'] as const satisfies readonly PieceKind[];
export const FUNCTION_PIECES = [
  'checksum',
  'length',
  'context',
  'complete',
  'capture',
  'tail',
  'save',
  'read',
  'giveTail',
  'restore',
  'register',
] as const satisfies readonly PieceKind[];

const TEXTS: Readonly<Record<PieceKind, (words: Words) => string>> = {
  record: recordText,
  declarations: declarationsText,
  table: tableText,
  checksum: checksumText,
  length: lengthText,
  capture: captureText,
  tail: tailText,
  context: contextText,
  complete: completeText,
  save: (words) => (words.isLarge ? saveText(words) : `${saveComment()}\n${saveText(words)}`),
  read: readText,
  giveTail: giveTailText,
  restore: restoreText,
  register: registerText,
};

/** The pieces of a place that are to be written, an empty line between them; '' for none. */
export function piecesText(model: ScaffoldModel, kinds: readonly PieceKind[]): string {
  const words = new Words(model);
  const texts = kinds.filter((kind) => model.pieces.has(kind)).map((kind) => TEXTS[kind](words));
  return texts
    .filter((text) => text !== '')
    .map((text) => inStyle(text, model.code))
    .join(model.code.lineEnd.repeat(2));
}

export function fixtureOf(model: ScaffoldModel, facts: FixtureFacts): string {
  return inStyle(fixtureText(new Words(model), facts), model.code);
}
