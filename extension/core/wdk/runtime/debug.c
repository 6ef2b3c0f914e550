/*
 * The hooks of a driver compiled for debugging: a counter, a compare and a flag per statement; all that costs more only
 * while it is asked for.
 */
#include "debug.h"

#include "internal.h"

#if VSP_MODULE

#define CONTROL ((struct vsp_debug *)(uint64_t)VSP_DEBUG_CONTROL)
#define FLAGS ((uint8_t *)(uint64_t)VSP_DEBUG_FLAGS)
#define RING ((uint64_t *)(uint64_t)VSP_DEBUG_RING)
#define BASES ((uint16_t *)(uint64_t)VSP_DEBUG_BASES)

uint64_t vsp_log_count(uint32_t which);
#define EVENT_LOG 0u

/* As flagOf of core/debug/control.ts: units beside each other, each in steps of one. */
static inline uint32_t flag_of(uint32_t id)
{
    return (id + (id >> 20) * 1021u) & (VSP_DEBUG_FLAG_COUNT - 1);
}

static int changed(struct vsp_debug_watch *watch)
{
    const uint8_t *now = (const uint8_t *)watch->address;
    if (watch->address + watch->size > vsp_memory_end()) {
        return 0;
    }
    for (uint32_t i = 0; i < watch->size; i++) {
        if (now[i] != watch->bytes[i]) {
            return 1;
        }
    }
    return 0;
}

static uint32_t watched(struct vsp_debug *debug)
{
    uint32_t why = 0;
    for (uint32_t i = 0; i < debug->watches; i++) {
        struct vsp_debug_watch *watch = &debug->watched[i];
        watch->hit = (uint32_t)changed(watch);
        why |= watch->hit;
    }
    return why ? VSP_DEBUG_AT_WATCH : 0;
}

__attribute__((noinline)) static void look(uint32_t site, uint32_t flagged)
{
    struct vsp_debug *debug = CONTROL;
    uint32_t why = flagged ? VSP_DEBUG_AT_FLAG : 0;
    why |= debug->count >= debug->target ? VSP_DEBUG_AT_TARGET : 0;
    why |= vsp_depth <= debug->depth ? VSP_DEBUG_AT_DEPTH : 0;
    why |= debug->watches != 0 ? watched(debug) : 0;
    why |= debug->records != UINT64_MAX && vsp_log_count(EVENT_LOG) >= debug->records ? VSP_DEBUG_AT_RECORD : 0;
    if (why != 0) {
        vsp_debug_stop(site, why);
    }
    if (vsp_depth <= debug->match_depth && (site & VSP_DEBUG_RESUME) == 0) {
        debug->match = debug->count;
    }
}

void vsp_debug_event(uint32_t site)
{
    if (VSP_UNLIKELY(vsp_kept.debug_over)) {
        return;
    }
    struct vsp_debug *debug = CONTROL;
    const uint64_t count = ++debug->count;
    RING[count & (VSP_DEBUG_RING_SIZE - 1)] = (uint64_t)vsp_depth << 32 | site;
    const uint32_t flagged = FLAGS[flag_of(site & ~VSP_DEBUG_RESUME)] & VSP_DEBUG_FLAG_STOP;
    if (VSP_UNLIKELY(count >= debug->next || flagged)) {
        look(site, flagged);
    }
}

uint32_t vsp_debug_enter(uint32_t function, const void *variable)
{
    if (VSP_UNLIKELY(vsp_kept.debug_over)) {
        return 0;
    }
    if (VSP_UNLIKELY((uint64_t)variable - 1 < VSP_NULL_ZONE - 1)) {
        /* What lies here is the driver's from now on, until the overflow is found. */
        vsp_kept.debug_over = 1;
        vsp_debug_over();
        return 0;
    }
    BASES[vsp_depth] = (uint16_t)(((uint64_t)variable - VSP_NULL_ZONE) >> 4);
    return CONTROL->active && (FLAGS[flag_of(function)] & VSP_DEBUG_FLAG_DESCRIBED) == 0;
}

void vsp_debug_return(uint32_t location, int32_t status)
{
    if (status < 0 && !vsp_kept.debug_over && CONTROL->active) {
        vsp_debug_failed(location, status);
    }
}

uint32_t vsp_debug_writer(uint32_t offset)
{
    const struct vsp_touched *touched = &vsp_kept.touched;
    const struct vsp_store *stores = touched->notes;
    return touched->access == VSP_ACCESS_WRITE && offset < touched->size ? stores[offset].stack : 0;
}

#endif
