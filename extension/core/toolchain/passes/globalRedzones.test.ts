/** What comes before the first global of each section: the sanitizer's redzones lie behind globals only. */
import { describe, expect, it } from 'vitest';
import { transformSource } from '../../../../test/support/scratchCompiler.js';

const SOURCE = `
static unsigned char Zeroed[40];
static unsigned char Later[40];
static unsigned char Set[40] = {1};
static const unsigned char Constant[40] = {2};
__declspec(align(64)) int Aligned;
static int Behind;
__declspec(allocate(".mine")) int Placed = 3;
void touch(const void *);
void go(void)
{
    touch(Zeroed); touch(Later); touch(Set); touch(Constant); touch(&Aligned); touch(&Behind); touch(&Placed);
}`;

function globals(source: string, checked: boolean): readonly string[] {
  const { ir } = transformSource('unit.c', { 'unit.c': source }, { checked });
  return [...ir.matchAll(/^@([\w.]+) = (?!external|private|appending)/gm)].map(([, name = '']) => name);
}

describe('left redzones', () => {
  it('stand before a checked global whose neighbour of the same section is none', () => {
    const names = globals(`#pragma section(".mine", read, write)\n${SOURCE}`, true);
    const leftOf = (name: string): string | undefined => names[names.indexOf(name) - 1];
    expect(names.filter((name) => name.startsWith('vsp.redzone')).length).toBe(4);
    for (const name of ['Zeroed', 'Set', 'Constant', 'Behind']) expect(leftOf(name)).toMatch(/^vsp\.redzone\.\d$/);
    for (const name of ['Later', 'Aligned', 'Placed']) expect(leftOf(name) ?? '').not.toMatch(/^vsp\.redzone/);
  });

  it('are closed by the constructor that registers the globals', () => {
    const { ir } = transformSource(
      'unit.c',
      { 'unit.c': 'int only[4]; void go(void) { only[1] = 2; }' },
      { checked: true },
    );
    const [, body = ''] = /define internal void @asan\.module_ctor\(\)[^{]*\{([^}]*)\}/.exec(ir) ?? [];
    expect(body.match(/call void @vsp_left_redzone\(i64 ptrtoint \(ptr @vsp\.redzone\.0 to i64\)\)/g)).toHaveLength(1);
  });

  it('are not needed without memory checks', () => {
    expect(
      globals(SOURCE.replace('__declspec(allocate(".mine")) ', ''), false).filter((name) => /redzone/.test(name)),
    ).toEqual([]);
  });
});
