/**
 * Every option over structures with every kind of member: what is written compiles without a warning, its tests pass,
 * and full checks, the static ones and quick stress find nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContextFacts, ScaffoldOptions } from '../../extension/core/scaffold/request.js';
import { type CliResult, PATIENCE, ScratchProject, vspLab } from '../support/cli.js';
import { ScaffoldFolder } from '../support/scaffoldFiles.js';
import { STORAGE_DRIVER } from '../support/storageDriver.js';
import { VIDEO_DRIVER } from '../support/videoDriver.js';

/** Members of every kind; the second list is what is chosen beside what is chosen by itself. */
const CONTEXTS: readonly (readonly [name: string, body: string, also: readonly string[]])[] = [
  [
    'PLAIN',
    `    LIST_ENTRY Link;
    UINT8 Byte;
    UINT64 Wide;
    INT16 Small;
    LONG Long;
    BOOLEAN Flag;
    REQUEST_KIND Kind;
    NTSTATUS Outcome;
    float Single;
    double Double;
    GUID Id;
    LARGE_INTEGER Time;
    ULARGE_INTEGER Offset;
    SIZE_T Bytes;
    volatile LONG Count;
    HANDLE File;
    PDEVICE_OBJECT Device;
    KSPIN_LOCK Lock;
    KEVENT Done;
    PHYSICAL_ADDRESS Where;`,
    [],
  ],
  [
    'BITS',
    `    UINT32 One : 1;
    UINT32 Seven : 7;
    UINT32 Twelve : 12;
    UINT64 Forty : 40;
    int Signed : 5;
    UCHAR Last : 3;
    BOOLEAN Signature;
    UINT16 Version;`,
    [],
  ],
  [
    'NESTED',
    `    HEADER Header;
    MIXED Mixed;
    UINT16 Words[3];
    UINT32 Matrix[2][3];
    HEADER Headers[2];
    REQUEST_KIND Kinds[2];
    GUID Ids[2];`,
    [],
  ],
  [
    'TAIL',
    `    ULONG RequestId;
    PUCHAR Data;
    ULONG DataLength;
    const VOID *Sense;
    UINT8 SenseLength;
    UINT32 *Pages;
    UINT16 PageCount;`,
    ['Data', 'Sense', 'Pages'],
  ],
  [
    'LOCKED_TAIL',
    `    KSPIN_LOCK Lock;
    PVOID Buffer;
    SIZE_T BufferLength;`,
    ['Buffer'],
  ],
  [
    'FLEXIBLE',
    `    UINT32 Id;
    UINT16 EntryCount;
    HEADER Entries[ANYSIZE_ARRAY];`,
    [],
  ],
  [
    'FLEXIBLE_BYTES',
    `    FAST_MUTEX Mutex;
    ULONG Length;
    UCHAR Bytes[1];`,
    [],
  ],
  [
    'UNIONS',
    `    UINT32 Id;
    union {
        UINT32 Value;
        UINT8 Parts[4];
    } Named;
    union {
        UINT32 First;
        UINT32 Second;
    };
    struct {
        UINT8 Inner;
    };
    ULONG_PTR Cookie;`,
    ['Named', 'First', 'Inner', 'Cookie'],
  ],
  [
    'UNSAVED',
    '    UINT32 Id;\n    union {\n        UINT32 Value;\n        UINT8 Parts[4];\n    } Named;\n    ULONG_PTR Cookie;',
    [],
  ],
  ['LARGE', '    UINT32 Id;\n    UINT8 Payload[4096];\n    UINT32 Rest;', []],
  ['LARGE_TAIL', '    UINT8 Payload[1024];\n    EX_PUSH_LOCK Lock;\n    UINT8 *Data;\n    UINT32 DataSize;', ['Data']],
];

const PRELUDE = `typedef enum _REQUEST_KIND { KindRead, KindWrite } REQUEST_KIND;

typedef struct _HEADER {
    UINT8 Type;
    UINT64 Sequence;
    BOOLEAN Last;
} HEADER;

typedef struct _MIXED {
    UINT32 Number;
    PVOID Pointer;
} MIXED;
`;

interface Combination extends ScaffoldOptions {
  readonly name: string;
  readonly extension: 'c' | 'cpp';
}

const COMBINATIONS: readonly Combination[] = [
  ...(['direct', 'interface'] as const).flatMap((style) =>
    (['natural', 'packed'] as const).flatMap((packing) =>
      (['c', 'cpp'] as const).map((extension) => ({
        name: `${style}-${packing}-${extension}`,
        extension,
        style,
        packing,
        language: extension,
      })),
    ),
  ),
  { name: 'c-in-cpp', extension: 'cpp', language: 'c' },
];

