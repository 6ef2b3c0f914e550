/* What must have ended when a channel is suspended or closed, time windows, locks (kmcl-facts 7.2). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;
static FAST_MUTEX Mutex;
static KTIMER Timer;
static KDPC TimerDpc;
static PIO_WORKITEM Item;
static VMBCHANNEL Shared;
static UINT32 SharedGpadl;

/* Packets held after Suspend. */
static VMBPACKETCOMPLETION Held;
PROCESS(Holds)
{
    Held = Packet;
}
STATE(GivesBack)
{
    MENDED(if (Held != NULL) VmbChannelPacketComplete(Held, NULL, 0);)
    MENDED(Held = NULL;)
}
VSPLAB_TEST(KeepsItsPacketOverSuspend)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.Process = Holds;
    Options.State.EvtChannelSuspend = GivesBack;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VmbChannelPause(Channel); // finds: state-suspend-completes
    Close(Channel);
}

static LIST_ENTRY Queue;
typedef struct _HELD {
    LIST_ENTRY Link;
    VMBPACKETCOMPLETION Packet;
} HELD;
PROCESS(Queues)
{
    HELD *Entry = (HELD *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Entry), TAG);
    if (Entry == NULL) {
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    Entry->Packet = Packet;
    InsertTailList(&Queue, &Entry->Link);
}
STATE(Cancels)
{
    BOOLEAN All = BROKEN(FALSE) MENDED(TRUE);
    while (!IsListEmpty(&Queue)) {
        HELD *Entry = CONTAINING_RECORD(RemoveHeadList(&Queue), HELD, Link);
        VmbChannelPacketComplete(Entry->Packet, NULL, 0);
        ExFreePoolWithTag(Entry, TAG);
        if (!All) {
            break;
        }
    }
}
VSPLAB_TEST(CancelsOnlyTheFirst)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    InitializeListHead(&Queue);
    Options.Process = Queues;
    Options.State.EvtChannelSuspend = Cancels;
    Channel = Active(&Options);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VspLabGuestSend(Channel, Bytes, 16, TRUE);
    VmbChannelDisable(Channel); // finds: state-suspend-completes
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

/* Work that outlives its channel. */
DPC(Ticks)
{
    VMBPACKET Packet = VmbPacketAllocate(Shared); // finds: state-suspend-cancels-backend
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
}
STATE(StopsTimer)
{
    MENDED(KeCancelTimer(&Timer);)
}
VSPLAB_TEST(TimerOutlivesTheChannel)
{
    OPTIONS Options = Defaults();
    LARGE_INTEGER Due;
    Options.State.EvtChannelClosed = StopsTimer;
    Shared = Active(&Options);
    Due.QuadPart = -5000;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Ticks, NULL);
    KeSetTimer(&Timer, Due, &TimerDpc);
    Close(Shared);
    VspLabAdvanceTime(10000);
}

WORK(Flushes)
{
    VMBCHANNEL Channel = (VMBCHANNEL)Context;
    VSPLAB_LOG("%p", VmbChannelGetPointer(Channel)); // finds: state-suspend-cancels-backend
}
VSPLAB_TEST(WorkItemOutlivesTheChannel)
{
    VMBCHANNEL Channel = Open();
    Item = IoAllocateWorkItem(VspLabDevice());
    VspLabHoldWork(TRUE);
    IoQueueWorkItem(Item, Flushes, DelayedWorkQueue, Channel);
    MENDED(VspLabHoldWork(FALSE);)
    MENDED(VspLabRunPending();)
    Close(Channel);
    BROKEN(VspLabHoldWork(FALSE);)
    VspLabRunPending();
    IoFreeWorkItem(Item);
}

/* Sends between Suspend and Started. */
COMPLETION(Frees)
{
    VmbPacketFree(Packet);
}
static NTSTATUS Notify(VMBCHANNEL Channel)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetCompletionRoutine(Packet, Frees);
    Status = VmbPacketSend(Packet, Bytes, 8, NULL, WAIT); // finds: state-no-send-suspended in SendsInSuspend
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}
STATE(SaysGoodbye)
{
    BROKEN(Notify(Channel);)
}
VSPLAB_TEST(SendsInSuspend)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelSuspend = SaysGoodbye;
    Channel = Active(&Options);
    MENDED(VSPLAB_ASSERT_SUCCESS(Notify(Channel));)
    Close(Channel);
}

static BOOLEAN Running;
STATE(Stops)
{
    MENDED(Running = FALSE;)
}
DPC(Reports)
{
    VMBPACKET Packet;
    if (!Running) {
        return;
    }
    Packet = VmbPacketAllocate(Shared);
    if (Packet == NULL) {
        return;
    }
    BROKEN(VmbPacketSetCompletionRoutine(Packet, Frees);)
    BROKEN(if (!NT_SUCCESS(VmbPacketSend(Packet, Bytes, 16, NULL, WAIT))) VmbPacketFree(Packet);) // finds: state-no-send-suspended
    MENDED(VmbPacketFree(Packet);)
}
VSPLAB_TEST(TimerSendsWhilePaused)
{
    OPTIONS Options = Defaults();
    LARGE_INTEGER Due;
    Options.State.EvtChannelSuspend = Stops;
    Shared = Active(&Options);
    Running = TRUE;
    Due.QuadPart = -5000;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&TimerDpc, Reports, NULL);
    KeSetTimer(&Timer, Due, &TimerDpc);
    VmbChannelPause(Shared);
    VspLabAdvanceTime(10000);
    Close(Shared);
}

