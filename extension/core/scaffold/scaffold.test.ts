/** Where pieces go, what they take over from the file, and what is refused: with the real compiler's facts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ScaffoldFolder } from '../../../test/support/scaffoldFiles.js';
import { applyEdits } from './request.js';

const STRUCT = `typedef struct _NIC_RX_CONTEXT {
    LIST_ENTRY Link;
    UINT32 RequestId;
    KSPIN_LOCK Lock;
    PVOID Device;
} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;
`;
const INCLUDES = '#include <ntddk.h>\n#include <vmbuskernelmodeclientlibapi.h>\n';
const CONFIGURE = `
NTSTATUS NicConfigure(VMBCHANNEL Channel, HANDLE Handle)
{
    NTSTATUS Status;

    Status = VmbServerChannelInitSetVmbusHandle(Channel, Handle);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    Status = VmbChannelInitSetMaximumPacketSize(Channel, 64);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    return VmbChannelInitSetProcessPacketCallbacks(Channel, NULL, NULL);
Exit:
    return Status;
}
`;

function written(text: string, name = 'Nic.c'): string {
  const folder = new ScaffoldFolder({ [name]: text });
  folder.scaffold(name, 'NIC_RX_CONTEXT');
  expect(folder.warnings(name)).toBe('');
  return folder.text(name);
}

function refused(text: string, context = 'NIC_RX_CONTEXT', options = {}, name = 'Nic.c'): string {
  const result = new ScaffoldFolder({ [name]: text }).ask(name, context, options);
  return result.ok ? 'written' : result.message;
}

describe('places', () => {
  it('puts the record behind the context and the functions at the end', () => {
    const text = written(
      `${INCLUDES}\n${STRUCT}C_ASSERT(sizeof(NIC_RX_CONTEXT) == 40);\n\nint Number; /* of adapters */\n`,
    );
    const order = [
      'sizeof(NIC_RX_CONTEXT) == 40',
      'NIC_RX_SAVED;',
      'EVT_VMB_CHANNEL_SAVE_PACKET',
      'int Number',
      'NTSTATUS NicRxSavePacket(',
    ];
    const places = order.map((each) => text.indexOf(each));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(text).toContain('\nint Number; /* of adapters */\n');
  });

  it('registers beside the other Init calls, checked as they are', () => {
    const text = written(`${INCLUDES}${STRUCT}${CONFIGURE}`);
    expect(
      text,
    ).toContain(`    Status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, NicRxSavePacket, NicRxRestorePacket);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    return VmbChannelInitSetProcessPacketCallbacks`);
    expect(text).not.toContain('RegisterSaveRestore');
  });

  it('registers in the macro the other calls are checked by', () => {
    const macro =
      '#define RETURN_IF_FAILED(e) do { NTSTATUS s_ = (e); if (!NT_SUCCESS(s_)) { return s_; } } while (0)\n';
    const text = written(`${INCLUDES}${macro}${STRUCT}
NTSTATUS NicConfigure(VMBCHANNEL Channel, HANDLE Handle)
{
    RETURN_IF_FAILED(VmbServerChannelInitSetVmbusHandle(Channel, Handle));
    return STATUS_SUCCESS;
}
`);
    expect(text).toContain(
      '    RETURN_IF_FAILED(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, NicRxSavePacket, NicRxRestorePacket));\n',
    );
  });

  it('finds the context in a header and includes what is missing', () => {
    const folder = new ScaffoldFolder({
      'Nic.h': `#include <ntddk.h>\n${STRUCT}`,
      'Nic.c': '#include "Nic.h"\n\nint Unrelated;\n',
    });
    folder.scaffold('Nic.c', 'NIC_RX_CONTEXT');
    expect(folder.warnings('Nic.c')).toBe('');
    expect(folder.text('Nic.c')).toMatch(/^#include "Nic.h"\n#include <vmbuskernelmodeclientlibapi.h>\n/);
    expect(folder.text('Nic.h')).toBe(`#include <ntddk.h>\n${STRUCT}`);
  });

  it('works on code that does not compile elsewhere', () => {
    const broken = `${INCLUDES}#include "Missing.h"\n${STRUCT}\nUNKNOWN Thing;\n\nVOID Half(VOID)\n{\n    typed(;\n}\n`;
    const folder = new ScaffoldFolder({ 'Nic.c': broken });
    const { problems, candidates } = folder.facts('Nic.c');
    expect(candidates.map(({ name, size }) => [name, size])).toEqual([['NIC_RX_CONTEXT', 40]]);
    expect(problems).toHaveLength(2);
    folder.scaffold('Nic.c', 'NIC_RX_CONTEXT');
    expect(folder.text('Nic.c')).toContain('NTSTATUS NicRxRestorePacket(');
  });
});