function source(): string {
  const structures = CONTEXTS.map(
    ([name, body]) => `typedef struct _${name}_CONTEXT {\n${body}\n} ${name}_CONTEXT, *P${name}_CONTEXT;\n`,
  );
  return ['#include <ntddk.h>', '#include <vmbuskernelmodeclientlibapi.h>', '', PRELUDE, ...structures].join('\n');
}

/** Drivers as people write them. */
const DRIVERS = [
  ['storage', 'Storage.c', STORAGE_DRIVER, 'STOR_REQUEST'],
  ['video', 'Video.cpp', VIDEO_DRIVER, 'FrameContext'],
] as const;
const WHOLE = DRIVERS.map(([name]) => name);
/** Every two options in every combination of theirs. */
const STRESSED = ['direct-natural-c', 'interface-packed-c', 'direct-packed-cpp', 'interface-natural-cpp', ...WHOLE];
/** Damage and low memory do not depend on the combination: two that differ in everything stand for all. */
const CHECKED = ['direct-natural-c', 'interface-packed-cpp', ...WHOLE];

interface Report {
  readonly runs: readonly {
    readonly name: string;
    readonly driver: string;
    readonly outcome: string;
    readonly message?: string;
    readonly findings: readonly { readonly rule: string; readonly message: string }[];
  }[];
  readonly stubs: readonly unknown[];
}

const project = new ScratchProject();
const warnings: string[] = [];
let report: Report;
let statuses: readonly (number | null)[];
let checked: CliResult;

beforeAll(() => {
  const facts = new Map<string, ContextFacts>();
  for (const { name, extension, ...options } of COMBINATIONS) {
    const file = `Driver.${extension}`;
    const folder = new ScaffoldFolder({ [file]: source() });
    const known = facts.get(extension) ?? folder.facts(file);
    facts.set(extension, known);
    for (const [context, , also] of CONTEXTS) {
      const offered = known.candidates.find((each) => each.name === `${context}_CONTEXT`);
      const fields = (offered?.choices ?? [])
        .filter((each) => each.selected || also.includes(each.path))
        .map(({ path }) => path);
      folder.scaffold(file, `${context}_CONTEXT`, { ...options, fields }, known);
    }
    for (const [each, text] of folder.files) project.write(`${name}/${each}`, text);
    const last = [...folder.files.keys()].at(-1) ?? '';
    const said = folder.warnings(last);
    if (said !== '') warnings.push(`${name}: ${said}`);
  }
  for (const [name, file, text, context] of DRIVERS) {
    const folder = new ScaffoldFolder({ [file]: text });
    folder.scaffold(file, context);
    for (const [each, written] of folder.files) project.write(`${name}/${each}`, written);
  }
  const json = ['--format', 'json', ...PATIENCE];
  const others = COMBINATIONS.map(({ name }) => name).filter((name) => !STRESSED.includes(name));
  const all = [
    project.run(...others, '--test', '*SurviveMigration', ...json),
    project.run(...STRESSED, '--test', '*SurviveMigration', '--stress', 'quick', ...json),
    project.run(...CHECKED, '--test', '*RefuseDamage', '--test', '*SurviveLowMemory', ...json),
  ];
  statuses = all.map(({ status }) => status);
  if (all.some(({ stdout }) => stdout === '')) throw new Error(all.map(({ stderr }) => stderr).join(''));
  const reports = all.map(({ stdout }) => JSON.parse(stdout) as Report);
  report = { runs: reports.flatMap(({ runs }) => runs), stubs: reports.flatMap(({ stubs }) => stubs) };
  checked = vspLab(project.folder, 'check', ...CHECKED);
}, 300_000);
afterAll(() => project.remove());

describe('what is written for every combination', () => {
  it('compiles in C and C++ without a warning', () => {
    expect(warnings).toEqual([]);
  });

  it('passes its own tests under full checks and quick stress, and nothing is found', () => {
    const wrong = report.runs.filter(({ outcome, findings }) => outcome !== 'passed' || findings.length > 0);
    expect(
      wrong.map(({ driver, name, outcome, message, findings }) => [driver, name, outcome, message, findings]),
    ).toEqual([]);
    expect(statuses).toEqual([0, 0, 0]);
    expect(report.runs).toHaveLength((COMBINATIONS.length + 2 * 2) * CONTEXTS.length + 3 * DRIVERS.length);
    expect(report.stubs).toEqual([]);
  });

  it('breaks no static rule', () => {
    expect(checked.stdout).toMatch(/checked: 0 errors, 0 warnings, 0 remarks\n$/);
    expect(checked.status).toBe(0);
  });
});
