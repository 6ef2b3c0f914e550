/*
 * Which pool blocks does anything still own? A conservative mark: any aligned word that points into a block owns it.
 */
#include "describe.h"
#include "internal.h"

/* kmcl/: every pointer to driver memory that the channel library holds. */
void vsp_kmcl_visit_roots(void (*value)(uint64_t pointer), void (*range)(const void *start, uint64_t size));

struct entry {
    uint64_t start;
    uint64_t size;
    struct vsp_block *block; /* NULL: an announced object, not searched for pointers */
    uint64_t reached;
    uint64_t outer; /* index + 1 of the block an announced object lies in, 0 outside blocks */
};

struct reach {
    struct entry *entries;
    uint64_t count;
    uint64_t capacity;
    uint64_t *pending; /* indices of reached blocks not searched yet */
    uint64_t pending_count;
    uint64_t sorted;
};
static struct reach reach;

/* ---- The table ---- */

static void drop(void)
{
    vsp_free(VSP_ARENA_LASTING, reach.entries, reach.capacity * sizeof *reach.entries);
    vsp_free(VSP_ARENA_LASTING, reach.pending, reach.capacity * sizeof *reach.pending);
    vsp_set(&reach, 0, sizeof reach);
}

static void append(uint64_t start, uint64_t size, struct vsp_block *block)
{
    if (reach.count == reach.capacity) {
        const uint64_t capacity = reach.capacity == 0 ? 256 : reach.capacity * 2;
        struct entry *entries = vsp_allocate(VSP_ARENA_LASTING, capacity * sizeof *entries);
        uint64_t *pending = vsp_allocate(VSP_ARENA_LASTING, capacity * sizeof *pending);
        const struct reach old = reach;
        vsp_copy(entries, old.entries, old.count * sizeof *entries);
        vsp_copy(pending, old.pending, old.pending_count * sizeof *pending);
        drop();
        reach = old;
        reach.entries = entries;
        reach.pending = pending;
        reach.capacity = capacity;
    }
    reach.entries[reach.count++] = (struct entry){start, size, block, 0, 0};
    reach.sorted = 0;
}

/* By address; a block before the object that begins where it does. */
static int precedes(uint64_t a, uint64_t b)
{
    const struct entry *left = &reach.entries[a];
    const struct entry *right = &reach.entries[b];
    return left->start < right->start ||
           (left->start == right->start && left->block != NULL && right->block == NULL);
}

static void sift(uint64_t root, uint64_t count)
{
    for (uint64_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && precedes(child, child + 1)) {
            child++;
        }
        if (!precedes(root, child)) {
            return;
        }
        const struct entry swap = reach.entries[child];
        reach.entries[child] = reach.entries[root];
        reach.entries[root] = swap;
    }
}

/* An empty entry holds the address it begins at. */
static int holds(const struct entry *entry, uint64_t address)
{
    return address - entry->start < entry->size || address == entry->start;
}

static void sort(void)
{
    for (uint64_t i = reach.count / 2; i > 0; i--) {
        sift(i - 1, reach.count);
    }
    for (uint64_t last = reach.count; last > 1; last--) {
        const struct entry swap = reach.entries[0];
        reach.entries[0] = reach.entries[last - 1];
        reach.entries[last - 1] = swap;
        sift(0, last - 1);
    }
    uint64_t block = 0;
    for (uint64_t i = 0; i < reach.count; i++) {
        struct entry *entry = &reach.entries[i];
        if (entry->block != NULL) {
            block = i + 1;
        } else if (block != 0 && holds(&reach.entries[block - 1], entry->start)) {
            entry->outer = block;
        }
    }
    reach.sorted = 1;
}

