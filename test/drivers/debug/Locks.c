/* A lock of each kind, held at the same time, for the debugger. */
#include <ntifs.h>
#include <wdf.h>
#include <vsplab.h>

typedef struct _STATE {
    UINT32 Number;
    struct {
        KSPIN_LOCK Lock;
        LIST_ENTRY Head;
    } Queues[2];
    FAST_MUTEX Mutex;
    ERESOURCE Resource;
    EX_SPIN_LOCK Readers;
    EX_PUSH_LOCK Push;
} STATE;

static KSPIN_LOCK Global;

VSPLAB_TEST(Locks)
{
    STATE *State = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(STATE), 'tatS');
    KLOCK_QUEUE_HANDLE Handle;
    WDFWAITLOCK Wait;
    KIRQL OldIrql;
    KIRQL SharedIrql;

    VSPLAB_ASSERT(State != NULL);
    VSPLAB_ASSERT(NT_SUCCESS(WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &Wait)));
    KeInitializeSpinLock(&State->Queues[1].Lock);
    ExInitializeFastMutex(&State->Mutex);
    ExInitializeResourceLite(&State->Resource);
    ExInitializePushLock(&State->Push);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&State->Resource, TRUE);   // takes resource
    WdfWaitLockAcquire(Wait, NULL);                        // takes wait lock
    ExAcquirePushLockShared(&State->Push);                 // takes push lock
    ExAcquireFastMutex(&State->Mutex);                     // takes mutex
    SharedIrql = ExAcquireSpinLockShared(&State->Readers); // takes shared
    KeAcquireSpinLock(&State->Queues[1].Lock, &OldIrql);   // takes queue
    KeAcquireInStackQueuedSpinLock(&Global, &Handle);      // takes global
    State->Number = 1;                                     // all are held
    KeReleaseInStackQueuedSpinLock(&Handle);
    KeReleaseSpinLock(&State->Queues[1].Lock, OldIrql);
    ExReleaseSpinLockShared(&State->Readers, SharedIrql);
    ExReleaseFastMutex(&State->Mutex);
    ExReleasePushLockShared(&State->Push);
    WdfWaitLockRelease(Wait);
    ExReleaseResourceLite(&State->Resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&State->Resource); // none is held
    ExFreePoolWithTag(State, 'tatS');
    WdfObjectDelete(Wait);
}
