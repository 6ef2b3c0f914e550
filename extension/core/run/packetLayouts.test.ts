/** Which C record a packet's bytes are read through: styles of writing a record, in C and C++, by real runs. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import type { Checks } from '../kmcl/simulation.js';
import { Allows } from '../rules/allow.js';
import type { Run } from './report.js';
import { buildRun, routineNames } from './reportBuilder.js';

const TYPES = `
typedef struct _HEADER { USHORT Version, Size; } HEADER;
typedef struct _ENTRY { UINT32 Address; UCHAR Length; } ENTRY;
typedef enum _KIND { KindRead = 1, KindWrite = 2 } KIND;
typedef struct _RECORD {
    HEADER Header; KIND Kind; UCHAR Tag; union { UINT32 Code; struct { USHORT Low; UCHAR Mid; } Part; } u;
    UINT32 Urgent : 1, Level : 3; CHAR Name[8]; WCHAR Wide[2]; UINT64 Sizes[2]; GUID Id; PVOID Owner; ENTRY Table[2];
} RECORD, *PRECORD;
typedef struct _LIST { UINT32 Count; ENTRY Items[1]; } LIST;
typedef struct _TEXT { USHORT Length; UCHAR Bytes[1]; } TEXT;
typedef struct _MESSAGE { HEADER Header; UINT32 Reserved; UCHAR Data[]; } MESSAGE;
#pragma pack(push, 1)
typedef struct _PACKED { UCHAR First; UINT32 Second; HEADER Third; } PACKED;
#pragma pack(pop)
typedef struct _CONTEXT { LIST_ENTRY Link; PACKED Saved; ENTRY Entries[3]; } CONTEXT;
typedef union _ANY { HEADER Header; PACKED Packed; LIST List; } ANY;
`;

/** What each callback writes: bytes needed, and statements with \`SaveBuf\` and \`Size\`. */
const STYLES: Readonly<Record<string, readonly [string, string]>> = {
  Cast: [
    'sizeof(PACKED)',
    'PACKED *p = (PACKED *)SaveBuf; p->First = 1; p->Second = 2; p->Third.Version = 3; p->Third.Size = 4;',
  ],
  Local: [
    'sizeof(RECORD)',
    'RECORD r; RtlZeroMemory(&r, sizeof(r)); r.Kind = KindWrite; RtlCopyMemory(SaveBuf, &r, sizeof(r));',
  ],
  Assigned: ['sizeof(PACKED)', 'PACKED p = {1, 2, {3, 4}}; *(PACKED *)SaveBuf = p;'],
  Member: ['sizeof(PACKED)', 'RtlCopyMemory(SaveBuf, &Context.Saved, sizeof(Context.Saved));'],
  Zeroed: ['sizeof(LIST)', 'LIST *l = (LIST *)SaveBuf; RtlZeroMemory(l, sizeof(*l)); l->Count = 1;'],
  Helper: ['sizeof(HEADER)', 'FillHeader((HEADER *)SaveBuf);'],
  Copier: ['sizeof(PACKED)', 'CopyBytes(SaveBuf, &Context.Saved, sizeof(PACKED));'],
  Elements: [
    'sizeof(UINT32) + 3 * sizeof(ENTRY)',
    `LIST *l = (LIST *)SaveBuf; ULONG i; l->Count = 3; RtlZeroMemory(l->Items, 3 * sizeof(ENTRY));
     for (i = 0; i < 3; i++) { l->Items[i].Address = i; l->Items[i].Length = 1; }`,
  ],
  Bytes: ['7', 'TEXT *t = (TEXT *)SaveBuf; t->Length = 5; RtlCopyMemory(t->Bytes, "hello", 5);'],
  Flexible: [
    'sizeof(MESSAGE) + 4',
    'MESSAGE *m = (MESSAGE *)SaveBuf; RtlZeroMemory(m, Size); m->Header.Size = 4; m->Data[2] = 3;',
  ],
  Behind: [
    'sizeof(HEADER) + 3 * sizeof(ENTRY)',
    `HEADER *h = (HEADER *)SaveBuf; h->Version = 1; h->Size = 2;
     RtlCopyMemory(h + 1, Context.Entries, 3 * sizeof(ENTRY));`,
  ],
  Two: [
    '8 + sizeof(HEADER) + sizeof(PACKED)',
    `PUCHAR at = (PUCHAR)SaveBuf; HEADER h = {1, 2};
     *(UNALIGNED UINT64 *)at = 7; RtlCopyMemory(at + 8, &h, sizeof(h)); RtlCopyMemory(at + 12, &Context.Saved, sizeof(PACKED));`,
  ],
  Prefix: [
    'FIELD_OFFSET(RECORD, Name)',
    'RECORD r; RtlZeroMemory(&r, sizeof(r)); RtlCopyMemory(SaveBuf, &r, FIELD_OFFSET(RECORD, Name));',
  ],
  Union: [
    'sizeof(PACKED)',
    'ANY *a = (ANY *)SaveBuf; a->Packed.First = 1; a->Packed.Second = 2; a->Packed.Third.Version = 3; a->Packed.Third.Size = 4;',
  ],
  Raw: ['6', 'PUCHAR b = (PUCHAR)SaveBuf; ULONG i; for (i = 0; i < 6; i++) b[i] = 1;'],
};

