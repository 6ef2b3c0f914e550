/*
 * Spin locks. With one processor a held lock can only be one's own: acquiring it again would spin for ever.
 * A held KSPIN_LOCK is HELD | IRQL to go back to, or HELD | NO_IRQL for the AtDpcLevel variants.
 */
#include "kernel.h"

#define HELD 0x56530000u /* any other value but 0 was never initialised, and would spin for ever as well */
#define NO_IRQL 0xFFu

static void take(PKSPIN_LOCK lock, uint32_t saved)
{
    vsp_check_write(lock, sizeof *lock);
    if (*lock != 0) {
        vsp_fault(VSP_FAULT_DEADLOCK, (uint64_t)lock, 0, (*lock & ~0xFFull) == HELD ? 0 : 1);
    }
    *lock = HELD | saved;
    vsp_lasting.spin_locks++;
    vsp_lock_taken(lock, VSP_LOCK_KIND_SPIN, vsp_lasting.irql);
}

/* Answers the IRQL the acquire saved, NO_IRQL for none or when it was not held. */
static uint32_t drop(PKSPIN_LOCK lock)
{
    vsp_check_write(lock, sizeof *lock);
    if ((*lock & ~0xFFull) != HELD) {
        vsp_lock_breach(lock, VSP_LOCK_NOT_HELD);
        return NO_IRQL;
    }
    const uint32_t saved = (uint32_t)(*lock & 0xFF);
    *lock = 0;
    vsp_lasting.spin_locks -= vsp_lasting.spin_locks > 0;
    vsp_lock_dropped(lock);
    return saved;
}

static KIRQL acquire(PKSPIN_LOCK lock, const char *function)
{
    const KIRQL old = (KIRQL)vsp_lasting.irql;
    vsp_require_irql(DISPATCH_LEVEL, function);
    take(lock, old);
    if (vsp_lasting.irql < DISPATCH_LEVEL) {
        vsp_lasting.irql = DISPATCH_LEVEL;
    }
    return old;
}

static void release(PKSPIN_LOCK lock, KIRQL irql, const char *function)
{
    vsp_require_exact_irql(DISPATCH_LEVEL, function);
    const uint32_t saved = drop(lock);
    if (saved != NO_IRQL && saved != irql) {
        vsp_lock_breach(lock, VSP_LOCK_OTHER_IRQL);
    }
    if (irql < DISPATCH_LEVEL && vsp_lasting.spin_locks > 0) {
        vsp_lock_breach(lock, VSP_LOCK_LOWERED);
    }
    vsp_lasting.irql = irql;
}

static void acquire_at_dispatch(PKSPIN_LOCK lock)
{
    if (vsp_lasting.irql < DISPATCH_LEVEL) {
        vsp_lock_breach(lock, VSP_LOCK_LOW);
    }
    take(lock, NO_IRQL);
}

static void release_at_dispatch(PKSPIN_LOCK lock)
{
    if (vsp_lasting.irql < DISPATCH_LEVEL) {
        vsp_lock_breach(lock, VSP_LOCK_LOW);
    }
    drop(lock);
}

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    vsp_check_write(SpinLock, sizeof *SpinLock);
    *SpinLock = 0;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    return acquire(SpinLock, "KeAcquireSpinLock");
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    release(SpinLock, NewIrql, __func__);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    acquire_at_dispatch(SpinLock);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    release_at_dispatch(SpinLock);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    vsp_check_read(SpinLock, sizeof *SpinLock);
    if (*SpinLock != 0) {
        return FALSE;
    }
    acquire_at_dispatch(SpinLock);
    return TRUE;
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    vsp_check_read(SpinLock, sizeof *SpinLock);
    return *SpinLock == 0;
}

/* Raises unless it is at DISPATCH_LEVEL already. */
KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return acquire(SpinLock, __func__);
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release(SpinLock, OldIrql, __func__);
}

