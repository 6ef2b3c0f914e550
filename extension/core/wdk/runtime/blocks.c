/*
 * Memory the driver may touch: pool blocks, contexts, buffers. With checks off a block costs 16 bytes; with checks on
 * it lies between redzones, is on the live list, and freed ones wait in a quarantine before they are reused.
 */
#include "internal.h"

#define RIGHT_REDZONE 16u
#define POOL_QUARANTINE (4u << 20)
#define LENT_QUARANTINE (256u << 10) /* small enough to stay in a processor's cache */

static enum vsp_arena arena_of(const struct vsp_block *block)
{
    return block->flags & VSP_BLOCK_LASTING ? VSP_ARENA_LASTING : VSP_ARENA_HOST;
}

/* Bytes before the user's first one. */
static uint64_t left_size(void)
{
    return sizeof(struct vsp_block) + (vsp_checking ? sizeof(struct vsp_checked_block) : 0);
}

static void open_shadow(const struct vsp_block *block, uint64_t user, uint64_t size)
{
    if (!(block->flags & VSP_BLOCK_PAGED)) {
        vsp_unpoison((void *)user, size);
        return;
    }
    /* Paged pool takes the slow path of every access: it may not be touched at DISPATCH_LEVEL. */
    vsp_shadow_set(user, size & ~7ull, VSP_SHADOW_PAGED);
    if (size & 7) {
        vsp_shadow_set(user + (size & ~7ull), 8, (uint8_t)(VSP_SHADOW_PAGED | (size & 7)));
    }
    if (block->flags & VSP_BLOCK_LATE) {
        *VSP_SHADOW(user) |= VSP_SHADOW_LATE;
    }
}

static void link_live(struct vsp_block *block)
{
    struct vsp_checked_block *checked = vsp_checked_of(block);
    checked->newer = NULL;
    checked->older = vsp_kept.newest;
    if (vsp_kept.newest != NULL) {
        vsp_checked_of(vsp_kept.newest)->newer = block;
    }
    vsp_kept.newest = block;
}

static void unlink_live(struct vsp_block *block)
{
    const struct vsp_checked_block *checked = vsp_checked_of(block);
    if (checked->newer != NULL) {
        vsp_checked_of(checked->newer)->older = checked->older;
    } else {
        vsp_kept.newest = checked->older;
    }
    if (checked->older != NULL) {
        vsp_checked_of(checked->older)->newer = checked->newer;
    }
}

void *vsp_block_allocate(enum vsp_arena arena, uint64_t size, uint32_t tag, uint32_t flags, int zero)
{
    const uint64_t left = left_size();
    const uint64_t right = vsp_checking ? RIGHT_REDZONE : 0;
    const int aligned = size >= VSP_PAGE || (flags & VSP_BLOCK_ALIGNED);
    const uint64_t raw_size = vsp_round_up(left + size + right + (aligned ? VSP_PAGE + 8 : 0), 16);
    uint8_t *raw = size >> 40 != 0 ? NULL : vsp_try_allocate(arena, raw_size, 0);
    if (VSP_UNLIKELY(raw == NULL)) {
        vsp_fault(VSP_FAULT_OUT_OF_MEMORY, 0, size, 0);
    }
    uint64_t user = (uint64_t)raw + left;
    if (aligned) {
        user = vsp_round_up(user + 8, VSP_PAGE);
    }
    struct vsp_block *block = vsp_block_of((void *)user);
    block->size_low = (uint32_t)size;
    block->size_high = (uint8_t)(size >> 32);
    block->state = VSP_BLOCK_LIVE;
    block->flags = (uint8_t)(flags | (aligned ? VSP_BLOCK_ALIGNED : 0) |
                             (arena == VSP_ARENA_LASTING ? VSP_BLOCK_LASTING : 0));
    block->mappings = 0;
    block->tag = tag;
    block->stack = vsp_stack_capture();
    if (aligned) {
        *(uint64_t *)(user - left - 8) = user - (uint64_t)raw;
    }
    vsp_set((void *)user, zero ? 0 : (uint8_t)vsp_lasting.fill, size);
    if (vsp_checking) {
        vsp_checked_of(block)->freed_stack = 0;
        link_live(block);
        vsp_shadow_set((uint64_t)raw, raw_size, VSP_POISON_HEAP);
        vsp_shadow_set((uint64_t)vsp_checked_of(block), 8, VSP_SHADOW_HEADER);
        open_shadow(block, user, size);
    }
    return (void *)user;
}

static void *raw_of(const struct vsp_block *block)
{
    const uint64_t user = (uint64_t)vsp_block_user(block);
    const uint64_t left = left_size();
    return (void *)(user - (block->flags & VSP_BLOCK_ALIGNED ? *(uint64_t *)(user - left - 8) : left));
}