function source(cpp: boolean, styles: typeof STYLES = STYLES): string {
  return `${CHANNEL_DRIVER}
${TYPES}
static CONTEXT Context = {{NULL, NULL}, {1, 2, {3, 4}}, {{1, 2}, {3, 4}, {5, 6}}};
static VOID FillHeader(HEADER *Header) { Header->Version = 1; Header->Size = 4; }
static VOID CopyBytes(PVOID To, const VOID *From, SIZE_T Count) { RtlCopyMemory(To, From, Count); }
${cpp ? CPP_TYPES : ''}
static VOID Run(EVT_VMB_CHANNEL_SAVE_PACKET *Callback)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    PVSPLAB_STATE state = NULL;
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, Callback, RestorePacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 1, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    EndChannel(channel);
}
${Object.entries({ ...styles, ...(cpp ? CPP_STYLES : {}) })
  .map(
    ([name, [size, body]]) => `
static NTSTATUS Save${name}(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    const ULONG Size = (ULONG)(${size});
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = Size;
    if (SaveBufSize < Size) return STATUS_BUFFER_TOO_SMALL;
    ${body}
    return STATUS_SUCCESS;
}
VSPLAB_TEST(${name}) { Run(Save${name}); }`,
  )
  .join('\n')}
`;
}

const CPP_TYPES = `
inline void *operator new(size_t, void *at) noexcept { return at; }
namespace wire {
struct Base { UINT32 Kind; };
struct Saved : Base { UINT32 Value; Saved(UINT32 value) : Base{7} { Value = value; } };
}
template <typename T> static void Put(PUCHAR &at, const T &value) { RtlCopyMemory(at, &value, sizeof(T)); at += sizeof(T); }
class Writer {
public:
    explicit Writer(PVOID to) : m_at(static_cast<PUCHAR>(to)) {}
    void Bytes(const VOID *from, SIZE_T count) { RtlCopyMemory(m_at, from, count); m_at += count; }
    template <typename T> void Value(const T &value) { Bytes(&value, sizeof(value)); }
private:
    PUCHAR m_at;
};
`;

const CPP_STYLES: Readonly<Record<string, readonly [string, string]>> = {
  Placed: ['sizeof(wire::Saved)', 'new (SaveBuf) wire::Saved(3);'],
  Template: [
    'sizeof(HEADER) + sizeof(ENTRY)',
    'PUCHAR at = static_cast<PUCHAR>(SaveBuf); HEADER h{1, 2}; Put(at, h); Put(at, Context.Entries[1]);',
  ],
  Wrapped: [
    'sizeof(HEADER) + sizeof(PACKED)',
    'Writer writer(SaveBuf); HEADER h{1, 2}; writer.Value(h); writer.Value(Context.Saved);',
  ],
};

const allows = new Allows([], () => undefined);

