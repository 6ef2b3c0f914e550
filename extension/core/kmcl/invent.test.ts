/** Invented contexts: every kind of lock and list is as its initialisation leaves it (interfaces 4). */
import { expect, it } from 'vitest';
import { compileText } from '../../../test/support/driver.js';

const SOURCE = `
#include <ntifs.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

typedef KSPIN_LOCK MY_LOCK;
typedef struct _LOCKS {
    ULONG Before;
    KSPIN_LOCK Spin;
    MY_LOCK Mine;
    EX_SPIN_LOCK Shared;
    EX_PUSH_LOCK Push;
    EX_RUNDOWN_REF Rundown;
    KLOCK_QUEUE_HANDLE Queued;
    FAST_MUTEX Fast;
    KGUARDED_MUTEX Guarded;
    KMUTEX Mutex;
    KSEMAPHORE Semaphore;
    KEVENT Event;
    ERESOURCE Resource;
    SLIST_HEADER Interlocked;
    SINGLE_LIST_ENTRY Singly;
    LIST_ENTRY Doubly;
    LOOKASIDE_LIST_EX Entries;
    NPAGED_LOOKASIDE_LIST Older;
    ULONG After;
} LOCKS;

static VOID Check(BOOLEAN Holds, PCSTR What) { if (!Holds) { VSPLAB_LOG("wrong: %s", What); } }

NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    LOCKS *locks = VmbPacketGetPointer(Packet);
    LARGE_INTEGER now = {0};
    KIRQL irql;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    if (locks->Before == 0) {
        return STATUS_SUCCESS; /* a restored one */
    }
    Check(locks->After != 0, "integers");
    KeAcquireSpinLock(&locks->Spin, &irql);
    KeReleaseSpinLock(&locks->Spin, irql);
    KeAcquireSpinLock(&locks->Mine, &irql);
    KeReleaseSpinLock(&locks->Mine, irql);
    KeAcquireInStackQueuedSpinLock(&locks->Spin, &locks->Queued);
    KeReleaseInStackQueuedSpinLock(&locks->Queued);
    irql = ExAcquireSpinLockExclusive(&locks->Shared);
    ExReleaseSpinLockExclusive(&locks->Shared, irql);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&locks->Push);
    ExReleasePushLockExclusive(&locks->Push);
    Check(ExAcquireResourceExclusiveLite(&locks->Resource, FALSE), "resource");
    ExReleaseResourceLite(&locks->Resource);
    KeLeaveCriticalRegion();
    Check(ExAcquireRundownProtection(&locks->Rundown), "rundown");
    ExReleaseRundownProtection(&locks->Rundown);
    Check(ExTryToAcquireFastMutex(&locks->Fast), "fast mutex");
    ExReleaseFastMutex(&locks->Fast);
    Check(KeTryToAcquireGuardedMutex(&locks->Guarded), "guarded mutex");
    KeReleaseGuardedMutex(&locks->Guarded);
    Check(KeWaitForSingleObject(&locks->Mutex, Executive, KernelMode, FALSE, &now) == STATUS_SUCCESS, "mutex");
    KeReleaseMutex(&locks->Mutex, FALSE);
    Check(KeReadStateEvent(&locks->Event) == 0, "event");
    Check(KeReadStateSemaphore(&locks->Semaphore) == 0, "semaphore");
    Check(ExQueryDepthSList(&locks->Interlocked) == 0, "interlocked list");
    Check(locks->Singly.Next == NULL, "singly linked list");
    Check(IsListEmpty(&locks->Doubly), "list");
    PVOID entry = ExAllocateFromLookasideListEx(&locks->Entries);
    Check(entry != NULL, "lookaside list");
    ExFreeToLookasideListEx(&locks->Entries, entry);
    entry = ExAllocateFromNPagedLookasideList(&locks->Older);
    Check(entry != NULL, "older lookaside list");
    ExFreeToNPagedLookasideList(&locks->Older, entry);
    VSPLAB_LOG("checked");
    return STATUS_SUCCESS;
}
NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    VmbPacketSetPointer(packet, ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(LOCKS), 'kcoL'));
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
`;

it('invents locks that are free and lists that are empty', async () => {
  const driver = await compileText(SOURCE);
  const contextType = driver.driver.types.findIndex((type) => type.kind === 'record' && type.name === '_LOCKS');
  const program = { kind: 'packets', count: 1, save: 'Save', restore: 'Restore', contextType } as const;
  const run = driver.run(program, { modes: ['S-14=once'] });
  expect([run.output, run.result.fault?.text]).toEqual([['checked'], undefined]);
});
