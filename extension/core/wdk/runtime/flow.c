/*
 * The way a run takes through the driver's code, as a hash: what two variants have in common, and where they part.
 */
#include "variant.h"

struct vsp_vary vsp_vary = {.next = UINT64_MAX, .stop_at = UINT64_MAX};

struct vsp_vary *vsp_vary_address(void)
{
    return &vsp_vary;
}

void vsp_bytes_append(struct vsp_bytes *to, const void *bytes, uint64_t size)
{
    if (to->used + size > to->capacity) {
        const uint64_t least = to->used + size > 2048 ? to->used + size : 2048;
        const uint64_t capacity = vsp_round_up(2 * least, 16);
        uint8_t *room = vsp_allocate(VSP_ARENA_LASTING, capacity);
        vsp_copy(room, (const void *)to->at, to->used);
        vsp_free(VSP_ARENA_LASTING, (void *)to->at, to->capacity);
        to->at = (uint64_t)room;
        to->capacity = capacity;
    }
    vsp_copy((uint8_t *)to->at + to->used, bytes, size);
    to->used += size;
}

struct vsp_change *vsp_vary_changes(uint32_t count)
{
    struct vsp_change *changes = vsp_allocate(VSP_ARENA_LASTING, count * sizeof *changes);
    vsp_vary.changes = (uint64_t)changes;
    vsp_vary.change_count = count;
    return changes;
}

/* The step at which vsp_flow_mark is wanted next. */
static uint64_t next_mark(void)
{
    const uint64_t steps = vsp_vary.steps;
    uint64_t end = (steps / VSP_FLOW_WINDOW + 1) * VSP_FLOW_WINDOW;
    if (vsp_vary.stop_at >= steps && vsp_vary.stop_at < end) {
        end = vsp_vary.stop_at + 1;
    }
    if (steps >= vsp_vary.log_to) {
        return end;
    }
    const uint64_t logged = (steps < vsp_vary.log_from ? vsp_vary.log_from : steps) + 1;
    return logged < end ? logged : end;
}

void vsp_flow_mark(uint64_t value)
{
    const uint64_t step = vsp_vary.steps - 1;
    if (step == vsp_vary.stop_at) {
        vsp_fault(VSP_FAULT_ASSERT, 0, 0, 0);
    }
    if (step >= vsp_vary.log_from && step < vsp_vary.log_to) {
        vsp_bytes_append(&vsp_vary.logged, &value, sizeof value);
    }
    if (vsp_vary.steps % VSP_FLOW_WINDOW == 0) {
        vsp_bytes_append(&vsp_vary.marks, &vsp_vary.flow, sizeof vsp_vary.flow);
    }
    vsp_vary.next = next_mark();
}

/* As the code that instrumentation puts before a branch. */
void vsp_flow_status(uint32_t status)
{
    const uint32_t location = vsp_depth + 1 < VSP_MAX_FRAMES ? vsp_frames[vsp_depth + 1] : 0;
    const uint64_t value = (uint64_t)(VSP_FLOW_STATUS | location) << 32 | status;
    const uint64_t spread = (vsp_vary.flow ^ value) * 0x9E3779B97F4A7C15ull;
    vsp_vary.flow = spread ^ spread >> 29;
    if (++vsp_vary.steps >= vsp_vary.next) {
        vsp_flow_mark(value);
    }
}