/* GPADLs and Closed. */
static PMDL SharedMdl;
STATE(Unmaps)
{
    MENDED(VmbChannelUnmapGpadl(Channel, SharedGpadl);)
} // finds: state-closed-releases-gpadls
VSPLAB_TEST(LeavesAMappingToClosed)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.State.EvtChannelClosed = Unmaps;
    Channel = Active(&Options);
    SharedGpadl = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(Channel, 0, SharedGpadl, &SharedMdl));
    Close(Channel);
}

static UINT32 Gpadls[3];
STATE(UnmapsSome)
{
    ULONG Index;
    for (Index = 0; Index < RTL_NUMBER_OF(Gpadls); Index++) {
        BROKEN(if (Index == 2) return;) // finds: state-closed-releases-gpadls
        VmbChannelUnmapGpadl(Channel, Gpadls[Index]);
    }
}
static NTSTATUS MapAll(VMBCHANNEL Channel)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Index;
    for (Index = 0; Index < RTL_NUMBER_OF(Gpadls) && NT_SUCCESS(Status); Index++) {
        Status = VmbChannelMapGpadl(Channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, Gpadls[Index], &SharedMdl);
    }
    return Status;
}
VSPLAB_TEST(UnmapsAllButOne)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    ULONG Index;
    Options.State.EvtChannelClosed = UnmapsSome;
    Channel = Active(&Options);
    for (Index = 0; Index < RTL_NUMBER_OF(Gpadls); Index++) {
        Gpadls[Index] = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    }
    VSPLAB_ASSERT_SUCCESS(MapAll(Channel));
    VspLabGuestCloseChannel(Channel);
    Close(Channel);
}

/* Time windows of two calls. */
VSPLAB_TEST(LatencyOfAClosedChannel)
{
    VMBCHANNEL Channel = Open();
    UINT16 Before;
    BROKEN(VspLabGuestCloseChannel(Channel);)
    (VOID)VmbChannelSetInterruptLatency(Channel, 100, &Before); // finds: state-latency-window
    Close(Channel);
}

static NTSTATUS Tune(VMBCHANNEL Channel)
{
    UINT16 Before;
    NTSTATUS Status = VmbChannelSetInterruptLatency(Channel, 100, &Before); // finds: state-latency-window
    return Status;
}
VSPLAB_TEST(LatencyBeforeOpened)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Enabled(&Options);
    BROKEN((VOID)Tune(Channel);)
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    MENDED(VSPLAB_ASSERT_SUCCESS(Tune(Channel));)
    Close(Channel);
}

static UINT64 Window[2];
VSPLAB_TEST(MmioBeforeOpened)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetMmioMegabytes(Channel, 8, 0));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    BROKEN(VmbChannelGetMmioSpace(Channel, &Window[0], &Window[1]);) // finds: state-mmio-window
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    MENDED(VmbChannelGetMmioSpace(Channel, &Window[0], &Window[1]);)
    Close(Channel);
}

static VOID ReadWindow(VMBCHANNEL Channel)
{
    VmbChannelGetMmioSpace(Channel, Window, Window + 1); // finds: state-mmio-window
}
VSPLAB_TEST(MmioWhileConfiguring)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Configured(&Options);
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetMmioMegabytes(Channel, 8, 0));
    BROKEN(ReadWindow(Channel);)
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    MENDED(ReadWindow(Channel);)
    Close(Channel);
}

/* Locks across blocking calls. */
VSPLAB_TEST(PausesUnderASpinLock)
{
    VMBCHANNEL Channel = Open();
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    VmbChannelPause(Channel); // finds: state-blocking-no-locks
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    Close(Channel);
}

STATE(TakesTheMutex)
{
    ExAcquireFastMutexUnsafe(&Mutex); // finds: state-blocking-no-locks
    ExReleaseFastMutexUnsafe(&Mutex);
}
VSPLAB_TEST(DisablesUnderAMutexOfSuspend)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    ExInitializeFastMutex(&Mutex);
    Options.State.EvtChannelSuspend = TakesTheMutex;
    Channel = Active(&Options);
    BROKEN(ExAcquireFastMutexUnsafe(&Mutex);)
    VmbChannelDisable(Channel);
    BROKEN(ExReleaseFastMutexUnsafe(&Mutex);)
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

DPC(DisablesInADpc)
{
    BROKEN(VmbChannelDisable((VMBCHANNEL)Context);) // finds: state-passive-blocking
}
VSPLAB_TEST(DisablesAtDispatchLevel)
{
    VMBCHANNEL Channel = Open();
    KeInitializeDpc(&TimerDpc, DisablesInADpc, Channel);
    KeInsertQueueDpc(&TimerDpc, NULL, NULL);
    KeFlushQueuedDpcs();
    Close(Channel);
}

VSPLAB_TEST(PausesAtRaisedIrql)
{
    VMBCHANNEL Channel = Open();
    KIRQL Irql;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    MENDED(KeLowerIrql(Irql);)
    VmbChannelPause(Channel); // finds: state-passive-blocking
    BROKEN(KeLowerIrql(Irql);)
    Close(Channel);
}
