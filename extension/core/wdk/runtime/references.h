/*
 * References of the driver's that are still held: rundown protection, remove locks, framework objects. TypeScript walks
 * them at the end of a test and when a wait can never end (kmcl/leaks.ts).
 */
#pragma once

#include "internal.h"

/* One reference that is held, 24 bytes. */
struct vsp_reference {
    uint64_t next;
    uint64_t object;
    uint32_t callback; /* enum vsp_api of the callback that took it, 0 outside */
    uint32_t stack;    /* where: an id for vsp_stack */
};

void vsp_reference_take(const void *object);
/* Gives back one; of an object that has none nothing happens. */
void vsp_reference_drop(const void *object);
/* NULL = the newest; NULL at the end. */
const struct vsp_reference *vsp_reference_next(const struct vsp_reference *reference);
