/** Every snippet as VS Code inserts it when nothing is changed: compiled in C and C++, run under full checks. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, ScratchProject } from '../support/cli.js';
import { ScaffoldFolder } from '../support/scaffoldFiles.js';

interface Snippet {
  readonly prefix: string;
  readonly description: string;
  readonly body: readonly string[];
}

const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  readonly contributes: { readonly snippets: readonly { readonly language: string; readonly path: string }[] };
};
const snippets = JSON.parse(readFileSync(at('snippets/kmcl.json'), 'utf8')) as Readonly<Record<string, Snippet>>;

/** Placeholders become what they propose, everywhere they stand. */
function expanded(body: string): string {
  const proposals = new Map<string, string>();
  for (const [, number = '', text = ''] of body.matchAll(/\$\{(\d+):([^{}]*)\}/g)) proposals.set(number, text);
  return body
    .replace(/\$\{(\d+):([^{}]*)\}/g, (_all, _number: string, text: string) => text)
    .replace(
      /\$\{(\d+)\}|\$(\d+)/g,
      (_all, braced: string | undefined, bare: string | undefined) => proposals.get(braced ?? bare ?? '') ?? '',
    );
}

const used = new Set<string>();
function snippet(prefix: string): string {
  const found = Object.values(snippets).find((each) => each.prefix === prefix);
  if (found === undefined) throw new Error(`no snippet ${prefix}`);
  used.add(prefix);
  return `${expanded(found.body.join('\n'))}\n`;
}

/** A driver of snippets, and of what they leave to the driver. */
function driver(): string {
  const inside = (head: string, ...prefixes: readonly string[]): string =>
    `${head}\n{\n    NTSTATUS Status;\n\n${prefixes.map(snippet).join('')}    return STATUS_SUCCESS;\n}\n`;
  return `#include <initguid.h>
#include <ntddk.h>
#include <wdf.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

typedef struct _REQUEST_CONTEXT { UINT64 RequestId; } REQUEST_CONTEXT;
typedef struct _REQUEST { UINT32 Operation; UINT32 DataOffset; UINT32 DataLength; } REQUEST;
typedef struct _SAVED_PIECE { PVOID Bytes; ULONG Length; } SAVED_PIECE;
#define OperationMaximum 4

${snippet('vmbPacketComplete')}
${snippet('vmbSavePacket')}
${snippet('vmbRestorePacket')}
${snippet('vmbValidate')}
EVT_VMB_CHANNEL_PROCESS_PACKET DriverProcessPacket;
_Use_decl_annotations_
VOID DriverProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    REQUEST Request;
    UINT32 Answer;

    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Flags);
    Answer = (UINT32)DriverReadRequest(Buffer, BufferLength, &Request);
    VmbChannelPacketComplete(Packet, &Answer, sizeof(Answer));
}

${snippet('vmbChannelSetup')}
static SAVED_PIECE Pieces[4];
static ULONG PieceCount;

static NTSTATUS DriverKeepPiece(const VOID *Piece, ULONG Length)
{
    PVOID Copy;

    if (PieceCount == RTL_NUMBER_OF(Pieces)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Copy = ExAllocatePool2(POOL_FLAG_PAGED, Length, 'vrDT');
    if (Copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(Copy, Piece, Length);
    Pieces[PieceCount].Bytes = Copy;
    Pieces[PieceCount].Length = Length;
    PieceCount++;
    return STATUS_SUCCESS;
}

${snippet('vmbSaveLoop')}
${snippet('vmbRestoreLoop')}
${inside('static NTSTATUS Register(VMBCHANNEL Channel)', 'vmbRegister')}
static KMCL_SERVER_INTERFACE_V1 Kmcl;
${inside('static NTSTATUS RegisterByTable(WDFDEVICE Device, VMBCHANNEL Channel)', 'vmbQueryInterface', 'vmbRegisterInterface')}
static NTSTATUS DriverSendRequest(VMBCHANNEL Channel)
{
    UINT8 Message[16] = {0};
    REQUEST_CONTEXT *Context = (REQUEST_CONTEXT *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), 'vrDT');
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;

    if (Context == NULL || Packet == NULL) {
        if (Context != NULL) {
            ExFreePoolWithTag(Context, 'vrDT');
        }
        if (Packet != NULL) {
            VmbPacketFree(Packet);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Context->RequestId = 7;
    VmbPacketSetPointer(Packet, Context);
    VmbPacketSetCompletionRoutine(Packet, DriverPacketComplete);
    Status = VmbPacketSend(Packet, Message, sizeof(Message), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
        ExFreePoolWithTag(Context, 'vrDT');
    }
    return Status;
}

${snippet('vspTest')}
static VMBCHANNEL Arrive(HANDLE *VmbusHandle)
{
    static const GUID Instance = {1, 2, 3, {4}};
    VMBCHANNEL Channel = NULL;

    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), VmbusHandle));
    VSPLAB_ASSERT_SUCCESS(DriverCreateChannel(VspLabDevice(), *VmbusHandle, &Instance, &Channel));
    return Channel;
}

static VOID Leave(VMBCHANNEL Channel, HANDLE VmbusHandle)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
    ZwClose(VmbusHandle);
}

VSPLAB_TEST(LoopsSaveAndRestore)
{
    HANDLE VmbusHandle;
    VMBCHANNEL Channel = Arrive(&VmbusHandle);
    ULONG Index;

    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VmbChannelStart(Channel);
    for (Index = 0; Index < 6; Index++) {
        VSPLAB_ASSERT_SUCCESS(DriverSendRequest(Channel));
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(DriverSaveChannel(Channel));
    VSPLAB_ASSERT(PieceCount > 0);
    Leave(Channel, VmbusHandle);

    Channel = Arrive(&VmbusHandle);
    VSPLAB_ASSERT_STATUS(STATUS_DATA_ERROR, DriverRestoreChannel(Channel, Pieces, 0));
    VSPLAB_ASSERT_SUCCESS(DriverRestoreChannel(Channel, Pieces, PieceCount));
    VSPLAB_ASSERT_EQUAL(6, VspLabInFlight(Channel));
    Leave(Channel, VmbusHandle);
    for (Index = 0; Index < PieceCount; Index++) {
        ExFreePoolWithTag(Pieces[Index].Bytes, 'vrDT');
        Pieces[Index].Bytes = NULL;
    }
}

VSPLAB_TEST(Registers)
{
    WDFDEVICE Device = WdfWdmDeviceGetWdfDeviceHandle(VspLabDevice());
    VMBCHANNEL Channel;

    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(Register(Channel));
    VSPLAB_ASSERT_SUCCESS(RegisterByTable(Device, Channel));
    VmbChannelCleanup(Channel);
    Kmcl.InterfaceDereference(Kmcl.Context);
}

VSPLAB_TEST(Validates)
{
    REQUEST Requests[] = {{0, 0, 4}, {4, 0, 0}, {1, 5, 0}, {1, 0, 5}, {1, MAXUINT32, 2}, {1, 2, MAXUINT32}};
    const NTSTATUS Expected[] = {STATUS_SUCCESS, STATUS_INVALID_PARAMETER, STATUS_INVALID_BUFFER_SIZE,
                                 STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_BUFFER_SIZE};
    UINT8 Bytes[sizeof(REQUEST) + 4] = {0};
    REQUEST Request;
    ULONG Index;

    for (Index = 0; Index < RTL_NUMBER_OF(Requests); Index++) {
        RtlCopyMemory(Bytes, &Requests[Index], sizeof(REQUEST));
        VSPLAB_ASSERT_STATUS(Expected[Index], DriverReadRequest(Bytes, sizeof(Bytes), &Request));
    }
    for (Index = 0; Index < sizeof(REQUEST); Index++) {
        VSPLAB_ASSERT_STATUS(STATUS_INVALID_BUFFER_SIZE, DriverReadRequest(Bytes, Index, &Request));
    }
}
`;
}

