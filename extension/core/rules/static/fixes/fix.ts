/** Quick fixes as data: what is offered for a finding, as edits of the text it was found in. */
import type { RuleId } from '../../catalogue.js';

/** The function that holds the finding's place. */
export interface Surroundings {
  /** Type it answers as its source spells it. */
  readonly returns: string;
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
}

export interface FixInput {
  readonly text: string;
  /** Of the finding. */
  readonly offset: number;
  readonly around: Surroundings;
}

export interface TextEdit {
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

export interface FixRow {
  /** What the menu says: sentence case, what is going to happen. */
  readonly title: string;
  /** Undefined where the text is not of the kind this fix mends. */
  readonly edits: (input: FixInput) => readonly TextEdit[] | undefined;
}

export type FixTable = Readonly<Partial<Record<RuleId, FixRow>>>;
