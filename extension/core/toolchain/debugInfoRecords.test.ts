import { describe, expect, it } from 'vitest';
import { transformSource } from '../../../test/support/scratchCompiler.js';

const TYPES = `
typedef unsigned char UCHAR, *PUCHAR; typedef unsigned short USHORT; typedef unsigned int UINT32; typedef void *PVOID; typedef unsigned long long SIZE_T;
#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *to, const void *from, SIZE_T size); void *memset(void *to, int value, SIZE_T size);
int memcpy_s(void *to, SIZE_T capacity, const void *from, SIZE_T size);
void External(PVOID to, const void *from, SIZE_T size);
#ifdef __cplusplus
}
#endif
typedef struct _HEADER { USHORT Version, Size; } HEADER;
typedef struct _ENTRY { UINT32 Address; UCHAR Length; } ENTRY;
typedef struct _RECORD { HEADER Header; UINT32 Id; union { UINT32 Code; UCHAR Bytes[4]; } u; UINT32 Low : 3, High : 5; ENTRY Entries[3]; } RECORD, *PRECORD;
typedef struct { UCHAR Kind; UINT32 Value; } UNTAGGED;
typedef struct _CONTEXT { UINT32 Signature; RECORD Saved; RECORD *Other; struct _CONTEXT *Next; ENTRY Table[4]; } CONTEXT;
#pragma pack(push, 1)
typedef struct _PACKED { UCHAR First; UINT32 Second; RECORD Third; } PACKED;
#pragma pack(pop)
static CONTEXT Global;
`;

interface Options {
  readonly checked?: boolean;
  readonly optimize?: 0 | 2;
}

