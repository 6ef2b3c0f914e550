/** VspLabFailNext (interfaces 4) for every function that asks for it in C, and for those TypeScript serves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

/** Calls that would fault or fail otherwise if they were not answered at once. */
const STATUS_CALLS: readonly string[] = [
  'ExDeleteResourceLite(NULL)',
  'ExInitializeLookasideListEx(NULL, NULL, NULL, 0, 0, 0, 0, 0)',
  'ExInitializeResourceLite(NULL)',
  'ExReinitializeResourceLite(NULL)',
  'ExUuidCreate(NULL)',
  'IoAcquireRemoveLockEx(NULL, NULL, NULL, 0, 0)',
  'PsLookupProcessByProcessId(NULL, NULL)',
  'RtlAnsiStringToUnicodeString(NULL, NULL, 0)',
  'RtlAppendUnicodeStringToString(NULL, NULL)',
  'RtlAppendUnicodeToString(NULL, NULL)',
  'RtlGUIDFromString(NULL, NULL)',
  'RtlGetVersion(NULL)',
  'RtlHashUnicodeString(NULL, 0, 0, NULL)',
  'RtlInitUnicodeStringEx(NULL, NULL)',
  'RtlIntegerToUnicodeString(0, 0, NULL)',
  'RtlStringFromGUID(&Guid, NULL)',
  'RtlUnicodeStringToAnsiString(NULL, NULL, 0)',
  'RtlUnicodeStringToInteger(NULL, 0, NULL)',
  'VmbChannelPacketGetExternalData(Packet, 0, NULL)',
  'VmbChannelRestoreFromBuffer(Server, NULL, 0)',
  'VmbChannelSaveBegin(Server)',
  'VmbChannelSaveContinue(Server, NULL, 0, &Size, &Needed)',
  'VmbPacketInitialize(Server, NULL, 0)',
  'VmbPacketSend(Outgoing, NULL, 8, NULL, 0)',
  'VmbPacketSendWithExternalMdl(ClientPacket, NULL, 8, NULL, 0, 0, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION)',
  'VmbPacketSendWithExternalPfns(ClientPacket, NULL, 8, NULL, 0, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION)',
  'WdfCollectionAdd(NULL, NULL)',
  'WdfCollectionCreate(NULL, NULL)',
  'WdfDeviceCreate(NULL, NULL, NULL)',
  'WdfDeviceCreateDeviceInterface(NULL, NULL, NULL)',
  'WdfDeviceCreateSymbolicLink(NULL, NULL)',
  'WdfDeviceInitAssignName(NULL, NULL)',
  'WdfDpcCreate(NULL, NULL, NULL)',
  'WdfDriverCreate(NULL, NULL, NULL, NULL, NULL)',
  'WdfDriverOpenParametersRegistryKey(NULL, 0, NULL, NULL)',
  'WdfFdoQueryForInterface(NULL, NULL, NULL, 0, 0, NULL)',
  'WdfIoQueueCreate(NULL, NULL, NULL, NULL)',
  'WdfIoQueueRetrieveNextRequest(NULL, NULL)',
  'WdfIoTargetCreate(NULL, NULL, NULL)',
  'WdfIoTargetOpen(NULL, NULL)',
  'WdfIoTargetQueryForInterface(NULL, NULL, NULL, 0, 0, NULL)',
  'WdfLookasideListCreate(NULL, 0, 0, NULL, 0, NULL)',
  'WdfMemoryCopyFromBuffer(NULL, 0, NULL, 0)',
  'WdfMemoryCopyToBuffer(NULL, 0, NULL, 0)',
  'WdfMemoryCreate(NULL, 0, 0, 0, NULL, NULL)',
  'WdfMemoryCreateFromLookaside(NULL, NULL)',
  'WdfMemoryCreatePreallocated(NULL, NULL, 0, NULL)',
  'WdfObjectAllocateContext(NULL, NULL, NULL)',
  'WdfObjectCreate(NULL, NULL)',
  'WdfRegistryQueryULong(NULL, NULL, NULL)',
  'WdfSpinLockCreate(NULL, NULL)',
  'WdfStringCreate(NULL, NULL, NULL)',
  'WdfTimerCreate(NULL, NULL, NULL)',
  'WdfWaitLockAcquire(NULL, NULL)',
  'WdfWaitLockCreate(NULL, NULL)',
  'WdfWorkItemCreate(NULL, NULL, NULL)',
];

