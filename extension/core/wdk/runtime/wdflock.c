/*
 * WDF spin locks, wait locks and the presentation lock.
 */
#include "framework.h"

#define LOCK_TAG 'LfdW'

/* ---- Spin locks: the word lies in memory of the driver's kind, as the kernel's functions want it ---- */

struct spin_lock {
    struct wdf_object object;
    KSPIN_LOCK *word;
    KIRQL irql;
};

static KSPIN_LOCK *allocate_word(void)
{
    return vsp_block_allocate(VSP_ARENA_HOST, sizeof(KSPIN_LOCK), LOCK_TAG, VSP_BLOCK_EXEMPT, 1);
}

static void destroy_spin_lock(struct wdf_object *object)
{
    vsp_user_free(VSP_ARENA_HOST, ((struct spin_lock *)object)->word);
}

NTSTATUS WdfSpinLockCreate(PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK *SpinLock)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfSpinLockCreate);
    struct spin_lock *lock;
    const NTSTATUS status =
        WDF_CREATE(WDF_TYPE_SPIN_LOCK, struct spin_lock, SpinLockAttributes, wdf_driver(), SpinLock);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    lock = (struct spin_lock *)*SpinLock;
    lock->object.destroy = destroy_spin_lock;
    lock->word = allocate_word();
    if (lock->word == NULL) {
        wdf_delete(&lock->object);
        *SpinLock = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

VOID WdfSpinLockAcquire(WDFSPINLOCK SpinLock)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct spin_lock *lock = (struct spin_lock *)wdf_of(SpinLock, WDF_TYPE_SPIN_LOCK);
    lock->irql = KeAcquireSpinLockRaiseToDpc(lock->word);
}

VOID WdfSpinLockRelease(WDFSPINLOCK SpinLock)
{
    struct spin_lock *lock = (struct spin_lock *)wdf_of(SpinLock, WDF_TYPE_SPIN_LOCK);
    KeReleaseSpinLock(lock->word, lock->irql);
}

VOID WdfObjectAcquireLock(WDFOBJECT Object)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct wdf_object *object = wdf_of(Object, 0);
    if (object->lock == NULL) {
        object->lock = allocate_word();
    }
    object->lock_irql = KeAcquireSpinLockRaiseToDpc(object->lock);
}

VOID WdfObjectReleaseLock(WDFOBJECT Object)
{
    struct wdf_object *object = wdf_of(Object, 0);
    if (object->lock == NULL) {
        vsp_lock_breach(object, VSP_LOCK_NOT_HELD);
        return;
    }
    KeReleaseSpinLock(object->lock, object->lock_irql);
}

/* ---- Wait locks ---- */

struct wait_lock {
    struct wdf_object object;
    PKTHREAD owner; /* NULL: free */
};

NTSTATUS WdfWaitLockCreate(PWDF_OBJECT_ATTRIBUTES LockAttributes, WDFWAITLOCK *Lock)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfWaitLockCreate);
    return WDF_CREATE(WDF_TYPE_WAIT_LOCK, struct wait_lock, LockAttributes, wdf_driver(), Lock);
}

static uint32_t is_free(void *lock)
{
    return ((struct wait_lock *)lock)->owner == NULL;
}

NTSTATUS WdfWaitLockAcquire(WDFWAITLOCK Lock, PLONGLONG Timeout)
{
    VSP_MAY_FAIL(WdfWaitLockAcquire);
    if (Timeout != NULL) {
        vsp_check_read(Timeout, sizeof *Timeout);
    }
    vsp_require_irql(Timeout != NULL && *Timeout == 0 ? DISPATCH_LEVEL : PASSIVE_LEVEL, __func__);
    struct wait_lock *lock = (struct wait_lock *)wdf_of(Lock, WDF_TYPE_WAIT_LOCK);
    if (lock->owner != NULL && Timeout == NULL) {
        vsp_wait_for_lock(lock, lock->owner, is_free);
    } else if (lock->owner != NULL && (*Timeout == 0 || !vsp_wait(is_free, lock, (const int64_t *)Timeout))) {
        return STATUS_TIMEOUT;
    }
    lock->owner = KeGetCurrentThread();
    vsp_lock_taken(lock, VSP_LOCK_KIND_WAIT, vsp_lasting.irql);
    return STATUS_SUCCESS;
}

VOID WdfWaitLockRelease(WDFWAITLOCK Lock)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct wait_lock *lock = (struct wait_lock *)wdf_of(Lock, WDF_TYPE_WAIT_LOCK);
    if (lock->owner != KeGetCurrentThread()) {
        vsp_lock_breach(lock, lock->owner == NULL ? VSP_LOCK_NOT_HELD : VSP_LOCK_OTHER_OWNER);
    }
    lock->owner = NULL;
    vsp_lock_dropped(lock);
}
