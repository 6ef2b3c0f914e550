import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAndRun, frontEnd, runTool } from '../../../test/support/scratchCompiler.js';
import type { TypeInfo } from './module.js';
import { parseRecordLayouts, type RecordLayout } from './recordLayouts.js';

const SCALARS = [
  'char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int', 'long', 'unsigned long', 'long long',
  'unsigned long long', '_Bool', 'float', 'double', 'long double', 'void *', 'enum Small', 'enum Wide', '__int64', 'union Loose *',
] as const; // biome-ignore format: a table
const BIT_TYPES = [
  ['char', 8],
  ['unsigned char', 8],
  ['short', 16],
  ['unsigned short', 16],
  ['int', 32],
  ['unsigned int', 32],
  ['long', 32],
  ['unsigned long', 32],
  ['long long', 64],
  ['unsigned long long', 64],
  ['_Bool', 1],
  ['enum Small', 32],
] as const;

type Member =
  | { readonly kind: 'scalar'; readonly type: string; readonly dims: readonly number[]; readonly align: number }
  | { readonly kind: 'function' }
  | { readonly kind: 'bits'; readonly type: string; readonly width: number; readonly named: boolean }
  | { readonly kind: 'record'; readonly record: Record_; readonly named: boolean };
interface Record_ {
  readonly union: boolean;
  readonly pack: number;
  readonly align: number;
  readonly members: readonly Member[];
}

const scalar: fc.Arbitrary<Member> = fc.record({
  kind: fc.constant('scalar' as const),
  type: fc.constantFrom(...SCALARS),
  dims: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  align: fc.constantFrom(0, 0, 0, 0, 1, 2, 8, 16, 32),
});
const bits: fc.Arbitrary<Member> = fc
  .tuple(fc.constantFrom(...BIT_TYPES), fc.integer({ min: 0, max: 64 }), fc.boolean())
  .map(([[type, size], width, named]) => {
    const fits = width % (size + 1);
    return { kind: 'bits', type, width: fits, named: fits > 0 && (named || width > 8) };
  });

/** `depth` bounds nesting; two bit-fields in a row are wanted often, since units shared and not shared are where ABIs differ. */
function record(depth: number): fc.Arbitrary<Record_> {
  const leaf = fc.oneof(
    { weight: 5, arbitrary: scalar },
    { weight: 6, arbitrary: bits },
    fc.constant<Member>({ kind: 'function' }),
  );
  const nested =
    depth === 0
      ? leaf
      : record(depth - 1).chain((inner) =>
          fc.boolean().map((named): Member => ({ kind: 'record', record: inner, named })),
        );
  return fc.record({
    union: fc.constantFrom(false, false, false, true),
    pack: fc.constantFrom(0, 0, 0, 1, 2, 4, 8),
    align: fc.constantFrom(0, 0, 0, 0, 8, 16, 64),
    members: fc.array(fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: nested }), {
      minLength: 1,
      maxLength: 9,
    }),
  });
}

/** C text of a record under the tag `name`, with nested tagged records declared before it. Every record holds a named plain member. */
class Writer {
  readonly lines: string[] = [];
  readonly fields = new Map<string, readonly { readonly name: string; readonly bits: boolean }[]>();

  write(name: string, spec: Record_): void {
    const members = spec.members.map((member, index) => this.#member(name, member, `f${index}`));
    const align = spec.align === 0 ? '' : `__declspec(align(${spec.align})) `;
    this.lines.push(
      spec.pack === 0 ? '' : `#pragma pack(push, ${spec.pack})`,
      `${spec.union ? 'union' : 'struct'} ${align}${name} { char first; ${members.map((m) => m.text).join(' ')} };`,
      spec.pack === 0 ? '' : '#pragma pack(pop)',
    );
    const named = members.flatMap((m) => (m.name === '' ? [] : [{ name: m.name, bits: m.bits }]));
    this.fields.set(name, [{ name: 'first', bits: false }, ...named]);
  }

  #member(
    owner: string,
    member: Member,
    name: string,
  ): { readonly text: string; readonly name: string; readonly bits: boolean } {
    switch (member.kind) {
      case 'scalar': {
        const align = member.align === 0 ? '' : `__declspec(align(${member.align})) `;
        return {
          text: `${align}${member.type} ${name}${member.dims.map((d) => `[${d}]`).join('')};`,
          name,
          bits: false,
        };
      }
      case 'function':
        return { text: `int (*${name})(int, void *);`, name, bits: false };
      case 'bits':
        return member.named
          ? { text: `${member.type} ${name} : ${member.width};`, name, bits: true }
          : { text: `${member.type} : ${member.width};`, name: '', bits: false };
      case 'record': {
        const tag = `${owner}_${name}`;
        if (!member.named) {
          const writer = new Writer();
          writer.write(tag, {
            ...member.record,
            pack: 0,
            members: member.record.members.filter((m) => m.kind !== 'record'),
          });
          const body = writer.lines
            .join('')
            .replace(/\bfirst\b|\bf\d+\b/g, (inner) => `${tag}_${inner}`)
            .replace(` ${tag} {`, ' {');
          return { text: body, name: '', bits: false };
        }
        this.write(tag, member.record);
        return { text: `${member.record.union ? 'union' : 'struct'} ${tag} ${name};`, name, bits: false };
      }
    }
  }
}