interface Report {
  readonly runs: readonly {
    readonly driver: string;
    readonly name: string;
    readonly outcome: string;
    readonly message?: string;
    readonly findings: readonly { readonly rule: string; readonly message: string }[];
  }[];
}

const project = new ScratchProject();
const text = driver();
let report: Report;

beforeAll(() => {
  for (const extension of ['c', 'cpp']) project.write(`${extension}/Driver.${extension}`, text);
  const result = project.run('.', '--format', 'json', ...PATIENCE);
  if (result.stdout === '') throw new Error(result.stderr);
  report = JSON.parse(result.stdout) as Report;
});
afterAll(() => project.remove());

describe('snippets', () => {
  it('are offered in C and C++, under names of ours that nothing else begins with', () => {
    expect(manifest.contributes.snippets).toEqual(
      ['c', 'cpp'].map((language) => ({ language, path: './snippets/kmcl.json' })),
    );
    for (const { prefix, description } of Object.values(snippets)) {
      expect(prefix).toMatch(/^(?:vmb|vsp)[A-Z]/);
      expect(description.length).toBeLessThanOrEqual(110);
    }
  });

  it('are all part of the driver of this test', () => {
    expect([...used].toSorted()).toEqual(
      Object.values(snippets)
        .map(({ prefix }) => prefix)
        .toSorted(),
    );
    expect(text).not.toMatch(/\$\{|\$\d/);
  });

  it.each(['c', 'cpp'])('compile as %s without a warning', (extension) => {
    const folder = new ScaffoldFolder({ [`Driver.${extension}`]: text });
    expect(folder.warnings(`Driver.${extension}`)).toBe('');
  });

  it('run, and nothing is found', () => {
    const wrong = report.runs.filter(({ outcome, findings }) => outcome !== 'passed' || findings.length > 0);
    expect(wrong.map(({ driver: each, name, message, findings }) => [each, name, message, findings])).toEqual([]);
    expect(report.runs).toHaveLength(2 * 4);
  });
});