describe('manners of the file', () => {
  it('keeps tabs, braces, line ends and small locals', () => {
    const own = `${INCLUDES}\ntypedef struct _NIC_RX_CONTEXT\n{\n\tUINT32 RequestId;\n} NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;\n
NTSTATUS NicStart(ULONG Count)
{
\tNTSTATUS status = STATUS_SUCCESS;

\tif (Count == 0)
\t{
\t\tstatus = STATUS_INVALID_PARAMETER;
\t}
\treturn status;
}
`;
    const text = written(own.replaceAll('\n', '\r\n'));
    expect(text).not.toMatch(/[^\r]\n/);
    expect(text).not.toMatch(/^ {4}\S/m);
    expect(text).not.toMatch(/\) \{/);
    expect(text).toContain('\tif (context == NULL)\r\n\t{\r\n\t\treturn');
    expect(text).toContain('typedef struct _NIC_RX_SAVED\r\n{\r\n\tUINT32 Signature;');
  });

  it('uses the pool, the tag, the lock and the trace that are there', () => {
    const own = `${INCLUDES}#define NIC_TAG 'cinN'
#define NicTrace(text, status) DbgPrint(text, status)
${STRUCT}
static VOID NicLock(PNIC_RX_CONTEXT Context, PKIRQL OldIrql)
{
    KeAcquireSpinLock(&Context->Lock, OldIrql);
}

static VOID NicUnlock(PNIC_RX_CONTEXT Context, KIRQL OldIrql)
{
    KeReleaseSpinLock(&Context->Lock, OldIrql);
}

static PNIC_RX_CONTEXT NicAllocateContext(VOID)
{
    return ExAllocatePoolZero(NonPagedPoolNx, sizeof(NIC_RX_CONTEXT), NIC_TAG);
}

static VOID NicFreeContext(PNIC_RX_CONTEXT Context)
{
    ExFreePoolWithTag(Context, NIC_TAG);
}

VOID NicOther(NTSTATUS Status)
{
    NicTrace("NicOther: %08x\\n", Status);
}
`;
    const text = written(own);
    for (const each of [
      'NicLock(Context, &OldIrql);',
      'NicUnlock(Context, OldIrql);',
      'Context = NicAllocateContext();',
      'NicFreeContext(Context);',
      'NicTrace("NicRxRestorePacket: the packet was not restored %08x\\n", Status);',
    ]) {
      expect(text).toContain(each);
    }
    expect(text.match(/'cinN'/g)).toHaveLength(1);
    expect(text).not.toContain('NicRxCreateContext');
  });

  it('goes through the table the file goes through', () => {
    const text = written(
      `${INCLUDES}${STRUCT}
static KMCL_SERVER_INTERFACE_V1 *Kmcl;

NTSTATUS NicConfigure(VMBCHANNEL Channel, HANDLE Handle)
{
    NTSTATUS Status = Kmcl->VmbServerChannelInitSetVmbusHandle(Channel, Handle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return STATUS_SUCCESS;
}
`.replace('NTSTATUS Status = Kmcl', 'NTSTATUS Status;\n\n    Status = Kmcl'),
    );
    expect(text).toContain('Status = Kmcl->VmbServerChannelInitSetSaveRestorePacketCallbacks(');
    expect(text).toContain('Kmcl->VmbPacketRestore(Packet, LibBuf, LibBufSize)');
  });

  it('never names itself in a driver', () => {
    expect(written(`${INCLUDES}${STRUCT}`)).not.toMatch(/vsp|lab\b|scaffold|generat/i);
  });
});