/** Functions that answer NULL: each of these calls succeeds without a plan. */
const POINTER_CALLS: readonly string[] = [
  'ExAllocateFromLookasideListEx(&List)',
  'ExAllocateFromNPagedLookasideList(&NonPagedList)',
  'ExAllocateFromPagedLookasideList(&PagedList)',
  'ExAllocatePool(NonPagedPoolNx, 8)',
  'ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 1)',
  'ExAllocatePool3(POOL_FLAG_NON_PAGED, 8, 1, NULL, 0)',
  'ExAllocatePoolUninitialized(NonPagedPoolNx, 8, 1)',
  'ExAllocatePoolWithQuotaTag((POOL_TYPE)(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), 8, 1)',
  'ExAllocatePoolWithTag(NonPagedPoolNx, 8, 1)',
  'ExAllocatePoolWithTagPriority(NonPagedPoolNx, 8, 1, NormalPoolPriority)',
  'ExAllocatePoolZero(NonPagedPoolNx, 8, 1)',
  'IoAllocateMdl(&List, 8, FALSE, FALSE, NULL)',
  'IoAllocateWorkItem(VspLabDevice())',
  'MmAllocateContiguousMemory(8, Anywhere)',
  'MmAllocatePagesForMdlEx(Nowhere, Anywhere, Nowhere, 8, MmCached, 0)',
  'MmMapIoSpace(Anywhere, 8, MmNonCached)',
  'MmMapLockedPagesSpecifyCache(&Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority)',
  'VmbPacketAllocate(Server)',
  'WdfControlDeviceInitAllocate(Driver, &Text)',
];

/** VmbPacketRestore works in a restore callback only; restoring through the driver's own callback tells. */
const ELSEWHERE = ['VmbPacketRestore'];

