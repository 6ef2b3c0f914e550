/** What the debugger and wdk/runtime/debug.h share, from the compiler's own record layouts and the header's numbers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordLayouts } from '../../../test/support/recordLayouts.js';
import * as layout from './layout.js';

const header = readFileSync(new URL('../wdk/runtime/debug.h', import.meta.url), 'utf8');

function numberOf(name: string): number {
  return Number(new RegExp(`#define VSP_DEBUG_${name} (\\w+?)u?\\b`).exec(header)?.[1]);
}

describe('the null zone as the hooks use it', () => {
  const layouts = recordLayouts(
    '#include "debug.h"\nstruct vsp_debug the_vsp_debug;\nstruct vsp_debug_watch the_vsp_debug_watch;\n',
  );

  it('has the structures of debug.h', () => {
    expect(layouts.get('vsp_debug_watch')).toEqual({ size: layout.WATCH_SIZE, fields: layout.WATCH });
    expect(layouts.get('vsp_debug')).toEqual({
      size: layout.CONTROL.watched + layout.DEBUG_WATCHES * layout.WATCH_SIZE,
      fields: layout.CONTROL,
    });
  });

  it.each([
    ['CONTROL', layout.DEBUG_CONTROL],
    ['FLAGS', layout.DEBUG_FLAGS],
    ['RING', layout.DEBUG_RING],
    ['BASES', layout.DEBUG_BASES],
    ['FLAG_COUNT', layout.DEBUG_FLAG_COUNT],
    ['RING_SIZE', layout.DEBUG_RING_SIZE],
    ['WATCHES', layout.DEBUG_WATCHES],
    ['WATCHED_BYTES', layout.DEBUG_WATCHED_BYTES],
    ['FLAG_STOP', layout.FLAG_STOP],
    ['FLAG_DESCRIBED', layout.FLAG_DESCRIBED],
    ['RESUME', layout.RESUME],
    ['AT_TARGET', layout.AT.TARGET],
    ['AT_FLAG', layout.AT.FLAG],
    ['AT_DEPTH', layout.AT.DEPTH],
    ['AT_WATCH', layout.AT.WATCH],
    ['AT_RECORD', layout.AT.RECORD],
  ])('VSP_DEBUG_%s', (name, value) => {
    expect(numberOf(name)).toBe(value);
  });

  it('holds everything below the stack, nothing over another', () => {
    const parts = [
      [layout.DEBUG_CONTROL, layouts.get('vsp_debug')?.size ?? 0],
      [layout.DEBUG_FLAGS, layout.DEBUG_FLAG_COUNT],
      [layout.DEBUG_RING, layout.DEBUG_RING_SIZE * 8],
      [layout.DEBUG_BASES, 16384 * 2],
      [layout.STACK_BOTTOM, 0],
    ] as const;
    parts.slice(1).forEach(([start], index) => {
      const [before, size] = parts[index] ?? [0, 0];
      expect(before + size).toBeLessThanOrEqual(start);
    });
  });
});
