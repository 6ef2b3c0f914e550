/*
 * The globals of driver and runtime: what a new host begins with.
 */
#include "internal.h"

#if VSP_MODULE
/* By wasm-ld. With --stack-first the globals begin where the stack ends. */
extern char __global_base, __heap_base;
#endif

struct vsp_span vsp_all_globals(void)
{
#if VSP_MODULE
    return (struct vsp_span){(uint64_t)&__global_base, (uint64_t)&__heap_base};
#else
    return (struct vsp_span){0, 0};
#endif
}

/* All globals but the kept ones, to and from the snapshot. */
static void copy_globals(int restore)
{
    const struct vsp_span all = vsp_all_globals();
    const struct vsp_span *kept = vsp_kept_parts();
    uint64_t begin = all.begin;
    for (uint32_t i = 0; i <= VSP_KEPT_PARTS; i++) {
        const uint64_t end = i == VSP_KEPT_PARTS ? all.end : kept[i].begin;
        uint8_t *saved = vsp_kept.snapshot + (begin - all.begin);
        if (restore) {
            vsp_copy((void *)begin, saved, end - begin);
        } else {
            vsp_copy(saved, (void *)begin, end - begin);
        }
        begin = i == VSP_KEPT_PARTS ? end : kept[i].end;
    }
}

void vsp_snapshot_globals(void)
{
    const struct vsp_span all = vsp_all_globals();
    if (all.end == all.begin) {
        return;
    }
    if (vsp_kept.snapshot == NULL) {
        vsp_kept.snapshot = vsp_allocate(VSP_ARENA_LASTING, all.end - all.begin);
    }
    copy_globals(0);
}

void vsp_restore_globals(void)
{
    if (vsp_kept.snapshot != NULL) {
        copy_globals(1);
    }
}
