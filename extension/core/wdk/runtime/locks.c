/*
 * Which locks are held, and by which line of the driver: for the debugger, and for those that a callback leaves behind.
 */
#include "internal.h"

/* Newest last. A driver that holds more than that has lost count; the rest are held all the same. */
#define HELD_LIMIT 64u
static struct vsp_held_lock held[HELD_LIMIT];
static uint32_t held_count;

static void forget(uint32_t index)
{
    held_count--;
    for (; index < held_count; index++) {
        held[index] = held[index + 1];
    }
}

/* Where the driver called; 0 where the library did. */
static uint32_t calling_location(void)
{
    uint32_t depth = vsp_depth;
    while (depth > 0 && vsp_frames[depth] & VSP_LIBRARY_FRAME) {
        depth--;
    }
    return depth == 0 ? 0 : vsp_frames[depth];
}

void vsp_lock_taken(const volatile void *lock, uint32_t kind, uint32_t irql)
{
    if (held_count < HELD_LIMIT) {
        held[held_count++] = (struct vsp_held_lock){(uint64_t)lock, calling_location(), (uint16_t)kind, (uint16_t)irql};
    }
}

void vsp_lock_dropped(const volatile void *lock)
{
    for (uint32_t i = held_count; i > 0; i--) {
        if (held[i - 1].address == (uint64_t)lock) {
            forget(i - 1);
            return;
        }
    }
}

static int is_spin_lock(const struct vsp_held_lock *lock)
{
    return lock->kind <= VSP_LOCK_KIND_SPIN_EXCLUSIVE;
}

void vsp_spin_locks_forget(uint32_t count)
{
    for (uint32_t i = held_count; i > 0 && count > 0; i--) {
        if (is_spin_lock(&held[i - 1])) {
            vsp_spin_lock_free(held[i - 1].address, held[i - 1].kind);
            forget(i - 1);
            count--;
        }
    }
}

uint64_t vsp_held_lock(uint32_t index)
{
    return index < held_count ? (uint64_t)&held[index] : 0;
}
