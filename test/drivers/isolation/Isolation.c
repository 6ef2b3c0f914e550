/* A channel whose callbacks misbehave on demand, and one test per way to misbehave. The comment `fault:` marks the line to be named. */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

typedef struct _REQUEST_CONTEXT {
    ULONG Length;
    PUCHAR Data;
} REQUEST_CONTEXT, *PREQUEST_CONTEXT;

typedef struct _REQUEST_RECORD {
    ULONG Version;
    ULONG Length;
} REQUEST_RECORD;

static enum {
    Well,
    EndlessLoop,
    NullPointer,
    DivideByZero,
    WildPointer,
    Recursion,
    HugeAllocation,
    BugCheck,
} Behaviour;

static volatile ULONG Zero;

EVT_VMB_CHANNEL_PROCESS_PACKET IsolationProcessPacket;
EVT_VMB_CHANNEL_SAVE_PACKET IsolationSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET IsolationRestorePacket;
EVT_VMB_PACKET_COMPLETION_ROUTINE IsolationPacketComplete;

VOID IsolationProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, NULL, 0);
}

VOID IsolationPacketComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PREQUEST_CONTEXT Context = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(Context, 'osIV');
    VmbPacketFree(Packet);
}

static ULONG Spin(ULONG Turns)
{
    volatile ULONG Count = 0;
    while (Count <= Turns) { /* fault: endless */
        if (Count == Turns) {
            Count = 0;
        }
        Count++;
    }
    return Count;
}

static ULONG Recurse(ULONG Depth)
{
    UCHAR Frame[64];
    RtlFillMemory(Frame, sizeof(Frame), (UCHAR)Depth);
    return Recurse(Depth + 1) + Frame[Depth % sizeof(Frame)]; /* fault: recursion */
}

NTSTATUS IsolationSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PREQUEST_CONTEXT Context = VmbPacketGetPointer(Packet);
    REQUEST_RECORD Record = {1, Context->Length};
    UNREFERENCED_PARAMETER(Channel);

    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Context->Length == 2) {
        switch (Behaviour) {
        case EndlessLoop:
            Spin(1000);
            break;
        case NullPointer:
            Record.Length = Context->Data[3]; /* fault: null */
            break;
        case DivideByZero:
            Record.Length = Context->Length / Zero; /* fault: divide */
            break;
        case WildPointer:
            *(PULONG)(0xFFFF800012345678ull + Zero) = 1; /* fault: save wild */
            break;
        case Recursion:
            Record.Length = Recurse(Zero);
            break;
        case HugeAllocation:
            Record.Length = ExAllocatePool2(POOL_FLAG_NON_PAGED, 1ull << 40, 'osIV') != NULL; /* fault: save memory */
            break;
        case BugCheck:
            KeBugCheckEx(0xDEAD, 1, 2, 3, 4); /* fault: save bugcheck */
            break;
        default:
            break;
        }
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

NTSTATUS IsolationRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    REQUEST_RECORD Record;
    PREQUEST_CONTEXT Context;
    VMBPACKET Packet;
    NTSTATUS Status;

    if (SaveBufSize < sizeof(Record)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1) {
        return STATUS_REVISION_MISMATCH;
    }
    Packet = VmbPacketAllocate(Channel);
    Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), 'osIV');
    if (Packet == NULL || Context == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Failed;
    }
    Context->Length = Record.Length;
    VmbPacketSetPointer(Packet, Context);
    VmbPacketSetCompletionRoutine(Packet, IsolationPacketComplete);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        return STATUS_SUCCESS;
    }
Failed:
    if (Context != NULL) {
        ExFreePoolWithTag(Context, 'osIV');
    }
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    return Status;
}

static VMBCHANNEL OpenChannel(VOID)
{
    VMBCHANNEL Channel = NULL;
    HANDLE Kernel = NULL;
    GUID Type = {0x11111111, 0x2222, 0x3333, {4, 4, 4, 4, 4, 4, 4, 4}};

    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Kernel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, Kernel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Type));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, 64));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, IsolationProcessPacket, NULL));
    VSPLAB_ASSERT_SUCCESS(
        VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, IsolationSavePacket, IsolationRestorePacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    ZwClose(Kernel);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    return Channel;
}

