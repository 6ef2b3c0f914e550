/*
 * Linear memory in chunks of 64 KiB, each owned by one arena. Small blocks of both arenas are carved from the arena's
 * current chunk and recycled by size class, without a header; large ones are spans of chunks.
 */
#if !defined(_MSC_VER)
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#endif
#include "internal.h"
#include "variant.h"

#if VSP_MODULE
/* The LLVM intrinsics by name: the x64 front end has no builtins for them. */
uint64_t vsp_wasm_grow(uint32_t memory, uint64_t chunks) __asm__("llvm.wasm.memory.grow.i64");
uint64_t vsp_wasm_size(uint32_t memory) __asm__("llvm.wasm.memory.size.i64");
#else
#include <sys/mman.h>
#endif

#define SMALL_CLASSES 64u /* 16, 32, ... 1024 bytes */
#define SMALL_LIMIT 1024u
#define BLOCK_LIMIT 32768u /* larger ones are spans */
#define GROW_CHUNKS 16u    /* asked of the engine at once */

/* Of one chunk. */
struct vsp_chunk {
    uint8_t arena; /* enum vsp_arena, CHUNK_FREE or CHUNK_SHADOW */
    uint8_t dirty; /* was used before: not all zero */
    uint16_t reserved;
    uint32_t span; /* chunks of the allocation that begins here */
};
#define CHUNK_FREE 0xFFu
#define CHUNK_SHADOW 0xFEu

uint64_t vsp_memory_end(void)
{
    return vsp_kept.end;
}

uint64_t vsp_memory_start(void)
{
    return vsp_kept.start;
}

/* ---- Chunks ---- */

/* Makes linear memory reach `end` (a multiple of a chunk); 0 when it may not or cannot. */
static int reach(uint64_t end)
{
    if (end > vsp_kept.covered) {
        return 0;
    }
#if VSP_MODULE
    const uint64_t have = vsp_wasm_size(0) * VSP_CHUNK;
    if (end > have && vsp_wasm_grow(0, (end - have) / VSP_CHUNK) == UINT64_MAX) {
        return 0;
    }
#endif
    return 1;
}

/* Chunks behind the last one, not yet in use. */
static void append_chunks(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct vsp_chunk *chunk = &vsp_kept.chunks[vsp_kept.chunk_count + i];
        chunk->arena = CHUNK_FREE;
        chunk->dirty = 0;
        chunk->span = 1;
    }
    vsp_kept.chunk_count += count;
    vsp_kept.end += count * VSP_CHUNK;
}

/* Moves the shadow into chunks of its own that cover all there may be: done once, by a test that needs so much. */
static int cover_all(void)
{
    const uint64_t count = vsp_round_up(vsp_kept.limit / 8, VSP_CHUNK) / VSP_CHUNK;
    const uint64_t first = vsp_kept.chunk_count;
    const uint64_t covered = vsp_kept.covered;
    const uint64_t base = vsp_kept.end;
    vsp_kept.covered = vsp_kept.limit;
    if (!reach(base + count * VSP_CHUNK)) {
        vsp_kept.covered = covered;
        return 0;
    }
    append_chunks(count);
    for (uint64_t i = first; i < first + count; i++) {
        vsp_kept.chunks[i].arena = CHUNK_SHADOW;
    }
    vsp_shadow_move(base, count * VSP_CHUNK);
    return 1;
}

/* Adds `count` chunks at least; up to a 64th of what there is, unless near the limit: each growth costs the engine a
 * collection. */
static int grow(uint64_t count)
{
    const uint64_t step = GROW_CHUNKS + vsp_kept.chunk_count / 64;
    uint64_t more = count < step ? step : count;
    if (!reach(vsp_kept.end + more * VSP_CHUNK)) {
        more = count;
        if (!reach(vsp_kept.end + more * VSP_CHUNK)) {
            return 0;
        }
    }
    vsp_shadow_close(vsp_kept.end, more * VSP_CHUNK);
    append_chunks(more);
    vsp_kept.free_count += more;
    return 1;
}

/* Index of the first of `count` neighbouring free chunks, or UINT64_MAX. */
static uint64_t find_free(uint64_t count)
{
    if (vsp_kept.free_count < count) {
        return UINT64_MAX;
    }
    uint64_t run = 0;
    for (uint64_t i = vsp_kept.free_hint; i < vsp_kept.chunk_count; i++) {
        if (vsp_kept.chunks[i].arena != CHUNK_FREE) {
            run = 0;
            if (i == vsp_kept.free_hint) {
                vsp_kept.free_hint++;
            }
            continue;
        }
        if (++run == count) {
            return i + 1 - count;
        }
    }
    return UINT64_MAX;
}

