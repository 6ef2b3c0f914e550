/*
 * What of SaveBuf a callback touches: who stored each byte last in a write pass, how many bytes a restore loads.
 *
 * SaveBuf is paged memory, and each access of such goes through vsp_check_range: noting it there costs nothing
 * elsewhere.
 */
#include "internal.h"

/* Larger buffers are not followed: the notes lie in the memory that the driver's allocations come from. */
#define LIMIT (1u << 20)

/* Memory for `size` bytes of notes, kept for the next callback; 0 when there is none. */
static int reserve(struct vsp_touched *touched, uint64_t size)
{
    if (size <= touched->capacity) {
        return 1;
    }
    const uint64_t capacity = vsp_round_up(size, VSP_PAGE);
    vsp_free(VSP_ARENA_LASTING, touched->notes, touched->capacity);
    touched->notes = vsp_try_allocate(VSP_ARENA_LASTING, capacity, 0);
    touched->capacity = touched->notes == NULL ? 0 : capacity;
    return touched->notes != NULL;
}

uint32_t vsp_touched_begin(const void *buffer, uint32_t size, uint32_t access)
{
    struct vsp_touched *touched = &vsp_kept.touched;
    const uint64_t bytes = size * (access == VSP_ACCESS_WRITE ? sizeof(struct vsp_store) : 1ull);
    /* A save from within a save callback would take the outer one's notes. */
    if (!vsp_checking || touched->base != 0 || size == 0 || size > LIMIT || !reserve(touched, bytes)) {
        return 0;
    }
    vsp_set(touched->notes, 0, bytes);
    touched->base = (uint64_t)(uintptr_t)buffer;
    touched->size = size;
    touched->access = access;
    return 1;
}

uint32_t vsp_touched_refuse(const void *buffer, uint32_t size)
{
    struct vsp_touched *touched = &vsp_kept.touched;
    if (!vsp_checking || touched->base != 0) {
        return 0;
    }
    touched->base = (uint64_t)(uintptr_t)buffer;
    touched->size = size;
    touched->access = VSP_ACCESS_REFUSED;
    return 1;
}

void vsp_touched_end(void)
{
    vsp_kept.touched.base = 0;
    vsp_kept.touched.size = 0;
}

void vsp_touched(uint64_t address, uint64_t size, uint64_t access)
{
    struct vsp_touched *touched = &vsp_kept.touched;
    const uint64_t offset = address - touched->base;
    const uint64_t end = offset + size < touched->size ? offset + size : touched->size;
    if (touched->access == VSP_ACCESS_REFUSED) {
        vsp_touched_end();
        vsp_query_touched(size, access);
        return;
    }
    if (access != touched->access) {
        return;
    }
    if (access == VSP_ACCESS_READ) {
        uint8_t *seen = touched->notes;
        vsp_set(seen + offset, 1, end - offset);
        return;
    }
    struct vsp_store *stores = touched->notes;
    const struct vsp_store store = {vsp_stack_capture(), (uint32_t)offset, (uint32_t)(end - offset)};
    for (uint64_t i = offset; i < end; i++) {
        stores[i] = store;
    }
}

uint32_t vsp_touched_count(uint32_t size)
{
    const uint8_t *seen = vsp_kept.touched.notes;
    uint32_t count = 0;
    for (uint32_t i = 0; i < size; i++) {
        count += seen[i];
    }
    return count;
}

/* The same store, or one that goes on where `run` ends, made from the same place: a loop's next round. */
static int continues(const struct vsp_store_run *run, const struct vsp_store *store)
{
    return run->stack == store->stack &&
           (run->store_offset == store->offset || run->store_offset + run->store_size == store->offset);
}

void vsp_touched_hand_out(uint32_t index, uint32_t size)
{
    const struct vsp_store *stores = vsp_kept.touched.notes;
    uint64_t count = 0;
    for (uint32_t i = 0; i < size; i++) {
        count += stores[i].size != 0 && (i == 0 || stores[i].stack != stores[i - 1].stack ||
                                         stores[i].offset != stores[i - 1].offset);
    }
    struct vsp_store_run *runs = vsp_try_allocate(VSP_ARENA_LASTING, count * sizeof *runs, 0);
    if (runs == NULL) {
        return;
    }
    struct vsp_store_run *run = NULL;
    uint64_t used = 0;
    for (uint32_t i = 0; i < size; i++) {
        const struct vsp_store *store = &stores[i];
        if (store->size == 0) {
            run = NULL;
        } else if (run != NULL && continues(run, store)) {
            run->length++;
            run->store_size = store->offset + store->size - run->store_offset;
        } else {
            run = &runs[used++];
            *run = (struct vsp_store_run){i, 1, store->stack, store->offset, store->size};
        }
    }
    vsp_capture_stores(index, runs, used);
    vsp_free(VSP_ARENA_LASTING, runs, count * sizeof *runs);
}