const PRELUDE = `union Loose; enum Small { A = 1, B = 200 }; enum Wide { C = -5, D = 70000 };
void seen(int record, int field, void *p, unsigned long long size);
static void clear(void *p, unsigned long long n) { char *c = p; while (n--) *c++ = 0; }
#define offsetof(t, m) __builtin_offsetof(t, m)\n`;

/** Facts as wasm64 constants, and a function that sets each bit-field to ones in zeroed memory. */
function program(records: readonly Record_[]): {
  readonly source: string;
  readonly writer: Writer;
  readonly names: readonly string[];
} {
  const writer = new Writer();
  records.forEach((spec, index) => {
    writer.write(`S${index}`, spec);
  });
  const names = [...writer.fields.keys()];
  const keyword = new Map(
    names.map((name) => [
      name,
      writer.lines.some((l) => new RegExp(`^union .*\\b${name} \\{`).test(l)) ? 'union' : 'struct',
    ]),
  );
  const facts = names.map((name) => {
    const type = `${keyword.get(name)} ${name}`;
    const offsets = (writer.fields.get(name) ?? []).map((f) => (f.bits ? '0' : `offsetof(${type}, ${f.name})`));
    return `unsigned long long facts_${name}[] = { sizeof(${type}), __alignof(${type}), ${offsets.join(', ')} };\nstatic ${type} v_${name};`;
  });
  const sets = names.flatMap((name, index) =>
    (writer.fields.get(name) ?? []).flatMap((f, field) =>
      f.bits
        ? [
            `clear(&v_${name}, sizeof v_${name}); v_${name}.${f.name} = -1; seen(${index}, ${field}, &v_${name}, sizeof v_${name});`,
          ]
        : [],
    ),
  );
  const touch = names.map((name) => `clear(&v_${name}, 1);`);
  return {
    source: [PRELUDE, ...writer.lines, ...facts, `void go(void) { ${[...touch, ...sets].join('\n')} }`].join('\n'),
    writer,
    names,
  };
}

function recordNamed(types: readonly TypeInfo[], name: string): Extract<TypeInfo, { kind: 'record' }> {
  const found = types.find((t) => t.kind === 'record' && t.name === name);
  if (found?.kind !== 'record') {
    throw new Error(`no debug info for ${name}`);
  }
  return found;
}

const firstBit = (f: { readonly offset: number; readonly bits?: { readonly start: number } }): number =>
  f.offset * 8 + (f.bits?.start ?? 0);