/* How many entries begin at or below the address. */
static uint64_t count_up_to(uint64_t address)
{
    uint64_t low = 0;
    uint64_t high = reach.count;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (reach.entries[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The innermost entry that holds the address. */
static struct entry *find(uint64_t address)
{
    if (!reach.sorted) {
        sort();
    }
    const uint64_t count = count_up_to(address);
    if (count == 0) {
        return NULL;
    }
    struct entry *entry = &reach.entries[count - 1];
    if (holds(entry, address)) {
        return entry;
    }
    entry = entry->outer != 0 ? &reach.entries[entry->outer - 1] : NULL;
    return entry != NULL && holds(entry, address) ? entry : NULL;
}

/* ---- Marking ---- */

void vsp_mark_begin(void)
{
    drop();
    for (struct vsp_block *block = vsp_block_newest(); block != NULL; block = vsp_checked_of(block)->older) {
        block->flags &= (uint8_t)~VSP_BLOCK_REACHED;
        append((uint64_t)vsp_block_user(block), vsp_block_size(block), block);
    }
}

void vsp_mark_object(const void *object, uint64_t size)
{
    append((uint64_t)object, size, NULL);
}

static void mark(struct entry *entry)
{
    if (entry->reached) {
        return;
    }
    entry->reached = 1;
    if (entry->block != NULL) {
        entry->block->flags |= VSP_BLOCK_REACHED;
        reach.pending[reach.pending_count++] = (uint64_t)(entry - reach.entries);
    } else if (entry->outer != 0) {
        mark(&reach.entries[entry->outer - 1]);
    }
}

void vsp_mark_value(uint64_t value)
{
    struct entry *entry = value < VSP_NULL_ZONE ? NULL : find(value);
    if (entry != NULL) {
        mark(entry);
    }
}

static void mark_words(uint64_t start, uint64_t end)
{
    for (uint64_t word = vsp_round_up(start, 8); word + 8 <= end; word += 8) {
        vsp_mark_value(*(const uint64_t *)word);
    }
}

/* Who owns the range owns the announced objects in it. What lies in them is the library's: a channel in the driver's
 * memory links to the next one. */
void vsp_mark_range(const void *start, uint64_t size)
{
    const uint64_t end = (uint64_t)start + size;
    uint64_t from = (uint64_t)start;
    for (uint64_t i = count_up_to(from - 1); i < reach.count && reach.entries[i].start < end; i++) {
        struct entry *entry = &reach.entries[i];
        if (entry->block == NULL) {
            entry->reached = 1;
            mark_words(from, entry->start);
            from = entry->start + entry->size;
        }
    }
    mark_words(from, end);
}

static void search_pending(void)
{
    while (reach.pending_count > 0) {
        const struct entry *entry = &reach.entries[reach.pending[--reach.pending_count]];
        vsp_mark_range((const void *)entry->start, entry->size);
    }
}

void vsp_mark_reachable(void)
{
    const struct vsp_span all = vsp_all_globals();
    const struct vsp_span *kept = vsp_kept_parts();
    if (!reach.sorted) {
        sort();
    }
    uint64_t begin = all.begin;
    for (uint32_t i = 0; i < VSP_KEPT_PARTS; i++) {
        vsp_mark_range((const void *)begin, kept[i].begin - begin);
        begin = kept[i].end;
    }
    vsp_mark_range((const void *)begin, all.end - begin);
    vsp_wdf_visit_roots();
    vsp_kmcl_visit_roots(vsp_mark_value, vsp_mark_range);
    search_pending();
}

uint32_t vsp_is_reached(const void *object)
{
    const struct entry *entry = find((uint64_t)object);
    return entry != NULL && entry->reached;
}

/* ---- Walk over the driver's live pool blocks, newest first ---- */

static const struct vsp_description *list_from(const struct vsp_block *block)
{
    while (block != NULL && (block->flags & (VSP_BLOCK_POOL | VSP_BLOCK_EXEMPT)) != VSP_BLOCK_POOL) {
        block = vsp_checked_of(block)->older;
    }
    if (block == NULL) {
        return NULL;
    }
    vsp_set(&vsp_kept.listed, 0, sizeof vsp_kept.listed);
    vsp_kept.listed.kind = VSP_DESCRIBE_BLOCK;
    vsp_kept.listed.tag = block->tag;
    vsp_kept.listed.start = (uint64_t)vsp_block_user(block);
    vsp_kept.listed.size = vsp_block_size(block);
    vsp_kept.listed.allocated_stack = block->stack;
    vsp_kept.listed.flags = block->flags;
    return &vsp_kept.listed;
}

const struct vsp_description *vsp_pool_first(void)
{
    return list_from(vsp_block_newest());
}

const struct vsp_description *vsp_pool_next(void)
{
    return list_from(vsp_checked_of(vsp_block_of((void *)vsp_kept.listed.start))->older);
}
