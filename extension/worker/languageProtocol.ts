/** Between an editor's host and the thread that has its texts as trees. */
import type { Questions, TextChange } from '../core/language/service/protocol.js';
import type { SourceLanguage } from '../core/language/tree/syntax.js';

/** A file of the workspace: by its path here, or by its text where it is not on this disk. */
export interface IndexedFile {
  readonly uri: string;
  readonly path?: string;
  readonly text?: string;
}

export type QuestionName = keyof Questions;

export type LanguageRequest =
  | { readonly kind: 'open'; readonly uri: string; readonly language: SourceLanguage; readonly text: string }
  | { readonly kind: 'change'; readonly uri: string; readonly changes: readonly TextChange[] }
  | { readonly kind: 'close'; readonly uri: string }
  | { readonly kind: 'index'; readonly files: readonly IndexedFile[] }
  | { readonly kind: 'forget'; readonly uri: string }
  /** Answered when all files named so far are in the index. */
  | { readonly kind: 'settle'; readonly id: number }
  | { readonly kind: 'ask'; readonly id: number; readonly name: QuestionName; readonly ask: unknown };

export type LanguageReply =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

export interface LanguageWorkerData {
  /** The build's `dist/tree`. */
  readonly grammars: string;
}
