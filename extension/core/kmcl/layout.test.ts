/** The offsets of layout.ts against the compiler's own record layouts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordLayouts } from '../../../test/support/recordLayouts.js';
import {
  CHUNK_RECORD,
  CHUNK_RECORD_SIZE,
  DESCRIPTION,
  DESCRIPTION_SIZE,
  EVENT_RECORD,
  EVENT_RECORD_SIZE,
  FAULT,
  FIELD,
  LASTING,
  LASTING_SIZE,
  PACKET_RECORD,
  PACKET_RECORD_SIZE,
  SAVE_RECORD,
  SAVE_RECORD_SIZE,
  STORE_RUN,
  STORE_RUN_SIZE,
} from './layout.js';

const STRUCTURES = [
  ['vsp_lasting', LASTING, LASTING_SIZE],
  ['vsp_packet_record', PACKET_RECORD, PACKET_RECORD_SIZE],
  ['vsp_store_run', STORE_RUN, STORE_RUN_SIZE],
  ['vsp_event_record', EVENT_RECORD, EVENT_RECORD_SIZE],
  ['vsp_chunk_record', CHUNK_RECORD, CHUNK_RECORD_SIZE],
  ['vsp_save_record', SAVE_RECORD, SAVE_RECORD_SIZE],
  ['vsp_description', DESCRIPTION, DESCRIPTION_SIZE],
] as const;

describe('structures shared with C', () => {
  const layouts = recordLayouts(
    `#include "kmcl.h"\n#include "describe.h"\n${STRUCTURES.map(([name]) => `struct ${name} the_${name};`).join('\n')}`,
  );

  it.each(STRUCTURES)('struct %s', (name, fields, size) => {
    expect(layouts.get(name)).toEqual({ size, fields });
  });
});

/** Numbers of an enumeration, its prefix cut. */
function enumeration(file: string, name: string, prefix: string): Record<string, number> {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const body = new RegExp(`enum ${name} \\{(.*?)\\n\\};`, 's').exec(text)?.[1] ?? '';
  return Object.fromEntries(
    [...body.matchAll(new RegExp(`\\b${prefix}([A-Z0-9_]+) = (\\d+)`, 'g'))].map(([, key = '', value = '']) => [
      key,
      Number(value),
    ]),
  );
}

describe('enumerations shared with C', () => {
  it('enum vsp_field', () => {
    expect(enumeration('./kmcl.h', 'vsp_field', 'VSP_FIELD_')).toEqual(FIELD);
  });

  it('enum vsp_fault_kind, besides what only TypeScript finds', () => {
    const { TRAP: _trap, STUB: _stub, ...shared } = FAULT;
    expect(enumeration('../wdk/runtime/vsp.h', 'vsp_fault_kind', 'VSP_FAULT_')).toEqual(shared);
  });
});
