/*
 * Interlocked singly linked lists and ExInterlocked* lists: one thread runs at a time, so plain code is atomic.
 */
#include "kernel.h"

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    vsp_check_write(SListHead, sizeof *SListHead);
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

static PSLIST_ENTRY first_of(const SLIST_HEADER *head)
{
    vsp_check_read(head, sizeof *head);
    return (PSLIST_ENTRY)(head->Region & ~15ull);
}

PSLIST_ENTRY ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    const PSLIST_ENTRY first = first_of(ListHead);
    vsp_check_write(ListHead, sizeof *ListHead);
    vsp_check_write(ListEntry, sizeof *ListEntry);
    ListEntry->Next = first;
    ListHead->HeaderX64.Depth++;
    ListHead->HeaderX64.Sequence++;
    ListHead->Region = (ULONGLONG)ListEntry;
    return first;
}

PSLIST_ENTRY ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    const PSLIST_ENTRY first = first_of(ListHead);
    if (first != NULL) {
        vsp_check_read(first, sizeof *first);
        ListHead->HeaderX64.Depth--;
        ListHead->Region = (ULONGLONG)first->Next;
    }
    return first;
}

PSLIST_ENTRY ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    const PSLIST_ENTRY first = first_of(ListHead);
    ListHead->HeaderX64.Depth = 0;
    ListHead->Region = 0;
    return first;
}

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    vsp_check_read(SListHead, sizeof *SListHead);
    return (USHORT)SListHead->HeaderX64.Depth;
}

PSLIST_ENTRY FirstEntrySList(const SLIST_HEADER *SListHead)
{
    return first_of(SListHead);
}

/* ---- ExInterlocked*: under the given lock, so a held one is a deadlock ---- */

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(Lock);
    vsp_check_write(Addend, sizeof *Addend);
    const LARGE_INTEGER old = *Addend;
    Addend->QuadPart = (LONGLONG)((ULONGLONG)Addend->QuadPart + (ULONGLONG)Increment.QuadPart);
    KeReleaseSpinLock(Lock, irql);
    return old;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(Lock);
    vsp_check_write(Addend, sizeof *Addend);
    const ULONG old = *Addend;
    *Addend += Increment;
    KeReleaseSpinLock(Lock, irql);
    return old;
}

static void check_head(PLIST_ENTRY head)
{
    vsp_check_write(head, sizeof *head);
    vsp_check_write(head->Flink, sizeof *head);
    vsp_check_write(head->Blink, sizeof *head);
}

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(Lock);
    check_head(ListHead);
    vsp_check_write(ListEntry, sizeof *ListEntry);
    const PLIST_ENTRY first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    KeReleaseSpinLock(Lock, irql);
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(Lock);
    check_head(ListHead);
    vsp_check_write(ListEntry, sizeof *ListEntry);
    const PLIST_ENTRY last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    KeReleaseSpinLock(Lock, irql);
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    const KIRQL irql = KeAcquireSpinLockRaiseToDpc(Lock);
    PLIST_ENTRY first = NULL;
    check_head(ListHead);
    if (!IsListEmpty(ListHead)) {
        vsp_check_write(ListHead->Flink->Flink, sizeof *ListHead);
        first = RemoveHeadList(ListHead);
    }
    KeReleaseSpinLock(Lock, irql);
    return first;
}