/* Free chunks at the end of what we have: growing need not repeat them. */
static uint64_t free_tail(void)
{
    uint64_t n = 0;
    while (n < vsp_kept.chunk_count && vsp_kept.chunks[vsp_kept.chunk_count - 1 - n].arena == CHUNK_FREE) {
        n++;
    }
    return n;
}

/* `count` chunks for an arena; *dirty tells whether they must be zeroed. NULL when the limit is reached. */
static uint8_t *take_chunks(enum vsp_arena arena, uint64_t count, uint64_t *dirty)
{
    if (count > vsp_kept.limit / VSP_CHUNK) {
        return NULL;
    }
    uint64_t first = find_free(count);
    if (first == UINT64_MAX) {
        if (vsp_kept.end + (count - free_tail()) * VSP_CHUNK > vsp_kept.covered &&
            (vsp_kept.covered == vsp_kept.limit || !cover_all())) {
            return NULL;
        }
        if (!grow(count - free_tail())) {
            return NULL;
        }
        first = find_free(count);
    }
    *dirty = 0;
    for (uint64_t i = first; i < first + count; i++) {
        *dirty |= vsp_kept.chunks[i].dirty;
        vsp_kept.chunks[i].arena = (uint8_t)arena;
        vsp_kept.chunks[i].dirty = 1;
        vsp_kept.chunks[i].span = 0;
    }
    vsp_kept.chunks[first].span = (uint32_t)count;
    vsp_kept.free_count -= count;
    return (uint8_t *)(vsp_kept.start + first * VSP_CHUNK);
}

static void give_chunks(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        vsp_kept.chunks[i].arena = CHUNK_FREE;
        vsp_kept.chunks[i].span = 1;
    }
    vsp_kept.free_count += count;
    if (first < vsp_kept.free_hint) {
        vsp_kept.free_hint = first;
    }
    vsp_shadow_close(vsp_kept.start + first * VSP_CHUNK, count * VSP_CHUNK);
}

/* ---- Blocks ---- */

/* Index of the smallest class that holds `size` (1..BLOCK_LIMIT). */
static uint32_t class_of(uint64_t size)
{
    if (size <= SMALL_LIMIT) {
        return (uint32_t)((size + 15) / 16) - 1;
    }
    /* 2^shift < size <= 2^(shift + 1), in steps of 2^(shift - 3). */
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(size - 1);
    return SMALL_CLASSES + (shift - 10) * 8 + (uint32_t)((size - 1) >> (shift - 3)) - 8;
}

static uint64_t class_size(uint32_t index)
{
    if (index < SMALL_CLASSES) {
        return (index + 1) * 16ull;
    }
    const uint32_t shift = (index - SMALL_CLASSES) / 8 + 10;
    return (uint64_t)((index - SMALL_CLASSES) % 8 + 9) << (shift - 3);
}

static void push(struct vsp_arena_state *arena, uint32_t index, void *block)
{
    struct vsp_free_block *free = block;
    free->next = arena->free[index];
    arena->free[index] = free;
}

/* What is left of the current chunk becomes free blocks of the largest classes that fit. */
static void retire_bump(struct vsp_arena_state *arena)
{
    uint64_t left = (uint64_t)(arena->bump_end - arena->bump);
    while (left >= 16) {
        uint32_t index = class_of(left < BLOCK_LIMIT ? left : BLOCK_LIMIT);
        if (class_size(index) > left) {
            index--;
        }
        push(arena, index, arena->bump);
        arena->bump += class_size(index);
        left -= class_size(index);
    }
}

static int refill(enum vsp_arena which)
{
    struct vsp_arena_state *arena = &vsp_kept.arenas[which];
    retire_bump(arena);
    arena->bump = take_chunks(which, 1, &arena->bump_dirty);
    arena->bump_end = arena->bump == NULL ? NULL : arena->bump + VSP_CHUNK;
    if (arena->bump == NULL) {
        return 0;
    }
    arena->bump += vsp_vary.skew;
    return 1;
}