/** What the lines that hold a mark say: `kind record+offset`. */
function usesIn(source: string, name: string, options: Options): readonly string[] {
  const result = transformSource(name, { [name]: TYPES + source }, options);
  const lines = (TYPES + source).split('\n');
  const nameOf = (id: number): string => {
    const own = result.types[id]?.name ?? '';
    return own === '' ? '?' : own;
  };
  return result.recordUses
    .filter(({ location }) => lines[(result.locations[location]?.line ?? 0) - 1]?.includes('/* here */'))
    .map((use) => {
      const record = 'type' in use ? ` ${nameOf(use.type)}` : '';
      const from = 'parameter' in use ? ` of parameter ${use.parameter}` : '';
      const to = 'argument' in use ? ` as ${use.argument}` : '';
      return `${use.kind}${record}${use.kind === 'write' ? `+${use.offset}` : ''}${from}${to}`;
    })
    .sort();
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['a cast variable', 'void f(PVOID s) { PRECORD r = (PRECORD)s;\n r->Id = 1; /* here */ }', ['write _RECORD+4']],
  ['a cast expression', 'void f(PVOID s) {\n ((PRECORD)s)->Id = 1; /* here */ }', ['write _RECORD+4']],
  ['a record without a tag', 'void f(PVOID s) {\n ((UNTAGGED *)s)->Value = 1; /* here */ }', ['write UNTAGGED+4']],
  [
    'a member of a member',
    'void f(PVOID s) { PRECORD r = (PRECORD)s;\n r->Header.Size = 1; /* here */ }',
    ['write _HEADER+2', 'write _RECORD+2'],
  ],
  [
    'the first member',
    'void f(PVOID s) {\n ((PRECORD)s)->Header.Version = 1; /* here */ }',
    ['write _HEADER+0', 'write _RECORD+0'],
  ],
  ['a union', 'void f(PVOID s) { PRECORD r = (PRECORD)s;\n r->u.Bytes[2] = 1; /* here */ }', ['write _RECORD+10']],
  ['a bit-field', 'void f(PVOID s) { PRECORD r = (PRECORD)s;\n r->High = 1; /* here */ }', ['write _RECORD+12']],
  [
    'an element of an array',
    'void f(PVOID s) { PRECORD r = (PRECORD)s;\n r->Entries[1].Length = 1; /* here */ }',
    ['write _ENTRY+4', 'write _RECORD+28'],
  ],
  [
    'an element by a variable',
    'void f(PVOID s, int i) { PRECORD r = (PRECORD)s;\n r->Entries[i].Length = 1; /* here */ }',
    ['write _ENTRY+4'],
  ],
  [
    'behind a record',
    'void f(PVOID s) { ENTRY *e = (ENTRY *)((PRECORD)s + 1);\n e->Length = 1; /* here */ }',
    ['write _ENTRY+4'],
  ],
  ['in bytes', 'void f(PVOID s) {\n ((ENTRY *)((PUCHAR)s + 8))->Length = 1; /* here */ }', ['write _ENTRY+4']],
  ['packed', 'void f(PVOID s) {\n ((PACKED *)s)->Third.Id = 1; /* here */ }', ['write _PACKED+9', 'write _RECORD+4']],
  [
    'a helper that is given a pointer to it',
    'static void g(HEADER *h) {\n h->Size = 1; /* here */ }\nvoid f(PVOID s) { g((HEADER *)s); }',
    ['write _HEADER+2'],
  ],
  [
    'what a helper answers',
    'static PRECORD g(PVOID s) { return (PRECORD)s; }\nvoid f(PVOID s) {\n g(s)->Id = 1; /* here */ }',
    ['hand of parameter 0 as 0', 'write _RECORD+4'],
  ],
  [
    'a pointer that moves',
    'void f(PVOID s) { ENTRY *e = (ENTRY *)s; int i; for (i = 0; i < 3; i++) {\n e->Length = 1; /* here */\n e++; } }',
    ['write _ENTRY+4'],
  ],
  [
    'a copy of a local',
    'void f(PVOID s) { RECORD r; r.Id = 1;\n memcpy(s, &r, sizeof(r)); /* here */ }',
    ['copy _RECORD'],
  ],
  [
    'a local among others',
    'void f(PVOID s) { ENTRY e; UNTAGGED u; RECORD r; r.Id = 1;\n memcpy(s, &u, sizeof(u)); /* here */\n External(&e, &r, 1); }',
    ['copy UNTAGGED'],
  ],
  [
    'a copy with a capacity',
    'void f(PVOID s) { RECORD r; r.Id = 1;\n memcpy_s(s, 99, &r, sizeof(r)); /* here */ }',
    ['copy _RECORD'],
  ],
  ['an assignment', 'void f(PVOID s) { RECORD r; r.Id = 1;\n *(PRECORD)s = r; /* here */ }', ['copy _RECORD']],
  [
    'a copy of a member',
    'void f(PVOID s, CONTEXT *c) {\n memcpy(s, &c->Saved, sizeof(c->Saved)); /* here */ }',
    ['copy _RECORD'],
  ],
  ['a copy of the first scalar', 'void f(PVOID s, CONTEXT *c) {\n memcpy(s, &c->Signature, 4); /* here */ }', []],
  [
    'a copy of what a member points to',
    'void f(PVOID s, CONTEXT *c) {\n memcpy(s, c->Other, sizeof(*c->Other)); /* here */ }',
    ['copy _RECORD'],
  ],
  [
    'through two pointers',
    'void f(PVOID s, CONTEXT *c) {\n memcpy(s, &c->Next->Saved, 4); /* here */ }',
    ['copy _RECORD'],
  ],
  [
    'a copy of an array',
    'void f(PVOID s, CONTEXT *c, int n) {\n memcpy(s, c->Table, n * sizeof(ENTRY)); /* here */ }',
    ['copy _ENTRY'],
  ],
  ['a copy of a global', 'void f(PVOID s) {\n memcpy(s, &Global, sizeof(Global)); /* here */ }', ['copy _CONTEXT']],
  [
    "a copy of a global's member",
    'void f(PVOID s) {\n memcpy(s, &Global.Saved, sizeof(Global.Saved)); /* here */ }',
    ['copy _RECORD'],
  ],
  [
    'a copy to a member',
    'void f(PVOID s, PUCHAR p) { PRECORD r = (PRECORD)s;\n memcpy(&r->u, p, 4); /* here */ }',
    ['relay of parameter 1', 'write _RECORD+8'],
  ],
  ['zeroes', 'void f(PVOID s) { PRECORD r = (PRECORD)s;\n memset(r, 0, sizeof(*r)); /* here */ }', ['write _RECORD+0']],
  [
    'a call',
    'void f(PVOID s) { RECORD r; r.Id = 1;\n External(s, &r, sizeof(r)); /* here */ }',
    ['hand of parameter 0 as 0', 'pass _RECORD as 1'],
  ],
  [
    'a copy for others',
    'void f(PVOID s, const void *from, UINT32 n) {\n memcpy(s, from, n); /* here */ }',
    ['relay of parameter 1'],
  ],
  [
    'what lies behind a record',
    'void f(PVOID s, HEADER *h) {\n memcpy(h + 1, s, 4); memcpy(s, h + 1, 4); /* here */ }',
    ['relay of parameter 0'],
  ],
  [
    'a choice',
    'void f(PVOID s, PVOID t) { PRECORD r = (PRECORD)(s ? s : t);\n r->Id = 1; /* here */ }',
    ['write _RECORD+4'],
  ],
  ['plain bytes', 'void f(PVOID s) { PUCHAR p = (PUCHAR)s;\n p[4] = 1; /* here */ }', []],
  ['a local of its own', 'void f(void) { RECORD r;\n r.Id = 1; /* here */\n External(&r, &r, 1); }', []],
  [
    'a record stored by bytes',
    'void f(PVOID s, RECORD *r) { int i; for (i = 0; i < 4; i++)\n ((PUCHAR)s)[i] = ((PUCHAR)r)[i]; /* here */ }',
    [],
  ],
];

