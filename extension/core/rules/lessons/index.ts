/** The lessons of all groups by rule. Kept apart from the catalogue: workers and views need its rows, not these texts. */
import type { RuleId } from '../catalogue.js';
import { CONFIGURATION } from './configuration.js';
import { DIFFERENTIAL } from './differential.js';
import { GPADL } from './gpadl.js';
import { INCOMING } from './incoming.js';
import type { Lesson } from './lesson.js';
import { MEMORY } from './memory.js';
import { OUTGOING } from './outgoing.js';
import { RESTORE } from './restore.js';
import { RUN } from './run.js';
import { SAVE } from './save.js';
import { STATE } from './state.js';

export const LESSONS: Readonly<Record<RuleId, Lesson>> = {
  ...CONFIGURATION,
  ...STATE,
  ...INCOMING,
  ...OUTGOING,
  ...GPADL,
  ...SAVE,
  ...RESTORE,
  ...MEMORY,
  ...RUN,
  ...DIFFERENTIAL,
};
