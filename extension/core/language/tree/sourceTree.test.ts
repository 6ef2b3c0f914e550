import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parserForTests } from '../../../worker/grammars.testing.js';
import { spelledType } from './declarators.js';
import { SourceTree } from './sourceTree.js';
import { languageOf, type SourceLanguage, type SyntaxNode, type SyntaxParser } from './syntax.js';

const parsers = new Map<SourceLanguage, SyntaxParser>();
beforeAll(async () => {
  for (const language of ['c', 'cpp'] as const) parsers.set(language, await parserForTests(language));
});

function tree(text: string, language: SourceLanguage = 'c'): SourceTree {
  const parser = parsers.get(language);
  if (parser === undefined) throw new Error(`no parser of ${language}`);
  return new SourceTree(parser, text);
}

const names = (found: SourceTree): readonly string[] => found.functions().map(({ scope, name }) => scope + name);
const slice = (found: SourceTree, { start, end }: { start: number; end: number }): string =>
  found.text.slice(start, end);

describe('functions of a text', () => {
  it('have names, types and parameters without annotations', () => {
    const found = tree(`_Use_decl_annotations_
_IRQL_requires_max_(PASSIVE_LEVEL)
static NTSTATUS NTAPI
NicSave(
    _In_ VMBCHANNEL Channel,
    _Out_writes_bytes_to_opt_(Size, *Needed) const VOID *Buffer,
    _Out_ PUINT32 *Needed)
{
    return STATUS_SUCCESS;
}
`);
    const [save] = found.functions();
    expect(save?.name).toBe('NicSave');
    expect(save?.isStatic).toBe(true);
    expect(spelledType(save?.returns ?? { name: '', pointers: 9, constant: false })).toBe('NTSTATUS');
    expect(save?.parameters.map(({ name, type }) => `${spelledType(type)} ${name}`)).toEqual([
      'VMBCHANNEL Channel',
      'const void* Buffer',
      'PUINT32* Needed',
    ]);
    expect(slice(found, save?.nameAt ?? { start: 0, end: 0 })).toBe('NicSave');
    expect(found.root.hasError).toBe(false);
  });

  it('are found in classes, namespaces, conditionals, linkage blocks and behind macros nobody knows', () => {
    const cpp = tree(
      `namespace nic { class Port { public: static NTSTATUS Save(int a) noexcept { return 0; } }; }
extern "C" { VOID A(VOID) {} }
NTSTATUS nic::Port::Restore(VMBCHANNEL c) { auto l = [](int a) -> int { return F(a); }; return l(1); }
`,
      'cpp',
    );
    expect(names(cpp)).toEqual(['nic::Port::Save', 'A', 'nic::Port::Restore']);
    const c = tree(`#ifdef __cplusplus
extern "C" {
#endif
#if DBG
NIC_API NTSTATUS One(VOID) { return 0; }
#else
EXTERN_C NTSTATUS Two(VOID) { return 0; }
#endif
FORCEINLINE ULONG *Three(VOID) { return 0; }
#ifdef __cplusplus
}
#endif
`);
    expect(names(c)).toEqual(['One', 'Two', 'Three']);
    expect(c.functions().map(({ returns }) => spelledType(returns))).toEqual(['NTSTATUS', 'NTSTATUS', 'ULONG*']);
  });

  it('are those that VSPLAB macros make, named as their operand', () => {
    const found = tree(
      'VSPLAB_TEST( RoundTrip )\n{\n    VSPLAB_ASSERT(1);\n}\nVSPLAB_SETUP() { }\nVSPLAB_CONTEXT(REQ) { return 0; }\n',
    );
    expect(found.functions().map(({ name, macro }) => `${macro} ${name}`)).toEqual([
      'VSPLAB_TEST RoundTrip',
      'VSPLAB_SETUP VSPLAB_SETUP',
      'VSPLAB_CONTEXT REQ',
    ]);
    const [test] = found.functions();
    expect(slice(found, test?.nameAt ?? { start: 0, end: 0 })).toBe('RoundTrip');
    expect(found.root.hasError).toBe(false);
  });

  it('are found while others are half typed', () => {
    expect(names(tree('int f() { if (a { return; }\nint g(void) { return 1; }'))).toEqual(['f', 'g']);
    expect(names(tree('int f() { foo(a, \n}\nint g(void) { return 1; }'))).toEqual(['f', 'g']);
    expect(names(tree('int f() {\n if (x) {\n return 0;\n}\nint g(void) { return 1; }'))).toEqual(['f', 'g']);
  });
});

