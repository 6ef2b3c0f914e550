/* Packets of the driver (kmcl-facts 7.4). */
#include "../Corpus.h"

static KEVENT Event;
static KSPIN_LOCK Lock;
static FAST_MUTEX Mutex;
static LIST_ENTRY Queue;

COMPLETION(Nothing)
{
}
COMPLETION(FreesIt)
{
    VmbPacketFree(Packet);
}

VSPLAB_TEST(SendsTheSamePacketAgain)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, FreesIt);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    BROKEN((VOID)VmbPacketSend(Packet, Bytes, 8, NULL, WAIT);) // finds: out-no-reuse-in-use
    Close(Channel);
}

static VOID Cancel(VMBPACKET Packet)
{
    VmbPacketFree(Packet); // finds: out-no-reuse-in-use
}
VSPLAB_TEST(FreesAPacketInFlight)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, BROKEN(Nothing) MENDED(FreesIt));
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    BROKEN(Cancel(Packet);)
    VspLabGuestCompleteAll(Channel);
    BROKEN(VmbPacketFree(Packet);)
    Close(Channel);
}

VSPLAB_TEST(AsksAPacketThatIsGone)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PVOID Pointer = NULL;
    MENDED(Pointer = VmbPacketGetPointer(Packet);)
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, 0));
    BROKEN(Pointer = VmbPacketGetPointer(Packet);) // finds: out-no-touch-after-send
    VSPLAB_LOG("%p", Pointer);
    Close(Channel);
}

static NTSTATUS Submit(VMBPACKET Packet)
{
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, 16, NULL, 0);
    if (NT_SUCCESS(Status)) {
        BROKEN(VSPLAB_LOG("%p", VmbPacketGetChannel(Packet));) // finds: out-no-touch-after-send
    }
    return Status;
}
VSPLAB_TEST(LogsAPacketThatIsGone)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, FreesIt);
    VSPLAB_ASSERT_SUCCESS(Submit(Packet));
    Close(Channel);
}

COMPLETION(ForgetsIt)
{
    MENDED(VmbPacketFree(Packet);)
}
VSPLAB_TEST(NeverFreesItsPacket)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel); // finds: out-free-custom
    VmbPacketSetCompletionRoutine(Packet, ForgetsIt);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

static VOID Dispose(VMBPACKET Packet)
{
    VmbPacketFree(Packet); // finds: out-free-custom
}
COMPLETION(FreesTwice)
{
    Dispose(Packet);
    BROKEN(Dispose(Packet);)
}
VSPLAB_TEST(FreesItsPacketTwice)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    VmbPacketSetCompletionRoutine(Packet, FreesTwice);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(FreesAfterTheDefaultRoutine)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, 8, NULL, 0);
    BROKEN(VmbPacketFree(Packet);) // finds: out-no-free-default
    VSPLAB_ASSERT_SUCCESS(Status);
    Close(Channel);
}

static NTSTATUS SendAndForget(VMBCHANNEL Channel)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    if (Packet == NULL) {
        goto Exit;
    }
    Status = VmbPacketSend(Packet, Bytes, 24, NULL, WAIT);
    VspLabGuestCompleteAll(Channel);
    MENDED(if (NT_SUCCESS(Status)) Packet = NULL;)
Exit:
    if (Packet != NULL) {
        VmbPacketFree(Packet); // finds: out-no-free-default
    }
    return Status;
}
VSPLAB_TEST(FreesOnTheCommonWayOut)
{
    VMBCHANNEL Channel = Open();
    VSPLAB_ASSERT_SUCCESS(SendAndForget(Channel));
    Close(Channel);
}

VSPLAB_TEST(PacketInTooLittleMemory)
{
    VMBCHANNEL Channel = Open();
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    PVOID Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG);
    BROKEN(Size = 16;)
    (VOID)VmbPacketInitialize(Channel, (VMBPACKET)Memory, Size); // finds: out-init-size
    ExFreePoolWithTag(Memory, TAG);
    Close(Channel);
}

static VMBPACKET Make(VMBCHANNEL Channel, POOL_FLAGS Kind)
{
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = (VMBPACKET)ExAllocatePool2(Kind, Size, TAG);
    if (Packet != NULL && !NT_SUCCESS(VmbPacketInitialize(Channel, Packet, Size))) { // finds: out-init-size in PacketInPagedPool
        ExFreePoolWithTag(Packet, TAG);
        Packet = NULL;
    }
    return Packet;
}
VSPLAB_TEST(PacketInPagedPool)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = Make(Channel, BROKEN(POOL_FLAG_PAGED) MENDED(POOL_FLAG_NON_PAGED));
    if (Packet != NULL) {
        ExFreePoolWithTag(Packet, TAG);
    }
    Close(Channel);
}

