/*
 * IRQL, and what the other kernel files need to complain about it. One processor: the IRQL is a number in vsp_lasting.
 */
#include "kernel.h"

void vsp_require_irql(uint32_t maximum, const char *function)
{
    if (VSP_UNLIKELY(vsp_lasting.irql > maximum)) {
        vsp_breach(VSP_RULE_IRQL_CALL, (uint64_t)function, maximum << 8 | vsp_lasting.irql);
    }
}

void vsp_require_exact_irql(uint32_t irql, const char *function)
{
    if (VSP_UNLIKELY(vsp_lasting.irql != irql)) {
        vsp_breach(VSP_RULE_IRQL_CALL, (uint64_t)function, irql << 8 | vsp_lasting.irql);
    }
}

void vsp_lock_breach(const void *lock, enum vsp_lock_breach what)
{
    vsp_breach(VSP_RULE_LOCK_IRQL, (uint64_t)lock, what);
}

void vsp_wait_for_lock(const void *lock, const void *owner, uint32_t (*ready)(void *lock))
{
    if (owner == KeGetCurrentThread()) {
        vsp_fault(VSP_FAULT_DEADLOCK, (uint64_t)lock, 0, 0);
    }
    vsp_wait(ready, (void *)(uint64_t)lock, NULL);
}

/* Lowering with a spin lock held is a breach of lock-irql at the place that lowers. */
static void lower(uint32_t irql)
{
    if (irql < DISPATCH_LEVEL && vsp_lasting.spin_locks > 0) {
        vsp_lock_breach(NULL, VSP_LOCK_LOWERED);
    }
    vsp_lasting.irql = irql;
}

KIRQL KeGetCurrentIrql(VOID)
{
    return (KIRQL)vsp_lasting.irql;
}

KIRQL KfRaiseIrql(KIRQL NewIrql)
{
    const KIRQL old = (KIRQL)vsp_lasting.irql;
    vsp_require_irql(NewIrql, "KeRaiseIrql");
    vsp_lasting.irql = NewIrql;
    return old;
}

VOID KeLowerIrql(KIRQL NewIrql)
{
    if (NewIrql > vsp_lasting.irql) {
        vsp_breach(VSP_RULE_IRQL_CALL, (uint64_t)__func__, (uint64_t)NewIrql << 8 | vsp_lasting.irql);
    }
    lower(NewIrql);
}

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    const KIRQL old = (KIRQL)vsp_lasting.irql;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_lasting.irql = DISPATCH_LEVEL;
    return old;
}

/* PAGED_CODE() of a checked build. */
VOID VspPagedCode_(VOID)
{
    if (vsp_lasting.irql > APC_LEVEL) {
        vsp_breach(VSP_RULE_MEM_PAGED_CODE, 0, vsp_lasting.irql);
    }
}

/* ---- Regions: they change nothing here but the answers of KeAreApcsDisabled ---- */

static uint32_t critical_regions;
static uint32_t guarded_regions;

VOID KeEnterCriticalRegion(VOID)
{
    vsp_require_irql(APC_LEVEL, __func__);
    critical_regions++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    vsp_require_irql(APC_LEVEL, __func__);
    critical_regions -= critical_regions > 0;
}

VOID KeEnterGuardedRegion(VOID)
{
    vsp_require_irql(APC_LEVEL, __func__);
    guarded_regions++;
}

VOID KeLeaveGuardedRegion(VOID)
{
    vsp_require_irql(APC_LEVEL, __func__);
    guarded_regions -= guarded_regions > 0;
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    return critical_regions + guarded_regions > 0 || vsp_lasting.irql >= APC_LEVEL;
}

BOOLEAN KeAreAllApcsDisabled(VOID)
{
    return guarded_regions > 0 || vsp_lasting.irql >= APC_LEVEL;
}
