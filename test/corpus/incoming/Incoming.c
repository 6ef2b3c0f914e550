/* Packets of the guest (kmcl-facts 7.3). */
#include "../Corpus.h"

typedef struct _MESSAGE {
    UINT32 Type;
    UINT32 Offset;
    UINT32 Length;
    UINT32 Value;
} MESSAGE;

static KEVENT Event;

/* Sends one message and lets `Callback` work on it. */
static VOID SendMessage(PFN_VMB_CHANNEL_PROCESS_PACKET Callback, const MESSAGE *Message)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.Process = Callback;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Message, sizeof(*Message), TRUE);
    Close(Channel);
}

static VOID Respond(VMBPACKETCOMPLETION Packet, NTSTATUS Status)
{
    VmbChannelPacketComplete(Packet, &Status, sizeof(Status)); // finds: in-complete-once in CompletesInBothBranches
}
PROCESS(AnswersTwice)
{
    if (Length < 64) {
        Respond(Packet, STATUS_INVALID_PARAMETER);
        MENDED(return;)
    }
    Respond(Packet, STATUS_SUCCESS);
}
VSPLAB_TEST(CompletesInBothBranches)
{
    DeliverTo(AnswersTwice, FALSE);
}

PROCESS(DropsIt)
{
    BROKEN(if (Length < 64) return;)
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(ForgetsAShortPacket)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.Process = DropsIt;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VmbChannelDisable(Channel); // finds: in-complete-once
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

PROCESS(LooksAgain)
{
    const UINT32 *Words = (const UINT32 *)Buffer;
    UINT32 First = Length < 2 * sizeof(UINT32) ? 0 : Words[0];
    VmbChannelPacketComplete(Packet, NULL, 0);
    BROKEN(First += Words[1];) // finds: in-no-use-after-complete
    VSPLAB_LOG("%u", First);
}
VSPLAB_TEST(ReadsACompletedPacket)
{
    DeliverTo(LooksAgain, FALSE);
}

static ULONG SizeOf(PMDL Mdl)
{
    return MmGetMdlByteCount(Mdl); // finds: in-no-use-after-complete
}
PROCESS(AsksItsMdl)
{
    PMDL Mdl = NULL;
    ULONG Size = 0;
    if ((Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) != 0 &&
        VmbChannelPacketGetExternalData(Packet, 0, &Mdl) == STATUS_SUCCESS) {
        MENDED(Size = SizeOf(Mdl);)
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
    BROKEN(Size = SizeOf(Mdl);)
    VSPLAB_LOG("%u", Size);
}
VSPLAB_TEST(AsksTheMdlOfACompletedPacket)
{
    DeliverTo(AsksItsMdl, TRUE);
}

PROCESS(CopiesAll)
{
    UINT8 Copy[64];
    UINT32 Size = sizeof(Copy);
    MENDED(Size = MINIMUM(Size, Length);)
    RtlCopyMemory(Copy, Buffer, Size); // finds: in-length-check
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(CopiesAWholeStructure)
{
    DeliverTo(CopiesAll, FALSE);
}

PROCESS(ReadsATail)
{
    const MESSAGE *Messages = (const MESSAGE *)Buffer;
    UINT32 Count = BROKEN(2) MENDED(Length / sizeof(MESSAGE));
    UINT32 Index;
    UINT32 Sum = 0;
    for (Index = 0; Index < Count; Index++) {
        Sum += Messages[Index].Value; // finds: in-length-check
    }
    VSPLAB_LOG("%u", Sum);
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(ReadsTheSecondOfOneMessage)
{
    DeliverTo(ReadsATail, FALSE);
}

/* Numbers of the guest that reach into the host's memory. */
static UINT32 Table[16];
PROCESS(StoresByIndex)
{
    MESSAGE Message;
    if (Length >= sizeof(Message)) {
        RtlCopyMemory(&Message, Buffer, sizeof(Message));
        MENDED(if (Message.Offset < RTL_NUMBER_OF(Table)))
        Table[Message.Offset] = Message.Value; // finds: in-validate-fields
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(IndexBeyondATable)
{
    const MESSAGE Message = {1, 17, 4, 0xFFFFFFFF};
    SendMessage(StoresByIndex, &Message);
}

PROCESS(CopiesByLength)
{
    MESSAGE Message;
    PUINT8 Window;
    UINT32 End;
    if (Length < sizeof(Message)) {
        goto Complete;
    }
    RtlCopyMemory(&Message, Buffer, sizeof(Message));
    BROKEN(End = Message.Offset + Message.Length;)
    MENDED(if (!NT_SUCCESS(RtlUInt32Add(Message.Offset, Message.Length, &End))) goto Complete;)
    if (End > 256) {
        goto Complete;
    }
    Window = (PUINT8)ExAllocatePool2(POOL_FLAG_NON_PAGED, 256, TAG);
    if (Window != NULL) {
        RtlFillMemory(Window + Message.Offset, Message.Length, 0); // finds: in-validate-fields
        ExFreePoolWithTag(Window, TAG);
    }
Complete:
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(SumThatWraps)
{
    const MESSAGE Message = {1, 0xFFFFFFF0, 0x20, 0};
    SendMessage(CopiesByLength, &Message);
}

/* References for a packet. */
static EX_RUNDOWN_REF Rundown;
PROCESS(ProtectsItself)
{
    MESSAGE Message;
    if (!ExAcquireRundownProtection(&Rundown)) { // finds: in-ref-balance
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    RtlZeroMemory(&Message, sizeof(Message));
    RtlCopyMemory(&Message, Buffer, MINIMUM(Length, sizeof(Message)));
    VmbChannelPacketComplete(Packet, NULL, 0);
    BROKEN(if (Message.Type != 1) return;)
    ExReleaseRundownProtection(&Rundown);
}
VSPLAB_TEST(RundownKeptOnOnePath)
{
    const MESSAGE Message = {2, 0, 0, 0};
    ExInitializeRundownProtection(&Rundown);
    SendMessage(ProtectsItself, &Message);
    ExWaitForRundownProtectionRelease(&Rundown);
}

static PVOID Object;
static VOID Reference(VOID)
{
    ObReferenceObject(Object); // finds: in-ref-balance
}
PROCESS(ReferencesAnObject)
{
    Reference();
    MENDED(ObDereferenceObject(Object);)
    VmbChannelPacketComplete(Packet, NULL, 0);
}
static VOID ThreadOf(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}
VSPLAB_TEST(ObjectReferencedForEver)
{
    HANDLE Handle;
    VSPLAB_ASSERT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadOf, NULL));
    VSPLAB_ASSERT_SUCCESS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Object, NULL));
    ZwClose(Handle);
    DeliverTo(ReferencesAnObject, FALSE);
    ObDereferenceObject(Object);
}

PROCESS(DefersAndAnswers)
{
    if (KeGetCurrentIrql() > PASSIVE_LEVEL) {
        VmbChannelPacketDeferToPassive(Packet);
        MENDED(return;)
    }
    VmbChannelPacketComplete(Packet, NULL, 0); // finds: in-defer-inline
}
VSPLAB_TEST(AnswersWhatItDeferred)
{
    DeliverTo(DefersAndAnswers, FALSE);
}

static VMBPACKETCOMPLETION Kept;
WORK(DefersLater)
{
    BROKEN(VmbChannelPacketDeferToPassive(Kept);) // finds: in-defer-inline
    VmbChannelPacketComplete(Kept, NULL, 0);
}
PROCESS(KeepsIt)
{
    PIO_WORKITEM Item = (PIO_WORKITEM)VmbChannelGetPointer(Channel);
    Kept = Packet;
    IoQueueWorkItem(Item, DefersLater, DelayedWorkQueue, NULL);
}
VSPLAB_TEST(DefersInAWorkItem)
{
    OPTIONS Options = Defaults();
    PIO_WORKITEM Item = IoAllocateWorkItem(VspLabDevice());
    VMBCHANNEL Channel;
    Options.Process = KeepsIt;
    Options.Pointer = Item;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VspLabRunPending();
    Close(Channel);
    IoFreeWorkItem(Item);
}

PROCESS(FailsAndAnswers)
{
    if (Length > 8) {
        VmbChannelPacketFail(Packet);
        MENDED(return;)
    }
    VmbChannelPacketComplete(Packet, NULL, 0); // finds: in-fail-terminal
}
VSPLAB_TEST(AnswersWhatItFailed)
{
    DeliverTo(FailsAndAnswers, FALSE);
}

static NTSTATUS Parse(VMBPACKETCOMPLETION Packet, UINT32 Length)
{
    if (Length != 64) {
        VmbChannelPacketFail(Packet);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}
PROCESS(FailsTwice)
{
    NTSTATUS Status = Parse(Packet, Length);
    if (!NT_SUCCESS(Status)) {
        BROKEN(VmbChannelPacketFail(Packet);) // finds: in-fail-terminal
        return;
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(FailsAPacketTwice)
{
    DeliverTo(FailsTwice, FALSE);
}

PROCESS(WaitsForIt)
{
    BROKEN(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);) // finds: in-irql-safe
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(WaitsInProcessPacket)
{
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    DeliverTo(WaitsForIt, FALSE);
}

static PUINT32 PagedCounter;
static VOID CountBatch(VMBCHANNEL Channel, UINT32 Count)
{
    UNREFERENCED_PARAMETER(Channel);
    *PagedCounter += Count; // finds: in-irql-safe
}
VSPLAB_TEST(CountsBatchesInPagedPool)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    PagedCounter = (PUINT32)ExAllocatePool2(BROKEN(POOL_FLAG_PAGED) MENDED(POOL_FLAG_NON_PAGED), 64, TAG);
    VSPLAB_ASSERT(PagedCounter != NULL);
    Options.BatchDone = CountBatch;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    Close(Channel);
    ExFreePoolWithTag(PagedCounter, TAG);
    PagedCounter = NULL;
}

typedef struct _REPLY {
    UINT32 Type;
    UINT32 Status;
    UINT64 Value;
} REPLY;
PROCESS(FillsHalfAReply)
{
    REPLY Reply;
    MENDED(RtlZeroMemory(&Reply, sizeof(Reply));)
    Reply.Type = 2;
    Reply.Status = 0;
    VmbChannelPacketComplete(Packet, &Reply, sizeof(Reply)); // finds: in-completion-init
}
VSPLAB_TEST(ReplyOnTheStack)
{
    DeliverTo(FillsHalfAReply, FALSE);
}

PROCESS(RepliesFromPool)
{
    REPLY *Reply;
    POOL_FLAGS Kind = POOL_FLAG_NON_PAGED;
    BROKEN(Kind |= POOL_FLAG_UNINITIALIZED;)
    Reply = (REPLY *)ExAllocatePool2(Kind, sizeof(*Reply), TAG);
    if (Reply == NULL) {
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    Reply->Value = Length;
    VmbChannelPacketComplete(Packet, Reply, sizeof(*Reply)); // finds: in-completion-init
    ExFreePoolWithTag(Reply, TAG);
}
VSPLAB_TEST(ReplyInFreshPool)
{
    DeliverTo(RepliesFromPool, FALSE);
}

PROCESS(SizeWithoutBuffer)
{
    VmbChannelPacketComplete(Packet, NULL, BROKEN(4) MENDED(0)); // finds: in-completion-args
}
VSPLAB_TEST(AnswersFourBytesOfNothing)
{
    DeliverTo(SizeWithoutBuffer, FALSE);
}

static VOID Finish2(VMBPACKETCOMPLETION Packet, const REPLY *Reply, BOOLEAN WithData)
{
    PVOID Data = (PVOID)Reply;
    MENDED(if (!WithData) Data = NULL;)
    VmbChannelPacketComplete(Packet, Data, WithData ? sizeof(*Reply) : 0); // finds: in-completion-args
}
PROCESS(BufferWithoutSize)
{
    const REPLY Reply = {1, 0, 2};
    Finish2(Packet, &Reply, FALSE);
}
VSPLAB_TEST(AnswersNothingOfABuffer)
{
    DeliverTo(BufferWithoutSize, FALSE);
}