describe('what is there already', () => {
  it('is nothing to write where both callbacks are there', () => {
    const whole = written(`${INCLUDES}${STRUCT}${CONFIGURE}`);
    expect(refused(whole)).toMatch(
      /^NIC_RX_CONTEXT has its callbacks: NicRxSavePacket \(Nic\.c:\d+\) and NicRxRestorePacket \(Nic\.c:\d+\); nothing is written$/,
    );
  });

  it.each([
    ['restore', /\n\/\* Not in the record[\s\S]*?\n\}\n/],
    ['save', /\n\/\* Answers how many[\s\S]*?\n\}\n/],
  ])('is completed where the %s callback is missing', (_kind, piece) => {
    const whole = written(`${INCLUDES}${STRUCT}${CONFIGURE}`);
    const half = whole.replace(piece, '');
    expect(half).not.toBe(whole);
    const folder = new ScaffoldFolder({ 'Nic.c': half });
    folder.scaffold('Nic.c', 'NIC_RX_CONTEXT');
    expect(folder.warnings('Nic.c')).toBe('');
    const paragraphs = (text: string): readonly string[] =>
      text
        .split('\n\n')
        .map((each) => each.trim())
        .toSorted();
    expect(paragraphs(folder.text('Nic.c'))).toEqual(paragraphs(whole));
  });

  it('is only registered where a registration is all that lacks', () => {
    const whole = written(`${INCLUDES}${STRUCT}${CONFIGURE}`);
    const lacking = whole.replace(/\n {4}Status = VmbServerChannelInitSetSaveRestore[\s\S]*?\n {4}\}/, '');
    const folder = new ScaffoldFolder({ 'Nic.c': lacking });
    folder.scaffold('Nic.c', 'NIC_RX_CONTEXT');
    expect(folder.text('Nic.c')).toBe(whole);
  });

  it('gets the names it is promised under', () => {
    const text = written(`${INCLUDES}${STRUCT}
EVT_VMB_CHANNEL_SAVE_PACKET NicSave;
EVT_VMB_CHANNEL_RESTORE_PACKET NicRestore;

NTSTATUS NicRegister(VMBCHANNEL Channel)
{
    return VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, NicSave, NicRestore);
}
`);
    expect(text).toMatch(/\nNTSTATUS NicSave\(/);
    expect(text.match(/SetSaveRestorePacketCallbacks/g)).toHaveLength(1);
    expect(text.match(/EVT_VMB_CHANNEL_SAVE_PACKET/g)).toHaveLength(1);
  });

  it('is no record of ours: the other callback cannot know it', () => {
    const own = `${INCLUDES}${STRUCT}
NTSTATUS NicSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PNIC_RX_CONTEXT Context = VmbPacketGetPointer(Packet);
    *BytesNeeded = Context->RequestId;
    return STATUS_SUCCESS;
}
`;
    expect(refused(own)).toBe(
      'NicSave is there and keeps no NIC_RX_SAVED: its restore callback has to know what it keeps; write it by hand, or rename NicSave to have both written',
    );
  });
});

describe('a driver of several files', () => {
  const example = (name: string): string =>
    readFileSync(new URL(`../../../examples/synthetic-nic/${name}`, import.meta.url), 'utf8');
  const names = ['Nic.h', 'NicChannel.c', 'NicIndication.c'];
  const folder = new ScaffoldFolder(Object.fromEntries(names.map((name) => [name, example(name)])));

  it('has its callbacks where another file registers them', () => {
    const result = folder.ask('NicIndication.c', 'NIC_INDICATION');
    expect(result.ok ? 'written' : result.message).toMatch(/^NIC_INDICATION has its callbacks: NicSavePacket/);
  });

  it('keeps the callbacks that another file defines, and its registration', () => {
    const result = folder.ask('NicChannel.c', 'NIC_ADAPTER');
    if (!result.ok) throw new Error(result.message);
    expect([result.save, result.restore]).toEqual(['NicAdapterSavePacket', 'NicAdapterRestorePacket']);
    expect(result.notes).toContain(
      'NicConfigureChannel registers other callbacks: NicAdapterSavePacket and NicAdapterRestorePacket are registered nowhere',
    );
  });
});

