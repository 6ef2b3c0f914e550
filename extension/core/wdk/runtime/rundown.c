/*
 * Rundown protection: kmcl-facts 8.6 rows 69 to 72. The count goes in steps of 2; bit 0 says that a rundown is under
 * way or done.
 */
#include "kernel.h"
#include "references.h"

#define ACTIVE ((ULONG_PTR)1)

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    vsp_check_write(RunRef, sizeof *RunRef);
    RunRef->Count = 0;
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExInitializeRundownProtection(RunRef);
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    vsp_require_irql(DISPATCH_LEVEL, "ExAcquireRundownProtection");
    vsp_check_write(RunRef, sizeof *RunRef);
    if (RunRef->Count & ACTIVE) {
        return FALSE;
    }
    RunRef->Count += 2ull * Count;
    for (ULONG i = 0; i < Count; i++) {
        vsp_reference_take(RunRef);
    }
    return TRUE;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    return ExAcquireRundownProtectionEx(RunRef, 1);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    vsp_require_irql(DISPATCH_LEVEL, "ExReleaseRundownProtection");
    vsp_check_write(RunRef, sizeof *RunRef);
    if (RunRef->Count / 2 < Count) {
        vsp_lock_breach(RunRef, VSP_LOCK_NOT_HELD);
        return;
    }
    RunRef->Count -= 2ull * Count;
    for (ULONG i = 0; i < Count; i++) {
        vsp_reference_drop(RunRef);
    }
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExReleaseRundownProtectionEx(RunRef, 1);
}

static uint32_t is_run_down(void *ref)
{
    return ((PEX_RUNDOWN_REF)ref)->Count == ACTIVE;
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(RunRef, sizeof *RunRef);
    RunRef->Count |= ACTIVE;
    if (!is_run_down(RunRef)) {
        vsp_wait(is_run_down, RunRef, NULL);
    }
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    vsp_check_write(RunRef, sizeof *RunRef);
    RunRef->Count = ACTIVE;
}
