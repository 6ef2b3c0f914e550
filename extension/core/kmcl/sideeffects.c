/*
 * in-external-restartable: what a callback has changed before VmbChannelPacketGetExternalData sent it away with
 * STATUS_PENDING, and not undone until it returned. It will come again and change it a second time.
 */
#include "../wdk/runtime/describe.h"
#include "library.h"

/* One object of the driver's. */
struct trace {
    uint64_t address;
    uint64_t size;
    uint64_t hash; /* when the callback was called; 0 of a block that was allocated since */
    uint64_t touched; /* it was another one when external data was asked for */
};

static struct trace *traces;
static uint64_t trace_count;
static uint64_t trace_capacity;

static uint64_t hash_of(uint64_t address, uint64_t size)
{
    const uint8_t *bytes = (const uint8_t *)(uintptr_t)address;
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint64_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    }
    return hash;
}

static void forget(void)
{
    vsp_free(VSP_ARENA_LASTING, traces, trace_capacity * sizeof *traces);
    traces = NULL;
    trace_count = 0;
    trace_capacity = 0;
}

static void append(struct trace trace)
{
    if (trace_count == trace_capacity) {
        const uint64_t capacity = trace_capacity == 0 ? 64 : trace_capacity * 2;
        struct trace *grown = vsp_allocate(VSP_ARENA_LASTING, capacity * sizeof *grown);
        vsp_copy(grown, traces, trace_count * sizeof *grown);
        vsp_free(VSP_ARENA_LASTING, traces, trace_capacity * sizeof *traces);
        traces = grown;
        trace_capacity = capacity;
    }
    traces[trace_count++] = trace;
}

/* A live pool block of the driver's, from this one on. */
static struct vsp_block *pool_block(struct vsp_block *block)
{
    while (block != NULL && (block->flags & (VSP_BLOCK_POOL | VSP_BLOCK_EXEMPT)) != VSP_BLOCK_POOL) {
        block = vsp_checked_of(block)->older;
    }
    return block;
}

static uint32_t is_known(uint64_t address)
{
    for (uint64_t i = 0; i < trace_count; i++) {
        if (traces[i].address == address) {
            return 1;
        }
    }
    return 0;
}

static uint32_t differs(const struct trace *trace)
{
    const struct vsp_block *block = vsp_block_find((const void *)(uintptr_t)trace->address);
    const uint32_t freed = block != NULL && block->state != VSP_BLOCK_LIVE;
    return trace->hash == 0 ? !freed : freed || hash_of(trace->address, trace->size) != trace->hash;
}

void vsp_side_effects_watch(void)
{
    forget();
    for (const struct vsp_global_group *group = vsp_global_groups(); group != NULL; group = group->next) {
        for (uint64_t i = 0; i < group->count; i++) {
            const struct vsp_asan_global *global = &group->globals[i];
            append((struct trace){global->address, global->size, hash_of(global->address, global->size), 0});
        }
    }
    for (struct vsp_block *block = pool_block(vsp_block_newest()); block != NULL;
         block = pool_block(vsp_checked_of(block)->older)) {
        const uint64_t address = (uint64_t)(uintptr_t)vsp_block_user(block);
        append((struct trace){address, vsp_block_size(block), hash_of(address, vsp_block_size(block)), 0});
    }
}

void vsp_side_effects_pending(void)
{
    if (trace_count == 0) {
        return;
    }
    for (uint64_t i = 0; i < trace_count; i++) {
        traces[i].touched = differs(&traces[i]);
    }
    for (struct vsp_block *block = pool_block(vsp_block_newest()); block != NULL;
         block = pool_block(vsp_checked_of(block)->older)) {
        const uint64_t address = (uint64_t)(uintptr_t)vsp_block_user(block);
        if (!is_known(address)) {
            append((struct trace){address, vsp_block_size(block), 0, 1});
        }
    }
}

void vsp_side_effects_returned(const void *packet)
{
    for (uint64_t i = 0; i < trace_count; i++) {
        if (traces[i].touched && differs(&traces[i])) {
            vsp_misuse_at_return(VSP_RULE_IN_EXTERNAL_RESTARTABLE, packet, traces[i].address);
            break;
        }
    }
    forget();
}