describe('record layouts', () => {
  it('Struct sizes and offsets equal the MSVC layouts that the embedded clang dumps for x64, for hundreds of generated structs', () => {
    const records = fc.sample(record(2), { seed: 20_240_607, numRuns: 300 });
    const { source, writer, names } = program(records);
    const dump = runTool(
      [
        'clang',
        '-cc1',
        '-fsyntax-only',
        '-fdump-record-layouts-complete',
        ...frontEnd('r.c')
          .slice(2)
          .filter((a) => a !== '-emit-llvm'),
      ],
      { 'r.c': source },
    );
    expect(dump.status, dump.stderr).toBe(0);
    const layouts = new Map(parseRecordLayouts(dump.stdout).map((l): [string, RecordLayout] => [l.name, l]));
    const masks = new Map<string, readonly number[]>();
    const scratch = compileAndRun(
      { 'r.c': source },
      {
        instrument: false,
        exports: ['go', ...names.map((n) => `facts_${n}`)],
        imports: {
          seen: (index: number, field: number, at: bigint, size: bigint) => {
            const bytes = new Uint8Array(scratch.memory().buffer, Number(at), Number(size));
            const set = [...bytes].flatMap((byte, i) =>
              Array.from({ length: 8 }, (_, b) => ((byte >> b) & 1 ? i * 8 + b : -1)),
            );
            masks.set(
              `${index}.${field}`,
              set.filter((b) => b >= 0),
            );
          },
        },
      },
    );
    scratch.call('go');
    const types = scratch.units[0]?.types ?? [];
    expect(names.length).toBeGreaterThanOrEqual(300);
    let bitFields = 0;
    names.forEach((name, index) => {
      const layout = layouts.get(name);
      const debug = recordNamed(types, name);
      const facts = Number((scratch.exports[`facts_${name}`] as WebAssembly.Global).value);
      const fact = (i: number): number => Number(scratch.memory().getBigUint64(facts + 8 * i, true));
      expect([name, debug.size, layout?.size, layout?.align]).toEqual([name, fact(0), fact(0), fact(1)]);
      expect(debug.fields.map((f) => [name, f.name, firstBit(f), f.bits?.width])).toEqual(
        layout?.fields.map((f) => [name, f.name, firstBit(f), f.bits?.width]),
      );
      (writer.fields.get(name) ?? []).forEach((field, i) => {
        const ours = debug.fields.find((f) => f.name === field.name);
        if (ours?.bits === undefined) {
          expect([name, field.name, ours?.offset]).toEqual([name, field.name, fact(2 + i)]);
        } else {
          const first = firstBit(ours);
          const expected = Array.from({ length: ours.bits.width }, (_, b) => first + b);
          const boolean = masks.get(`${index}.${i}`)?.length === 1;
          expect([name, field.name, masks.get(`${index}.${i}`)]).toEqual([
            name,
            field.name,
            boolean ? expected.slice(0, 1) : expected,
          ]);
          bitFields++;
        }
      });
    });
    expect(bitFields).toBeGreaterThan(300);
  });
});

describe('parseRecordLayouts', () => {
  const layoutsOf = (name: string, source: string): readonly RecordLayout[] => {
    const args = frontEnd(name)
      .slice(2)
      .filter((a) => a !== '-emit-llvm');
    return parseRecordLayouts(
      runTool(['clang', '-cc1', '-fsyntax-only', '-fdump-record-layouts-complete', ...args], { [name]: source }).stdout,
    );
  };

  it('reads bases, vftable pointers and empty classes of C++', () => {
    const source =
      'struct Empty {}; struct A { virtual int f(); int a; }; namespace ns { class B : public A, Empty { short b; int c : 5; }; }';
    const layouts = layoutsOf('a.cpp', source);
    expect(layouts.find((l) => l.name === 'Empty')).toEqual({
      name: 'Empty',
      kind: 'struct',
      size: 1,
      align: 1,
      fields: [],
    });
    const b = layouts.find((l) => l.name === 'ns::B');
    expect(b).toMatchObject({ kind: 'class', size: 24, align: 8 });
    expect(b?.fields.map((f) => [f.name, f.offset, f.bits])).toEqual([
      ['', 0, undefined],
      ['', 16, undefined],
      ['b', 16, undefined],
      ['c', 20, { start: 0, width: 5 }],
    ]);
  });

  it('leaves members of members to their own record, and unnamed bit-fields out', () => {
    const source =
      'typedef struct { struct { int x, y; } in; union { int u; short v; }; int : 3; int b : 2; int (*call)(int); int m[2][3]; } T; T t;';
    const record = layoutsOf('a.c', source).find((l) => l.size === 48);
    expect(record?.fields.map((f) => [f.name, f.type.replace(/\(.*? at .*?\)/, '()'), f.offset, f.bits])).toEqual([
      ['in', 'struct ()', 0, undefined],
      ['', 'union ()', 8, undefined],
      ['b', 'int', 12, { start: 3, width: 2 }],
      ['call', 'int (*)(int)', 16, undefined],
      ['m', 'int[2][3]', 24, undefined],
    ]);
  });

  it('says nothing about text that is no dump', () => {
    expect(parseRecordLayouts('error: something\n*** Dumping AST Record Layout\n garbage\n')).toEqual([]);
  });
});