describe('record uses', () => {
  it.each(CASES)('%s', (_, source, expected) => {
    for (const options of [
      {},
      { checked: true },
      { optimize: 2 },
      { checked: true, optimize: 2 },
    ] satisfies Options[]) {
      expect(usesIn(source, 'u.c', options), JSON.stringify(options)).toEqual(expected);
    }
    expect(usesIn(source, 'u.cpp', {}), 'as C++').toEqual(expected);
    expect(usesIn(source, 'u.cpp', { checked: true }), 'as C++, checked').toEqual(expected);
  });

  it.each<readonly [string, string, readonly string[]]>([
    ['a compound literal', 'void f(PVOID s) {\n *(PRECORD)s = (RECORD){ .Id = 7 }; /* here */ }', ['copy _RECORD']],
  ])('%s in C', (_, source, expected) => {
    for (const checked of [false, true]) expect(usesIn(source, 'u.c', { checked })).toEqual(expected);
  });

  it.each<readonly [string, string, readonly string[]]>([
    [
      'a constructor',
      'void *operator new(SIZE_T, void *p);\nstruct Saved { UINT32 A; UINT32 B; Saved(UINT32 b) : A(1) {\n B = b; /* here */ } };\nvoid f(PVOID s) { new (s) Saved(3); }',
      ['write Saved+4'],
    ],
    [
      'a reference',
      'void f(PVOID s) { RECORD &r = *static_cast<PRECORD>(s);\n r.Id = 1; /* here */ }',
      ['write _RECORD+4'],
    ],
    [
      'a template',
      'template <typename T> static void put(PVOID to, const T &value) {\n memcpy(to, &value, sizeof(T)); /* here */ }\nvoid f(PVOID s) { RECORD r; r.Id = 1; put(s, r); }',
      ['copy _RECORD'],
    ],
    [
      'a base class',
      'struct Base { UINT32 A; }; struct Derived : Base { UINT32 B; };\nvoid f(PVOID s) { Derived *d = static_cast<Derived *>(s);\n d->A = 1; /* here */ }',
      ['write Base+0', 'write Derived+0'],
    ],
    [
      'a namespace',
      'namespace wire { struct Saved { UINT32 A, B; }; }\nvoid f(PVOID s) {\n static_cast<wire::Saved *>(s)->B = 1; /* here */ }',
      ['write wire::Saved+4'],
    ],
  ])('%s in C++', (_, source, expected) => {
    for (const checked of [false, true]) expect(usesIn(source, 'u.cpp', { checked })).toEqual(expected);
  });
});