describe('what cannot be done changes nothing and says why', () => {
  it.each([
    [`${INCLUDES}struct NIC_RX_CONTEXT;\n`, /^NIC_RX_CONTEXT is only declared in Nic\.c: /],
    [
      `${INCLUDES}typedef struct _NIC_RX_CONTEXT NIC_RX_CONTEXT, *PNIC_RX_CONTEXT;\n`,
      /^NIC_RX_CONTEXT is only declared/,
    ],
    [
      `${INCLUDES}typedef struct { int A; } OTHER;\n`,
      /^no structure NIC_RX_CONTEXT in Nic\.c or its headers: there is OTHER$/,
    ],
    [INCLUDES, /there is no structure$/],
    [
      `${INCLUDES}typedef struct { LIST_ENTRY Link; PVOID Data; } NIC_RX_CONTEXT;\n`,
      /^nothing of NIC_RX_CONTEXT is left to save: Link \(list entry: linked anew\), Data \(pointer/,
    ],
    [`${INCLUDES}${STRUCT}int NIC_RX_SAVED;\n`, /^the name NIC_RX_SAVED is taken in Nic\.c:9: /],
    [`${INCLUDES}${STRUCT}int NicRxSavePacket;\n`, /^the name NicRxSavePacket is taken in Nic\.c:9: /],
    [
      `${INCLUDES}${STRUCT.replace('UINT32 RequestId;', 'UINT32 RequestId')}`,
      /what does not compile may hide it: Nic\.c:\d+: /,
    ],
  ])('%#', (text, message) => {
    expect(refused(text)).toMatch(message);
  });

  it('for members that are not there or cannot be saved', () => {
    const text = `${INCLUDES}${STRUCT}`;
    expect(refused(text, 'NIC_RX_CONTEXT', { fields: ['Nothing'] })).toBe(
      'NIC_RX_CONTEXT has no member Nothing: it has Link, RequestId, Lock, Device',
    );
    expect(refused(text, 'NIC_RX_CONTEXT', { fields: ['Device'] })).toBe(
      'Device cannot be saved: pointer: an address of this host and boot',
    );
  });

  it('for C++ in a C source, and for classes', () => {
    expect(refused(`${INCLUDES}${STRUCT}`, 'NIC_RX_CONTEXT', { language: 'cpp' })).toBe(
      'Nic.c is a C source: C++ is written into a .cpp file',
    );
    const classes = `${INCLUDES}struct BASE { int A; };\nstruct NIC_RX_CONTEXT : BASE { int B; };\n`;
    expect(refused(classes, 'NIC_RX_CONTEXT', {}, 'Nic.cpp')).toMatch(/^NIC_RX_CONTEXT has base classes/);
  });
});

it('is the same every time, and its edits leave the rest alone', () => {
  const text = `${INCLUDES}${STRUCT}${CONFIGURE}`;
  const folder = new ScaffoldFolder({ 'Nic.c': text });
  const first = folder.ask('Nic.c', 'PNIC_RX_CONTEXT');
  expect(folder.ask('Nic.c', '_NIC_RX_CONTEXT')).toEqual(first);
  if (!first.ok) throw new Error(first.message);
  expect(first.edits.every(({ start, end }) => start === end)).toBe(true);
  expect(
    applyEdits(
      text,
      first.edits.map((edit) => ({ ...edit, text: '' })),
    ),
  ).toBe(text);
});

it('is what docs/scaffold.md shows', () => {
  const page = readFileSync(new URL('../../../docs/scaffold.md', import.meta.url), 'utf8');
  const [before = '', ...pieces] = [...page.matchAll(/```c\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const fields = /--fields (\S+)/.exec(page)?.[1]?.split(',') ?? [];
  const folder = new ScaffoldFolder({ 'Nic.c': before });
  folder.scaffold('Nic.c', 'NIC_RX_CONTEXT', { fields });
  expect(pieces).toHaveLength(3);
  for (const piece of pieces) expect(folder.text('Nic.c')).toContain(piece);
});
