/*
 * Fast and guarded mutexes: kmcl-facts 8.6 rows 64 and 65.
 */
#include "kernel.h"

/* ---- Fast mutexes: Count 1 = free; acquired at APC_LEVEL ---- */

VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(FastMutex, sizeof *FastMutex);
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    FastMutex->OldIrql = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}

static uint32_t mutex_is_free(void *lock)
{
    return ((PFAST_MUTEX)lock)->Count == 1;
}

static BOOLEAN take_mutex(PFAST_MUTEX mutex, int try, int raise)
{
    vsp_check_write(mutex, sizeof *mutex);
    if (mutex->Count != 1) {
        if (try) {
            return FALSE;
        }
        vsp_wait_for_lock(mutex, mutex->Owner, mutex_is_free);
    }
    mutex->Count = 0;
    mutex->Owner = KeGetCurrentThread();
    mutex->OldIrql = vsp_lasting.irql;
    vsp_lock_taken(mutex, VSP_LOCK_KIND_MUTEX, vsp_lasting.irql);
    if (raise) {
        vsp_lasting.irql = APC_LEVEL;
    }
    return TRUE;
}

static void drop_mutex(PFAST_MUTEX mutex, int raised)
{
    vsp_check_write(mutex, sizeof *mutex);
    if (mutex->Count == 1) {
        vsp_lock_breach(mutex, VSP_LOCK_NOT_HELD);
        return;
    }
    if (mutex->Owner != KeGetCurrentThread()) {
        vsp_lock_breach(mutex, VSP_LOCK_OTHER_OWNER);
    }
    const ULONG old = mutex->OldIrql;
    vsp_lock_dropped(mutex);
    mutex->Count = 1;
    mutex->Owner = NULL;
    if (raised) {
        vsp_lasting.irql = old;
    }
}

VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    take_mutex(FastMutex, 0, 1);
}

VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    vsp_require_exact_irql(APC_LEVEL, __func__);
    drop_mutex(FastMutex, 1);
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    take_mutex(FastMutex, 0, 0);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    drop_mutex(FastMutex, 0);
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    return take_mutex(FastMutex, 1, 1);
}

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ExInitializeFastMutex(Mutex);
}

/* A guarded mutex disables APCs without raising the IRQL. */
VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    take_mutex(Mutex, 0, 0);
    KeEnterGuardedRegion();
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    drop_mutex(Mutex, 0);
    KeLeaveGuardedRegion();
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    vsp_require_irql(APC_LEVEL, __func__);
    if (!take_mutex(Mutex, 1, 0)) {
        return FALSE;
    }
    KeEnterGuardedRegion();
    return TRUE;
}