VSPLAB_TEST(SendsWithoutARoutine)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = Make(Channel, POOL_FLAG_NON_PAGED);
    MENDED(VmbPacketSetCompletionRoutine(Packet, Nothing);)
    (VOID)VmbPacketSend(Packet, Bytes, 8, NULL, WAIT); // finds: out-init-routine
    VspLabGuestCompleteAll(Channel);
    ExFreePoolWithTag(Packet, TAG);
    Close(Channel);
}

static NTSTATUS SendOwn(VMBPACKET Packet, PFN_VMB_PACKET_COMPLETION_ROUTINE Routine)
{
    if (Routine != NULL) {
        VmbPacketSetCompletionRoutine(Packet, Routine);
    }
    return VmbPacketSend(Packet, Bytes, 32, NULL, WAIT); // finds: out-init-routine
}
VSPLAB_TEST(SendsWithARoutineOfNull)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = Make(Channel, POOL_FLAG_NON_PAGED);
    (VOID)SendOwn(Packet, BROKEN(NULL) MENDED(Nothing));
    VspLabGuestCompleteAll(Channel);
    ExFreePoolWithTag(Packet, TAG);
    Close(Channel);
}

VSPLAB_TEST(FreesItsOwnMemoryAsAPacket)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = Make(Channel, POOL_FLAG_NON_PAGED);
    BROKEN(VmbPacketFree(Packet);) // finds: out-init-not-freed
    ExFreePoolWithTag(Packet, TAG);
    Close(Channel);
}

static VOID Drop(PVOID Memory)
{
    ExFreePoolWithTag(Memory, TAG); // finds: out-init-not-freed
}
VSPLAB_TEST(FreesMemoryOfAPacketInFlight)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = Make(Channel, POOL_FLAG_NON_PAGED);
    VmbPacketSetCompletionRoutine(Packet, Nothing);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    MENDED(VspLabGuestCompleteAll(Channel);)
    Drop(Packet);
    Close(Channel);
}

VSPLAB_TEST(SendsMoreThanItSaid)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, BROKEN(300) MENDED(256), NULL, 0); // finds: out-size-limit
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    Close(Channel);
}

static NTSTATUS SendLong(VMBCHANNEL Channel, UINT32 Length)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, Length, NULL, WAIT); // finds: out-size-limit
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}
VSPLAB_TEST(SendsMoreThanTheRingHolds)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.MaximumPacket = 65536;
    Channel = Configured(&Options);
    VspLabGuestSetRingSize(Channel, 4096);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    (VOID)SendLong(Channel, BROKEN(4096) MENDED(2048));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(SendsWithAFlagOfAnotherCall)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UINT32 Flags = WAIT;
    BROKEN(Flags |= VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH;)
    if (!NT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, Flags))) { // finds: out-flags
        VmbPacketFree(Packet);
    }
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

static UINT32 FlagsOf(BOOLEAN Wait, BOOLEAN Urgent)
{
    UINT32 Flags = Wait ? WAIT : 0;
    if (Urgent) {
        BROKEN(Flags |= 0x80;)
    }
    return Flags;
}
VSPLAB_TEST(SendsWithAFlagOfItsOwn)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, 8, NULL, FlagsOf(FALSE, TRUE)); // finds: out-flags
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    Close(Channel);
}

VSPLAB_TEST(ServerLendsPages)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PFN_NUMBER Page = 7;
    NTSTATUS Status;
    BROKEN(Status = VmbPacketSendWithExternalPfns(Packet, Bytes, 8, &Page, 1, WAIT);) // finds: out-server-no-external
    MENDED(Status = VmbPacketSend(Packet, &Page, sizeof(Page), NULL, WAIT);)
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    Close(Channel);
}

VSPLAB_TEST(SendsFromPagedPool)
{
    VMBCHANNEL Channel = Open();
    PVOID Message = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    UINT32 Flags = MENDED(VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER |) WAIT;
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(VmbPacketAllocate(Channel), Message, 64, NULL, Flags)); // finds: out-paged-flag
    ExFreePoolWithTag(Message, TAG);
    Close(Channel);
}

