/*
 * Failures that a test has planned (VspLabFailNext). A new host does not change the test's plan.
 */
#include "failures.h"

#define NAME(function) #function,
static const char *const names[VSP_FAILABLE_COUNT] = {VSP_FAILABLE(NAME)};

/* What headers make of one function under another name. */
static const char *const aliases[][2] = {
    {"IoAcquireRemoveLock", "IoAcquireRemoveLockEx"},
    {"MmGetSystemAddressForMdlSafe", "MmMapLockedPagesSpecifyCache"},
};

static int same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

uint32_t vsp_fail_next(const char *function, int32_t status)
{
    for (uint32_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (same(function, aliases[i][0])) {
            function = aliases[i][1];
        }
    }
    for (uint32_t i = 0; i < VSP_FAILABLE_COUNT; i++) {
        if (same(function, names[i])) {
            if (vsp_kept.planned_count == VSP_PLANNED_LIMIT) {
                vsp_fault(VSP_FAULT_UNSUPPORTED, (uint64_t)(uintptr_t) "more than 64 planned failures", 0, 0);
            }
            vsp_kept.planned[vsp_kept.planned_count++] = (struct vsp_planned_failure){i, status};
            return 1;
        }
    }
    return 0;
}

uint32_t vsp_planned_failures(void)
{
    return vsp_kept.planned_count;
}

uint32_t vsp_planned_status(enum vsp_failable function, int32_t *status)
{
    for (uint32_t i = 0; i < vsp_kept.planned_count; i++) {
        if (vsp_kept.planned[i].function == (uint32_t)function) {
            *status = vsp_kept.planned[i].status;
            return 1;
        }
    }
    return 0;
}

uint32_t vsp_take_planned(enum vsp_failable function, int32_t *status)
{
    for (uint32_t i = 0; i < vsp_kept.planned_count; i++) {
        if (vsp_kept.planned[i].function == (uint32_t)function) {
            *status = vsp_kept.planned[i].status;
            vsp_kept.planned_count--;
            vsp_copy(&vsp_kept.planned[i], &vsp_kept.planned[i + 1],
                     (vsp_kept.planned_count - i) * sizeof *vsp_kept.planned);
            return 1;
        }
    }
    return 0;
}
