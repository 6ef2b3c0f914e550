import { describe, expect, it } from 'vitest';
import { transformSource } from '../../../test/support/scratchCompiler.js';
import type { TypeInfo } from './module.js';
import type { TransformResult } from './passes/index.js';

const TYPES = `
typedef void *PVOID; typedef unsigned long ULONG; typedef unsigned int UINT32; typedef UINT32 *PUINT32; typedef long NTSTATUS;
typedef struct VMBCHANNEL__ *VMBCHANNEL; typedef struct VMBPACKET__ *VMBPACKET; typedef const char *PCSTR;
#ifdef __cplusplus
extern "C" {
#endif
PVOID VmbPacketGetPointer(VMBPACKET Packet); PVOID VmbChannelGetPointer(VMBCHANNEL Channel);
void Register(VMBCHANNEL c, ULONG flags, NTSTATUS (*save)(VMBCHANNEL, VMBPACKET, PVOID), void (*done)(void));
#ifdef __cplusplus
}
#endif
typedef struct _CHANNEL_INTERFACE { ULONG Size; PVOID (*VmbPacketGetPointer)(VMBPACKET); PVOID (*VmbChannelGetPointer)(VMBCHANNEL); } CHANNEL_INTERFACE, *PCHANNEL_INTERFACE;
typedef struct _REQUEST { ULONG Id; struct _REQUEST *Next; int matrix[2][3]; } REQUEST, *PREQUEST;
typedef struct { int only; } UNTAGGED, *PUNTAGGED;
typedef struct _DEVICE { REQUEST *Current; PVOID Any; } DEVICE;
`;

/** Records that the driver's uses of the accessors were traced to, as `function api → record`. */
function uses(
  source: string,
  name = 'u.c',
  options: { readonly optimize?: 0 | 2; readonly checked?: boolean } = {},
): readonly string[] {
  const result = transformSource(name, { [name]: TYPES + source }, options);
  return result.pointerUses.map((u) => `${u.function} ${u.api} → ${nameOf(result, u.type)}`);
}

/** Name of a record: its tag, else the typedef that names it. */
function nameOf({ types }: TransformResult, id: number): string {
  const own = types[id]?.name ?? '';
  return own === '' ? (types.find((t) => t.kind === 'typedef' && t.target === id)?.name ?? '?') : own;
}

