/** Quick fixes as data: what is offered for a finding, as edits of the text it was found in. */
import type { RuleId } from '../../catalogue.js';

export interface Variable {
  readonly name: string;
  /** As the source spells it. */
  readonly type: string;
  /** The type it points to; '' for what is no pointer. */
  readonly target: string;
}

/** The function that holds the finding's place. */
export interface Surroundings {
  /** Type it answers as its source spells it. */
  readonly returns: string;
  readonly parameters: readonly Variable[];
  /** Its other variables. */
  readonly variables: readonly Variable[];
  /** Line its body begins in, from 1. */
  readonly bodyLine: number;
  /** Names of the parameters in the order of the callback's plain form, where it is the callback that was analysed. */
  readonly callback?: readonly string[];
}

export interface FixInput {
  readonly text: string;
  /** Of the finding. */
  readonly offset: number;
  readonly around: Surroundings;
  /** Offsets of the places the finding refers to, of those in the same file. */
  readonly related: readonly number[];
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
