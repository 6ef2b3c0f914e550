import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { API, apiName } from './api.js';

/** `VSP_API_VMB_CHANNEL_ALLOCATE` → `VmbChannelAllocate`. */
function documentedName(enumerator: string): string {
  return enumerator
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

describe('api ids', () => {
  it('are those of enum vsp_api, under the documented names', () => {
    const header = readFileSync(new URL('./api.h', import.meta.url), 'utf8');
    const rows = [...header.matchAll(/\bVSP_API_([A-Z0-9_]+) = (\d+)/g)].map(
      ([, name = '', id = '']) => [documentedName(name), Number(id)] as const,
    );
    expect(Object.fromEntries(rows.filter(([, id]) => id !== 0))).toEqual(API);
  });

  it('number the functions as kmcl-facts 2.1 and 2.8 do: 74 of them', () => {
    const ids = Object.values(API).filter((id) => id < 100);
    expect(ids).toEqual(Array.from({ length: 74 }, (_, index) => index + 1));
  });

  it.each([
    [1, 'VmbChannelAllocate'],
    [74, 'VmbChannelGetSystemAddressForGpadl'],
    [107, 'EvtVmbChannelSavePacket'],
    [0, undefined],
    [99, undefined],
  ])('apiName(%i) is %s', (id, name) => {
    expect(apiName(id)).toBe(name);
  });
});