/** Layout of the packets of a test, in words; `-` for none. */
function layoutIn(
  driver: TestDriver,
  name: string,
  checks: Checks = 'contract',
): { readonly name: string; readonly fields: readonly string[] } {
  const test = driver.driver.fixtures.find((each) => each.name === name);
  if (test === undefined) throw new Error(`no test ${name}`);
  const { result } = driver.test(name, { checks });
  expect(result.ended).toBe('completed');
  const planned = { name, file: '', line: 1, program: { kind: 'test', test } } as const;
  const { run }: { run: Run } = buildRun(
    driver.driver,
    planned,
    { kind: 'result', result },
    checks,
    allows,
    routineNames(driver.driver),
  );
  const packets = run.channels[0]?.packets;
  const [first, second] = [packets?.at(0), packets?.at(1)];
  expect(first?.record).toBe(second?.record);
  if (checks !== 'off') expect(run.records?.length).toBe(first?.record === undefined ? 0 : 1);
  const layout = first?.record === undefined ? undefined : run.records?.[first.record];
  if (layout === undefined) return { name: '-', fields: [] };
  covered(layout.fields, layout.size);
  const fields = layout.fields.map(({ name: field, type, offset, size, format, bits }) => {
    const span = bits === undefined ? `${offset}+${size}` : `${offset}.${bits.start}+${bits.width}`;
    return `${span} ${field}${type === '' ? '' : `: ${type}`} ${format}`;
  });
  return { name: `${layout.name} ${layout.size}`, fields };
}

/** Every byte is in some field, and each field lies in the record, in order. */
function covered(fields: NonNullable<Run['records']>[number]['fields'], size: number): void {
  const seen = new Set(
    fields.flatMap(({ offset, size: bytes }) => Array.from({ length: bytes }, (_, at) => offset + at)),
  );
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, at) => at));
  expect(fields.map(({ offset }) => offset)).toEqual(fields.map(({ offset }) => offset).sort((a, b) => a - b));
}

const PACKED_FIELDS = [
  '0+1 First: UCHAR unsigned',
  '1+4 Second: UINT32 unsigned',
  '5+2 Third.Version: USHORT unsigned',
  '7+2 Third.Size: USHORT unsigned',
];
const RECORD_FIELDS = [
  '0+2 Header.Version: USHORT unsigned',
  '2+2 Header.Size: USHORT unsigned',
  '4+4 Kind: KIND enum',
  '8+1 Tag: UCHAR unsigned',
  '9+3 Tag padding',
  '12+4 u.Code (union): UINT32 unsigned',
  '12+2 u.Part.Low (union): USHORT unsigned',
  '14+1 u.Part.Mid (union): UCHAR unsigned',
  '16.0+1 Urgent: UINT32 unsigned',
  '16.1+3 Level: UINT32 unsigned',
  '20+8 Name: CHAR[8] text',
  '28+4 Wide: WCHAR[2] text',
  '32+16 Sizes: UINT64[2] unsigned',
  '48+16 Id: GUID guid',
  '64+8 Owner: PVOID pointer',
  '72+4 Table[0].Address: UINT32 unsigned',
  '76+1 Table[0].Length: UCHAR unsigned',
  '77+3 Table[0].Length padding',
  '80+4 Table[1].Address: UINT32 unsigned',
  '84+1 Table[1].Length: UCHAR unsigned',
  '85+3 Table[1].Length padding',
];

function entries(prefix: string, from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => [
    `${from + 8 * index}+4 ${prefix}[${index}].Address: UINT32 unsigned`,
    `${from + 8 * index + 4}+1 ${prefix}[${index}].Length: UCHAR unsigned`,
    `${from + 8 * index + 5}+3 ${prefix}[${index}].Length padding`,
  ]).flat();
}