static uint64_t raw_size_of(const struct vsp_block *block)
{
    const uint64_t size = vsp_block_size(block);
    const uint64_t right = vsp_checking ? RIGHT_REDZONE : 0;
    return vsp_round_up(left_size() + size + right + (block->flags & VSP_BLOCK_ALIGNED ? VSP_PAGE + 8 : 0), 16);
}

/* The memory goes back; only its shadow still says that it was freed. */
static void release(struct vsp_block *block)
{
    const enum vsp_arena arena = arena_of(block);
    void *raw = raw_of(block);
    const uint64_t raw_size = raw_size_of(block);
    if (vsp_checking) {
        const uint64_t headers = sizeof(struct vsp_checked_block) + sizeof *block;
        vsp_shadow_set((uint64_t)vsp_checked_of(block), headers, VSP_POISON_HEAP);
    }
    block->state = 0;
    vsp_free(arena, raw, raw_size);
}

static void evict(struct vsp_quarantine *quarantine)
{
    struct vsp_block *oldest = quarantine->first;
    quarantine->first = vsp_checked_of(oldest)->newer;
    if (quarantine->first == NULL) {
        quarantine->last = NULL;
    }
    quarantine->bytes -= raw_size_of(oldest);
    release(oldest);
}

static void enter_quarantine(struct vsp_block *block)
{
    const int is_pool = (block->flags & VSP_BLOCK_POOL) != 0;
    struct vsp_quarantine *quarantine = is_pool ? &vsp_kept.pool : &vsp_kept.lent;
    const uint64_t most = is_pool ? POOL_QUARANTINE : LENT_QUARANTINE;
    if (quarantine->last != NULL) {
        vsp_checked_of(quarantine->last)->newer = block;
    } else {
        quarantine->first = block;
    }
    quarantine->last = block;
    quarantine->bytes += raw_size_of(block);
    while (quarantine->bytes > most && quarantine->first != block) {
        evict(quarantine);
    }
}

uint32_t vsp_initialized_packets;

void vsp_block_free(struct vsp_block *block)
{
    block->state = VSP_BLOCK_FREED;
    if (!vsp_checking) {
        release(block);
        return;
    }
    unlink_live(block);
    struct vsp_checked_block *checked = vsp_checked_of(block);
    checked->newer = NULL;
    checked->older = NULL;
    checked->freed_stack = vsp_stack_capture();
    const uint64_t size = vsp_block_size(block);
    vsp_shadow_set((uint64_t)vsp_block_user(block), vsp_round_up(size, 8), VSP_POISON_FREED);
    enter_quarantine(block);
}

struct vsp_block *vsp_block_find(const void *user)
{
    const uint64_t address = (uint64_t)user;
    if ((address & 15) != 0 || address < vsp_memory_start() + left_size() || address > vsp_memory_end()) {
        return NULL;
    }
    struct vsp_block *block = vsp_block_of(user);
    if (vsp_checking && vsp_shadow_at((uint64_t)vsp_checked_of(block)) != VSP_SHADOW_HEADER) {
        return NULL;
    }
    return block->state == VSP_BLOCK_LIVE || block->state == VSP_BLOCK_FREED ? block : NULL;
}

struct vsp_block *vsp_block_newest(void)
{
    return vsp_checking ? vsp_kept.newest : NULL;
}

/* Blocks of the host arena go with it. */
static void empty(struct vsp_quarantine *quarantine)
{
    struct vsp_block *block = quarantine->first;
    *quarantine = (struct vsp_quarantine){0};
    for (struct vsp_block *next; block != NULL; block = next) {
        next = vsp_checked_of(block)->newer;
        if (block->flags & VSP_BLOCK_LASTING) {
            release(block);
        }
    }
}

void vsp_blocks_restart(void)
{
    if (!vsp_checking) {
        return;
    }
    for (struct vsp_block *block = vsp_kept.newest, *older; block != NULL; block = older) {
        older = vsp_checked_of(block)->older;
        if (!(block->flags & VSP_BLOCK_LASTING)) {
            unlink_live(block);
        }
    }
    empty(&vsp_kept.pool);
    empty(&vsp_kept.lent);
}

/* ---- vsp.h ---- */

void *vsp_user_allocate(enum vsp_arena arena, uint64_t size, uint32_t tag)
{
    return vsp_block_allocate(arena, size, tag, 0, 0);
}

void vsp_user_free(enum vsp_arena arena, void *user)
{
    (void)arena; /* the block knows */
    if (user != NULL) {
        vsp_block_free(vsp_block_of(user));
    }
}
