/* IRQL, locks and lists (kmcl-facts 7.8). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;
static KSPIN_LOCK SecondLock;
static KEVENT Event;
static FAST_MUTEX Mutex;
static LIST_ENTRY List;

static VOID Work(VOID)
{
    PAGED_CODE(); // finds: mem-paged-code
    VSPLAB_LOG("work");
}
VSPLAB_TEST(PagedCodeUnderASpinLock)
{
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    Work();
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
}

DPC(RunsPagedCode)
{
    BROKEN(PAGED_CODE();) // finds: mem-paged-code
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}
VSPLAB_TEST(PagedCodeInADpc)
{
    static KDPC Object;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeDpc(&Object, RunsPagedCode, NULL);
    KeInsertQueueDpc(&Object, NULL, NULL);
    KeFlushQueuedDpcs();
}

VSPLAB_TEST(ReleasesWithAnotherIrql)
{
    KIRQL Irql;
    KIRQL Other = APC_LEVEL;
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(Other = Irql;)
    KeReleaseSpinLock(&Lock, Other); // finds: lock-irql
    BROKEN(KeLowerIrql(PASSIVE_LEVEL);)
}

static KIRQL SavedIrql;
static VOID Enter(PKSPIN_LOCK Own, PKIRQL Irql)
{
    KeAcquireSpinLock(Own, Irql);
}
static VOID Leave(PKSPIN_LOCK Own, KIRQL Irql)
{
    KeReleaseSpinLock(Own, Irql); // finds: lock-irql
}
VSPLAB_TEST(OneVariableForTwoLocks)
{
    KIRQL Inner;
    Enter(&Lock, &SavedIrql);
    Enter(&SecondLock, BROKEN(&SavedIrql) MENDED(&Inner));
    MENDED(Leave(&SecondLock, Inner);)
    BROKEN(KeReleaseSpinLock(&SecondLock, SavedIrql);)
    Leave(&Lock, SavedIrql);
    BROKEN(KeLowerIrql(PASSIVE_LEVEL);)
    UNREFERENCED_PARAMETER(Inner);
}

VSPLAB_TEST(RemovesAnEntryTwice)
{
    LIST_ENTRY Entry;
    InitializeListHead(&List);
    InsertTailList(&List, &Entry);
    RemoveEntryList(&Entry);
    MENDED(InitializeListHead(&Entry);)
    RemoveEntryList(&Entry); // finds: lock-list
}

typedef struct _ITEM {
    UINT32 Id;
    LIST_ENTRY Link;
} ITEM;
static VOID Enqueue(ITEM *Item)
{
    InsertTailList(&List, &Item->Link); // finds: lock-list
}
VSPLAB_TEST(InsertsIntoAListNobodyMade)
{
    static ITEM Items[2];
    MENDED(InitializeListHead(&List);)
    BROKEN(List.Flink = &Items[1].Link; List.Blink = &Items[1].Link;)
    Enqueue(&Items[0]);
}

VSPLAB_TEST(WaitsUnderASpinLock)
{
    KIRQL Irql;
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL); // finds: wait-irql
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
}

static NTSTATUS Pause(LONGLONG Interval)
{
    LARGE_INTEGER Due;
    Due.QuadPart = Interval;
    return KeDelayExecutionThread(KernelMode, FALSE, &Due); // finds: wait-irql
}
DPC(Delays)
{
    BROKEN(Pause(-100);)
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}
VSPLAB_TEST(DelaysInADpc)
{
    static KDPC Object;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeDpc(&Object, Delays, NULL);
    KeInsertQueueDpc(&Object, NULL, NULL);
    KeFlushQueuedDpcs();
    MENDED(VSPLAB_ASSERT_SUCCESS(Pause(-100));)
}

VSPLAB_TEST(ClosesAHandleUnderASpinLock)
{
    HANDLE Handle;
    KIRQL Irql;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle));
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    ZwClose(Handle); // finds: handle-irql
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
}

static NTSTATUS Convert(PHANDLE Handle)
{
    return VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), Handle); // finds: handle-irql
}
VSPLAB_TEST(ConvertsAtDispatchLevel)
{
    HANDLE Handle = NULL;
    KIRQL Irql;
    KeRaiseIrql(BROKEN(DISPATCH_LEVEL) MENDED(PASSIVE_LEVEL), &Irql);
    (VOID)Convert(&Handle);
    KeLowerIrql(Irql);
    ZwClose(Handle);
}

VSPLAB_TEST(MutexAtDispatchLevel)
{
    KIRQL Irql;
    ExInitializeFastMutex(&Mutex);
    KeRaiseIrql(BROKEN(DISPATCH_LEVEL) MENDED(PASSIVE_LEVEL), &Irql);
    ExAcquireFastMutex(&Mutex); // finds: irql-call
    MENDED(ExReleaseFastMutex(&Mutex);)
    BROKEN(ExReleaseFastMutexUnsafe(&Mutex);)
    KeLowerIrql(Irql);
}

static PVOID Paged(SIZE_T Size)
{
    return ExAllocatePool2(POOL_FLAG_PAGED, Size, TAG); // finds: irql-call
}
VSPLAB_TEST(PagedAllocationUnderASpinLock)
{
    PVOID Block;
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    Block = Paged(32);
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    if (Block != NULL) {
        ExFreePoolWithTag(Block, TAG);
    }
}