VSPLAB_TEST(SendsPagedAtDispatchLevel)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    KIRQL Irql;
    NTSTATUS Status;
    KeRaiseIrql(BROKEN(DISPATCH_LEVEL) MENDED(APC_LEVEL), &Irql);
    Status = VmbPacketSend(Packet, Bytes, 8, NULL, WAIT | VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER); // finds: out-paged-flag
    KeLowerIrql(Irql);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    Close(Channel);
}

COMPLETION(Waits)
{
    VmbPacketFree(Packet);
    BROKEN(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);) // finds: out-completion-irql
}
VSPLAB_TEST(WaitsInARoutine)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    VmbPacketSetCompletionRoutine(Packet, Waits);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

static ULONG Completed;
static VOID CountOne(VOID)
{
    BROKEN(ExAcquireFastMutex(&Mutex);) // finds: out-completion-irql
    Completed++;
    BROKEN(ExReleaseFastMutex(&Mutex);)
}
COMPLETION(CountsUnderAMutex)
{
    VmbPacketFree(Packet);
    CountOne();
}
VSPLAB_TEST(TakesAMutexInARoutine)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    ExInitializeFastMutex(&Mutex);
    VmbPacketSetCompletionRoutine(Packet, CountsUnderAMutex);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

VSPLAB_TEST(HostWaitsForItsGuest)
{
    VMBCHANNEL Channel = Open();
    UINT8 Reply[16];
    UINT32 Size = sizeof(Reply);
    LARGE_INTEGER Now;
    Now.QuadPart = 0;
    BROKEN((VOID)VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, WAIT, Reply, &Size, NULL);) // finds: out-sync-root
    MENDED((VOID)VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, 0, NULL, NULL, &Now);)
    VSPLAB_LOG("%u %u", Size, Now.LowPart);
    Close(Channel);
}

static NTSTATUS Ask(VMBCHANNEL Channel, LONGLONG Timeout)
{
    LARGE_INTEGER Limit;
    Limit.QuadPart = Timeout;
    return VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, 0, NULL, NULL, &Limit); // finds: out-sync-root
}
VSPLAB_TEST(HostWaitsASecond)
{
    VMBCHANNEL Channel = Open();
    (VOID)Ask(Channel, BROKEN(-10000000) MENDED(0));
    Close(Channel);
}

COMPLETION(Locks)
{
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql); // finds: out-no-lock-send in SendsUnderItsRoutinesLock
    VmbPacketFree(Packet);
    KeReleaseSpinLock(&Lock, Irql);
}
VSPLAB_TEST(SendsUnderItsRoutinesLock)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    KIRQL Irql;
    VmbPacketSetCompletionRoutine(Packet, Locks);
    BROKEN(KeAcquireSpinLock(&Lock, &Irql);)
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, 0));
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    MENDED((VOID)Irql;)
    Close(Channel);
}

typedef struct _ENTRY {
    LIST_ENTRY Link;
    VMBPACKET Packet;
} ENTRY;
COMPLETION(Unlinks)
{
    ENTRY *Entry = (ENTRY *)VmbPacketGetPointer(Packet);
    KLOCK_QUEUE_HANDLE Handle;
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle); // finds: out-no-lock-send in SendsUnderAQueuedLock
    RemoveEntryList(&Entry->Link);
    KeReleaseInStackQueuedSpinLock(&Handle);
    VmbPacketFree(Packet);
}
static NTSTATUS SendLinked(VMBPACKET Packet, ENTRY *Entry)
{
    KLOCK_QUEUE_HANDLE Handle;
    NTSTATUS Status;
    KeAcquireInStackQueuedSpinLock(&Lock, &Handle);
    InsertTailList(&Queue, &Entry->Link);
    MENDED(KeReleaseInStackQueuedSpinLock(&Handle);)
    Status = VmbPacketSend(Packet, Bytes, 8, NULL, 0);
    BROKEN(KeReleaseInStackQueuedSpinLock(&Handle);)
    return Status;
}
VSPLAB_TEST(SendsUnderAQueuedLock)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    ENTRY Entry;
    InitializeListHead(&Queue);
    VmbPacketSetPointer(Packet, &Entry);
    VmbPacketSetCompletionRoutine(Packet, Unlinks);
    VSPLAB_ASSERT_SUCCESS(SendLinked(Packet, &Entry));
    Close(Channel);
}