const EXPECTED: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  Cast: ['PACKED 9', PACKED_FIELDS],
  Local: ['RECORD 88', RECORD_FIELDS],
  Assigned: ['PACKED 9', PACKED_FIELDS],
  Member: ['PACKED 9', PACKED_FIELDS],
  Zeroed: ['LIST 12', ['0+4 Count: UINT32 unsigned', ...entries('Items', 4, 1)]],
  Helper: ['HEADER 4', ['0+2 Version: USHORT unsigned', '2+2 Size: USHORT unsigned']],
  Copier: ['PACKED 9', PACKED_FIELDS],
  Elements: ['LIST 28', ['0+4 Count: UINT32 unsigned', ...entries('Items', 4, 3)]],
  Bytes: ['TEXT 7', ['0+2 Length: USHORT unsigned', '2+5 Bytes: UCHAR[5] bytes']],
  Flexible: [
    'MESSAGE 12',
    [
      '0+2 Header.Version: USHORT unsigned',
      '2+2 Header.Size: USHORT unsigned',
      '4+4 Reserved: UINT32 unsigned',
      '8+4 Data: UCHAR[4] bytes',
    ],
  ],
  Behind: [
    'HEADER + ENTRY[] 28',
    ['0+2 HEADER.Version: USHORT unsigned', '2+2 HEADER.Size: USHORT unsigned', ...entries('ENTRY', 4, 3)],
  ],
  Two: [
    'HEADER + PACKED 21',
    [
      '0+8 bytes at 0: UCHAR[8] bytes',
      '8+2 HEADER.Version: USHORT unsigned',
      '10+2 HEADER.Size: USHORT unsigned',
      '12+1 PACKED.First: UCHAR unsigned',
      '13+4 PACKED.Second: UINT32 unsigned',
      '17+2 PACKED.Third.Version: USHORT unsigned',
      '19+2 PACKED.Third.Size: USHORT unsigned',
    ],
  ],
  Prefix: ['RECORD 88', RECORD_FIELDS],
  Union: ['PACKED 9', PACKED_FIELDS],
  Raw: ['-', []],
};

const CPP_EXPECTED: typeof EXPECTED = {
  Placed: ['wire::Saved 8', ['0+4 wire::Base.Kind: UINT32 unsigned', '4+4 Value: UINT32 unsigned']],
  Template: [
    'HEADER + ENTRY 12',
    [
      '0+2 HEADER.Version: USHORT unsigned',
      '2+2 HEADER.Size: USHORT unsigned',
      '4+4 ENTRY.Address: UINT32 unsigned',
      '8+1 ENTRY.Length: UCHAR unsigned',
      '9+3 ENTRY.Length padding',
    ],
  ],
  Wrapped: [
    'HEADER + PACKED 13',
    [
      '0+2 HEADER.Version: USHORT unsigned',
      '2+2 HEADER.Size: USHORT unsigned',
      '4+1 PACKED.First: UCHAR unsigned',
      '5+4 PACKED.Second: UINT32 unsigned',
      '9+2 PACKED.Third.Version: USHORT unsigned',
      '11+2 PACKED.Third.Size: USHORT unsigned',
    ],
  ],
};

describe('records with checks off', () => {
  it.each([
    ['cast', 'PACKED *p = (PACKED *)SaveBuf; p->Second = 2;', 'sizeof(PACKED)', 'PACKED 9'],
    [
      'copied',
      'RECORD r; RtlZeroMemory(&r, sizeof(r)); RtlCopyMemory(SaveBuf, &r, sizeof(r));',
      'sizeof(RECORD)',
      'RECORD 88',
    ],
    ['handed on', 'FillHeader((HEADER *)SaveBuf);', 'sizeof(HEADER)', 'HEADER 4'],
    [
      'of two the one of that size',
      'if (SaveBufSize == 4) FillHeader((HEADER *)SaveBuf); else *(ENTRY *)SaveBuf = Context.Entries[0];',
      'sizeof(ENTRY)',
      'ENTRY 8',
    ],
    [
      'of two of neither size',
      'if (SaveBufSize == 4) FillHeader((HEADER *)SaveBuf); else *(ENTRY *)SaveBuf = Context.Entries[0];',
      '16',
      '-',
    ],
    ['that goes on', 'LIST *l = (LIST *)SaveBuf; l->Count = 1;', 'sizeof(UINT32) + 3 * sizeof(ENTRY)', 'LIST 28'],
  ])(
    '%s',
    async (_, body, size, expected) => {
      const driver = await compileText(source(false, { Style: [size, body] }), { checked: false });
      expect(layoutIn(driver, 'Style', 'off').name).toBe(expected);
    },
    COMPILE_TIMEOUT,
  );
});

describe.each(['c', 'c++'] as const)('records of saved bytes in %s', (language) => {
  const cpp = language === 'c++';
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(source(cpp), { language });
  }, COMPILE_TIMEOUT);

  it.each(Object.entries({ ...EXPECTED, ...(cpp ? CPP_EXPECTED : {}) }))('%s', (name, [title, fields]) => {
    expect(layoutIn(driver, name)).toEqual({ name: title, fields });
  });
});
