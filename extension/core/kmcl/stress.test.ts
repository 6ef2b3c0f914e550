/** What a stress run is given, and what it sees. */
import { describe, expect, it } from 'vitest';
import { recordLayouts } from '../../../test/support/recordLayouts.js';
import {
  STRESS,
  STRESS_CHANGE,
  STRESS_CHANGE_SIZE,
  STRESS_OUTCOME,
  STRESS_OUTCOME_SIZE,
  STRESS_RECORD,
  STRESS_RECORD_SIZE,
  STRESS_RESAVED,
  STRESS_RESAVED_SIZE,
  STRESS_SITE,
  STRESS_SITE_SIZE,
  STRESS_SIZE,
} from './stress.js';

const STRUCTURES = [
  ['vsp_stress', STRESS, STRESS_SIZE],
  ['vsp_stress_change', STRESS_CHANGE, STRESS_CHANGE_SIZE],
  ['vsp_stress_site', STRESS_SITE, STRESS_SITE_SIZE],
  ['vsp_stress_record', STRESS_RECORD, STRESS_RECORD_SIZE],
  ['vsp_stress_outcome', STRESS_OUTCOME, STRESS_OUTCOME_SIZE],
  ['vsp_stress_resaved', STRESS_RESAVED, STRESS_RESAVED_SIZE],
] as const;

describe('structures shared with C', () => {
  const layouts = recordLayouts(
    `#include "stress.h"\n${STRUCTURES.map(([name]) => `struct ${name} the_${name};`).join('\n')}`,
  );

  it.each(STRUCTURES)('struct %s', (name, fields, size) => {
    expect(layouts.get(name)).toEqual({ size, fields });
  });
});
