import { describe, expect, it } from 'vitest';
import { memoryFiles } from '../run/memoryFiles.js';
import { definedIn, definitionsElsewhere } from './projectDefinitions.js';

const names = new Set(['Find']);

describe('definedIn', () => {
  it.each([
    ['a definition', 'int Find(int a)\n{\n}'],
    [
      'the name on a line of its own',
      '#include <x.h>\n#define A(x) (x)\n\n_Use_decl_annotations_\nNTSTATUS\nFind(\n    _In_ int a,\n    int (*b)(int))\n{',
    ],
    ['after another function', 'static int a(void) { return 1; }\nextern "C" int Find() noexcept {'],
    ['between comments', '/* Find( */ int Find(int a) // why\n{'],
  ])('%s counts', (_, text) => {
    expect(definedIn(text, names)).toEqual(['Find']);
  });

  it.each([
    ['a declaration', 'int Find(int a);\nint b(void) { }'],
    ['a call', 'int b(void) { if (Find(1)) { return 2; } return Find(3); }'],
    ['a call in an initialiser', 'int b(void) { int c = Find(1); { } }'],
    ['a static function', 'static int Find(int a) { return a; }'],
    ['static lines above', 'static\nNTSTATUS\nFind(int a)\n{'],
    ['a comment', '// int Find(int a) {'],
    ['a longer name', 'int FindAll(int a) { } int xFind(int a) { }'],
    ['a macro', '#define Find(a) { a }'],
    [
      'a call before a long name',
      'if (Find(a))\n  VmbServerChannelInitSetSaveRestorePacketCallbacksOfEveryChannel(a);',
    ],
  ])('%s does not', (_, text) => {
    expect(definedIn(text, names)).toEqual([]);
  });
});

describe('definitionsElsewhere', () => {
  const files = memoryFiles({
    '/p/driver/a.c': 'int Find(int a) { }',
    '/p/lib/b.c': 'int Find(int a) { }',
    '/p/lib/b.h': 'int Other(int a) { }',
    '/p/.hidden/c.c': 'int Other(int a) { }',
    '/p/lib/bin.c': new Uint8Array([0, 1, 2]),
  });

  it('names the first file that is not linked, in sources only', () => {
    const wanted = new Set(['Find', 'Other']);
    expect([...definitionsElsewhere(wanted, '/p', new Set(['/p/driver/a.c']), files)]).toEqual([
      ['Find', '/p/lib/b.c'],
    ]);
  });

  it('reads nothing when nothing is asked', () => {
    const refusing = { read: () => expect.unreachable(), list: () => expect.unreachable() };
    expect(definitionsElsewhere(new Set(), '/p', new Set(), refusing).size).toBe(0);
  });
});