void *vsp_try_allocate(enum vsp_arena which, uint64_t size, int zero)
{
    if (size > BLOCK_LIMIT) {
        uint64_t dirty;
        if (size > vsp_kept.limit) {
            return NULL;
        }
        const uint64_t count = vsp_round_up(size, VSP_CHUNK) / VSP_CHUNK;
        uint8_t *span = take_chunks(which, count, &dirty);
        if (span != NULL && zero && dirty) {
            vsp_set(span, 0, count * VSP_CHUNK);
        }
        return span;
    }
    struct vsp_arena_state *arena = &vsp_kept.arenas[which];
    const uint32_t index = class_of(size != 0 ? size : 1);
    const uint64_t bytes = class_size(index);
    struct vsp_free_block *block = arena->free[index];
    if (block != NULL) {
        const uint64_t offset = (uint64_t)block - vsp_kept.start;
        if (VSP_UNLIKELY((offset & 15) != 0 || offset >= vsp_kept.end - vsp_kept.start)) {
            /* Unchecked driver code wrote into freed vsp_kept. */
            vsp_fault(VSP_FAULT_WILD, (uint64_t)block, bytes, VSP_ACCESS_WRITE);
        }
        arena->free[index] = block->next;
        if (zero) {
            vsp_set(block, 0, bytes);
        }
        return block;
    }
    if ((uint64_t)(arena->bump_end - arena->bump) < bytes && !refill(which)) {
        return NULL;
    }
    uint8_t *fresh = arena->bump;
    arena->bump += bytes;
    if (zero && arena->bump_dirty) {
        vsp_set(fresh, 0, bytes);
    }
    return fresh;
}

void *vsp_allocate(enum vsp_arena arena, uint64_t size)
{
    void *block = vsp_try_allocate(arena, size, 1);
    if (VSP_UNLIKELY(block == NULL)) {
        vsp_fault(VSP_FAULT_OUT_OF_MEMORY, 0, size, 0);
    }
    return block;
}

void vsp_free(enum vsp_arena which, void *block, uint64_t size)
{
    if (block == NULL) {
        return;
    }
    if (size > BLOCK_LIMIT) {
        const uint64_t first = ((uint64_t)block - vsp_kept.start) / VSP_CHUNK;
        if (first < vsp_kept.chunk_count && vsp_kept.chunks[first].arena == which) {
            give_chunks(first, vsp_kept.chunks[first].span);
        }
        return;
    }
    push(&vsp_kept.arenas[which], class_of(size != 0 ? size : 1), block);
}

/* ---- Start and restart ---- */

void vsp_initialize(void)
{
    vsp_set(&vsp_kept, 0, sizeof vsp_kept);
    vsp_kept.limit = vsp_lasting.memory_limit / VSP_CHUNK * VSP_CHUNK;
#if VSP_MODULE
    uint64_t base = vsp_round_up(vsp_all_globals().end, VSP_CHUNK);
#else
    uint64_t base = (uint64_t)mmap(NULL, vsp_kept.limit, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    base = vsp_round_up(base, VSP_CHUNK);
    vsp_kept.limit = base + vsp_kept.limit - VSP_CHUNK;
#endif
    const uint64_t shadow = vsp_shadow_reserve(base, vsp_kept.limit);
    const uint64_t table = base + vsp_round_up(shadow, VSP_CHUNK);
    const uint64_t most = vsp_kept.limit > table ? (vsp_kept.limit - table) / VSP_CHUNK : 0;
    vsp_kept.start = table + vsp_round_up(most * sizeof(struct vsp_chunk), VSP_CHUNK) + vsp_vary.shift;
    vsp_kept.end = vsp_kept.start;
    vsp_kept.chunks = (struct vsp_chunk *)table;
    if (!reach(vsp_kept.start)) {
        vsp_fault(VSP_FAULT_OUT_OF_MEMORY, 0, vsp_kept.start, 0);
    }
    vsp_shadow_start();
#if VSP_MODULE
    /* The module may have been given more memory than it needs to start with. */
    const uint64_t have = vsp_wasm_size(0) * VSP_CHUNK;
    if (have > vsp_kept.start && have <= vsp_kept.limit) {
        grow((have - vsp_kept.start) / VSP_CHUNK);
    }
#endif
}

void vsp_restart_host(void)
{
    vsp_blocks_restart();
    vsp_set(&vsp_kept.arenas[VSP_ARENA_HOST], 0, sizeof(struct vsp_arena_state));
    for (uint64_t i = 0; i < vsp_kept.chunk_count;) {
        const uint32_t span = vsp_kept.chunks[i].span;
        if (vsp_kept.chunks[i].arena == VSP_ARENA_HOST) {
            give_chunks(i, span);
        }
        i += span;
    }
    vsp_restore_globals();
    vsp_shadow_restart();
}
