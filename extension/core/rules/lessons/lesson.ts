/** What the page and `explain` add to a rule of the catalogue: its reason, and code that breaks and keeps it. */
import type { RULES, RuleGroup } from '../catalogue.js';

export interface Lesson {
  /** Why the library or the kernel asks for it; one paragraph. */
  readonly why: string;
  /** C that breaks the rule: statements of a callback, or whole functions. A test compiles both against the headers. */
  readonly wrong: string;
  /** The same code, mended. */
  readonly right: string;
}

/** One lesson for each rule of a group, and none for anything else. */
export type Lessons<Group extends RuleGroup> = Readonly<
  Record<Extract<(typeof RULES)[number], { readonly group: Group }>['id'], Lesson>
>;