/* ---- In-stack queued: the same lock word, the handle remembers lock and IRQL ---- */

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    vsp_check_write(LockHandle, sizeof *LockHandle);
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = acquire(SpinLock, __func__);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    vsp_check_read(LockHandle, sizeof *LockHandle);
    release(LockHandle->LockQueue.Lock, LockHandle->OldIrql, __func__);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    vsp_check_write(LockHandle, sizeof *LockHandle);
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = (KIRQL)vsp_lasting.irql;
    acquire_at_dispatch(SpinLock);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    vsp_check_read(LockHandle, sizeof *LockHandle);
    release_at_dispatch(LockHandle->LockQueue.Lock);
}

/* ---- Reader-writer spin locks: EXCLUSIVE or the number of readers ---- */

#define EXCLUSIVE ((LONG)0x80000000)

static void take_ex(PEX_SPIN_LOCK lock, int exclusive)
{
    vsp_check_write(lock, sizeof *lock);
    if (exclusive ? *lock != 0 : *lock < 0) {
        vsp_fault(VSP_FAULT_DEADLOCK, (uint64_t)lock, 0, 0);
    }
    *lock = exclusive ? EXCLUSIVE : *lock + 1;
    vsp_lasting.spin_locks++;
    vsp_lock_taken(lock, exclusive ? VSP_LOCK_KIND_SPIN_EXCLUSIVE : VSP_LOCK_KIND_SPIN_SHARED, vsp_lasting.irql);
}

static void drop_ex(PEX_SPIN_LOCK lock, int exclusive)
{
    vsp_check_write(lock, sizeof *lock);
    if (exclusive ? *lock != EXCLUSIVE : *lock <= 0) {
        vsp_lock_breach(lock, VSP_LOCK_NOT_HELD);
        return;
    }
    *lock = exclusive ? 0 : *lock - 1;
    vsp_lasting.spin_locks -= vsp_lasting.spin_locks > 0;
    vsp_lock_dropped(lock);
}

static KIRQL acquire_ex(PEX_SPIN_LOCK lock, int exclusive, const char *function)
{
    const KIRQL old = (KIRQL)vsp_lasting.irql;
    vsp_require_irql(DISPATCH_LEVEL, function);
    take_ex(lock, exclusive);
    vsp_lasting.irql = DISPATCH_LEVEL;
    return old;
}

static void release_ex(PEX_SPIN_LOCK lock, int exclusive, KIRQL irql, const char *function)
{
    vsp_require_exact_irql(DISPATCH_LEVEL, function);
    drop_ex(lock, exclusive);
    if (irql < DISPATCH_LEVEL && vsp_lasting.spin_locks > 0) {
        vsp_lock_breach(lock, VSP_LOCK_LOWERED);
    }
    vsp_lasting.irql = irql;
}

static void require_dispatch(const void *lock)
{
    if (vsp_lasting.irql < DISPATCH_LEVEL) {
        vsp_lock_breach(lock, VSP_LOCK_LOW);
    }
}

KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    return acquire_ex(SpinLock, 0, __func__);
}

VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_ex(SpinLock, 0, OldIrql, __func__);
}

KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    return acquire_ex(SpinLock, 1, __func__);
}

VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_ex(SpinLock, 1, OldIrql, __func__);
}

VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    require_dispatch(SpinLock);
    take_ex(SpinLock, 0);
}

VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    require_dispatch(SpinLock);
    drop_ex(SpinLock, 0);
}

VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    require_dispatch(SpinLock);
    take_ex(SpinLock, 1);
}

VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    require_dispatch(SpinLock);
    drop_ex(SpinLock, 1);
}

/* ---- Of either kind ---- */

void vsp_spin_lock_free(uint64_t address, uint32_t kind)
{
    if (kind == VSP_LOCK_KIND_SPIN) {
        PKSPIN_LOCK lock = (PKSPIN_LOCK)address;
        if ((*lock & ~0xFFull) == HELD) {
            *lock = 0;
        }
        return;
    }
    PEX_SPIN_LOCK lock = (PEX_SPIN_LOCK)address;
    if (kind == VSP_LOCK_KIND_SPIN_EXCLUSIVE ? *lock == EXCLUSIVE : *lock > 0) {
        *lock = kind == VSP_LOCK_KIND_SPIN_EXCLUSIVE ? 0 : *lock - 1;
    }
}