static VOID CloseChannel(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
}

static VOID SendFour(VMBCHANNEL Channel)
{
    ULONG Index;
    UCHAR Payload[16] = {0};

    for (Index = 0; Index < 4; Index++) {
        VMBPACKET Packet = VmbPacketAllocate(Channel);
        PREQUEST_CONTEXT Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), 'osIV');
        Context->Length = Index;
        VmbPacketSetPointer(Packet, Context);
        VmbPacketSetCompletionRoutine(Packet, IsolationPacketComplete);
        VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Payload, sizeof(Payload), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    }
}

static VOID SaveWith(int Chosen)
{
    VMBCHANNEL Channel = OpenChannel();
    PVSPLAB_STATE State = NULL;

    SendFour(Channel);
    VmbChannelPause(Channel);
    Behaviour = Chosen;
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    VspLabFreeState(State);
    CloseChannel(Channel);
}

VSPLAB_TEST(BehavesWell)
{
    SaveWith(Well);
}

VSPLAB_TEST(LoopsInSave)
{
    SaveWith(EndlessLoop);
}

VSPLAB_TEST(ReadsNullInSave)
{
    SaveWith(NullPointer);
}

VSPLAB_TEST(DividesByZeroInSave)
{
    SaveWith(DivideByZero);
}

VSPLAB_TEST(WritesWildInSave)
{
    SaveWith(WildPointer);
}

VSPLAB_TEST(RecursesInSave)
{
    SaveWith(Recursion);
}

VSPLAB_TEST(AllocatesTooMuchInSave)
{
    SaveWith(HugeAllocation);
}

VSPLAB_TEST(BugChecksInSave)
{
    SaveWith(BugCheck);
}

VSPLAB_TEST(LoopsInTest)
{
    Spin(7);
}

VSPLAB_TEST(RecursesEndlessly)
{
    VSPLAB_LOG("%u", Recurse(Zero));
}

VSPLAB_TEST(WritesThroughNull)
{
    PREQUEST_CONTEXT Context = (PREQUEST_CONTEXT)(ULONG_PTR)Zero;
    Context->Length = 1; /* fault: write null */
}

VSPLAB_TEST(WritesThroughWildPointer)
{
    PULONG Wild = (PULONG)(0xFFFF800012345678ull + Zero);
    *Wild = 1; /* fault: wild */
}

VSPLAB_TEST(CallsThroughNull)
{
    VOID (*Routine)(ULONG) = (VOID(*)(ULONG))(ULONG_PTR)Zero;
    Routine(1); /* fault: call null */
}

static NTSTATUS TwoParameters(PVOID First, ULONG Second)
{
    UNREFERENCED_PARAMETER(First);
    return (NTSTATUS)Second;
}

VSPLAB_TEST(CallsThroughWrongType)
{
    ULONG64 (*Routine)(ULONG64) = (ULONG64(*)(ULONG64))(PVOID)TwoParameters;
    VSPLAB_LOG("%I64u", Routine(1)); /* fault: call type */
}

VSPLAB_TEST(AllocatesTooMuch)
{
    PVOID Block;
    do {
        Block = ExAllocatePoolWithTag(NonPagedPoolNx, 256 * 1024 * 1024, 'osIV'); /* fault: memory */
    } while (Block != NULL);
}

VSPLAB_TEST(AllocatesAllAddresses)
{
    VSPLAB_ASSERT(ExAllocatePool2(POOL_FLAG_NON_PAGED, ~(SIZE_T)0 - 64, 'osIV') == NULL); /* fault: addresses */
}

VSPLAB_TEST(BugChecks)
{
    KeBugCheckEx(0xDEAD, 1, 2, 3, 4); /* fault: bugcheck */
}

VSPLAB_TEST(WaitsForNobody)
{
    KEVENT Event;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL); /* fault: deadlock */
}

VSPLAB_TEST(FailsAnAssertion)
{
    VSPLAB_ASSERT_EQUAL(4, 2 + 3); /* fault: assert */
}

VSPLAB_TEST(StillRuns)
{
    VSPLAB_ASSERT_EQUAL(0, KeGetCurrentIrql());
}
