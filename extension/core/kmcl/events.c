/*
 * Logs of fixed-size records in the lasting arena: events, SaveContinue calls, saves. Blocks never move, so nothing is
 * copied.
 */
#include "library.h"

#define BLOCK_BYTES 65536u

void vsp_log_append(struct vsp_log *log, uint32_t record_size, const void *record)
{
    if (log->record_size == 0) {
        log->record_size = record_size;
        log->per_block = BLOCK_BYTES / record_size;
    }
    if (log->count == (uint64_t)log->block_count * log->per_block) {
        if (log->block_count == log->block_capacity) {
            const uint32_t capacity = log->block_capacity == 0 ? 16 : log->block_capacity * 2;
            uint64_t *blocks = vsp_allocate(VSP_ARENA_LASTING, capacity * sizeof *blocks);
            vsp_copy(blocks, log->blocks, log->block_capacity * sizeof *blocks);
            vsp_free(VSP_ARENA_LASTING, log->blocks, log->block_capacity * sizeof *blocks);
            log->blocks = blocks;
            log->block_capacity = capacity;
        }
        log->blocks[log->block_count++] = (uint64_t)(uintptr_t)vsp_allocate(VSP_ARENA_LASTING, BLOCK_BYTES);
    }
    uint8_t *block = (uint8_t *)(uintptr_t)log->blocks[log->block_count - 1];
    vsp_copy(block + log->count % log->per_block * record_size, record, record_size);
    log->count++;
}

uint32_t vsp_user_location(void)
{
    uint32_t depth = vsp_depth;
    while (depth > 0 && vsp_frames[depth] & VSP_LIBRARY_FRAME) {
        depth--;
    }
    return depth == 0 ? 0 : vsp_frames[depth];
}

void vsp_event(uint32_t kind, uint32_t api, uint64_t object, uint64_t a, uint64_t b)
{
    if (!vsp_lasting.trace) {
        return;
    }
    struct vsp_simulator *simulator = vsp_simulator();
    if (simulator->events.count >= VSP_EVENT_LIMIT) {
        simulator->events_dropped++;
        return;
    }
    const struct vsp_event_record record = {
        .kind = (uint16_t)kind,
        .api = (uint16_t)api,
        .location = vsp_user_location(),
        .object = object,
        .a = a,
        .b = b,
        .channel = vsp_lasting.channel,
        .packet = vsp_lasting.packet,
    };
    vsp_log_append(&simulator->events, sizeof record, &record);
}

static const struct vsp_log *log_of(uint32_t which)
{
    const struct vsp_simulator *simulator = vsp_simulator();
    switch (which) {
    case VSP_LOG_CHUNKS: return &simulator->chunks;
    case VSP_LOG_SAVES: return &simulator->saves;
    default: return &simulator->events;
    }
}

uint64_t vsp_events_dropped(void)
{
    return vsp_simulator()->events_dropped;
}

uint64_t vsp_log_count(uint32_t which)
{
    return log_of(which)->count;
}

uint32_t vsp_log_per_block(uint32_t which)
{
    return log_of(which)->per_block;
}

const void *vsp_log_block(uint32_t which, uint32_t block)
{
    const struct vsp_log *log = log_of(which);
    return block < log->block_count ? (const void *)(uintptr_t)log->blocks[block] : NULL;
}
