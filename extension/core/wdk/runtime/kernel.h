/*
 * What the files that implement the driver-visible kernel share: IRQL checks and breaches.
 */
#pragma once

#include <ntifs.h>

#include "failures.h"
#include "internal.h"
#include "rules.h"

/* A published maximum IRQL: breach of irql-call, object = the function's name (PCSTR), detail = maximum << 8 | IRQL. */
void vsp_require_irql(uint32_t maximum, const char *function);
void vsp_require_exact_irql(uint32_t irql, const char *function);

/* Details of a breach of lock-irql; the object is the lock. */
enum vsp_lock_breach {
    VSP_LOCK_OTHER_IRQL = 1,  /* released with an IRQL that is not the one its acquire saved */
    VSP_LOCK_NOT_HELD = 2,    /* released while free */
    VSP_LOCK_LOW = 3,         /* an AtDpcLevel variant below DISPATCH_LEVEL */
    VSP_LOCK_LOWERED = 4,     /* IRQL lowered below DISPATCH_LEVEL with a spin lock held; object = 0 */
    VSP_LOCK_OTHER_OWNER = 5, /* mutex or resource released by a thread that does not own it */
};
void vsp_lock_breach(const void *lock, enum vsp_lock_breach what);

/* Waits until ready(lock). A lock its own thread owns (`owner` is a PKTHREAD) never comes free: ends the test. */
void vsp_wait_for_lock(const void *lock, const void *owner, uint32_t (*ready)(void *lock));

/* Allocation on the driver's behalf with injected failures; `flags` are VSP_BLOCK_*. */
void *vsp_pool_allocate(uint64_t size, uint32_t tag, uint32_t flags, int zero);

/* No handler is ever found: ends the test as the system would. */
_Noreturn void vsp_raise(NTSTATUS status);