const nameOf = (call: string): string => call.replace(/\(.*/, '');
const test = (call: string, body: string): string => `VSPLAB_TEST(Fail_${nameOf(call)}) { Prepare(); ${body} }`;

const SOURCE = `#include <ntifs.h>
${CHANNEL_DRIVER}
#include <wdf.h>

static VMBCHANNEL Server;
static VMBPACKET Outgoing, ClientPacket;
static ULONG Size, Needed;
static const GUID Guid;
static LOOKASIDE_LIST_EX List;
static NPAGED_LOOKASIDE_LIST NonPagedList;
static PAGED_LOOKASIDE_LIST PagedList;
static PHYSICAL_ADDRESS Nowhere, Anywhere = {.QuadPart = 0x7fffffff};
static MDL Mdl = {.StartVa = &List};
static UNICODE_STRING Text;
static WDFDRIVER Driver;
static BOOLEAN Done;

static VOID Prepare(VOID)
{
    WDF_DRIVER_CONFIG config;
    Server = ActiveServer();
    Outgoing = VmbPacketAllocate(Server);
    VmbPacketSetCompletionRoutine(Outgoing, Completion);
    ClientPacket = VmbPacketAllocate(MakeChannel(FALSE));
    VSPLAB_ASSERT_SUCCESS(ExInitializeLookasideListEx(&List, NULL, NULL, NonPagedPoolNx, 0, 8, 1, 0));
    ExInitializeNPagedLookasideList(&NonPagedList, NULL, NULL, 0, 8, 1, 0);
    ExInitializePagedLookasideList(&PagedList, NULL, NULL, 0, 8, 1, 0);
    WDF_DRIVER_CONFIG_INIT(&config, NULL);
    VSPLAB_ASSERT_SUCCESS(WdfDriverCreate(NULL, NULL, NULL, &config, &Driver));
}

static VOID AskForExternalData(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet)
{
    UNREFERENCED_PARAMETER(Channel);
    VspLabFailNext("VmbChannelPacketGetExternalData", STATUS_DEVICE_BUSY);
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_BUSY, VmbChannelPacketGetExternalData(Packet, 0, NULL));
    VmbChannelPacketComplete(Packet, NULL, 0);
    Done = TRUE;
}

${STATUS_CALLS.map((call) =>
  call.startsWith('VmbChannelPacketGetExternalData')
    ? test(call, 'InProcess = AskForExternalData; VspLabGuestSend(Server, &Guid, 8, FALSE); VSPLAB_ASSERT(Done);')
    : test(
        call,
        `VspLabFailNext("${nameOf(call)}", STATUS_DEVICE_BUSY); VSPLAB_ASSERT_STATUS(STATUS_DEVICE_BUSY, ${call});`,
      ),
).join('\n')}
${POINTER_CALLS.map((call) =>
  test(
    call,
    `VspLabFailNext("${nameOf(call)}", STATUS_NO_MEMORY); VSPLAB_ASSERT(${call} == NULL); VSPLAB_ASSERT(${call} != NULL);`,
  ),
).join('\n')}

VSPLAB_TEST(Served)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    VspLabFailNext("KeWaitForSingleObject", STATUS_TIMEOUT);
    VSPLAB_ASSERT_STATUS(STATUS_TIMEOUT, KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL));
}

VSPLAB_TEST(InOrder)
{
    WDFOBJECT object;
    VspLabFailNext("WdfObjectCreate", STATUS_NO_MEMORY);
    VspLabFailNext("WdfSpinLockCreate", STATUS_DEVICE_BUSY);
    VspLabFailNext("WdfObjectCreate", STATUS_CANCELLED);
    VSPLAB_ASSERT_STATUS(STATUS_NO_MEMORY, WdfObjectCreate(NULL, &object));
    VSPLAB_ASSERT_STATUS(STATUS_CANCELLED, WdfObjectCreate(NULL, &object));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, WdfObjectCreate(NULL, &object));
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_BUSY, WdfSpinLockCreate(NULL, (WDFSPINLOCK *)&object));
}

VSPLAB_TEST(AfterRestart)
{
    GUID guid;
    VspLabFailNext("ExUuidCreate", STATUS_RETRY);
    VspLabFailNext("KeDelayExecutionThread", STATUS_ALERTED);
    VspLabRestartHost();
    LARGE_INTEGER time = {.QuadPart = -1};
    VSPLAB_ASSERT_STATUS(STATUS_RETRY, ExUuidCreate(&guid));
    VSPLAB_ASSERT_STATUS(STATUS_ALERTED, KeDelayExecutionThread(KernelMode, FALSE, &time));
}

VSPLAB_TEST(OtherNames)
{
    IO_REMOVE_LOCK lock;
    UCHAR bytes[8];
    PMDL mdl = IoAllocateMdl(bytes, sizeof bytes, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    VspLabFailNext("MmGetSystemAddressForMdlSafe", STATUS_NO_MEMORY);
    VSPLAB_ASSERT(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL);
    VSPLAB_ASSERT(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) != NULL);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    IoInitializeRemoveLock(&lock, 1, 0, 0);
    VspLabFailNext("IoAcquireRemoveLock", STATUS_DELETE_PENDING);
    VSPLAB_ASSERT_STATUS(STATUS_DELETE_PENDING, IoAcquireRemoveLock(&lock, NULL));
}

/* What they make of pool is not a call of the driver's. */
VSPLAB_TEST(NotWithin)
{
    GUID guid = {0};
    UNICODE_STRING text;
    VspLabFailNext("ExAllocatePoolWithTag", STATUS_NO_MEMORY);
    VspLabFailNext("ExAllocatePool2", STATUS_NO_MEMORY);
    VspLabFailNext("IoAllocateMdl", STATUS_NO_MEMORY);
    VspLabFailNext("RtlInitUnicodeStringEx", STATUS_NO_MEMORY);
    VSPLAB_ASSERT_SUCCESS(RtlStringFromGUID(&guid, &text));
    RtlFreeUnicodeString(&text);
    ExFreePool(ExAllocatePool3(POOL_FLAG_NON_PAGED, 8, 1, NULL, 0));
    PMDL mdl = MmAllocatePagesForMdlEx(Nowhere, Anywhere, Nowhere, 8, MmCached, 0);
    VSPLAB_ASSERT(mdl != NULL);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    RtlInitUnicodeString(&text, L"abc");
    VSPLAB_ASSERT_EQUAL(6, text.Length);
}

VSPLAB_TEST(Raises)
{
    VspLabFailNext("ExAllocatePool2", STATUS_NO_MEMORY);
    ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 8, 1);
}

VSPLAB_TEST(TooMany) { for (int i = 0; i < 65; i++) VspLabFailNext("WdfObjectCreate", STATUS_NO_MEMORY); }
VSPLAB_TEST(Unknown) { VspLabFailNext("WdfObjectDelete", STATUS_UNSUCCESSFUL); }
`;

const ROOT = join(import.meta.dirname, '..');
const ROWS = [...readFileSync(join(ROOT, 'wdk/runtime/failures.h'), 'utf8').matchAll(/^ {4}row\((\w+)\)/gm)].map(
  ([, name = '']) => name,
);

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('the table of functions that can fail', () => {
  it('has a test of each row', () => {
    const tested = [...STATUS_CALLS, ...POINTER_CALLS].map(nameOf);
    expect([...tested, ...ELSEWHERE].sort()).toEqual([...ROWS].sort());
  });

  it('has every function of the C half that answers an NTSTATUS', () => {
    const defined = ['wdk/runtime', 'kmcl'].flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith('.c'))
        .flatMap((name) => [
          ...readFileSync(join(ROOT, folder, name), 'utf8').matchAll(
            /^(?:NTSTATUS|vsp_status) ([A-Z]\w+)\([^{;]*\)\n\{/gm,
          ),
        ]),
    );
    const names = new Set(defined.map(([, name = '']) => name).filter((name) => !name.startsWith('VspLab')));
    expect([...names].filter((name) => !ROWS.includes(name))).toEqual([]);
    expect(names.size).toBeGreaterThan(50);
  });
});

describe('VspLabFailNext', () => {
  it.each([...STATUS_CALLS, ...POINTER_CALLS].map((call) => [nameOf(call)]))('%s', (name) => {
    expect(driver.test(`Fail_${name}`).end).toBe('completed');
  });

  it.each([['Served'], ['InOrder'], ['AfterRestart'], ['OtherNames'], ['NotWithin']])('%s', (name) => {
    const run = driver.test(name);
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });

  it('of a pool function that must not fail raises', () => {
    expect(driver.test('Raises').end).toMatch(/^fault: .*C000009A/i);
  });

  it('takes 64 plans', () => {
    expect(driver.test('TooMany').end).toMatch(/more than 64 planned failures/);
  });

  it('of a function that cannot fail is unsupported', () => {
    expect(driver.test('Unknown').end).toMatch(/WdfObjectDelete is no function whose failure can be planned/);
  });
});