describe('other things of a text', () => {
  it('are records with their fields', () => {
    const [record] = tree(`typedef struct _NIC_PACKET {
    LIST_ENTRY Link;
    ULONG Flags : 3, : 5, More : 2;
    PVOID *Table[4], Single;
    union { ULONG Low; UINT64 All; };
    struct { int z; } Inner;
    NTSTATUS (*Fn)(PVOID);
#if DBG
    ULONG Trace;
#endif
    UCHAR Tail[];
} NIC_PACKET, *PNIC_PACKET;`).records();
    expect([record?.tag, record?.typedefs, record?.pointerTypedefs]).toEqual([
      '_NIC_PACKET',
      ['NIC_PACKET'],
      ['PNIC_PACKET'],
    ]);
    const shown = record?.fields.map(
      ({ name, type, dimensions, bits, isFunctionPointer }) =>
        `${spelledType(type)} ${name}${dimensions.map((size) => `[${size}]`).join('')}${bits ? `:${bits}` : ''}${isFunctionPointer ? '()' : ''}`,
    );
    expect(shown).toEqual([
      'LIST_ENTRY Link',
      'ULONG Flags:3',
      'ULONG :5',
      'ULONG More:2',
      'PVOID* Table[4]',
      'PVOID Single',
      'union ',
      'struct Inner',
      'NTSTATUS Fn()',
      'ULONG Trace',
      'UCHAR Tail[]',
    ]);
  });

  it('are calls with operands and the function around, roles, typedefs and includes', () => {
    const found = tree(`#include <wdm.h>
#include "inc\\Nic.h"
EVT_VMB_CHANNEL_SAVE_PACKET NicSave, Other;
typedef ULONG *PNUMBER;
NTSTATUS Prototype(VOID);
VOID F(VOID) { Ctx->If.Fn(a, &b[1] /* c */, sizeof(*c)); VmbStart(x); }
`);
    expect(found.includes().map(({ path, system }) => `${path} ${system}`)).toEqual(['wdm.h true', 'inc/Nic.h false']);
    expect(found.declarations().map(({ type, names: each }) => [type.name, ...each.map(({ name }) => name)])).toEqual([
      ['EVT_VMB_CHANNEL_SAVE_PACKET', 'NicSave', 'Other'],
      ['NTSTATUS', 'Prototype'],
    ]);
    expect(found.typedefs().map(({ name, type }) => `${name} ${spelledType(type)}`)).toEqual(['PNUMBER ULONG*']);
    expect(
      found
        .calls()
        .map(({ callee, operands, within, member }) => [callee, within, member, ...operands.map(({ text }) => text)]),
    ).toEqual([
      ['Fn', 'F', true, 'a', '&b[1]', 'sizeof(*c)'],
      ['VmbStart', 'F', false, 'x'],
    ]);
  });
});

const examples = readdirSync('examples', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(?:c|cpp|h)$/.test(path))
  .map((path) => `examples/${path.replaceAll('\\', '/')}`);

describe('the examples', () => {
  it.each(examples)('%s parses without an error', (path) => {
    const text = readFileSync(path, 'utf8');
    const found = tree(text, languageOf(path, text));
    const wrong = found.root
      .descendantsOfType(['ERROR'])
      .map((node) => found.text.slice(node.startIndex, node.endIndex));
    expect(wrong).toEqual([]);
    expect(found.code).toHaveLength(found.text.length);
  });
});

const facts = (found: SourceTree) => ({
  tree: outline(found.root),
  functions: found.functions(),
  declarations: found.declarations(),
  records: found.records(),
  typedefs: found.typedefs(),
  calls: found.calls(),
  includes: found.includes(),
});

function outline(node: SyntaxNode): string {
  return `${node.type}@${node.startIndex}-${node.endIndex}(${node.namedChildren.map(outline).join('')})`;
}

describe('a text after edits', () => {
  const PIECES = [
    '',
    'x',
    ';',
    '_In_',
    '_Out_(a)',
    '\n',
    '{ }',
    '/* c */',
    'VSPLAB_TEST(T) { }\n',
    'ULONG a;',
    'f(1);',
  ];

  it.each([
    ['c', 'examples/synthetic-nic/NicIndication.c'],
    ['cpp', 'examples/storage-bus/StorageBus.cpp'],
  ] as const)('says what the same text says that was never edited, in %s', (language, path) => {
    const start = readFileSync(path, 'utf8');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), fc.constantFrom(...PIECES)), {
          minLength: 1,
          maxLength: 6,
        }),
        (edits) => {
          const edited = tree(start, language);
          for (const [where, length, piece] of edits) {
            const at = Math.floor(where * edited.text.length);
            edited.update(edited.text.slice(0, at) + piece + edited.text.slice(at + length));
          }
          const fresh = tree(edited.text, language);
          // In a text with errors how to go on is a choice, and one made before may stand.
          if (!fresh.root.hasError) expect(facts(edited)).toEqual(facts(fresh));
          else expect(edited.code).toBe(fresh.code);
          edited.dispose();
          fresh.dispose();
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('is whole again when what was half typed is', () => {
    const whole = readFileSync('examples/synthetic-nic/NicIndication.c', 'utf8');
    const edited = tree(whole);
    const at = whole.indexOf('{', whole.indexOf('NicSavePacket('));
    for (const piece of ['/*', '"', '(', '{', '}', '#if 0\n']) {
      edited.update(whole.slice(0, at + 1) + piece + whole.slice(at + 1));
      edited.functions();
      edited.update(whole);
      expect(facts(edited)).toEqual(facts(tree(whole)));
    }
  });
});
