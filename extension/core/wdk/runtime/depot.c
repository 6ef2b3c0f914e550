/*
 * Call stacks of allocations and frees, each kept once in the lasting arena.
 */
#include "describe.h"
#include "internal.h"

#define KEPT_FRAMES 64u /* the innermost ones */

uint32_t vsp_stack_capture(void)
{
    if (!vsp_checking || vsp_depth == 0 || vsp_depth >= VSP_MAX_FRAMES) {
        return 0;
    }
    const uint32_t count = vsp_depth < KEPT_FRAMES ? vsp_depth : KEPT_FRAMES;
    const uint32_t *frames = &vsp_frames[vsp_depth + 1 - count];
    uint32_t hash = vsp_depth;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ frames[i]) * 0x9E3779B1u;
        hash ^= hash >> 15;
    }
    struct vsp_stack *stack = vsp_kept.stacks[hash % VSP_STACK_BUCKETS];
    for (; stack != NULL; stack = (struct vsp_stack *)stack->next) {
        if (stack->hash != hash || stack->count != count || stack->skipped != vsp_depth - count) {
            continue;
        }
        uint32_t same = 0;
        while (same < count && stack->frames[same] == frames[same]) {
            same++;
        }
        if (same == count) {
            return (uint32_t)((uint64_t)stack / 16);
        }
    }
    stack = vsp_try_allocate(VSP_ARENA_LASTING, sizeof *stack + count * sizeof stack->frames[0], 1);
    if (stack == NULL) {
        return 0;
    }
    stack->next = (uint64_t)vsp_kept.stacks[hash % VSP_STACK_BUCKETS];
    stack->hash = hash;
    stack->skipped = vsp_depth - count;
    stack->count = count;
    vsp_copy(stack->frames, frames, count * sizeof stack->frames[0]);
    vsp_kept.stacks[hash % VSP_STACK_BUCKETS] = stack;
    return (uint32_t)((uint64_t)stack / 16);
}

const struct vsp_stack *vsp_stack(uint32_t id)
{
    return id == 0 ? NULL : (const struct vsp_stack *)(id * 16ull);
}