describe('pointer uses', () => {
  it.each([
    [
      'initialiser with a cast',
      'void f(VMBPACKET p) { PREQUEST r = (PREQUEST)VmbPacketGetPointer(p); r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'initialiser without a cast',
      'void f(VMBPACKET p) { REQUEST *r = VmbPacketGetPointer(p); r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'assignment',
      'void f(VMBCHANNEL c) { const REQUEST *r; r = VmbChannelGetPointer(c); (void)r; }',
      'f VmbChannelGetPointer → _REQUEST',
    ],
    [
      'record without a tag',
      'void f(VMBPACKET p) { PUNTAGGED u = VmbPacketGetPointer(p); u->only = 1; }',
      'f VmbPacketGetPointer → UNTAGGED',
    ],
    [
      'through PVOID',
      'void f(VMBPACKET p) { PVOID v = VmbPacketGetPointer(p); PREQUEST r = (PREQUEST)v; r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'through a loop',
      'void f(VMBPACKET p) { PVOID v = 0; for (int i = 0; i < 2; i++) { if (v) { PREQUEST r = v; r->Id = 1; } v = VmbPacketGetPointer(p); } }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'direct access',
      'void f(VMBPACKET p) { ((PREQUEST)VmbPacketGetPointer(p))->matrix[1][0] = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'first member of an untagged record',
      'int f(VMBPACKET p) { return ((PUNTAGGED)VmbPacketGetPointer(p))->only; }',
      'f VmbPacketGetPointer → UNTAGGED',
    ],
    [
      'return',
      'static REQUEST *get(VMBPACKET p) { return VmbPacketGetPointer(p); } ULONG f(VMBPACKET p) { return get(p)->Id; }',
      'get VmbPacketGetPointer → _REQUEST',
    ],
    [
      'return among others',
      'REQUEST *f(VMBPACKET p) { if (!p) return 0; return (PREQUEST)VmbPacketGetPointer(p); }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'argument',
      'static void use(int x, PREQUEST r) { r->Id = x; } void f(VMBPACKET p) { use(1, VmbPacketGetPointer(p)); }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'global',
      'static PREQUEST g; void f(VMBPACKET p) { g = VmbPacketGetPointer(p); g->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'member',
      'void f(DEVICE *d, VMBPACKET p) { d->Current = VmbPacketGetPointer(p); }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'untyped member, then typed',
      'void f(VMBPACKET p) { DEVICE d; d.Any = VmbPacketGetPointer(p); ((PREQUEST)d.Any)->Id = 1; PREQUEST r = VmbPacketGetPointer(p); (void)r; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'condition',
      'void f(VMBPACKET p) { PREQUEST r = p ? VmbPacketGetPointer(p) : 0; r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'untyped parameter of a helper',
      'static void use(ULONG x, PVOID Context) { PREQUEST r = (PREQUEST)Context; r->Id = x; } void f(VMBPACKET p) { use(1, VmbPacketGetPointer(p)); }',
      'use VmbPacketGetPointer → _REQUEST',
    ],
    [
      'untyped parameter, two helpers deep',
      'static ULONG id(PVOID v) { return ((PREQUEST)v)->Id; } static ULONG twice(PVOID v) { return 2 * id(v); } ULONG f(VMBPACKET p) { PVOID v = VmbPacketGetPointer(p); return twice(v); }',
      'id VmbPacketGetPointer → _REQUEST',
    ],
    [
      'untyped result of a helper',
      'static PVOID get(VMBPACKET p) { return VmbPacketGetPointer(p); } ULONG f(VMBPACKET p) { PREQUEST r = get(p); return r->Id; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'untyped helper that calls itself',
      'static ULONG depth(PVOID v, int n) { return n == 0 ? ((PREQUEST)v)->Id : depth(v, n - 1); } ULONG f(VMBPACKET p) { return depth(VmbPacketGetPointer(p), 3); }',
      'depth VmbPacketGetPointer → _REQUEST',
    ],
    [
      'interface table',
      'void f(PCHANNEL_INTERFACE i, VMBPACKET p) { PREQUEST r = i->VmbPacketGetPointer(p); r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'interface table in a global',
      'CHANNEL_INTERFACE t; void f(VMBCHANNEL c) { DEVICE *d = t.VmbChannelGetPointer(c); d->Any = 0; }',
      'f VmbChannelGetPointer → _DEVICE',
    ],
  ])('%s', (_name, source, expected) => {
    expect(uses(source)).toEqual([expected]);
    expect(uses(source, 'u.c', { optimize: 2 })).toEqual([expected]);
    expect(uses(source, 'u.c', { checked: true })).toEqual([expected]);
  });

  it('a table of the library that is only declared', () => {
    const members = Array.from({ length: 36 }, (_, index) =>
      index === 10 ? 'VmbChannelGetPointer' : index === 35 ? 'VmbPacketGetPointer' : `Other${index}`,
    );
    const table = `typedef struct _KMCL_CLIENT_INTERFACE_V1 { ${members.map((name) => `void *(*${name})(void *);`).join(' ')} } TABLE;`;
    const code =
      'extern TABLE t; void f(VMBCHANNEL c, VMBPACKET p) { DEVICE *d = t.VmbChannelGetPointer(c); d->Any = 0; PREQUEST r = t.VmbPacketGetPointer(p); r->Id = 1; }';
    expect(uses(`${table} ${code}`).toSorted()).toEqual([
      'f VmbChannelGetPointer → _DEVICE',
      'f VmbPacketGetPointer → _REQUEST',
    ]);
  });

  it('nothing is said where no record is named', () => {
    expect(uses('PVOID f(VMBPACKET p) { return VmbPacketGetPointer(p); }')).toEqual([]);
    expect(uses('int f(VMBPACKET p) { int *i = VmbPacketGetPointer(p); return *i; }')).toEqual([]);
  });

  it.each([
    [
      'auto',
      'void f(VMBPACKET p) { auto *r = static_cast<REQUEST *>(VmbPacketGetPointer(p)); r->Id = 1; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
    [
      'class in a namespace',
      'namespace nic { struct Packet { int v; }; } int f(VMBPACKET p) { return reinterpret_cast<nic::Packet *>(VmbPacketGetPointer(p))->v; }',
      'f VmbPacketGetPointer → nic::Packet',
    ],
    [
      'template',
      'template <class T> struct Box { T v; }; template <class T> T *get(VMBPACKET p) { return static_cast<T *>(VmbPacketGetPointer(p)); } int f(VMBPACKET p) { return get<Box<int>>(p)->v; }',
      'get<Box<int> > VmbPacketGetPointer → Box<int>',
    ],
    [
      'reference',
      'int f(VMBPACKET p) { REQUEST &r = *static_cast<PREQUEST>(VmbPacketGetPointer(p)); return r.Id; }',
      'f VmbPacketGetPointer → _REQUEST',
    ],
  ])('C++: %s', (_name, source, expected) => {
    expect(uses(source, 'u.cpp')).toEqual([expected]);
  });
});

describe('functions', () => {
  const SOURCE = `${TYPES}
NTSTATUS EvtSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID Buffer, ULONG Size, PUINT32 Needed) { // save
  *Needed = Size; (void)Channel; (void)Packet; (void)Buffer; return 0;
}
static NTSTATUS save(VMBCHANNEL c, VMBPACKET p, PVOID b) { (void)c; (void)p; (void)b; return 1; }
static void done(void) { }
int variadic(PCSTR f, ...) { return f != 0; }
REQUEST byValue(REQUEST r, int (*compare)(const REQUEST *, REQUEST const *)) { compare(&r, &r); return r; }
void go(VMBCHANNEL c) {
  Register(c, 1, save, done); // registers
}
`;
  const result = transformSource('f.c', { 'f.c': SOURCE });
  const line = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length;

  it('have parameter types as spelled, typedef names kept', () => {
    expect(result.functions.find((f) => f.name === 'EvtSave')).toEqual({
      name: 'EvtSave',
      symbol: 'EvtSave',
      file: 'f.c',
      line: line('// save'),
      parameters: ['VMBCHANNEL', 'VMBPACKET', 'PVOID', 'ULONG', 'PUINT32'],
      returns: 'NTSTATUS',
    });
    expect(result.functions.find((f) => f.name === 'variadic')?.parameters).toEqual(['PCSTR', '...']);
    expect(result.functions.find((f) => f.name === 'done')).toMatchObject({ parameters: [], returns: 'void' });
    expect(result.functions.find((f) => f.name === 'byValue')).toMatchObject({
      parameters: ['REQUEST', 'int (*)(const REQUEST *, const REQUEST *)'],
      returns: 'REQUEST',
    });
  });

  it('calls have their place and the functions passed by name', () => {
    const call = result.calls.find((c) => c.callee === 'Register');
    expect(call).toMatchObject({
      function: 'go',
      functions: [
        { operand: 2, symbol: 'save' },
        { operand: 3, symbol: 'done' },
      ],
    });
    expect(result.locations[call?.location ?? 0]?.line).toBe(line('// registers'));
  });

  it('variables have type, line and storage', () => {
    const buffer = result.variables.find((v) => v.function === 'EvtSave' && v.name === 'Buffer');
    expect(buffer).toMatchObject({ parameter: 3, line: line('// save'), storage: 'Buffer.addr' });
    expect(result.types[buffer?.type ?? -1]).toMatchObject({ kind: 'typedef', name: 'PVOID' });
  });
});

describe('types', () => {
  const SOURCE = `
typedef unsigned char UCHAR; typedef enum _COLOUR { Red = -1, Green = 3 } COLOUR; struct Hidden;
typedef struct _ALL {
  UCHAR first : 3; UCHAR second : 5; int third : 20; long long wide;
  COLOUR colour; short grid[2][3][4]; struct Hidden *hidden; void (*callback)(int);
  union { float f; unsigned u; } both; struct { int inner; }; double last; _Bool flag; const volatile int *pointer;
  char flexible[];
} ALL;
ALL all; COLOUR colour;
`;
  const { types } = transformSource('t.c', { 't.c': SOURCE });
  const all = types.find((t) => t.name === '_ALL');
  const field = (name: string): TypeInfo | undefined =>
    types[all?.kind === 'record' ? (all.fields.find((f) => f.name === name)?.type ?? -1) : -1];

  it('records have fields with MSVC offsets and bits', () => {
    expect(all?.kind === 'record' && all.fields.map((f) => [f.name, f.offset, f.bits?.start, f.bits?.width])).toEqual([
      ['first', 0, 0, 3],
      ['second', 0, 3, 5],
      ['third', 4, 0, 20],
      ['wide', 8, undefined, undefined],
      ['colour', 16, undefined, undefined],
      ['grid', 20, undefined, undefined],
      ['hidden', 72, undefined, undefined],
      ['callback', 80, undefined, undefined],
      ['both', 88, undefined, undefined],
      ['', 92, undefined, undefined],
      ['last', 96, undefined, undefined],
      ['flag', 104, undefined, undefined],
      ['pointer', 112, undefined, undefined],
      ['flexible', 120, undefined, undefined],
    ]);
    expect(all).toMatchObject({ size: 120, union: false });
  });

  it('every kind of type is described', () => {
    expect(field('colour')).toMatchObject({ kind: 'typedef', name: 'COLOUR' });
    expect(types.find((t) => t.kind === 'enum')).toEqual({
      kind: 'enum',
      name: '_COLOUR',
      size: 4,
      values: [
        { name: 'Red', value: -1 },
        { name: 'Green', value: 3 },
      ],
    });
    expect(field('hidden')).toEqual({ kind: 'pointer', name: 'struct Hidden *', target: null });
    expect(field('callback')).toMatchObject({ kind: 'pointer', name: 'void (*)(int)' });
    expect(field('both')).toMatchObject({ kind: 'record', union: true, size: 4 });
    expect(field('last')).toEqual({ kind: 'float', name: 'double', size: 8 });
    expect(field('flag')).toEqual({ kind: 'integer', name: '_Bool', size: 1, signed: false });
    expect(field('wide')).toEqual({ kind: 'integer', name: 'long long', size: 8, signed: true });
    expect(field('pointer')).toMatchObject({ kind: 'pointer', name: 'const volatile int *' });
    expect(field('flexible')).toMatchObject({ kind: 'array', count: 0, size: 0, name: 'char[]' });
  });

  it('arrays of several dimensions are arrays of arrays', () => {
    const sizes: number[][] = [];
    for (let type = field('grid'); type?.kind === 'array'; type = types[type.element]) {
      sizes.push([type.size, type.count]);
    }
    expect(sizes).toEqual([
      [48, 2],
      [24, 3],
      [8, 4],
    ]);
  });
});
