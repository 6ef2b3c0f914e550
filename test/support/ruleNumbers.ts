/** Numbers of rules as the C runtime knows them: indices of the catalogue. */
import { RULES } from '../../extension/core/rules/catalogue.js';

export function ruleNumber(id: string): number {
  const index = RULES.findIndex((rule) => rule.id === id);
  if (index < 0) {
    throw new Error(`no rule ${id}`);
  }
  return index;
}
